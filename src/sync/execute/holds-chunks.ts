/** Whether some chunks of a file are what a list says. Reads these chunks and nothing else, a few at a time. */
import { chunkHashOffset, chunkLengthAt, chunkOffsets, type ChunkRecords } from '../../blobs/chunk-records.ts'
import { hasHash } from '../../blobs/hash.ts'
import { mapBounded } from '../../shared/concurrency.ts'
import type { RunOptions } from '../../shared/options.ts'
import type { Content } from '../source.ts'

/** Each is one answer of a distant server; a chunk has 4 MiB at most. */
const readsAtOnce = 6

/** @throws E_CHANGED and what the place says */
export async function holdsChunks(
  content: Pick<Content, 'read'>,
  records: ChunkRecords,
  chunks: readonly number[],
  options: RunOptions = {},
): Promise<boolean> {
  const offsets = chunkOffsets(records)
  let holds = true
  await mapBounded(
    chunks,
    async (chunk) => {
      if (!holds) return
      const bytes = await content.read(offsets[chunk] as number, chunkLengthAt(records, chunk), options)
      if (!hasHash(bytes, records, chunkHashOffset(chunk))) holds = false
    },
    { limit: readsAtOnce, signal: options.signal },
  )
  return holds
}
