/** Runs twice: with the implementation that loads here, and again in a child process with the portable one. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import test from 'node:test'
import { deriveKey, hash, hashImplementation, keyedHash } from '../../src/blobs/hash.ts'
import { FerryError } from '../../src/shared/errors.ts'
import { toHex } from '../../src/shared/bytes.ts'

interface Vectors {
  key: string
  context: string
  cases: { inputLength: number; hash: string; keyedHash: string; deriveKey: string }[]
}
const root = resolve(import.meta.dirname, '..', '..', '..')
const vectors = JSON.parse(readFileSync(join(root, 'test', 'vectors', 'blake3.json'), 'utf8')) as Vectors
const input = (length: number) => Uint8Array.from({ length }, (_, index) => index % 251)

test(`official vectors (${hashImplementation})`, () => {
  const key = new TextEncoder().encode(vectors.key)
  for (const expected of vectors.cases) {
    const bytes = input(expected.inputLength)
    assert.equal(toHex(hash(bytes)), expected.hash)
    assert.equal(toHex(keyedHash(key, bytes)), expected.keyedHash)
    assert.equal(toHex(deriveKey(vectors.context, bytes)), expected.deriveKey)
  }
})

test('a view in the middle of shared memory is hashed where it lies', () => {
  const shared = new Uint8Array(new SharedArrayBuffer(3000), 100, 2049)
  shared.set(input(2049))
  assert.deepEqual(hash(shared), hash(input(2049)))
})

test('a key of another length than 32 bytes is refused', () => {
  assert.throws(() => keyedHash(new Uint8Array(31), new Uint8Array(1)), FerryError)
})

test('FERRY_BLAKE3=portable gives the same hashes', {
  skip: process.env['FERRY_BLAKE3'] === 'portable',
}, () => {
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env
  const child = spawnSync(process.execPath, [import.meta.filename], {
    env: { ...environment, FERRY_BLAKE3: 'portable' },
    encoding: 'utf8',
  })
  assert.match(child.stdout, /official vectors \(portable\)/)
  assert.equal(child.status, 0, child.stdout)
})
