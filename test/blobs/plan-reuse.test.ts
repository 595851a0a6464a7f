import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import {
  chunkCount,
  chunkLengthAt,
  chunkRecordBytes,
  writeChunkRecord,
} from '../../src/blobs/chunk-records.ts'
import { hash } from '../../src/blobs/hash.ts'
import { placedChunkBytes, writePlacedChunk } from '../../src/blobs/part-journal.ts'
import { createListSource, createPlacedSource, ownFile, planReuse } from '../../src/blobs/plan-reuse.ts'

/** Few different chunks, so that files share them. Chunk 0 is all zeros, and as long as holes are. */
const alphabet = [
  new Uint8Array(1024),
  ...Array.from({ length: 9 }, (_, index) => new Uint8Array(100 + index * 17).fill(index + 1)),
]
type File = readonly number[]
const file: fc.Arbitrary<File> = fc.array(fc.nat({ max: alphabet.length - 1 }), { maxLength: 24 })

const chunk = (letter: number): Uint8Array => alphabet[letter] as Uint8Array
const contentOf = (letters: File): Buffer => Buffer.concat(letters.map(chunk))

function recordsOf(letters: File): Uint8Array {
  const records = new Uint8Array(letters.length * chunkRecordBytes)
  letters.forEach((letter, index) =>
    writeChunkRecord(records, index, chunk(letter).byteLength, hash(chunk(letter))),
  )
  return records
}

/** The ranges of a part that hold what `letters` says at these chunks. */
function placedOf(letters: File, verified: readonly number[]): Uint8Array {
  const placed = new Uint8Array(verified.length * placedChunkBytes)
  verified.forEach((index, order) => {
    const letter = letters[index] as number
    const offset = contentOf(letters.slice(0, index)).byteLength
    writePlacedChunk(placed, order, offset, chunk(letter).byteLength, hash(chunk(letter)))
  })
  return placed
}

/** Does what a plan says, with the part as it was and the sources as they are. Content is fetched from `wanted`. */
function apply(
  wanted: File,
  part: Buffer,
  sources: readonly Buffer[],
  plan: ReturnType<typeof planReuse>,
  records: Uint8Array,
): Buffer {
  const content = contentOf(wanted)
  const result = Buffer.alloc(content.byteLength, 0xee)
  part.copy(result)
  const put = (index: number, bytes: Uint8Array): void => result.set(bytes, plan.offsets[index])
  const rangeOf = (index: number): [number, number] => [
    plan.offsets[index] as number,
    plan.offsets[index + 1] as number,
  ]
  for (const index of plan.zeros) put(index, new Uint8Array(chunkLengthAt(records, index)))
  for (const index of plan.fetched) put(index, content.subarray(...rangeOf(index)))
  for (const { chunk: index, source, place } of plan.copies) {
    const from = source === ownFile ? result : (sources[source] as Buffer)
    put(index, Buffer.from(from.subarray(place, place + chunkLengthAt(records, index))))
  }
  return result
}

test('applying a plan gives the wanted bytes, and fetches no chunk twice', () => {
  fc.assert(
    fc.property(file, file, file, file, fc.array(fc.nat({ max: 23 })), (wanted, old, other, begun, done) => {
      const records = recordsOf(wanted)
      const verified = [...new Set(done)].filter((index) => index < begun.length).sort((a, b) => a - b)
      const plan = planReuse({
        records,
        offset: 0,
        trusted: placedOf(begun, verified),
        nextTrusted: 0,
        sources: [createListSource(recordsOf(old)), createPlacedSource(placedOf(other, [...other.keys()]))],
      })
      const size = contentOf(wanted).byteLength
      const part = contentOf(begun).subarray(0, size)
      const result = apply(wanted, part, [contentOf(old), contentOf(other)], plan, records)
      assert.ok(result.equals(contentOf(wanted)))
      assert.equal(new Set(plan.fetched.map((index) => wanted[index])).size, plan.fetched.length)
      const known = new Set([...old, ...other])
      assert.ok(plan.fetched.every((index) => !known.has(wanted[index] as number)))
      const count = plan.kept.length + plan.zeros.length + plan.copies.length + plan.fetched.length
      assert.equal(count, chunkCount(records))
    }),
  )
})

test('a plan in pieces keeps and forgets what a plan of the whole does', () => {
  fc.assert(
    fc.property(file, file, fc.integer({ min: 1, max: 7 }), (wanted, begun, pieceLength) => {
      const trusted = placedOf(begun, [...begun.keys()])
      const records = recordsOf(wanted)
      const whole = planReuse({ records, offset: 0, trusted, nextTrusted: 0, sources: [] })
      const kept: number[] = []
      const forgotten: number[] = []
      let offset = 0
      let nextTrusted = 0
      for (let first = 0; first < wanted.length; first += pieceLength) {
        const piece = recordsOf(wanted.slice(first, first + pieceLength))
        const plan = planReuse({ records: piece, offset, trusted, nextTrusted, sources: [] })
        kept.push(...plan.kept.map((index) => index + first))
        forgotten.push(...plan.forgotten)
        offset = plan.offsets.at(-1) as number
        nextTrusted = plan.nextTrusted
      }
      assert.deepEqual(kept, whole.kept)
      assert.deepEqual(forgotten, whole.forgotten)
    }),
  )
})

test('every recorded range that a chunk will overwrite is forgotten', () => {
  fc.assert(
    fc.property(file, file, (wanted, begun) => {
      const trusted = placedOf(begun, [...begun.keys()])
      const plan = planReuse({ records: recordsOf(wanted), offset: 0, trusted, nextTrusted: 0, sources: [] })
      const keptAt = new Set(plan.kept.map((index) => plan.offsets[index]))
      const end = plan.offsets.at(-1) as number
      let offset = 0
      for (const letter of begun) {
        if (offset < end) assert.ok(keptAt.has(offset) || plan.forgotten.includes(offset))
        offset += chunk(letter).byteLength
      }
    }),
  )
})
