/**
 * Tells any number of readers which jobs changed, each at its own pace. Invariant: what is kept for a reader is at most
 * two pictures a job: how it ended, and how it is now.
 */
import type { Clock } from '../../shared/clock.ts'
import { sampleIntervalMs } from '../../progress/limiter.ts'
import type { EngineChange, JobView } from '../engine-types.ts'

export interface ChangeFeed {
  /** This job looks different now; `ended` is the picture of its end, which no reader may miss. */
  changed(id: string, ended?: JobView): void
  removed(id: string): void
  /** `only`: of this job alone. */
  read(signal: AbortSignal | undefined, only?: string): AsyncIterable<EngineChange>
  /** All readers end after what they have not seen yet. */
  close(): void
}

interface Reader {
  readonly only: string | undefined
  readonly dirty: Set<string>
  readonly ended: Map<string, JobView>
  readonly removed: Set<string>
  wake: () => void
}

/** `take` gives the present picture, `all` the pictures of all jobs. */
export function createChangeFeed(
  take: (id: string) => JobView | undefined,
  all: () => readonly JobView[],
  clock: Clock,
  intervalMs: number = sampleIntervalMs,
): ChangeFeed {
  const readers = new Set<Reader>()
  let isClosed = false

  const tell = (id: string, note: (reader: Reader) => void): void => {
    for (const reader of readers) {
      if (reader.only !== undefined && reader.only !== id) continue
      note(reader)
      reader.wake()
    }
  }

  const takeOnly = (id: string): JobView[] => {
    const view = take(id)
    return view ? [view] : []
  }

  function collect(reader: Reader): EngineChange {
    const jobs: JobView[] = [...reader.ended.values()]
    for (const id of reader.dirty) {
      const view = take(id)
      const end = reader.ended.get(id)
      if (view && (view.state !== end?.state || view.attempts !== end.attempts)) jobs.push(view)
    }
    const removed = [...reader.removed]
    reader.ended.clear()
    reader.dirty.clear()
    reader.removed.clear()
    return { whole: false, jobs, removed }
  }

  async function* read(signal: AbortSignal | undefined, only?: string): AsyncGenerator<EngineChange> {
    const reader: Reader = {
      only,
      dirty: new Set(),
      ended: new Map(),
      removed: new Set(),
      wake: () => undefined,
    }
    const isNews = (): boolean => reader.dirty.size + reader.ended.size + reader.removed.size > 0
    const onAbort = (): void => reader.wake()
    const sleep = (cancel: () => void = () => undefined): Promise<void> =>
      new Promise<void>((resolve) => {
        reader.wake = resolve
      }).finally(cancel)
    readers.add(reader)
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      yield { whole: true, jobs: only === undefined ? all() : takeOnly(only), removed: [] }
      for (let lastMs = clock.now(); ; ) {
        if (signal?.aborted) return
        if (!isNews()) {
          if (isClosed) return
          await sleep()
          continue
        }
        const waitMs = lastMs + intervalMs - clock.now()
        // How a job ended is told at once.
        if (waitMs > 0 && reader.ended.size === 0 && !isClosed) {
          await sleep(clock.after(waitMs, () => reader.wake()))
          continue
        }
        lastMs = clock.now()
        yield collect(reader)
      }
    } finally {
      signal?.removeEventListener('abort', onAbort)
      readers.delete(reader)
    }
  }

  return {
    changed: (id, ended) =>
      tell(id, (reader) => {
        reader.dirty.add(id)
        if (ended) reader.ended.set(id, ended)
      }),
    removed: (id) =>
      tell(id, (reader) => {
        reader.dirty.delete(id)
        reader.removed.add(id)
      }),
    read,
    close(): void {
      isClosed = true
      for (const reader of readers) reader.wake()
    },
  }
}
