/**
 * Receives many small files at once: one request, one worker call. Content that several of them share, or that another
 * file of this receive has, is fetched once.
 */
import { createArrival, type Arrival, type ChunkHome } from '../../blobs/chunk-homes.ts'
import { chunkCount, chunkHashAt, chunkLengthAt, type ChunkRecords } from '../../blobs/chunk-records.ts'
import type { FileEntry } from '../../blobs/manifest/entry.ts'
import type { ChunkLookup } from '../../blobs/store/chunk-lookup.ts'
import type { FileFingerprint } from '../../blobs/store/store.ts'
import { unpackError } from '../../blobs/worker/packed-error.ts'
import type { CopyFrom } from '../../blobs/worker/write-files-task.ts'
import type { EntryRange } from '../../node/session.ts'
import { throwIfCancelled } from '../../shared/concurrency.ts'
import type { FerryError } from '../../shared/errors.ts'
import {
  changedError,
  nothingRead,
  rangeError,
  readRanges,
  reportBadRanges,
  type RangesRead,
} from './read-ranges.ts'
import { concernsOneFile, type ReceiveRun } from './run.ts'

/** Files up to this size go in batches; above it each gets a part and a journal. */
export const smallFileBytes: number = 256 * 1024
/** Files of one batch. */
export const filesPerBatch = 512

export interface SmallWanted {
  readonly number: number
  readonly entry: FileEntry
  readonly disk: string
  readonly replaces: FileFingerprint | undefined
}

export function isSmall(entry: FileEntry): boolean {
  return entry.size <= smallFileBytes && entry.content instanceof Uint8Array
}

/** Where the bytes of one file come from. */
type Origin =
  | { readonly kind: 'none' }
  | { readonly kind: 'fetch'; readonly range: number }
  | { readonly kind: 'copy'; readonly from: CopyFrom; readonly home: ChunkHome | undefined }

/** What is read from the network for one call, with the place of each range in the answer. */
interface Request {
  readonly ranges: EntryRange[]
  readonly starts: number[]
  readonly origins: Origin[]
}

/** Fetches and writes the files; failures of single ones are reported to the run. @throws what stops the receive. */
export async function receiveSmallFiles(
  run: ReceiveRun,
  files: readonly SmallWanted[],
  onComplete: (file: SmallWanted) => void,
): Promise<void> {
  let left = files
  for (let mayCopy = true; left.length > 0; mayCopy = false)
    left = await receiveOnce(run, left, mayCopy, onComplete)
}

/** One request and one write. The files whose bytes were wrong, and that can be asked for again, are given back. */
async function receiveOnce(
  run: ReceiveRun,
  files: readonly SmallWanted[],
  mayCopy: boolean,
  onComplete: (file: SmallWanted) => void,
): Promise<SmallWanted[]> {
  throwIfCancelled(run.signal)
  const arrival = createArrival()
  const request = planRequest(run, await run.lookup(), files, arrival, mayCopy)
  try {
    for (const origin of request.origins) if (origin.kind === 'copy') await origin.home?.arrival.settled
    const total = request.ranges.reduce((sum, range) => sum + range.length, 0)
    const release = await run.underWay.acquire(run.signal, total)
    try {
      const read = total > 0 ? await readRanges(run, request.ranges) : nothingRead
      try {
        return await writeBatch(run, files, request, read, onComplete)
      } finally {
        read.release()
      }
    } finally {
      release()
    }
  } finally {
    arrival.settle()
  }
}

function planRequest(
  run: ReceiveRun,
  lookup: ChunkLookup,
  files: readonly SmallWanted[],
  arrival: Arrival,
  mayCopy: boolean,
): Request {
  /** Content → its range: equal files of one batch are read once. */
  const known = new Map<string, number>()
  const request: Request = { ranges: [], starts: [], origins: [] }
  let length = 0
  files.forEach(({ entry, number, disk }) => {
    const records = entry.content as ChunkRecords
    const key = Buffer.from(records.buffer, records.byteOffset, records.byteLength).toString('latin1')
    let range = known.get(key)
    const local = range === undefined && mayCopy ? findWhole(run, lookup, records) : undefined
    // A batch cannot wait for itself.
    if (local && local.home?.arrival !== arrival) {
      request.origins.push({ kind: 'copy', ...local })
      return
    }
    if (entry.size === 0) {
      request.origins.push({ kind: 'none' })
      return
    }
    if (range === undefined) {
      range = request.ranges.push({ entry: number, offset: 0, length: entry.size }) - 1
      request.starts.push(length)
      length += entry.size
      known.set(key, range)
      let offset = 0
      const home = { paths: [disk], isLarge: false, arrival }
      for (let chunk = 0; chunk < chunkCount(records); chunk++) {
        run.homes.add(chunkHashAt(records, chunk), home, offset)
        offset += chunkLengthAt(records, chunk)
      }
    } else run.tally.bytes.reused += entry.size
    request.origins.push({ kind: 'fetch', range })
  })
  return request
}

