/**
 * Fetches chunks from peers into memory. Nothing is given out that does not match its hash: who sent something else is
 * reported, and others are asked.
 */
import {
  chunkCount,
  chunkLengthAt,
  chunkRecordBytes,
  totalChunkBytes,
  type ChunkRecords,
} from '../../blobs/chunk-records.ts'
import { concatBytes } from '../../shared/bytes.ts'
import type { FerryError } from '../../shared/errors.ts'
import { changedError, rangeError, readRanges, reportBadRanges } from '../receive/read-ranges.ts'
import type { ReceiveRun } from '../receive/run.ts'

export type FetchRun = Pick<ReceiveRun, 'fetcher' | 'signal' | 'tally' | 'throttle' | 'pool'>

/** Neighbouring chunks of one file. */
export interface WantedChunks {
  /** Of the entry, in the numbers of the manifest. */
  readonly number: number
  readonly path: string
  readonly records: ChunkRecords
  /** Where the first chunk begins. */
  readonly offset: number
}

/**
 * `onArrived` gets the verified bytes of each item once, as a view that is good until it returns.
 * @returns errors of single items, by index: E_CHANGED, E_NOT_FOUND
 * @throws E_UNREACHABLE, E_REFUSED when nobody is left to ask; E_CANCELLED
 */
export async function fetchVerified(
  run: FetchRun,
  wanted: readonly WantedChunks[],
  onArrived: (index: number, bytes: Uint8Array) => void,
): Promise<ReadonlyMap<number, FerryError>> {
  const errors = new Map<number, FerryError>()
  let left = wanted.map((item, index) => ({ item, index }))
  while (left.length > 0) {
    const ranges = left.map(({ item: { number, offset, records } }) => ({
      entry: number,
      offset,
      length: totalChunkBytes(records),
    }))
    const { bytes, failed, pieces, release } = await readRanges(run, ranges)
    const wrong: number[] = []
    try {
      const records = concatBytes(left.map(({ item }) => item.records))
      const { bad } = await run.pool.run('verifyChunks', { bytes, records })
      const failures = new Map(failed.map((failure) => [failure.index, failure]))
      let start = 0
      let chunk = 0
      let nextBad = 0
      left.forEach(({ item, index }, order) => {
        const end = start + (ranges[order]?.length ?? 0)
        chunk += chunkCount(item.records)
        const isGood = !((bad[nextBad] ?? chunk) < chunk)
        while ((bad[nextBad] ?? chunk) < chunk) nextBad++
        const failure = failures.get(order)
        if (failure) errors.set(index, rangeError(item.path, failure))
        else if (isGood) onArrived(index, bytes.subarray(start, end))
        else wrong.push(order)
        start = end
      })
    } finally {
      release()
    }
    const again: typeof left = []
    for (const order of wrong) {
      const one = left[order] as (typeof left)[number]
      const range = ranges[order] as (typeof ranges)[number]
      if ((await reportBadRanges(run, pieces, [range])) === 'changed')
        errors.set(one.index, changedError(one.item.path))
      else again.push(one)
    }
    left = again
  }
  return errors
}

/** Neighbouring chunks, in order, in groups of about `groupBytes`, at least one chunk each. */
export function* groupsOf(
  wanted: WantedChunks,
  groupBytes: number,
): Generator<WantedChunks & { readonly bytes: number }> {
  const { records } = wanted
  const count = chunkCount(records)
  let { offset } = wanted
  for (let first = 0; first < count; ) {
    let last = first
    let bytes = 0
    do bytes += chunkLengthAt(records, last++)
    while (last < count && bytes + chunkLengthAt(records, last) <= groupBytes)
    yield { ...wanted, records: chunksBetween(records, first, last), offset, bytes }
    offset += bytes
    first = last
  }
}

/** A view of some records. */
export function chunksBetween(records: ChunkRecords, first: number, last: number): ChunkRecords {
  return records.subarray(first * chunkRecordBytes, last * chunkRecordBytes)
}
