/**
 * Receives the one file that a ticket offers into a stream, in order and without touching a disk: for `--stdout`. Each
 * chunk is verified before it is passed on; some are fetched ahead.
 */
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { chunkCount, chunkHashAt, chunkLengthAt, type ChunkRecords } from '../../blobs/chunk-records.ts'
import { createChunkListCheck } from '../../blobs/manifest/entry-rules.ts'
import { hash } from '../../blobs/hash.ts'
import type { FileEntry } from '../../blobs/manifest/entry.ts'
import { equalBytes } from '../../shared/bytes.ts'
import { FerryError, toFerryError } from '../../shared/errors.ts'
import { batchesOf, rangesOf, type ChunkBatch } from './fetch-chunks.ts'
import { changedError, rangeError, readRanges, reportBadRanges } from './read-ranges.ts'
import { batchBytes, underWayBytes, type ReceiveRun } from './run.ts'

/** Batches fetched ahead of the one that is being written. */
const batchesAhead = underWayBytes / batchBytes

type OutputRun = Pick<ReceiveRun, 'fetcher' | 'progress' | 'signal' | 'tally' | 'throttle'>

/** @throws E_IO when the reader of the stream went away; the rest as `fetchChunks`. */
export async function writeOutput(
  run: OutputRun,
  file: { readonly number: number; readonly entry: FileEntry; readonly records: AsyncIterable<ChunkRecords> },
  output: Writable,
): Promise<void> {
  const { entry, number } = file
  const check = createChunkListCheck(entry)
  const item = run.progress.beginItem(entry.path, 'fetch', entry.size)
  const ahead: Promise<Uint8Array>[] = []
  let written = 0
  const writeNext = async (): Promise<void> => {
    const bytes = await (ahead.shift() as Promise<Uint8Array>)
    await write(output, bytes, run.signal)
    written += bytes.byteLength
    item.bytes(written)
  }
  let offset = 0
  for await (const records of file.records) {
    check.push(records)
    const offsets = new Float64Array(chunkCount(records))
    for (let index = 0; index < offsets.length; index++) {
      offsets[index] = offset
      offset += chunkLengthAt(records, index)
    }
    for (const batch of batchesOf(records, offsets, [...offsets.keys()], batchBytes)) {
      if (ahead.length >= batchesAhead) await writeNext()
      const fetched = fetchBatch(run, { number, path: entry.path }, batch)
      // One that fails is thrown when its turn comes.
      fetched.catch(() => undefined)
      ahead.push(fetched)
    }
  }
  while (ahead.length > 0) await writeNext()
  check.end()
  item.done()
}

/** All bytes of a batch, every chunk verified. */
async function fetchBatch(
  run: OutputRun,
  file: { readonly number: number; readonly path: string },
  batch: ChunkBatch,
): Promise<Uint8Array> {
  for (;;) {
    const ranges = rangesOf(file.number, batch)
    const { bytes, failed, pieces, release } = await readRanges(run, ranges)
    // The stream keeps what its reader does not take at once.
    const all = bytes.slice()
    release()
    const [failure] = failed
    if (failure) throw rangeError(file.path, failure)
    let at = 0
    let good = true
    for (let index = 0; index < chunkCount(batch.records) && good; index++) {
      const end = at + chunkLengthAt(batch.records, index)
      good = equalBytes(hash(all.subarray(at, end)), chunkHashAt(batch.records, index))
      at = end
    }
    if (good) return all
    if ((await reportBadRanges(run, pieces, ranges)) === 'changed') throw changedError(file.path)
  }
}

async function write(output: Writable, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  try {
    if (output.destroyed) throw new FerryError('E_IO', 'Cannot write the output: its reader went away')
    if (!output.write(bytes)) await once(output, 'drain', { signal })
  } catch (error) {
    if (signal.aborted) signal.throwIfAborted()
    throw toFerryError(error, 'Cannot write the output')
  }
}
