/**
 * Worker tasks of sharing: read files, cut and hash them. A file counts only if nothing about it changed from before the
 * first byte to behind the last one.
 */
import { readSync } from 'node:fs'
import { createRecordSink, cutRange, type RecordSink } from '../chunker/cut-range.ts'
import { chunkSizeFor, leastChunkBytes, minChunkSize } from '../chunker/parameters.ts'
import {
  equalFingerprints,
  fingerprintFields,
  fingerprintOf,
  isPackedFingerprintOf,
  packFingerprint,
  unpackFingerprint,
} from '../fingerprint.ts'
import { changedError, sourceError, statSource, withSource } from '../open-source.ts'
import { createFileRowWriter, type PackedRows } from '../store/file-row.ts'
import type { MovedBytes } from './moved-bytes.ts'
import { packError, type PackedError } from './packed-error.ts'

/** A file that changes under the reader is read again this often at most. */
const maxAttempts = 3

export interface IngestFilesInput {
  /** Absolute paths, joined with NUL. */
  readonly paths: string
  /** As the walk saw them, packed. */
  readonly fingerprints: BigInt64Array
}

export interface IngestFilesOutput extends PackedRows {
  /** Permission bits. */
  readonly modes: Uint16Array<ArrayBuffer>
  /** By number of the file; those have no row. */
  readonly failures: ReadonlyMap<number, PackedError>
}

/** Reads whole files. Those that fail are told, and the others go on. */
export function ingestFiles(input: IngestFilesInput): IngestFilesOutput {
  const { fingerprints } = input
  const paths = input.paths.split('\0')
  const indexedAtNs = BigInt(Date.now()) * 1_000_000n
  const sink = createRecordSink()
  const writer = createFileRowWriter(paths.length)
  const modes = new Uint16Array(paths.length)
  const failures = new Map<number, PackedError>()
  for (let index = 0; index < paths.length; index++) {
    const path = paths[index] as string
    sink.truncate(0)
    try {
      modes[index] = ingestFile(path, fingerprints, index, sink)
      const chunkSize = chunkSizeFor(Number(fingerprints[index * fingerprintFields]))
      writer.add(path, fingerprints, index, { chunkSize, indexedAtNs, records: sink.view() })
    } catch (error) {
      writer.skip()
      failures.set(index, packError(error, `Cannot read "${path}"`))
    }
  }
  return { ...writer.take(), modes, failures }
}

/**
 * Puts the chunks of file number `index` into the empty `sink`, and makes its fingerprint that of the file as it was read. Returns
 * its mode.
 */
function ingestFile(path: string, fingerprints: BigInt64Array, index: number, sink: RecordSink): number {
  for (let attempt = 1; ; attempt++) {
    try {
      return withSource(path, (fd) => {
        // The walk's look at the file is the first "before"; device and inode tell that it was this one.
        if (attempt > 1) packFingerprint(fingerprints, index, fingerprintOf(statSource(fd, path)))
        const size = Number(fingerprints[index * fingerprintFields])
        const chunkSize = chunkSizeFor(size)
        if (size > 0 && size <= leastChunkBytes(chunkSize)) readSmall(fd, path, size, sink)
        else cutRange(fd, { path, size, chunkSize, from: 0, until: size }, sink)
        const after = statSource(fd, path)
        if (!isPackedFingerprintOf(fingerprints, index, after)) throw changedError(path)
        return Number(after.mode & 0o777n)
      })
    } catch (error) {
      const failure = sourceError(error, path)
      if (failure.code !== 'E_CHANGED' || attempt === maxAttempts) throw failure
      sink.truncate(0)
    }
  }
}

let small: Buffer | undefined

/** A file that is no longer than the shortest chunk is one chunk, and there is nothing to cut. */
function readSmall(fd: number, path: string, size: number, sink: RecordSink): void {
  small ??= Buffer.allocUnsafeSlow(leastChunkBytes(minChunkSize))
  for (let done = 0; done < size; ) {
    const count = readSync(fd, small, done, size - done, done)
    if (count === 0) throw changedError(path)
    done += count
  }
  sink.add(small.subarray(0, size))
}

export interface CutRegionInput {
  readonly path: string
  /** Packed; the file must still have it. */
  readonly fingerprint: BigInt64Array
  readonly chunkSize: number
  readonly from: number
  readonly until: number
  readonly stopAt?: Float64Array | undefined
  readonly moved?: MovedBytes | undefined
}

export interface CutRegionOutput {
  readonly records: Uint8Array<ArrayBuffer>
  /** Where the last chunk ends. */
  readonly end: number
}

/**
 * Cuts a part of a large file, as if a chunk began at `from`.
 * @throws E_CHANGED when the file is not the one of the fingerprint, before or after.
 */
export function cutRegion(input: CutRegionInput): CutRegionOutput {
  const { path, chunkSize, from, until, stopAt, moved } = input
  const expected = unpackFingerprint(input.fingerprint, 0)
  try {
    return withSource(path, (fd) => {
      const check = (): void => {
        if (!equalFingerprints(expected, fingerprintOf(statSource(fd, path)))) throw changedError(path)
      }
      check()
      const sink = createRecordSink()
      const end = cutRange(fd, { path, size: expected.size, chunkSize, from, until, stopAt, moved }, sink)
      check()
      return { records: sink.take(), end }
    })
  } catch (error) {
    throw sourceError(error, path)
  }
}
