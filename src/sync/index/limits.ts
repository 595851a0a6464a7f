/** How large an index may be: it may lie where others write. Checked before memory is taken for what it bounds. */
import { minChunkSize } from '../../blobs/chunker/parameters.ts'
import { chunkRecordBytes } from '../../blobs/chunk-records.ts'
import { chunkSizeSpread, maxBlobChunks } from '../../blobs/manifest/limits.ts'
import { indexBytes } from './index-codec.ts'
import { listFrameBytes } from './list-codec.ts'

/** Rows of one index: about 200 MiB in memory. What exceeds it is not remembered, and asked for at each sync. */
export const maxIndexRows: number = 4 * 1024 * 1024
/** Every row with a name of its content. */
export const maxIndexBytes: number = indexBytes(maxIndexRows, maxIndexRows)

/** Bytes of the record of a chunk list for a file of `size` bytes: all chunks as short as they can be. */
export function maxListBytes(size: number): number {
  const most = Math.ceil(size / (minChunkSize / chunkSizeSpread))
  return listFrameBytes + Math.min(most, maxBlobChunks) * chunkRecordBytes
}
