/**
 * Content in the order of the manifest, verified and never on a disk: for a stream that is written from front to end.
 * Some is fetched ahead; neighbouring small files are asked for together.
 */
import { chunkCount, chunkHashAt, chunkLengthAt, type ChunkRecords } from '../../blobs/chunk-records.ts'
import { hash } from '../../blobs/hash.ts'
import type { FileEntry } from '../../blobs/manifest/entry.ts'
import { createChunkListCheck } from '../../blobs/manifest/entry-rules.ts'
import type { EntryRange } from '../../node/session.ts'
import { equalBytes } from '../../shared/bytes.ts'
import type { FerryError } from '../../shared/errors.ts'
import { batchesOf, rangesOf, type ChunkBatch } from './fetch-chunks.ts'
import { changedError, rangeError, readRanges, reportBadRanges } from './read-ranges.ts'
import { batchBytes, batchBytesOf, underWayBytes, type ReceiveRun } from './run.ts'

/** Batches fetched ahead of the one that is being written. */
const batchesAhead: number = underWayBytes / batchBytes

export type ContentRun = Pick<ReceiveRun, 'fetcher' | 'signal' | 'tally' | 'throttle'>

/** A file with its chunks, in pieces or as a whole. */
export interface ListedFile<Records = AsyncIterable<ChunkRecords>> {
  readonly number: number
  readonly entry: FileEntry
  readonly records: Records
}

/** A small file: its bytes, or why it cannot be had. */
export type WholeFile = { readonly entry: FileEntry } & (
  | { readonly bytes: Uint8Array }
  | { readonly error: FerryError }
)

/** Work begun as far ahead as memory allows, its results in order. What fails is thrown when its turn comes. */
export async function* inOrder<Result>(work: AsyncIterable<() => Promise<Result>>): AsyncGenerator<Result> {
  const ahead: Promise<Result>[] = []
  for await (const begin of work) {
    const begun = begin()
    begun.catch(() => undefined)
    ahead.push(begun)
    if (ahead.length >= batchesAhead) yield await (ahead.shift() as Promise<Result>)
  }
  while (ahead.length > 0) yield await (ahead.shift() as Promise<Result>)
}

/** The content of one file in pieces of about `batchBytes`. @throws as `fetchChunks` */
export function contentOf(run: ContentRun, file: ListedFile): AsyncGenerator<Uint8Array> {
  return inOrder(batchesOfFile(run, file))
}

async function* batchesOfFile(run: ContentRun, file: ListedFile): AsyncGenerator<() => Promise<Uint8Array>> {
  const { entry, number } = file
  const check = createChunkListCheck(entry)
  let offset = 0
  for await (const records of file.records) {
    check.push(records)
    const offsets = new Float64Array(chunkCount(records))
    for (let index = 0; index < offsets.length; index++) {
      offsets[index] = offset
      offset += chunkLengthAt(records, index)
    }
    for (const batch of batchesOf(records, offsets, [...offsets.keys()], batchBytesOf(run)))
      yield () => fetchBatch(run, { number, path: entry.path }, batch)
  }
  check.end()
}

/** All bytes of a batch, every chunk verified. */
async function fetchBatch(
  run: ContentRun,
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
    if (isWhole(all, batch.records)) return all
    if ((await reportBadRanges(run, pieces, ranges)) === 'changed') throw changedError(file.path)
  }
}

function isWhole(bytes: Uint8Array, records: ChunkRecords): boolean {
  let at = 0
  for (let index = 0; index < chunkCount(records); index++) {
    const end = at + chunkLengthAt(records, index)
    if (!equalBytes(hash(bytes.subarray(at, end)), chunkHashAt(records, index))) return false
    at = end
  }
  return true
}

/** Several small files by one read. What one of them lacks does not hold up the others. */
export async function fetchWholeFiles(
  run: ContentRun,
  files: readonly ListedFile<ChunkRecords>[],
): Promise<WholeFile[]> {
  const results = new Map<number, WholeFile>()
  let left = [...files.keys()].filter((index) => {
    const { entry } = files[index] as ListedFile<ChunkRecords>
    if (entry.size === 0) results.set(index, { entry, bytes: new Uint8Array(0) })
    return entry.size > 0
  })
  while (left.length > 0) {
    const ranges = left.map((index): EntryRange => {
      const { number, entry } = files[index] as ListedFile<ChunkRecords>
      return { entry: number, offset: 0, length: entry.size }
    })
    const { bytes, failed, pieces, release } = await readRanges(run, ranges)
    const failures = new Map(failed.map((failure) => [failure.index, failure]))
    const again: number[] = []
    let at = 0
    for (const [order, index] of left.entries()) {
      const { entry, records } = files[index] as ListedFile<ChunkRecords>
      const content = bytes.slice(at, at + entry.size)
      at += entry.size
      const failure = failures.get(order)
      if (failure) results.set(index, { entry, error: rangeError(entry.path, failure) })
      else if (isWhole(content, records)) results.set(index, { entry, bytes: content })
      else if ((await reportBadRanges(run, pieces, [ranges[order] as EntryRange])) === 'changed')
        results.set(index, { entry, error: changedError(entry.path) })
      else again.push(index)
    }
    release()
    left = again
  }
  return files.map((_, index) => results.get(index) as WholeFile)
}

/** A chunk list that is here as a whole. */
export async function* given(records: ChunkRecords): AsyncGenerator<ChunkRecords> {
  yield records
}
