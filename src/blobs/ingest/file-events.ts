/** How a file whose chunks are all known is told: in its entry, or, when they are many, one after the other. */
import type { TreePath } from '../../shared/paths.ts'
import { chunkCount, type ChunkRecords } from '../chunk-records.ts'
import { maxInlineChunks, type FileEntry } from '../manifest/entry.ts'
import { nameChunkList } from '../manifest/nodes.ts'
import type { FileContent } from '../store/file-row.ts'
import type { IngestEvent } from './ingest.ts'

/** Chunks of one event: 144 KiB of records. */
const recordsPerEvent = 4096

export function entryOf(path: TreePath, file: FileContent): FileEntry {
  const { size, mtimeNs, mode, chunkSize, records } = file
  return { kind: 'file', path, mode, mtimeNs, size, chunkSize, content: records }
}

export function hasInlineChunks(records: ChunkRecords): boolean {
  return chunkCount(records) <= maxInlineChunks
}

/** The events of a file with more than `maxInlineChunks` chunks. */
export function* listEvents(path: TreePath, file: FileContent): Generator<IngestEvent> {
  const { records } = file
  const entry = entryOf(path, { ...file, records: new Uint8Array(0) })
  yield { type: 'open', entry }
  const step = recordsPerEvent * (records.byteLength / chunkCount(records))
  for (let at = 0; at < records.byteLength; at += step)
    yield { type: 'chunks', records: records.subarray(at, at + step) }
  yield closeEvent(entry, records)
}

export function closeEvent(entry: FileEntry, records: ChunkRecords): IngestEvent {
  const content = hasInlineChunks(records) ? records : nameChunkList(records).reference
  return { type: 'close', entry: { ...entry, content }, records }
}
