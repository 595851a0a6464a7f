/**
 * Sub-chunks: one changed chunk is cut again with a small average, so that a receiver that holds the old version asks
 * only for the few kilobytes that are new. The same cutting rule as for files, over one range of bytes on its own.
 *
 * Their hashes are cut to 16 bytes, since they only choose what to copy: the chunk that is put together from the copies
 * is checked against its whole hash.
 */
import { hash } from '../hash.ts'
import { threadCutter } from './cutter.ts'
import { chunkerParameters, type ChunkerParameters } from './parameters.ts'

/** 512, 2048 and 8192 bytes; the longest fits the u16 of a record. */
export const subChunkParameters: ChunkerParameters = chunkerParameters(2048)

/** Bytes of one record: u16 little-endian length, then the first 16 bytes of the BLAKE3. */
export const subChunkRecordBytes = 18
export const subChunkHashBytes = 16

/** The packed list of the sub-chunks of `bytes`, in order. */
export function subChunksOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const records = new Uint8Array(
    Math.ceil(bytes.byteLength / subChunkParameters.minBytes) * subChunkRecordBytes,
  )
  const cutter = threadCutter()
  cutter.begin(subChunkParameters)
  let count = 0
  let taken = 0
  do {
    const space = cutter.space()
    const part = bytes.subarray(taken, taken + space.byteLength)
    space.set(part)
    cutter.filled(part.byteLength)
    taken += part.byteLength
    for (;;) {
      const chunk = cutter.next(taken === bytes.byteLength)
      if (!chunk) break
      const at = count++ * subChunkRecordBytes
      records[at] = chunk.byteLength & 0xff
      records[at + 1] = chunk.byteLength >>> 8
      records.set(hash(chunk).subarray(0, subChunkHashBytes), at + 2)
    }
  } while (taken < bytes.byteLength)
  return records.slice(0, count * subChunkRecordBytes)
}

export function subChunkCount(records: Uint8Array): number {
  return records.byteLength / subChunkRecordBytes
}

export function subChunkLengthAt(records: Uint8Array, index: number): number {
  const at = index * subChunkRecordBytes
  return (records[at] as number) | ((records[at + 1] as number) << 8)
}

/** A view (not a copy) of the truncated hash of sub-chunk `index`. */
export function subChunkHashAt(records: Uint8Array, index: number): Uint8Array {
  const at = index * subChunkRecordBytes + 2
  return records.subarray(at, at + subChunkHashBytes)
}
