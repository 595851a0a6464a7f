/**
 * Cuts one large file in regions, several at once, and joins them to exactly the cuts of reading it from its beginning.
 *
 * Each region is cut as if a chunk began at its start. Mostly the true last chunk of the region before reaches into it,
 * and a few chunks are cut again from its end, until one ends where a chunk of the region does: from there on both agree,
 * since what follows a cut depends only on what lies behind it. In content without natural cuts (a long run of one byte)
 * they may not meet, and the whole region is cut again: that costs time, never exactness.
 */
import { chunkCount, chunkLengthAt, chunkRecordBytes, type ChunkRecords } from '../chunk-records.ts'
import { fingerprintFields, packFingerprint } from '../fingerprint.ts'
import type { FileFingerprint } from '../store/store.ts'
import type { MovedBytes } from '../worker/moved-bytes.ts'
import type { CutRegionOutput } from '../worker/ingest-task.ts'
import type { WorkerPool } from '../worker/pool.ts'

/** Large enough that seams cost little, small enough that a receiver soon has something to fetch. */
export const regionBytes: number = 64 * 1024 * 1024

export interface LargeFile {
  readonly diskPath: string
  readonly fingerprint: FileFingerprint
  readonly chunkSize: number
}

export interface CutLargeFileOptions {
  readonly pool: Pick<WorkerPool, 'run'>
  /** Regions under way at once. */
  readonly limit: number
  /** Counts the bytes that are cut, while they are; where regions are joined a few count twice. */
  readonly moved?: MovedBytes | undefined
  /** Waited for before a further region is begun; undefined: at once. */
  readonly hold?: (() => Promise<void> | undefined) | undefined
  /** For tests. */
  readonly regionBytes?: number
}

/**
 * The chunks in order, a packed list for each region as it is known. Work begins with the call, not with the first step.
 * @throws E_CHANGED when the file changes meanwhile; others when it cannot be read.
 */
export function cutLargeFile(file: LargeFile, options: CutLargeFileOptions): AsyncGenerator<ChunkRecords> {
  const { pool, limit, moved, hold, regionBytes: length = regionBytes } = options
  const { diskPath, chunkSize } = file
  const { size } = file.fingerprint
  const fingerprint = new BigInt64Array(fingerprintFields)
  packFingerprint(fingerprint, 0, file.fingerprint)
  const cut = (from: number, until: number, stopAt?: Float64Array): Promise<CutRegionOutput> =>
    pool.run('cutRegion', { path: diskPath, fingerprint, chunkSize, from, until, stopAt, moved })

  const regions: Promise<CutRegionOutput>[] = []
  let started = 0
  const startMore = (): void => {
    while (regions.length < limit && started < size) {
      const region = cut(started, Math.min(size, started + length))
      // One that fails is reported when it is joined; others may then never be.
      region.catch(() => undefined)
      regions.push(region)
      started += length
    }
  }

  async function* join(): AsyncGenerator<ChunkRecords> {
    /** End of the last true chunk. */
    let end = 0
    for (let from = 0; from < size; from += length) {
      const until = Math.min(size, from + length)
      const region = await (regions.shift() as Promise<CutRegionOutput>)
      await hold?.()
      startMore()
      if (end >= until) continue
      const ends = chunkEnds(from, region.records)
      let meeting = end === from ? 0 : ends.indexOf(end) + 1
      if (end !== from && meeting === 0) {
        const seam = await cut(end, until, ends)
        yield seam.records
        end = seam.end
        meeting = ends.indexOf(end) + 1
        if (meeting === 0) continue
      }
      end = region.end
      const rest = region.records.subarray(meeting * chunkRecordBytes)
      if (rest.byteLength > 0) yield rest
    }
  }

  startMore()
  return join()
}

/** Positions in the file where the chunks of a region end. */
function chunkEnds(from: number, records: ChunkRecords): Float64Array {
  const ends = new Float64Array(chunkCount(records))
  let end = from
  for (let index = 0; index < ends.length; index++) ends[index] = end += chunkLengthAt(records, index)
  return ends
}