interface WholeCopy {
  readonly from: CopyFrom
  readonly home: ChunkHome | undefined
}

/** A place where all chunks of a file lie one after the other. */
function findWhole(run: ReceiveRun, lookup: ChunkLookup, records: ChunkRecords): WholeCopy | undefined {
  if (chunkCount(records) === 0) return undefined
  return findInHomes(run, records) ?? findInStore(lookup, records)
}

function findInStore(lookup: ChunkLookup, records: ChunkRecords): WholeCopy | undefined {
  for (const { path, offset } of lookup.find(chunkHashAt(records, 0))) {
    let expected = offset
    let index = 0
    for (; index < chunkCount(records); index++) {
      const end = expected
      const isNext = lookup
        .find(chunkHashAt(records, index))
        .some((place) => place.path === path && place.offset === end)
      if (!isNext) break
      expected += chunkLengthAt(records, index)
    }
    if (index === chunkCount(records)) return { from: { paths: [path], offset }, home: undefined }
  }
  return undefined
}

function findInHomes(run: ReceiveRun, records: ChunkRecords): WholeCopy | undefined {
  const first = run.homes.find(chunkHashAt(records, 0))
  if (first < 0) return undefined
  const { home, offset } = run.homes.at(first)
  // A large file may take long; a small one of its chunks is sooner fetched than waited for.
  if (home.isLarge) return undefined
  let expected = offset
  for (let chunk = 0; chunk < chunkCount(records); chunk++) {
    const place = run.homes.find(chunkHashAt(records, chunk))
    if (place < 0) return undefined
    const found = run.homes.at(place)
    if (found.home !== home || found.offset !== expected) return undefined
    expected += chunkLengthAt(records, chunk)
  }
  return { from: { paths: home.paths, offset }, home }
}

async function writeBatch(
  run: ReceiveRun,
  files: readonly SmallWanted[],
  request: Request,
  read: RangesRead,
  onComplete: (file: SmallWanted) => void,
): Promise<SmallWanted[]> {
  const failures = new Map(read.failed.map((failure) => [failure.index, failure]))
  const written: number[] = []
  files.forEach(({ entry }, index) => {
    const origin = request.origins[index] as Origin
    const failure = origin.kind === 'fetch' ? failures.get(origin.range) : undefined
    if (failure) failFile(run, entry.path, rangeError(entry.path, failure))
    else written.push(index)
  })
  const { outcomes } = await run.pool.run('writeFiles', {
    bytes: read.bytes,
    files: written.map((index) => {
      const { entry, disk, replaces } = files[index] as SmallWanted
      const origin = request.origins[index] as Origin
      return {
        path: disk,
        records: entry.content as ChunkRecords,
        ...(origin.kind === 'fetch' && { start: request.starts[origin.range] ?? 0 }),
        ...(origin.kind === 'copy' && { copyFrom: origin.from }),
        mode: entry.mode,
        mtimeNs: entry.mtimeNs,
        replaces,
      }
    }),
  })
  const done = { files: 0, bytes: 0, reusedBytes: 0 }
  const again: SmallWanted[] = []
  const wrong: { readonly file: SmallWanted; readonly range: EntryRange }[] = []
  outcomes.forEach((outcome, order) => {
    const index = written[order] as number
    const file = files[index] as SmallWanted
    const origin = request.origins[index] as Origin
    if ('error' in outcome) failFile(run, file.entry.path, unpackError(outcome.error))
    else if ('bad' in outcome) {
      if (origin.kind !== 'fetch') again.push(file)
      else wrong.push({ file, range: request.ranges[origin.range] as EntryRange })
    } else {
      done.files++
      done.bytes += file.entry.size
      if (origin.kind === 'copy') done.reusedBytes += file.entry.size
      const { chunkSize, content } = file.entry
      onComplete(file)
      run.index.add({
        path: file.disk,
        fingerprint: outcome.fingerprint,
        chunkSize,
        records: content as ChunkRecords,
      })
    }
  })
  run.tally.bytes.reused += done.reusedBytes
  run.progress.addDone(done)
  for (const { file, range } of wrong) {
    if ((await reportBadRanges(run, read.pieces, [range])) === 'changed')
      failFile(run, file.entry.path, changedError(file.entry.path))
    else again.push(file)
  }
  return again
}

/** @throws the error itself when it is not of this file alone, or when the whole destination is gone. */
function failFile(run: ReceiveRun, path: string, error: FerryError): void {
  if (!concernsOneFile(error)) throw error
  run.destination.check()
  run.tally.fail(path, error)
}
