import assert from 'node:assert/strict'
import test from 'node:test'
import { cutAll } from '../../../src/blobs/chunker/find-cut.ts'
import {
  subChunkCount,
  subChunkHashAt,
  subChunkLengthAt,
  subChunkParameters,
  subChunksOf,
} from '../../../src/blobs/chunker/sub-chunks.ts'
import { hash } from '../../../src/blobs/hash.ts'
import { toHex } from '../../../src/shared/bytes.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'

test('sub-chunks are the cuts of the plain twin with their hashes', () => {
  for (const length of [0, 1, 511, 512, 8192, 8193, 300_000, 1_500_000]) {
    const bytes = seededBytes(length, length + 1)
    const records = subChunksOf(bytes)
    const cuts = cutAll(bytes, subChunkParameters)
    assert.equal(subChunkCount(records), cuts.length)
    cuts.forEach((cut, index) => {
      const from = cuts[index - 1] ?? 0
      assert.equal(subChunkLengthAt(records, index), cut - from)
      assert.deepEqual(
        new Uint8Array(subChunkHashAt(records, index)),
        hash(bytes.subarray(from, cut)).subarray(0, 16),
      )
    })
  }
})

test('a long run of zeros has records that fit', () => {
  const records = subChunksOf(new Uint8Array(100_000))
  assert.equal(subChunkLengthAt(records, 0), 8192)
})

test('one changed byte changes few sub-chunks', () => {
  const bytes = seededBytes(64 * 1024)
  const before = subChunksOf(bytes)
  bytes[30_000] = ~(bytes[30_000] as number)
  const known = new Set(
    Array.from({ length: subChunkCount(before) }, (_, index) => toHex(subChunkHashAt(before, index))),
  )
  const after = subChunksOf(bytes)
  let changed = 0
  for (let index = 0; index < subChunkCount(after); index++)
    if (!known.has(toHex(subChunkHashAt(after, index)))) changed += subChunkLengthAt(after, index)
  assert.ok(changed < 20_000, `${changed} bytes changed`)
})
