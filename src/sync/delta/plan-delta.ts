/**
 * Decides which bytes of a new file are in its old version already, and can be copied where that lies, and which have to
 * be sent. Pure, and linear but for a logarithm: neither runs of equal chunks nor chosen hashes make it slow.
 *
 * Invariant: the segments cover the new file exactly and in order, and no copy reaches beyond what `previous` describes.
 * Whether the old file is what `previous` says is the caller's to know (docs/decisions/017-chunk-index.md).
 */
import {
  chunkCount,
  chunkHashOffset,
  chunkLengthAt,
  chunkOffsets,
  chunkRecordBytes,
  type ChunkRecords,
} from '../../blobs/chunk-records.ts'
import { createHashTable, hashHigh, hashLow } from '../../blobs/hash-table.ts'
import type { Segment } from '../remote.ts'

export interface DeltaLimits {
  /** Bytes. A shorter copy beside data is sent with that data: a request of its own costs more than it saves. */
  readonly leastCopyBytes: number
  /** At least 1. Left out: as many as there are. */
  readonly maxSegments?: number | undefined
}

export interface DeltaPlan {
  /** Neighbours are never both data, and never copies of which one goes on where the other ends. */
  readonly segments: readonly Segment[]
  readonly copiedBytes: number
  readonly dataBytes: number
}

/** Pieces of the new file in columns: a plan may have as many as there are chunks. */
interface Pieces {
  /** Where in the old file, or `isData`. */
  readonly froms: number[]
  readonly lengths: number[]
}

const isData = -1

/** What of `next` is to be copied from `previous`, of which both are whole lists. */
export function planDelta(next: ChunkRecords, previous: ChunkRecords, limits: DeltaLimits): DeltaPlan {
  const found = findCopies(next, previous)
  const maxSegments = Math.max(1, limits.maxSegments ?? Number.POSITIVE_INFINITY)
  let pieces = sendShortCopies(found, limits.leastCopyBytes)
  // The shortest copies save least, so they go first. Doubling ends: beyond the longest copy all is one piece of data.
  for (let least = Math.max(1, limits.leastCopyBytes); pieces.froms.length > maxSegments; least *= 2)
    pieces = sendCopiesBelow(found, least)
  return planOf(pieces)
}

/** Every chunk that the old file has, with neighbours joined. */
function findCopies(next: ChunkRecords, previous: ChunkRecords): Pieces {
  const old = createOccurrences(previous)
  const offsets = chunkOffsets(previous)
  const pieces: Pieces = { froms: [], lengths: [] }
  /** The old chunk behind the last one copied. Where the old file goes on is where the new one mostly does as well. */
  let expected = 0
  for (let index = 0; index < chunkCount(next); index++) {
    const length = chunkLengthAt(next, index)
    const found = isSameChunk(next, index, previous, expected)
      ? expected
      : old.findNear(next, index, expected)
    add(pieces, found < 0 ? isData : (offsets[found] as number), length)
    if (found >= 0) expected = found + 1
  }
  return pieces
}

/** Adds a piece, or makes the last one longer when it goes on there. */
function add(pieces: Pieces, from: number, length: number): void {
  const { froms, lengths } = pieces
  if (length === 0) return
  const last = froms.length - 1
  if (last >= 0) {
    const lastFrom = froms[last] as number
    const lastLength = lengths[last] as number
    const goesOn =
      from === isData ? lastFrom === isData : lastFrom !== isData && lastFrom + lastLength === from
    if (goesOn) {
      lengths[last] = lastLength + length
      return
    }
  }
  froms.push(from)
  lengths.push(length)
}

/** Short copies become data where that leaves fewer pieces: where data, or another such copy, stands beside them. */
function sendShortCopies({ froms, lengths }: Pieces, leastCopyBytes: number): Pieces {
  const sent = froms.map((from) => from === isData)
  const spread = (index: number, neighbour: number): void => {
    if (sent[neighbour] && (lengths[index] as number) < leastCopyBytes) sent[index] = true
  }
  for (let index = 1; index < sent.length; index++) spread(index, index - 1)
  for (let index = sent.length - 2; index >= 0; index--) spread(index, index + 1)
  const kept: Pieces = { froms: [], lengths: [] }
  froms.forEach((from, index) => add(kept, sent[index] ? isData : from, lengths[index] as number))
  return kept
}

/** All copies below a length become data, whatever stands beside them. */
function sendCopiesBelow({ froms, lengths }: Pieces, leastCopyBytes: number): Pieces {
  const kept: Pieces = { froms: [], lengths: [] }
  froms.forEach((from, index) => {
    const length = lengths[index] as number
    add(kept, length < leastCopyBytes ? isData : from, length)
  })
  return kept
}

function planOf({ froms, lengths }: Pieces): DeltaPlan {
  let copiedBytes = 0
  let dataBytes = 0
  const segments = froms.map((from, index): Segment => {
    const length = lengths[index] as number
    if (from === isData) {
      dataBytes += length
      return { kind: 'data', length }
    }
    copiedBytes += length
    return { kind: 'copy', from, length }
  })
  return { segments, copiedBytes, dataBytes }
}

interface Occurrences {
  /** Where the chunk `index` of `list` stands: the first place at or behind `wanted`, else the first of all; or -1. */
  findNear(list: ChunkRecords, index: number, wanted: number): number
}

/** The places of every chunk of a list, ascending: equal chunks are found by bisection, not one after the other. */
function createOccurrences(records: ChunkRecords): Occurrences {
  const count = chunkCount(records)
  const table = createHashTable(count)
  /** By chunk: the first chunk that is equal to it. */
  const firsts = new Int32Array(count)
  /** By first chunk: where its places end among `places`. */
  const ends = new Int32Array(count + 1)
  for (let index = 0; index < count; index++) {
    const at = chunkHashOffset(index)
    const known = table.add(hashLow(records, at), hashHigh(records, at), index)
    // Of two chunks with the same 64 bits of hash, which is all but impossible, the second cannot be found.
    firsts[index] = known >= 0 && isSameChunk(records, index, records, known) ? known : index
    ends[(firsts[index] as number) + 1]!++
  }
  for (let index = 0; index < count; index++) ends[index + 1]! += ends[index] as number
  const places = new Int32Array(count)
  for (let index = 0; index < count; index++) {
    const first = firsts[index] as number
    places[ends[first] as number] = index
    ends[first]!++
  }
  return {
    findNear(list, index, wanted) {
      const at = chunkHashOffset(index)
      const first = table.get(hashLow(list, at), hashHigh(list, at))
      if (first < 0 || !isSameChunk(list, index, records, first)) return -1
      const start = first === 0 ? 0 : (ends[first - 1] as number)
      let low = start
      let high = ends[first] as number
      while (low < high) {
        const middle = (low + high) >>> 1
        if ((places[middle] as number) < wanted) low = middle + 1
        else high = middle
      }
      return places[low < (ends[first] as number) ? low : start] as number
    },
  }
}

/** Same length and hash. False when there is no such chunk in `right`. */
function isSameChunk(left: ChunkRecords, index: number, right: ChunkRecords, other: number): boolean {
  const at = index * chunkRecordBytes
  const there = other * chunkRecordBytes
  if (there >= right.byteLength) return false
  // Nearly all that differ do so in the last byte of their hashes.
  for (let byte = chunkRecordBytes - 1; byte >= 0; byte--)
    if (left[at + byte] !== right[there + byte]) return false
  return true
}
