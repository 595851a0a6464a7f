/**
 * Receives many small files at once: one request, one worker call, and columns instead of an object a file wherever a
 * step has to look at all of them. Content that several of them share, or that another file of this receive has, is
 * fetched once.
 */
import { createArrival, type Arrival, type ChunkHome } from '../../blobs/chunk-homes.ts'
import {
  chunkCount,
  chunkHashAt,
  chunkHashOffset,
  chunkLengthAt,
  type ChunkRecords,
} from '../../blobs/chunk-records.ts'
import type { FileEntry } from '../../blobs/manifest/entry.ts'
import type { ChunkLookup } from '../../blobs/store/chunk-lookup.ts'
import type { FileFingerprint } from '../../blobs/store/store.ts'
import { unpackError } from '../../blobs/worker/packed-error.ts'
import type { CopyFrom, SmallFiles } from '../../blobs/worker/write-files-task.ts'
import type { EntryRange } from '../../node/session.ts'
import { concatBytes, equalBytes } from '../../shared/bytes.ts'
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

const recordsOf = (file: SmallWanted): ChunkRecords => file.entry.content as ChunkRecords

/** What is read from the network for one call, and where the bytes of each file come from. */
interface Request {
  readonly ranges: EntryRange[]
  /** By number of the file: its range, or -1 when it is copied or empty. */
  readonly rangeOf: Int32Array
  /** By number of the file: where its range begins in the answer. */
  readonly starts: Float64Array
  readonly copies: ReadonlyMap<number, CopyFrom>
  /** Other batches that have to be written before this one can copy from them. */
  readonly awaited: ReadonlySet<Arrival>
  readonly bytes: number
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
  const lookup = await run.lookup()
  const paths = files.map(({ disk }) => disk).join('\0')
  const home = createHome(paths)
  const request = planRequest(run, lookup, files, home, mayCopy)
  try {
    for (const arrival of request.awaited) await arrival.settled
    const release = await run.underWay.acquire(run.signal, request.bytes)
    try {
      const read = request.bytes > 0 ? await readRanges(run, request.ranges) : nothingRead
      try {
        return await writeBatch(run, files, paths, request, read, onComplete)
      } finally {
        read.release()
      }
    } finally {
      release()
    }
  } finally {
    home.arrival.settle()
  }
}

/** `paths`: joined with NUL. They are kept as bytes, out of the garbage collector's sight: there may be many, rarely asked. */
function createHome(paths: string): ChunkHome {
  const bytes = Buffer.from(paths)
  return {
    pathsOf(file) {
      let start = 0
      for (let index = 0; index < file; index++) start = bytes.indexOf(0, start) + 1
      const end = bytes.indexOf(0, start)
      return [bytes.toString('utf8', start, end < 0 ? bytes.byteLength : end)]
    },
    isLarge: false,
    arrival: createArrival(),
  }
}

function planRequest(
  run: ReceiveRun,
  lookup: ChunkLookup,
  files: readonly SmallWanted[],
  own: ChunkHome,
  mayCopy: boolean,
): Request {
  const ranges: EntryRange[] = []
  const rangeOf = new Int32Array(files.length).fill(-1)
  const starts = new Float64Array(files.length)
  const copies = new Map<number, CopyFrom>()
  const awaited = new Set<Arrival>()
  let bytes = 0
  files.forEach((file, index) => {
    const { size } = file.entry
    if (size === 0) return
    const records = recordsOf(file)
    const found = findInHomes(run, records)
    if (found?.home === own) {
      // Its hash is told by 64 bits so far, which is enough to copy and verify, but not to read one for the other.
      if (equalBytes(records, recordsOf(files[found.file] as SmallWanted))) {
        rangeOf[index] = rangeOf[found.file] as number
        starts[index] = starts[found.file] as number
        run.tally.bytes.reused += size
        return
      }
    } else if (mayCopy) {
      const from = found ? { paths: found.home.pathsOf(found.file), offset: found.offset } : undefined
      const copy = from ?? findInStore(lookup, records)
      if (copy) {
        copies.set(index, copy)
        if (found) awaited.add(found.home.arrival)
        return
      }
    }
    rangeOf[index] = ranges.push({ entry: file.number, offset: 0, length: size }) - 1
    starts[index] = bytes
    bytes += size
    let offset = 0
    for (let chunk = 0; chunk < chunkCount(records); chunk++) {
      run.homes.add(records, chunkHashOffset(chunk), own, index, offset)
      offset += chunkLengthAt(records, chunk)
    }
  })
  return { ranges, rangeOf, starts, copies, awaited, bytes }
}

