/**
 * Any bytes of a peer's large file, of which only whole chunks can be fetched and verified. A chunk that two reads share
 * at their border is fetched once; nothing else is kept.
 */
import { chunkLengthAt, chunkOffsets, type ChunkRecords } from '../../blobs/chunk-records.ts'
import { mapBounded, type Semaphore } from '../../shared/concurrency.ts'
import { batchBytes } from '../receive/run.ts'
import { chunksBetween, fetchVerified, groupsOf, type FetchRun, type WantedChunks } from './fetch-verified.ts'

/** Requests of one read under way; what they carry together is bounded by `underWay`. */
const groupsAtOnce = 16

export interface ChunkReader {
  /** @throws E_CHANGED, E_NOT_FOUND, E_UNREACHABLE, E_REFUSED, E_CANCELLED */
  read(offset: number, length: number, signal: AbortSignal): Promise<Uint8Array>
}

/** Chunks at the borders of reads, of all files together; those kept longest go first. */
export interface BorderCache {
  get(key: string): Promise<Uint8Array> | undefined
  put(key: string, length: number, chunk: Promise<Uint8Array>): void
  remove(key: string): void
}

export function createBorderCache(maxBytes: number): BorderCache {
  const kept = new Map<string, { readonly chunk: Promise<Uint8Array>; readonly length: number }>()
  let keptBytes = 0
  function remove(key: string): void {
    keptBytes -= kept.get(key)?.length ?? 0
    kept.delete(key)
  }
  return {
    get: (key) => kept.get(key)?.chunk,
    put(key, length, chunk) {
      remove(key)
      kept.set(key, { chunk, length })
      keptBytes += length
      for (const oldest of kept.keys()) {
        if (keptBytes <= maxBytes) break
        remove(oldest)
      }
    },
    remove,
  }
}

export interface ChunkReaderOptions {
  readonly run: FetchRun
  readonly file: Pick<WantedChunks, 'number' | 'path'>
  readonly records: ChunkRecords
  /** Bytes on their way, of all readers. */
  readonly underWay: Semaphore
  readonly borders: BorderCache
}

export function createChunkReader({
  run,
  file,
  records,
  underWay,
  borders,
}: ChunkReaderOptions): ChunkReader {
  const offsets = chunkOffsets(records)
  const offsetOf = (chunk: number): number => offsets[chunk] as number

  /** The chunk in which this byte lies. */
  function chunkAt(offset: number): number {
    let low = 0
    let high = offsets.length - 1
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if (offsetOf(middle) <= offset) low = middle
      else high = middle
    }
    return low
  }

  async function fetchInto(
    first: number,
    last: number,
    signal: AbortSignal,
    onArrived: (offset: number, bytes: Uint8Array) => void,
  ): Promise<void> {
    const wanted = { ...file, records: chunksBetween(records, first, last), offset: offsetOf(first) }
    await mapBounded(
      groupsOf(wanted, batchBytes),
      async (group) => {
        const release = await underWay.acquire(signal, group.bytes)
        try {
          const arrived = (_index: number, bytes: Uint8Array): void => onArrived(group.offset, bytes)
          const errors = await fetchVerified({ ...run, signal }, [group], arrived)
          for (const error of errors.values()) throw error
        } finally {
          release()
        }
      },
      { limit: groupsAtOnce, signal },
    )
  }

  /** A whole chunk, of which a read up to `end` wants a part and a neighbour may want the rest. */
  async function border(chunk: number, end: number, signal: AbortSignal): Promise<Uint8Array> {
    const key = `${file.number} ${chunk}`
    const known = borders.get(key)
    if (known) {
      // What is behind the chunk is read by others.
      if (end >= offsetOf(chunk + 1)) borders.remove(key)
      try {
        return await known
      } catch {
        // The read that fetched it was stopped, or failed; this one finds out for itself.
      }
    }
    const length = chunkLengthAt(records, chunk)
    const fetched = (async () => {
      const bytes = new Uint8Array(length)
      await fetchInto(chunk, chunk + 1, signal, (_offset, arrived) => bytes.set(arrived))
      return bytes
    })()
    // Whoever wants it hears of the failure; nobody may.
    fetched.catch(() => borders.remove(key))
    if (!known) borders.put(key, length, fetched)
    return await fetched
  }

  return {
    async read(offset, length, signal) {
      const end = offset + length
      const result = new Uint8Array(length)
      if (length === 0) return result
      const place = (at: number, bytes: Uint8Array): void => {
        const from = Math.max(offset, at)
        const until = Math.min(end, at + bytes.byteLength)
        result.set(bytes.subarray(from - at, until - at), from - offset)
      }
      let first = chunkAt(offset)
      let last = chunkAt(end - 1) + 1
      const parts: Promise<void>[] = []
      const partly = async (chunk: number): Promise<void> =>
        place(offsetOf(chunk), await border(chunk, end, signal))
      if (offsetOf(first) < offset || (last === first + 1 && offsetOf(last) > end))
        parts.push(partly(first++))
      if (first < last && offsetOf(last) > end) parts.push(partly(--last))
      if (first < last) parts.push(fetchInto(first, last, signal, place))
      const outcomes = await Promise.allSettled(parts)
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
      return result
    },
  }
}
