/** Fetches some chunks of one file into its part, until each has arrived unspoilt or cannot be had. */
import { chunkCount, chunkLengthAt, chunkRecordBytes, type ChunkRecords } from '../../blobs/chunk-records.ts'
import type { PartTarget } from '../../blobs/tree-writer/part-file.ts'
import type { EntryRange } from '../../node/session.ts'
import { changedError, rangeError, readRanges, reportBadRanges } from './read-ranges.ts'
import type { ReceiveRun } from './run.ts'

/** Chunks of one file, with the place of each. */
export interface ChunkBatch {
  readonly records: ChunkRecords
  readonly offsets: Float64Array
}

/** Picks some chunks of `records`; `offsets` are the places of all of them. */
export function pickChunks(
  records: ChunkRecords,
  offsets: Float64Array,
  indexes: readonly number[],
): ChunkBatch {
  const picked = new Uint8Array(indexes.length * chunkRecordBytes)
  indexes.forEach((index, order) =>
    picked.set(
      records.subarray(index * chunkRecordBytes, (index + 1) * chunkRecordBytes),
      order * chunkRecordBytes,
    ),
  )
  return { records: picked, offsets: Float64Array.from(indexes, (index) => offsets[index] as number) }
}

/** Groups chunks, in order, into batches of about `batchBytes`, at least one chunk each. */
export function* batchesOf(
  records: ChunkRecords,
  offsets: Float64Array,
  indexes: readonly number[],
  batchBytes: number,
): Generator<ChunkBatch & { readonly bytes: number }> {
  let batch: number[] = []
  let bytes = 0
  for (const index of indexes) {
    const length = chunkLengthAt(records, index)
    if (batch.length > 0 && bytes + length > batchBytes) {
      yield { ...pickChunks(records, offsets, batch), bytes }
      batch = []
      bytes = 0
    }
    batch.push(index)
    bytes += length
  }
  if (batch.length > 0) yield { ...pickChunks(records, offsets, batch), bytes }
}

/** Neighbouring chunks are one range. */
export function rangesOf(entry: number, { records, offsets }: ChunkBatch): EntryRange[] {
  const ranges: { entry: number; offset: number; length: number }[] = []
  for (let index = 0; index < chunkCount(records); index++) {
    const offset = offsets[index] as number
    const length = chunkLengthAt(records, index)
    const last = ranges.at(-1)
    if (last && last.offset + last.length === offset) last.length += length
    else ranges.push({ entry, offset, length })
  }
  return ranges
}

/**
 * @throws E_CHANGED, E_NOT_FOUND when this file cannot be had; E_UNREACHABLE, E_REFUSED when nobody is left to ask;
 * E_NO_SPACE, E_IO, E_PERMISSION when writing fails; E_CANCELLED.
 */
export async function fetchChunks(
  run: ReceiveRun,
  file: { readonly number: number; readonly path: string },
  target: Pick<PartTarget, 'fd' | 'journalFd' | 'path' | 'holes'>,
  batch: ChunkBatch,
): Promise<void> {
  for (let left = batch; chunkCount(left.records) > 0; ) {
    const { bytes, failed, pieces, release } = await readRanges(run, rangesOf(file.number, left))
    let bad: number[]
    try {
      const [failure] = failed
      if (failure) throw rangeError(file.path, failure)
      const places = new Float64Array(left.offsets.length * 2)
      left.offsets.forEach((offset, index) => places.set([index, offset], index * 2))
      const { records } = left
      ;({ bad } = await run.pool.run('writeChunks', { bytes, records, target: targetOf(target), places }))
    } finally {
      release()
    }
    if (bad.length === 0) return run.onVerified(target.path, rangesOf(file.number, left))
    left = pickChunks(left.records, left.offsets, bad)
    const verdict = await reportBadRanges(run, pieces, rangesOf(file.number, left))
    if (verdict === 'changed') throw changedError(file.path)
  }
}

/** What a worker needs of an open part; its functions cannot travel. */
export function targetOf(
  part: Pick<PartTarget, 'fd' | 'journalFd' | 'path' | 'holes'>,
): Pick<PartTarget, 'fd' | 'journalFd' | 'path' | 'holes'> {
  return { fd: part.fd, journalFd: part.journalFd, path: part.path, holes: part.holes }
}
