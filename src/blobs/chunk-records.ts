/**
 * Packed chunk lists. A list of n chunks is one Uint8Array of n × 36 bytes: u32 little-endian length, then the
 * 32-byte BLAKE3 of the chunk. Lists travel between threads and peers in this form, so no object per chunk is made.
 */

/** Bytes of one record: 4 for the length, 32 for the hash. */
export const chunkRecordBytes = 36
export const hashBytes = 32

/** An ordered list of chunks, packed. Its byte length is a multiple of 36. */
export type ChunkRecords = Uint8Array

export function chunkCount(records: ChunkRecords): number {
  return records.byteLength / chunkRecordBytes
}

export function chunkLengthAt(records: ChunkRecords, index: number): number {
  const at = index * chunkRecordBytes
  return (
    ((records[at] as number) |
      ((records[at + 1] as number) << 8) |
      ((records[at + 2] as number) << 16) |
      ((records[at + 3] as number) << 24)) >>>
    0
  )
}

/** A view (not a copy) of the hash of chunk `index`. */
export function chunkHashAt(records: ChunkRecords, index: number): Uint8Array {
  const at = index * chunkRecordBytes + 4
  return records.subarray(at, at + hashBytes)
}

/** Where in the list the hash of chunk `index` begins: `chunkHashAt` without a view. */
export function chunkHashOffset(index: number): number {
  return index * chunkRecordBytes + 4
}

export function writeChunkRecord(
  records: ChunkRecords,
  index: number,
  length: number,
  hash: Uint8Array,
): void {
  const at = index * chunkRecordBytes
  records[at] = length & 0xff
  records[at + 1] = (length >>> 8) & 0xff
  records[at + 2] = (length >>> 16) & 0xff
  records[at + 3] = length >>> 24
  records.set(hash, at + 4)
}

/** The sum of all chunk lengths in bytes. */
export function totalChunkBytes(records: ChunkRecords): number {
  let total = 0
  for (let index = 0; index < chunkCount(records); index++) total += chunkLengthAt(records, index)
  return total
}

/** The lengths of some chunks together, in bytes. */
export function bytesOfChunks(records: ChunkRecords, chunks: readonly number[]): number {
  return chunks.reduce((sum, chunk) => sum + chunkLengthAt(records, chunk), 0)
}

/** Where each chunk begins, and behind them where the last one ends. */
export function chunkOffsets(records: ChunkRecords): Float64Array {
  const offsets = new Float64Array(chunkCount(records) + 1)
  for (let index = 0; index + 1 < offsets.length; index++)
    offsets[index + 1] = (offsets[index] as number) + chunkLengthAt(records, index)
  return offsets
}