/** A place where all chunks of a file lie one after the other. */
function findInStore(lookup: ChunkLookup, records: ChunkRecords): CopyFrom | undefined {
  if (lookup.chunks === 0) return undefined
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
    if (index === chunkCount(records)) return { paths: [path], offset }
  }
  return undefined
}

interface FileHome {
  readonly home: ChunkHome
  readonly file: number
  readonly offset: number
}

/** The same among the small files of this receive. */
function findInHomes(run: ReceiveRun, records: ChunkRecords): FileHome | undefined {
  const first = run.homes.findAt(records, chunkHashOffset(0))
  if (first < 0) return undefined
  const { home, file, offset } = run.homes.at(first)
  // A large file may take long; a small one of its chunks is sooner fetched than waited for.
  if (home.isLarge) return undefined
  let expected = offset + chunkLengthAt(records, 0)
  for (let chunk = 1; chunk < chunkCount(records); chunk++) {
    const place = run.homes.findAt(records, chunkHashOffset(chunk))
    if (place < 0) return undefined
    const found = run.homes.at(place)
    if (found.home !== home || found.file !== file || found.offset !== expected) return undefined
    expected += chunkLengthAt(records, chunk)
  }
  return { home, file, offset }
}

/** The files as the worker takes them. */
function columnsOf(files: readonly SmallWanted[], paths: string, request: Request): SmallFiles {
  const counts = new Uint32Array(files.length)
  const modes = new Uint16Array(files.length)
  const mtimes = new BigInt64Array(files.length)
  const replaced = new Map<number, FileFingerprint>()
  files.forEach((file, index) => {
    counts[index] = chunkCount(recordsOf(file))
    modes[index] = file.entry.mode
    mtimes[index] = file.entry.mtimeNs
    if (file.replaces) replaced.set(index, file.replaces)
  })
  const { starts, copies } = request
  return {
    paths,
    records: concatBytes(files.map(recordsOf)),
    counts,
    starts,
    modes,
    mtimes,
    copies,
    replaced,
  }
}

async function writeBatch(
  run: ReceiveRun,
  files: readonly SmallWanted[],
  paths: string,
  request: Request,
  read: RangesRead,
  onComplete: (file: SmallWanted) => void,
): Promise<SmallWanted[]> {
  const columns = columnsOf(files, paths, request)
  const { bytes } = read
  const { fingerprints, bad, failures } = await run.pool.run('writeFiles', { bytes, files: columns })
  const done = { files: 0, bytes: 0, reusedBytes: 0 }
  const again: SmallWanted[] = []
  const unread = new Map(read.failed.map((failure) => [failure.index, failure]))
  const wrong: { readonly file: SmallWanted; readonly range: EntryRange }[] = []
  for (const index of bad) {
    const file = files[index] as SmallWanted
    const range = request.rangeOf[index] as number
    const failure = unread.get(range)
    if (failure) failFile(run, file.entry.path, rangeError(file.entry.path, failure))
    else if (range < 0) again.push(file)
    else wrong.push({ file, range: request.ranges[range] as EntryRange })
  }
  for (const [index, failure] of failures)
    failFile(run, (files[index] as SmallWanted).entry.path, unpackError(failure))
  const missing = new Set([...bad, ...failures.keys()])
  files.forEach((file, index) => {
    if (missing.has(index)) return
    done.files++
    done.bytes += file.entry.size
    if (request.copies.has(index)) done.reusedBytes += file.entry.size
    run.progress.tellItem?.({ path: file.entry.path, phase: 'done', bytes: file.entry.size })
    onComplete(file)
  })
  const chunkSizes = Uint32Array.from(files, (file) => file.entry.chunkSize)
  const { records, counts } = columns
  await run.index.add({ paths, fingerprints, chunkSizes, records, counts })
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
