import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { hash } from '../../src/blobs/hash.ts'
import {
  decodeJournal,
  encodeBatches,
  encodeForget,
  encodeJournalHeader,
  encodeSyncMark,
  journalHeaderBytes,
  maxBatchChunks,
  placedChunkBytes,
  placedCount,
  placedHashAt,
  placedLengthAt,
  placedOffsetAt,
  writePlacedChunk,
  type PlacedChunks,
} from '../../src/blobs/part-journal.ts'

const boot = new Uint8Array(16).fill(7)
const otherBoot = new Uint8Array(16).fill(8)
const size = 2 ** 40

function placed(ranges: readonly (readonly [offset: number, length: number])[]): PlacedChunks {
  const chunks = new Uint8Array(ranges.length * placedChunkBytes)
  ranges.forEach(([offset, length], index) =>
    writePlacedChunk(chunks, index, offset, length, hash(Buffer.from(`${offset}+${length}`))),
  )
  return chunks
}

function listed(chunks: PlacedChunks): [number, number, string][] {
  return Array.from({ length: placedCount(chunks) }, (_, index) => [
    placedOffsetAt(chunks, index),
    placedLengthAt(chunks, index),
    Buffer.from(placedHashAt(chunks, index)).toString('hex'),
  ])
}

/** Batches of adjacent ranges, in any order of batches. */
const batches = fc
  .array(fc.array(fc.integer({ min: 1, max: 2 ** 24 }), { minLength: 1, maxLength: 5 }), { maxLength: 6 })
  .map((groups) => {
    let offset = 0
    return groups.map((lengths) =>
      placed(
        lengths.map((length) => {
          offset += length
          return [offset - length, length] as const
        }),
      ),
    )
  })

test('decodeJournal gives back what was appended, by offset', () => {
  fc.assert(
    fc.property(batches, (groups) => {
      const bytes = Buffer.concat([
        encodeJournalHeader(boot, size),
        ...groups.toReversed().map(encodeBatches),
      ])
      const journal = decodeJournal(bytes, boot)
      assert.ok(journal)
      assert.equal(journal.size, size)
      assert.equal(journal.sameBoot, true)
      assert.equal(journal.wholeBytes, bytes.byteLength)
      assert.deepEqual(listed(journal.trusted), groups.flatMap(listed))
    }),
  )
})

test('a journal cut at any byte gives the whole records before the cut', () => {
  const groups = [
    placed([[0, 5]]),
    placed([
      [5, 7],
      [12, 1],
    ]),
    placed([[100, 3]]),
  ]
  const parts = [encodeJournalHeader(boot, size), ...groups.map(encodeBatches)]
  const bytes = Buffer.concat(parts)
  for (let cut = 0; cut <= bytes.byteLength; cut++) {
    const journal = decodeJournal(bytes.subarray(0, cut), boot)
    if (cut < journalHeaderBytes) {
      assert.equal(journal, undefined)
      continue
    }
    let end = journalHeaderBytes
    const whole = groups.filter((_, index) => (end += parts[index + 1]?.byteLength ?? 0) <= cut)
    assert.deepEqual(listed(journal?.trusted ?? placed([])), whole.flatMap(listed))
  }
})

test('a flipped byte ends the journal at its record and nothing false is believed', () => {
  fc.assert(
    fc.property(batches, fc.nat(), fc.integer({ min: 1, max: 255 }), (groups, place, flip) => {
      const bytes = Buffer.concat([encodeJournalHeader(boot, size), ...groups.map(encodeBatches)])
      const at = place % bytes.byteLength
      bytes[at] = (bytes[at] as number) ^ flip
      const journal = decodeJournal(bytes, boot)
      const all = groups.flatMap(listed)
      const got = listed(journal?.trusted ?? placed([]))
      assert.deepEqual(got, all.slice(0, got.length))
      if (at >= journalHeaderBytes) assert.ok(journal && journal.wholeBytes <= at)
    }),
  )
})

test('after a restart only what a sync mark covers is believed', () => {
  const header = encodeJournalHeader(boot, size)
  const first = encodeBatches(placed([[0, 5]]))
  const second = encodeBatches(placed([[5, 5]]))
  const mark = encodeSyncMark(header.byteLength + first.byteLength)
  const bytes = Buffer.concat([header, first, second, mark])
  assert.deepEqual(listed(decodeJournal(bytes, otherBoot)?.trusted ?? placed([])), listed(placed([[0, 5]])))
  assert.equal(placedCount(decodeJournal(bytes, boot)?.trusted ?? placed([])), 2)
  const unmarked = Buffer.concat([header, first, second])
  assert.equal(placedCount(decodeJournal(unmarked, otherBoot)?.trusted ?? placed([[0, 1]])), 0)
})

test('a mark cannot cover what stands behind it', () => {
  const header = encodeJournalHeader(boot, size)
  const bytes = Buffer.concat([header, encodeSyncMark(2 ** 40), encodeBatches(placed([[0, 5]]))])
  assert.equal(placedCount(decodeJournal(bytes, otherBoot)?.trusted ?? placed([[0, 1]])), 0)
})

test('forgotten ranges are gone, also after a restart', () => {
  const header = encodeJournalHeader(boot, size)
  const batch = encodeBatches(
    placed([
      [0, 5],
      [5, 5],
      [10, 5],
    ]),
  )
  const mark = encodeSyncMark(header.byteLength + batch.byteLength)
  const bytes = Buffer.concat([header, batch, mark, encodeForget([5])])
  for (const now of [boot, otherBoot])
    assert.deepEqual(
      listed(decodeJournal(bytes, now)?.trusted ?? placed([])).map(([offset]) => offset),
      [0, 10],
    )
})

test('ranges that overlap or lie beyond the size are not believed', () => {
  const bytes = Buffer.concat([
    encodeJournalHeader(boot, 100),
    encodeBatches(
      placed([
        [0, 10],
        [5, 10],
        [20, 5],
        [40, 30],
        [45, 5],
        [46, 5],
        [80, 20],
        [95, 10],
      ]),
    ),
  ])
  const offsets = listed(decodeJournal(bytes, boot)?.trusted ?? placed([])).map(([offset]) => offset)
  assert.deepEqual(offsets, [20])
})

test('more ranges than one record holds are split', () => {
  const ranges = Array.from({ length: maxBatchChunks * 2 + 1 }, (_, index) => [index * 10, 10] as const)
  const bytes = Buffer.concat([encodeJournalHeader(boot, size), encodeBatches(placed(ranges))])
  assert.equal(placedCount(decodeJournal(bytes, boot)?.trusted ?? placed([])), ranges.length)
})

test('random bytes never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      decodeJournal(bytes, boot)
      decodeJournal(Buffer.concat([encodeJournalHeader(boot, size), bytes]), boot)
    }),
  )
})
