/**
 * The journal beside a part file: which ranges of it hold verified chunks. It is only ever appended to, and each record
 * carries its own checksum, so whatever a crash leaves is read up to the first record that is not whole.
 *
 * A record is appended after the bytes it speaks of were written. While the system has not restarted, those bytes are in
 * the page cache whatever happened to the process, so every whole record is believed. After a restart only the
 * records that a sync mark covers are: the mark is appended after the data was synced to disk.
 *
 * header  "ferrypj1", boot id (16), file size (u64), checksum (8)
 * batch   1, count (u16), count × { offset (u64), length (u32), hash (32) }, checksum
 * sync    2, journal bytes that the mark covers (u64), checksum
 * forget  3, count (u16), count × offset (u64), checksum: these ranges are about to be overwritten
 * All numbers are little-endian; a checksum is the first 8 bytes of the BLAKE3 of the record before it.
 */
import { hash } from './hash.ts'

/** A list of verified ranges, packed: 44 bytes each, laid out as in a batch. */
export type PlacedChunks = Uint8Array

export const placedChunkBytes = 44
/** Keeps a batch record below 64 KiB, so that one `write` appends it whole. */
export const maxBatchChunks = 1024

const magic = new TextEncoder().encode('ferrypj1')
const bootIdBytes = 16
const checksumBytes = 8
export const journalHeaderBytes: number = magic.length + bootIdBytes + 8 + checksumBytes
const batchType = 1
const syncType = 2
const forgetType = 3

export function placedCount(chunks: PlacedChunks): number {
  return chunks.byteLength / placedChunkBytes
}

function readU32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) |
      ((bytes[at + 1] as number) << 8) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 24)) >>>
    0
  )
}

function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value & 0xff
  bytes[at + 1] = (value >>> 8) & 0xff
  bytes[at + 2] = (value >>> 16) & 0xff
  bytes[at + 3] = value >>> 24
}

function readU64(bytes: Uint8Array, at: number): number {
  return readU32(bytes, at + 4) * 0x1_0000_0000 + readU32(bytes, at)
}

function writeU64(bytes: Uint8Array, at: number, value: number): void {
  writeU32(bytes, at, value % 0x1_0000_0000)
  writeU32(bytes, at + 4, Math.floor(value / 0x1_0000_0000))
}

export function placedOffsetAt(chunks: PlacedChunks, index: number): number {
  return readU64(chunks, index * placedChunkBytes)
}

export function placedLengthAt(chunks: PlacedChunks, index: number): number {
  return readU32(chunks, index * placedChunkBytes + 8)
}

/** A view of the hash of range `index`. */
export function placedHashAt(chunks: PlacedChunks, index: number): Uint8Array {
  return chunks.subarray(index * placedChunkBytes + 12, (index + 1) * placedChunkBytes)
}

export function writePlacedChunk(
  chunks: PlacedChunks,
  index: number,
  offset: number,
  length: number,
  chunkHash: Uint8Array,
): void {
  const at = index * placedChunkBytes
  writeU64(chunks, at, offset)
  writeU32(chunks, at + 8, length)
  chunks.set(chunkHash, at + 12)
}

function seal(record: Uint8Array): Uint8Array {
  const end = record.byteLength - checksumBytes
  record.set(hash(record.subarray(0, end)).subarray(0, checksumBytes), end)
  return record
}

function isSealed(bytes: Uint8Array, start: number, end: number): boolean {
  const sum = hash(bytes.subarray(start, end - checksumBytes))
  for (let index = 0; index < checksumBytes; index++) {
    if (sum[index] !== bytes[end - checksumBytes + index]) return false
  }
  return true
}

/** `bootId`: 16 bytes that change with every start of the system. `size`: of the finished file. */
export function encodeJournalHeader(bootId: Uint8Array, size: number): Uint8Array {
  const header = new Uint8Array(journalHeaderBytes)
  header.set(magic)
  header.set(bootId, magic.length)
  writeU64(header, magic.length + bootIdBytes, size)
  return seal(header)
}

/** One or more batch records for any number of ranges, ready to append. */
export function encodeBatches(chunks: PlacedChunks): Uint8Array {
  const count = placedCount(chunks)
  const records = Math.ceil(count / maxBatchChunks)
  const output = new Uint8Array(records * (3 + checksumBytes) + chunks.byteLength)
  let at = 0
  for (let first = 0; first < count; first += maxBatchChunks) {
    const some = Math.min(maxBatchChunks, count - first)
    const end = at + 3 + some * placedChunkBytes + checksumBytes
    output[at] = batchType
    output[at + 1] = some & 0xff
    output[at + 2] = some >>> 8
    output.set(chunks.subarray(first * placedChunkBytes, (first + some) * placedChunkBytes), at + 3)
    seal(output.subarray(at, end))
    at = end
  }
  return output
}

