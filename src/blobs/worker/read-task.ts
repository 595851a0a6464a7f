/**
 * Worker tasks of serving: read, check and cut again what peers ask for. A user's file is never trusted to be what it was:
 * what is seen behind the reading must be what the share promises, or the range fails.
 */
import { realpathSync, readSync, type BigIntStats } from 'node:fs'
import { equalBytes } from '../../shared/bytes.ts'
import { isSystemError } from '../../shared/errors.ts'
import { chunkCount, chunkHashAt, chunkLengthAt, type ChunkRecords } from '../chunk-records.ts'
import { subChunksOf } from '../chunker/sub-chunks.ts'
import { hash } from '../hash.ts'
import { changedError, sourceError, statSource, withSource } from '../open-source.ts'
import { unpackSources, type PackedSources, type SourceFile } from './packed-sources.ts'

/** Three numbers a range: index into the files (−1: of none), offset, length. */
export type PackedRanges = Float64Array<ArrayBuffer>

export interface RangeProblem {
  /** Index of the range. */
  readonly index: number
  /** 'changed': the file is not the one that was shared; 'unknown': there is no such range. */
  readonly reason: 'changed' | 'unreadable' | 'unknown'
  readonly message: string
}

export interface ReadRangesInput {
  readonly files: PackedSources
  readonly ranges: PackedRanges
  /** Filled with all ranges, one behind the other; failed ones are zeros. Shared with the caller. */
  readonly into: Uint8Array
}

export interface ReadRangesOutput {
  readonly failed: readonly RangeProblem[]
}

/** Reads ranges; those of one file that follow each other with one open, and those that touch with one read. */
export function readRanges(input: ReadRangesInput): ReadRangesOutput {
  const { ranges, into: bytes } = input
  const fileAt = unpackSources(input.files)
  const failed: RangeProblem[] = []
  let at = 0
  for (let first = 0; first < ranges.length; ) {
    const number = ranges[first] as number
    let next = first
    let length = 0
    for (; ranges[next] === number; next += 3) length += ranges[next + 2] as number
    const problem = readGroup(fileAt(number), ranges.subarray(first, next), bytes, at)
    if (problem) {
      bytes.fill(0, at, at + length)
      for (let index = first; index < next; index += 3) failed.push({ index: index / 3, ...problem })
    }
    at += length
    first = next
  }
  return { failed }
}

type Problem = Omit<RangeProblem, 'index'>

/** Reads ranges of one file to `bytes` from `start` on. */
function readGroup(
  file: SourceFile | undefined,
  ranges: Float64Array,
  bytes: Uint8Array,
  start: number,
): Problem | undefined {
  if (!file) return { reason: 'unknown', message: 'Cannot read a range that is not in the share' }
  try {
    withPromised(file, (fd) => {
      let at = start
      for (let index = 0; index < ranges.length; ) {
        const offset = ranges[index + 1] as number
        let length = 0
        for (; ranges[index + 1] === offset + length; index += 3) length += ranges[index + 2] as number
        readFully(fd, file.path, bytes, at, length, offset)
        at += length
      }
    })
    return undefined
  } catch (error) {
    const named = sourceError(error, file.path)
    const isGone = isSystemError(error) && error.code === 'ENOENT'
    return { reason: named.code === 'E_CHANGED' || isGone ? 'changed' : 'unreadable', message: named.message }
  }
}

const onDisk = (file: SourceFile): string => (file.follow ? realpathSync(file.path) : file.path)

/**
 * Runs `use` with the file open, and fails when the file is not the promised one, or changes meanwhile. The promise is
 * the look before; so one look behind the reading tells whether anything was changed until then.
 */
function withPromised(file: SourceFile, use: (fd: number) => void): void {
  if (file.trusted) return withUnchanged(file, use)
  withSource(onDisk(file), (fd) => {
    use(fd)
    const { size, mtimeNs } = statSource(fd, file.path)
    if (Number(size) !== file.size || mtimeNs !== file.mtimeNs) throw changedError(file.path)
  })
}

/** The same for a file that has another time than promised: it must only stay as it is now. */
function withUnchanged<Result>(file: SourceFile, use: (fd: number) => Result): Result {
  return withSource(onDisk(file), (fd) => {
    const before = statSource(fd, file.path)
    if (Number(before.size) !== file.size) throw changedError(file.path)
    const result = use(fd)
    if (!isSameState(before, statSource(fd, file.path))) throw changedError(file.path)
    return result
  })
}

function isSameState(before: BigIntStats, after: BigIntStats): boolean {
  return before.size === after.size && before.mtimeNs === after.mtimeNs && before.ctimeNs === after.ctimeNs
}

/** Fills `bytes[at, at + length)` from `offset` of the file. */
function readFully(
  fd: number,
  path: string,
  bytes: Uint8Array,
  at: number,
  length: number,
  offset: number,
): void {
  for (let done = 0; done < length; ) {
    const count = readSync(fd, bytes, at + done, length - done, offset + done)
    if (count === 0) throw changedError(path)
    done += count
  }
}

export interface RecheckInput {
  /** Each with its whole chunk list. */
  readonly files: readonly (SourceFile & { readonly records: ChunkRecords })[]
  readonly ranges: PackedRanges
}

export interface RecheckOutput {
  /** True when every chunk that a range touches is still what its file's list says. */
  readonly same: boolean
}

interface Range {
  readonly file: number
  readonly offset: number
  readonly length: number
}

function unpackRanges(packed: PackedRanges): Range[] {
  return Array.from({ length: packed.length / 3 }, (_, index) => ({
    file: packed[index * 3] as number,
    offset: packed[index * 3 + 1] as number,
    length: packed[index * 3 + 2] as number,
  }))
}

/** Reads and hashes chunks again, whatever time the files have now. */
export function recheck(input: RecheckInput): RecheckOutput {
  const check = ({ file: number, offset, length }: Range): boolean => {
    const file = input.files[number]
    if (!file) return false
    try {
      return withUnchanged(file, (fd) => {
        let at = 0
        for (let index = 0; index < chunkCount(file.records) && at < offset + length; index++) {
          const chunkLength = chunkLengthAt(file.records, index)
          if (at + chunkLength > offset) {
            const chunk = new Uint8Array(chunkLength)
            readFully(fd, file.path, chunk, 0, chunkLength, at)
            if (!equalBytes(hash(chunk), chunkHashAt(file.records, index))) return false
          }
          at += chunkLength
        }
        return at >= offset + length
      })
    } catch {
      // Gone, unreadable or changing: in any case not what was promised.
      return false
    }
  }
  return { same: unpackRanges(input.ranges).every(check) }
}

export interface SubChunksInput {
  readonly files: PackedSources
  readonly ranges: PackedRanges
}

export interface SubChunksOutput {
  /** For each range its packed sub-chunks; empty when it could not be read. */
  readonly lists: readonly Uint8Array<ArrayBuffer>[]
}

/** Cuts each range again with the small average. */
export function subChunks({ files, ranges }: SubChunksInput): SubChunksOutput {
  const lists: Uint8Array<ArrayBuffer>[] = []
  for (let at = 0; at < ranges.length; at += 3) {
    const into = new Uint8Array(ranges[at + 2] as number)
    const { failed } = readRanges({ files, ranges: ranges.slice(at, at + 3), into })
    lists.push(failed.length > 0 ? new Uint8Array(0) : subChunksOf(into))
  }
  return { lists }
}
