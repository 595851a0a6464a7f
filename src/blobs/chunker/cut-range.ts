/** Reads a part of an open file, cuts it and hashes the chunks: the inner loop of sharing. */
import { readSync } from 'node:fs'
import { chunkRecordBytes } from '../chunk-records.ts'
import { hashInto } from '../hash.ts'
import { changedError } from '../open-source.ts'
import { addMovedBytes, type MovedBytes } from '../worker/moved-bytes.ts'
import { threadCutter } from './cutter.ts'
import { chunkerParameters } from './parameters.ts'

/** Hashes chunks and collects their packed records. */
export interface RecordSink {
  add(chunk: Uint8Array): void
  readonly count: number
  /** Forgets all records behind the first `count`. */
  truncate(count: number): void
  take(): Uint8Array<ArrayBuffer>
  /** The records so far, until the next call of `add`. */
  view(): Uint8Array<ArrayBuffer>
}

export function createRecordSink(): RecordSink {
  let records = new Uint8Array(256 * chunkRecordBytes)
  let count = 0
  return {
    add(chunk) {
      const at = count * chunkRecordBytes
      if (at === records.byteLength) {
        const larger = new Uint8Array(records.byteLength * 2)
        larger.set(records)
        records = larger
      }
      const length = chunk.byteLength
      records[at] = length & 0xff
      records[at + 1] = (length >>> 8) & 0xff
      records[at + 2] = (length >>> 16) & 0xff
      records[at + 3] = length >>> 24
      hashInto(chunk, records, at + 4)
      count++
    },
    get count() {
      return count
    },
    truncate(kept) {
      count = kept
    },
    take: () => records.slice(0, count * chunkRecordBytes),
    view: () => records.subarray(0, count * chunkRecordBytes),
  }
}

export interface CutRange {
  /** For messages. */
  readonly path: string
  /** Of the whole file, in bytes. */
  readonly size: number
  /** Average chunk size. */
  readonly chunkSize: number
  /** A chunk begins here, … */
  readonly from: number
  /** … and all that begin before here are cut. */
  readonly until: number
  /** Ends early behind a chunk that ends at one of these; ascending. */
  readonly stopAt?: Float64Array | undefined
  /** Counts the bytes that are cut. */
  readonly moved?: MovedBytes | undefined
}

const nowhere = new Float64Array(0)

/**
 * Adds the chunks that begin in [from, until) to `sink`; returns where the last of them ends, `size` at the latest.
 * @throws E_CHANGED when the file ends before `size`, or has content though its size is 0, as files of /proc do.
 */
export function cutRange(fd: number, range: CutRange, sink: RecordSink): number {
  const { path, size, from, until, moved, stopAt = nowhere } = range
  const parameters = chunkerParameters(range.chunkSize)
  const cutter = threadCutter()
  cutter.begin(parameters)
  if (size === 0) {
    if (readSync(fd, cutter.space(), 0, 1, 0) > 0) throw changedError(path)
    return 0
  }
  let position = from
  let end = from
  let stop = 0
  for (;;) {
    const chunk = cutter.next(position === size)
    if (chunk) {
      sink.add(chunk)
      addMovedBytes(moved, chunk.byteLength)
      end += chunk.byteLength
      if (end >= until || end === size) return end
      while ((stopAt[stop] ?? Number.POSITIVE_INFINITY) < end) stop++
      if (stopAt[stop] === end) return end
      continue
    }
    const space = cutter.space()
    // Behind the end of a region only what the last chunk may need is read.
    const wanted = Math.min(
      space.byteLength,
      size - position,
      Math.max(until - position, parameters.avgBytes),
    )
    const got = readSync(fd, space, 0, wanted, position)
    if (got === 0) throw changedError(path)
    cutter.filled(got)
    position += got
  }
}
