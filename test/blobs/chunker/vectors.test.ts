/**
 * The committed cuts, for other implementations, and the committed wasm. To write the vectors anew, after a deliberate
 * change of the format: FERRY_WRITE_VECTORS=1.
 */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import test from 'node:test'
import { pathToFileURL } from 'node:url'
import { cutWasm } from '../../../src/blobs/chunker/cut-wasm.ts'
import { cutAll } from '../../../src/blobs/chunker/find-cut.ts'
import { chunkerParameters } from '../../../src/blobs/chunker/parameters.ts'
import { subChunksOf } from '../../../src/blobs/chunker/sub-chunks.ts'
import { hash } from '../../../src/blobs/hash.ts'
import { toHex } from '../../../src/shared/bytes.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'

const root = resolve(import.meta.dirname, '..', '..', '..', '..')
const file = join(root, 'test', 'vectors', 'chunker.json')

/** Pseudo-random content with a run of `fill` in its middle half. */
function contentOf(size: number, seed: number, fill: number | null): Uint8Array {
  const bytes = seededBytes(size, seed)
  if (fill !== null) bytes.fill(fill, size / 4, (size / 4) * 3)
  return bytes
}

const inputs = [
  { size: 0, seed: 1, fill: null, avgBytes: 65_536 },
  { size: 1, seed: 1, fill: null, avgBytes: 65_536 },
  { size: 16_384, seed: 1, fill: null, avgBytes: 65_536 },
  { size: 1_000_000, seed: 1, fill: null, avgBytes: 65_536 },
  { size: 4_000_000, seed: 42, fill: null, avgBytes: 65_536 },
  { size: 4_000_000, seed: 42, fill: 0, avgBytes: 65_536 },
  { size: 4_000_000, seed: 42, fill: 255, avgBytes: 131_072 },
  { size: 40_000, seed: 7, fill: null, avgBytes: 2048 },
]

function vectors(): object {
  return {
    comment:
      'Cuts (ends of chunks) of pseudo-random bytes: xorshift32 (13, 17, 5) from seed, the lowest byte of each state; bytes size/4 to 3·size/4 are then set to fill unless it is null. subChunks: BLAKE3 of the packed list of the first 200000 bytes.',
    cases: inputs.map(({ size, seed, fill, avgBytes }) => {
      const bytes = contentOf(size, seed, fill)
      return {
        ...{ size, seed, fill, avgBytes },
        cuts: cutAll(bytes, chunkerParameters(avgBytes)),
        subChunks: toHex(hash(subChunksOf(bytes.subarray(0, 200_000)))),
      }
    }),
  }
}

test('cuts are those of the committed vectors', () => {
  if (process.env['FERRY_WRITE_VECTORS']) writeFileSync(file, `${JSON.stringify(vectors(), null, 1)}\n`)
  assert.deepEqual(vectors(), JSON.parse(readFileSync(file, 'utf8')))
})

test('the committed wasm is what its source builds to', async () => {
  const compiler = (await import(pathToFileURL(join(root, 'scripts', 'compile-cut.mjs')).href)) as {
    compileCut(): Promise<Uint8Array>
  }
  assert.equal(cutWasm, Buffer.from(await compiler.compileCut()).toString('base64'))
})
