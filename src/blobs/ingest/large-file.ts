/** A large file on its way through ingest: its chunks are told region by region, while the rest is still being cut. */
import { lstatSync } from 'node:fs'
import { concatBytes } from '../../shared/bytes.ts'
import { toFerryError } from '../../shared/errors.ts'
import type { ChunkRecords } from '../chunk-records.ts'
import { chunkSizeFor } from '../chunker/parameters.ts'
import { fingerprintOf } from '../fingerprint.ts'
import type { WalkedFile } from '../walk/walk-batch.ts'
import { cutLargeFile } from './cut-large-file.ts'
import { closeEvent, entryOf } from './file-events.ts'
import { createMovedBytes, watchMovedBytes } from '../worker/moved-bytes.ts'
import type { IngestContext, IngestEvent, Unit } from './ingest.ts'

/** Begins to cut at once; its events come when asked for. */
export function startLargeFile(walked: WalkedFile, context: IngestContext): Unit {
  const { pool, files, limit, regionBytes, progress, hold } = context
  // The walk may be far ahead: whatever has happened to the file since then is no change under the reader yet.
  const stats = lstatSync(walked.diskPath, { bigint: true, throwIfNoEntry: false })
  const isFile = stats?.isFile() ?? false
  const fingerprint = stats && isFile ? fingerprintOf(stats) : walked.fingerprint
  const mode = stats && isFile ? Number(stats.mode & 0o777n) : walked.mode
  const chunkSize = chunkSizeFor(fingerprint.size)
  const readAtNs = BigInt(Date.now()) * 1_000_000n
  const moved = createMovedBytes()
  const regions = cutLargeFile(
    { diskPath: walked.diskPath, fingerprint, chunkSize },
    { pool, limit: limit + 1, moved, hold, ...(regionBytes !== undefined && { regionBytes }) },
  )
  const progressItem = progress.beginItem(walked.path, 'hash', fingerprint.size)

  async function* events(): AsyncGenerator<IngestEvent> {
    const { size, mtimeNs } = fingerprint
    const entry = entryOf(walked.path, { size, mtimeNs, mode, chunkSize, records: new Uint8Array(0) })
    const parts: ChunkRecords[] = []
    using stack = new DisposableStack()
    stack.use(watchMovedBytes((bytes) => progressItem.bytes(bytes), moved))
    yield { type: 'open', entry }
    try {
      for await (const records of regions) {
        parts.push(records)
        yield { type: 'chunks', records }
      }
    } catch (caught) {
      const error = toFerryError(caught, `Cannot read "${walked.diskPath}"`)
      // A closed pool or a failed thread is the end of everything, not of this file.
      if (error.code === 'E_CANCELLED' || error.code === 'E_INTERNAL') throw error
      progressItem.fail(error)
      yield { type: 'drop', path: walked.path, error }
      return
    }
    const records = concatBytes(parts)
    files.putMany([{ path: walked.diskPath, fingerprint, chunkSize, records, indexedAtNs: readAtNs }])
    progressItem.done()
    yield closeEvent(entry, records)
  }
  return { [Symbol.asyncIterator]: events }
}
