/**
 * Decides, chunk by chunk, where the content of a file comes from: it is in the part file already, it is all zeros, it
 * lies somewhere on this computer, or it must be fetched. This one plan is resume, dedup and delta. Pure: whoever copies
 * verifies, and what turns out not to be there any more is fetched.
 */
import { chunkCount, chunkHashAt, chunkLengthAt, type ChunkRecords } from './chunk-records.ts'
import { hash } from './hash.ts'
import { createHashTable, hashHigh, hashLow } from './hash-table.ts'
import {
  placedCount,
  placedHashAt,
  placedLengthAt,
  placedOffsetAt,
  type PlacedChunks,
} from './part-journal.ts'

/** Somewhere that may hold a chunk. */
export interface ReuseSource {
  /** A number that the source understands (such as an offset) where the chunk lies, or -1. */
  find(chunkHash: Uint8Array, length: number): number
}

/** Where one chunk is copied from. */
export interface PlannedCopy {
  /** Index of the chunk among the planned records. */
  readonly chunk: number
  /** Which of the sources, or `ownFile`. */
  readonly source: number
  /** The answer of the source; for `ownFile` an offset in the file itself. */
  readonly place: number
}

/** The chunk comes earlier in the same file, from where it can be copied once it has arrived. */
export const ownFile = -1

export interface ReusePlan {
  /** Offsets of the chunks in the file, and behind the last one: one more than there are chunks. */
  readonly offsets: Float64Array
  /** Chunks that the part holds at their place. */
  readonly kept: readonly number[]
  readonly zeros: readonly number[]
  readonly copies: readonly PlannedCopy[]
  readonly fetched: readonly number[]
  /** Offsets of recorded ranges of the part that will be overwritten by something else. */
  readonly forgotten: readonly number[]
  /** The first recorded range that lies behind the planned ones. */
  readonly nextTrusted: number
}

export interface ReuseInput {
  /** The next chunks of the file. */
  readonly records: ChunkRecords
  /** Where the first of them begins. */
  readonly offset: number
  /** What the part holds, ascending; looked at from `nextTrusted` on. */
  readonly trusted: PlacedChunks
  readonly nextTrusted: number
  /** Asked in this order. */
  readonly sources: readonly ReuseSource[]
}

/** Hashes of all-zero chunks by length; long runs of zeros are cut at the largest length, so few are ever needed. */
const zeroHashes = new Map<number, Uint8Array>()
const maxZeroHashes = 64

/** True when a chunk is known to be all zeros. Only lengths that are powers of two are looked at: holes are cut so. */
export function isZeroChunk(records: ChunkRecords, index: number): boolean {
  const length = chunkLengthAt(records, index)
  if ((length & (length - 1)) !== 0) return false
  let zeroHash = zeroHashes.get(length)
  if (!zeroHash) {
    if (zeroHashes.size === maxZeroHashes) return false
    zeroHash = hash(new Uint8Array(length))
    zeroHashes.set(length, zeroHash)
  }
  return isSame(zeroHash, chunkHashAt(records, index))
}

function isSame(left: Uint8Array, right: Uint8Array): boolean {
  // Nearly all that differ do so in their first byte.
  return left[0] === right[0] && Buffer.compare(left, right) === 0
}

export function planReuse(input: ReuseInput): ReusePlan {
  const { records, trusted, sources } = input
  const count = chunkCount(records)
  const offsets = new Float64Array(count + 1)
  const kept: number[] = []
  const zeros: number[] = []
  const copies: PlannedCopy[] = []
  const fetched: number[] = []
  const forgotten: number[] = []
  const firsts = createHashTable(Math.min(count, 1024))
  let next = input.nextTrusted
  offsets[0] = input.offset

  const isTrustedHere = (offset: number, length: number, chunkHash: Uint8Array): boolean =>
    next < placedCount(trusted) &&
    placedOffsetAt(trusted, next) === offset &&
    placedLengthAt(trusted, next) === length &&
    isSame(placedHashAt(trusted, next), chunkHash)

  for (let index = 0; index < count; index++) {
    const length = chunkLengthAt(records, index)
    const chunkHash = chunkHashAt(records, index)
    const offset = offsets[index] as number
    const end = offset + length
    offsets[index + 1] = end
    if (isTrustedHere(offset, length, chunkHash)) {
      kept.push(index)
      next++
      continue
    }
    for (; next < placedCount(trusted) && placedOffsetAt(trusted, next) < end; next++)
      forgotten.push(placedOffsetAt(trusted, next))
    if (isZeroChunk(records, index)) {
      zeros.push(index)
      continue
    }
    let source = 0
    let place = -1
    while (source < sources.length) {
      place = sources[source]?.find(chunkHash, length) ?? -1
      if (place >= 0) break
      source++
    }
    if (place >= 0) {
      copies.push({ chunk: index, source, place })
      continue
    }
    const first = firsts.add(hashLow(chunkHash), hashHigh(chunkHash), index)
    if (first >= 0 && isSame(chunkHashAt(records, first), chunkHash))
      copies.push({ chunk: index, source: ownFile, place: offsets[first] as number })
    else fetched.push(index)
  }
  return { offsets, kept, zeros, copies, fetched, forgotten, nextTrusted: next }
}

/** A source over one file whose chunk list is known; its answers are offsets in that file. */
export function createListSource(records: ChunkRecords): ReuseSource {
  const count = chunkCount(records)
  const table = createHashTable(count)
  const offsets = new Float64Array(count)
  let offset = 0
  for (let index = 0; index < count; index++) {
    const chunkHash = chunkHashAt(records, index)
    offsets[index] = offset
    offset += chunkLengthAt(records, index)
    table.add(hashLow(chunkHash), hashHigh(chunkHash), index)
  }
  return {
    find(chunkHash, length) {
      const index = table.get(hashLow(chunkHash), hashHigh(chunkHash))
      if (index < 0 || chunkLengthAt(records, index) !== length) return -1
      return isSame(chunkHashAt(records, index), chunkHash) ? (offsets[index] as number) : -1
    },
  }
}

/** The same over the verified ranges of a part that was set aside. */
export function createPlacedSource(placed: PlacedChunks): ReuseSource {
  const count = placedCount(placed)
  const table = createHashTable(count)
  for (let index = 0; index < count; index++) {
    const chunkHash = placedHashAt(placed, index)
    table.add(hashLow(chunkHash), hashHigh(chunkHash), index)
  }
  return {
    find(chunkHash, length) {
      const index = table.get(hashLow(chunkHash), hashHigh(chunkHash))
      if (index < 0 || placedLengthAt(placed, index) !== length) return -1
      return isSame(placedHashAt(placed, index), chunkHash) ? placedOffsetAt(placed, index) : -1
    },
  }
}