/** `coveredBytes`: the journal's length before the data was synced. */
export function encodeSyncMark(coveredBytes: number): Uint8Array {
  const record = new Uint8Array(1 + 8 + checksumBytes)
  record[0] = syncType
  writeU64(record, 1, coveredBytes)
  return seal(record)
}

/** Withdraws the ranges that begin at these offsets. */
export function encodeForget(offsets: readonly number[]): Uint8Array {
  const parts: Uint8Array[] = []
  for (let first = 0; first < offsets.length; first += maxBatchChunks) {
    const some = offsets.slice(first, first + maxBatchChunks)
    const record = new Uint8Array(3 + some.length * 8 + checksumBytes)
    record[0] = forgetType
    record[1] = some.length & 0xff
    record[2] = some.length >>> 8
    some.forEach((offset, index) => writeU64(record, 3 + index * 8, offset))
    parts.push(seal(record))
  }
  return Buffer.concat(parts)
}

export interface DecodedJournal {
  /** Size of the finished file that the part was begun for. */
  readonly size: number
  /** False after a restart of the system. */
  readonly sameBoot: boolean
  /** Ranges to believe, by ascending offset, never overlapping. */
  readonly trusted: PlacedChunks
  /** Length of the whole records; whatever follows is to be cut off before more is appended. */
  readonly wholeBytes: number
}

/** Length of the record at `at`, or 0 when there is none. */
function recordLength(bytes: Uint8Array, at: number): number {
  const type = bytes[at]
  if (type === syncType) return 1 + 8 + checksumBytes
  const unit = type === batchType ? placedChunkBytes : type === forgetType ? 8 : 0
  if (unit === 0 || at + 3 > bytes.byteLength) return 0
  const count = (bytes[at + 1] as number) | ((bytes[at + 2] as number) << 8)
  return count === 0 || count > maxBatchChunks ? 0 : 3 + count * unit + checksumBytes
}

/** Reads what a crash left. Undefined when not even the header is whole. Never throws on damaged bytes. */
export function decodeJournal(bytes: Uint8Array, bootId: Uint8Array): DecodedJournal | undefined {
  if (bytes.byteLength < journalHeaderBytes || !isSealed(bytes, 0, journalHeaderBytes)) return undefined
  if (!magic.every((byte, index) => bytes[index] === byte)) return undefined
  const sameBoot = bootId.every((byte, index) => bytes[magic.length + index] === byte)
  const size = readU64(bytes, magic.length + bootIdBytes)

  /** Begin and type of every whole record, and how far the sync marks reach. */
  const starts: number[] = []
  let at = journalHeaderBytes
  let syncedBytes = 0
  while (at < bytes.byteLength) {
    const length = recordLength(bytes, at)
    if (length === 0 || at + length > bytes.byteLength || !isSealed(bytes, at, at + length)) break
    if (bytes[at] === syncType) syncedBytes = Math.max(syncedBytes, Math.min(readU64(bytes, at + 1), at))
    else starts.push(at)
    at += length
  }
  const wholeBytes = at

  /** Offset in the file → place of its record in the journal; a later record of the same offset replaces an earlier. */
  const ranges = new Map<number, number>()
  for (const start of starts) {
    const count = (bytes[start + 1] as number) | ((bytes[start + 2] as number) << 8)
    if (bytes[start] === forgetType) {
      // A withdrawal counts even when it is not synced: the data may have been overwritten since.
      for (let index = 0; index < count; index++) ranges.delete(readU64(bytes, start + 3 + index * 8))
    } else if (sameBoot || start + recordLength(bytes, start) <= syncedBytes) {
      for (let index = 0; index < count; index++) {
        const place = start + 3 + index * placedChunkBytes
        ranges.set(readU64(bytes, place), place)
      }
    }
  }
  return { size, sameBoot, trusted: withoutOverlaps(bytes, ranges, size), wholeBytes }
}

/** A writer never records overlapping ranges; should some overlap nevertheless, none of them is believed. */
function withoutOverlaps(bytes: Uint8Array, ranges: ReadonlyMap<number, number>, size: number): PlacedChunks {
  const sorted = [...ranges]
    .map(([offset, place]) => ({ offset, place, end: offset + readU32(bytes, place + 8) }))
    .sort((left, right) => left.offset - right.offset)
  let reached = 0
  const kept = sorted.filter(({ offset, end }, index) => {
    const next = sorted[index + 1]
    const isApart = offset >= reached && (next === undefined || next.offset >= end)
    reached = Math.max(reached, end)
    return isApart && end <= size
  })
  const trusted = new Uint8Array(kept.length * placedChunkBytes)
  kept.forEach(({ place }, index) =>
    trusted.set(bytes.subarray(place, place + placedChunkBytes), index * placedChunkBytes),
  )
  return trusted
}
