import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { chunkCount, chunkRecordBytes, writeChunkRecord } from '../../../src/blobs/chunk-records.ts'
import { hash } from '../../../src/blobs/hash.ts'
import { planDelta, type DeltaPlan } from '../../../src/sync/delta/plan-delta.ts'

/** Few different chunks, so that files share them and hold them several times. Of some the length is the same. */
const alphabet = Array.from({ length: 9 }, (_, index) =>
  new Uint8Array(40 + (index >> 1) * 23).fill(index + 1),
)
const hashes = alphabet.map((chunk) => hash(chunk))
type File = readonly number[]
const file: fc.Arbitrary<File> = fc.array(fc.nat({ max: alphabet.length - 1 }), { maxLength: 40 })

const contentOf = (letters: File): Buffer =>
  Buffer.concat(letters.map((letter) => alphabet[letter] as Uint8Array))

function recordsOf(letters: File): Uint8Array {
  const records = new Uint8Array(letters.length * chunkRecordBytes)
  letters.forEach((letter, index) =>
    writeChunkRecord(records, index, alphabet[letter]?.byteLength ?? 0, hashes[letter] as Uint8Array),
  )
  return records
}

function apply(plan: DeltaPlan, old: Buffer, content: Buffer): Buffer {
  const parts: Buffer[] = []
  let offset = 0
  for (const segment of plan.segments) {
    if (segment.kind === 'data') parts.push(content.subarray(offset, offset + segment.length))
    else {
      assert.ok(segment.from >= 0 && segment.from + segment.length <= old.byteLength, 'beyond the old file')
      parts.push(old.subarray(segment.from, segment.from + segment.length))
    }
    offset += segment.length
  }
  return Buffer.concat(parts)
}

/** A list of chunks of random lengths around 64 KiB with random hashes, each its own. */
function randomRecords(bytes: number): Uint8Array {
  const rows: [number, Uint8Array][] = []
  for (let total = 0, seed = 1; total < bytes; ) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    const length = Math.min(bytes - total, 16_384 + (seed % 100_000))
    rows.push([length, hash(Buffer.from(`chunk ${rows.length}`))])
    total += length
  }
  const records = new Uint8Array(rows.length * chunkRecordBytes)
  rows.forEach(([length, name], index) => writeChunkRecord(records, index, length, name))
  return records
}

test('planDelta: the segments put together the new file', () => {
  const limits = fc.record({
    leastCopyBytes: fc.nat({ max: 300 }),
    maxSegments: fc.integer({ min: 1, max: 50 }),
  })
  fc.assert(
    fc.property(file, file, limits, (next, previous, bounds) => {
      const plan = planDelta(recordsOf(next), recordsOf(previous), bounds)
      const content = contentOf(next)
      assert.ok(content.equals(apply(plan, contentOf(previous), content)))
      assert.equal(plan.copiedBytes + plan.dataBytes, content.byteLength)
      assert.ok(plan.segments.length <= bounds.maxSegments)
      plan.segments.forEach((segment, index) => {
        assert.ok(segment.length > 0)
        const before = plan.segments[index - 1]
        if (segment.kind === 'data') return assert.notEqual(before?.kind, 'data')
        if (before?.kind === 'copy') assert.notEqual(before.from + before.length, segment.from)
        if (before?.kind === 'data') assert.ok(segment.length >= bounds.leastCopyBytes)
      })
    }),
  )
})

test('planDelta: with no limits every chunk that the old file has is copied', () => {
  fc.assert(
    fc.property(file, file, (next, previous) => {
      const { copiedBytes } = planDelta(recordsOf(next), recordsOf(previous), { leastCopyBytes: 0 })
      assert.equal(copiedBytes, contentOf(next.filter((letter) => previous.includes(letter))).byteLength)
    }),
  )
})

test('planDelta: an unchanged file is one copy, even when all its chunks are equal', () => {
  fc.assert(
    fc.property(file, (letters) => {
      const size = contentOf(letters).byteLength
      const { segments } = planDelta(recordsOf(letters), recordsOf(letters), { leastCopyBytes: 0 })
      assert.deepEqual(segments, size === 0 ? [] : [{ kind: 'copy', from: 0, length: size }])
    }),
  )
})

test('planDelta: a byte put in front of 100 MB leaves more than 99 % to copy', () => {
  const previous = randomRecords(100_000_000)
  const next = previous.slice()
  writeChunkRecord(next, 0, new DataView(previous.buffer).getUint32(0, true) + 1, hash(Buffer.from('first')))
  const plan = planDelta(next, previous, { leastCopyBytes: 5 * 1024 * 1024 })
  assert.equal(plan.segments.length, 2)
  assert.ok(plan.copiedBytes > 99_000_000)
})

test('planDelta: of equal chunks the one is taken with which the copy goes on', () => {
  // 0 and 1 stand twice; behind the second time follows what the new file goes on with.
  const previous = recordsOf([0, 1, 2, 0, 1, 3, 4])
  const { segments } = planDelta(recordsOf([2, 0, 1, 3, 8, 4]), previous, { leastCopyBytes: 0 })
  assert.deepEqual(
    segments.map(({ kind }) => kind),
    ['copy', 'data', 'copy'],
  )
})

test('planDelta: behind a changed place the nearest of equal chunks is taken', () => {
  const previous = recordsOf([5, 0, 1, 2, 5, 0, 3, 4])
  const { segments } = planDelta(recordsOf([1, 2, 8, 0, 3, 4]), previous, { leastCopyBytes: 0 })
  assert.equal(segments.length, 3)
})

test('planDelta: short copies go with the data beside them, and stay copies between copies', () => {
  const least = (alphabet[0]?.byteLength ?? 0) + 1
  const beside = planDelta(recordsOf([8, 0, 8]), recordsOf([0, 7]), { leastCopyBytes: least })
  assert.deepEqual(beside.segments, [{ kind: 'data', length: contentOf([8, 0, 8]).byteLength }])
  const between = planDelta(recordsOf([6, 0, 7]), recordsOf([7, 0, 6]), { leastCopyBytes: least })
  assert.equal(between.dataBytes, 0)
})

test('planDelta: runs of equal chunks take no longer than others', () => {
  // 400,000 equal chunks on both sides, with a new one after every second: each looks among all the old ones.
  const count = 400_000
  const previous = new Uint8Array(count * chunkRecordBytes)
  const next = new Uint8Array(count * chunkRecordBytes)
  for (let index = 0; index < count; index++) {
    writeChunkRecord(previous, index, 65_536, hashes[0] as Uint8Array)
    writeChunkRecord(next, index, 65_536, hashes[index % 3 === 2 ? 1 : 0] as Uint8Array)
  }
  const plan = planDelta(next, previous, { leastCopyBytes: 0 })
  assert.equal(plan.segments.length, chunkCount(next) - Math.floor(count / 3))
})
