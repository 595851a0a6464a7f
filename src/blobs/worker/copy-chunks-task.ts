/**
 * Worker task: copies chunks from a local file (an old version, another file, a part) into a part file. Every chunk is
 * hashed on the way: the source may have changed since it was indexed, and only the verified buffer is written.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { toFerryError } from '../../shared/errors.ts'
import { chunkCount, chunkLengthAt, chunkRecordBytes, type ChunkRecords } from '../chunk-records.ts'
import type { FileFingerprint } from '../store/store.ts'
import type { PartTarget } from '../tree-writer/part-file.ts'
import { fingerprintOf, equalFingerprints } from '../fingerprint.ts'
import { writeChunks } from './write-chunks-task.ts'

/** Where chunks are copied from. Without a fingerprint whatever is there is tried. */
export interface CopySource {
  /** Tried in this order; the first that is there is taken. */
  readonly paths: readonly string[]
  readonly fingerprint?: FileFingerprint | undefined
}

export interface CopyChunksInput {
  readonly source: CopySource
  readonly records: ChunkRecords
  /** Pairs for each chunk of `records`: offset in the source, offset in the target. */
  readonly places: Float64Array
  readonly target: Pick<PartTarget, 'fd' | 'journalFd' | 'path' | 'holes'>
}

export interface CopyChunksOutput {
  /** Indexes of chunks that the source no longer holds; they have to be fetched. */
  readonly bad: number[]
  readonly writtenBytes: number
}

/** Enough for one sequential read, small beside the memory of a receive. */
const bufferBytes = 4 * 1024 * 1024

/** Used again by every call in this thread, which ends before it returns. */
let space = new Uint8Array(0)

function spaceFor(length: number): Uint8Array {
  if (space.byteLength < length) space = new Uint8Array(Math.max(length, bufferBytes))
  return space.subarray(0, length)
}

/** Opens the first of these files that is there. */
export function openFirst(paths: readonly string[]): number | undefined {
  for (const path of paths) {
    try {
      return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    } catch {
      // Not there, or not there any more: the next one may be.
    }
  }
  return undefined
}

/** Undefined when it is not there, or not what it was. */
export function openSource({ paths, fingerprint }: CopySource): number | undefined {
  const fd = openFirst(paths)
  if (fd === undefined) return undefined
  const stat = fstatSync(fd, { bigint: true })
  const isWanted =
    stat.isFile() && (fingerprint === undefined || equalFingerprints(fingerprintOf(stat), fingerprint))
  if (isWanted) return fd
  closeSync(fd)
  return undefined
}

/** Fills `bytes` from `offset`; what could not be read stays as it was and fails verification. */
export function readInto(fd: number, bytes: Uint8Array, offset: number): void {
  let done = 0
  while (done < bytes.byteLength) {
    let count: number
    try {
      count = readSync(fd, bytes, done, bytes.byteLength - done, offset + done)
    } catch {
      return
    }
    if (count === 0) return
    done += count
  }
}

/** @throws E_NO_SPACE, E_IO, E_PERMISSION when writing fails. A source that cannot be read only makes chunks bad. */
export function copyChunks(input: CopyChunksInput): CopyChunksOutput {
  const count = chunkCount(input.records)
  const fd = openSource(input.source)
  if (fd === undefined) return { bad: [...Array(count).keys()], writtenBytes: 0 }
  const bad: number[] = []
  let writtenBytes = 0
  try {
    for (let first = 0; first < count; ) {
      let last = first
      let length = 0
      do {
        length += chunkLengthAt(input.records, last)
        last++
      } while (last < count && length + chunkLengthAt(input.records, last) <= bufferBytes)
      const bytes = spaceFor(length)
      const places = new Float64Array((last - first) * 2)
      readRuns(fd, input, first, last, bytes)
      for (let index = first; index < last; index++) {
        places[(index - first) * 2] = index - first
        places[(index - first) * 2 + 1] = input.places[index * 2 + 1] as number
      }
      const outcome = writeChunks({
        bytes,
        records: input.records.subarray(first * chunkRecordBytes, last * chunkRecordBytes),
        target: input.target,
        places,
      })
      for (const index of outcome.bad) bad.push(first + index)
      writtenBytes += outcome.writtenBytes
      first = last
    }
  } catch (error) {
    throw toFerryError(error, `Cannot write "${input.target.path}"`)
  } finally {
    closeSync(fd)
  }
  return { bad, writtenBytes }
}

/** Reads chunks `first` … `last` into one buffer, with one call for each run that is adjacent in the source. */
function readRuns(fd: number, input: CopyChunksInput, first: number, last: number, bytes: Uint8Array): void {
  let at = 0
  for (let index = first; index < last; ) {
    const offset = input.places[index * 2] as number
    let length = 0
    do {
      length += chunkLengthAt(input.records, index)
      index++
    } while (index < last && input.places[index * 2] === offset + length)
    readInto(fd, bytes.subarray(at, at + length), offset)
    at += length
  }
}
