/**
 * The only ways in which ferry does several things at once or one thing again: a bounded map, a semaphore, and a retry
 * with growing pauses. All of them stop within one step of an abort and leave no timer or listener behind.
 */
import { FerryError } from './errors.ts'

/** Rejection of everything that was stopped by a signal; keeps the reason as cause. */
export function cancelled(signal: AbortSignal): FerryError {
  if (signal.reason instanceof FerryError) return signal.reason
  return new FerryError('E_CANCELLED', 'Stopped before it was finished', { cause: signal.reason })
}

/** @throws E_CANCELLED (or the `FerryError` given as reason) when the signal is aborted. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled(signal)
}

/** Resolves after `ms` milliseconds; rejects with `E_CANCELLED` as soon as the signal aborts. */
export function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(cancelled(signal))
    const onAbort = (): void => {
      clearTimeout(timer)
      reject(cancelled(signal as AbortSignal))
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** What `promise` gives, or a rejection with `E_CANCELLED` as soon as the signal aborts; the promise itself goes on. */
export async function abortable<Result>(promise: Promise<Result>, signal: AbortSignal): Promise<Result> {
  throwIfCancelled(signal)
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(cancelled(signal))
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

export interface MapBoundedOptions {
  /** Most calls under way at once, ≥ 1. */
  readonly limit: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Runs `worker` on every item, at most `limit` at once, in order of start; the source is pulled only when a place is
 * free, so an endless source needs no memory. After the first failure no new item is started, those under way are
 * awaited, and that failure is thrown. Workers must watch the signal themselves.
 * @throws E_CANCELLED when the signal aborts, after the items under way have ended.
 */
export async function mapBounded<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  worker: (item: Item, index: number) => Promise<void>,
  options: MapBoundedOptions,
): Promise<void> {
  const { limit, signal } = options
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]()
  let failure: { readonly error: unknown } | undefined
  let ended = false
  let index = 0
  // An async iterator must not be asked again before it has answered, so that the lanes take turns.
  let turn: Promise<unknown> = Promise.resolve()

  const pull = (): Promise<IteratorResult<Item>> => {
    const next = turn.then(async () => {
      if (ended || failure) return { done: true as const, value: undefined }
      throwIfCancelled(signal)
      const result = await iterator.next()
      if (result.done) ended = true
      return result
    })
    turn = next.catch(() => undefined)
    return next
  }
  const lane = async (): Promise<void> => {
    try {
      for (;;) {
        const result = await pull()
        if (result.done) return
        await worker(result.value, index++)
      }
    } catch (error) {
      failure ??= { error }
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, limit) }, lane))
  if (failure) {
    if (!ended) await iterator.return?.()
    throw failure.error
  }
}

export interface Semaphore {
  /** Waits until `weight` units (default 1) are free, first come first served, and returns what gives them back. */
  acquire(signal?: AbortSignal, weight?: number): Promise<() => void>
  readonly available: number
}

/**
 * Bounds what is under way across unrelated callers: calls, or bytes when weights are used. A weight above the whole
 * size is taken as the whole, so that one oversized piece passes alone instead of never.
 */
export function createSemaphore(size: number): Semaphore {
  let available = size
  const queue: { readonly weight: number; grant(): void }[] = []
  const drain = (): void => {
    while (queue[0] && queue[0].weight <= available) queue.shift()?.grant()
  }
  return {
    get available(): number {
      return available
    },
    acquire(signal, weight = 1): Promise<() => void> {
      const units = Math.min(weight, size)
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(cancelled(signal))
        let released = false
        const release = (): void => {
          if (released) return
          released = true
          available += units
          drain()
        }
        const onAbort = (): void => {
          queue.splice(queue.indexOf(waiter), 1)
          drain()
          reject(cancelled(signal as AbortSignal))
        }
        const waiter = {
          weight: units,
          grant(): void {
            signal?.removeEventListener('abort', onAbort)
            available -= units
            resolve(release)
          },
        }
        signal?.addEventListener('abort', onAbort, { once: true })
        queue.push(waiter)
        drain()
      })
    },
  }
}

export interface RetryOptions {
  readonly signal?: AbortSignal | undefined
  /** Calls in all, the first one included; `Infinity` tries until the signal aborts. Default 4. */
  readonly attempts?: number
  /** Pause before the second call; doubles each time. Default 1 s. */
  readonly baseMs?: number
  /** Longest pause. Default 30 s. */
  readonly capMs?: number
  /** Part of a pause that is random, 0 … 1, so that many peers do not return at once. Default 0.25. */
  readonly jitter?: number
  /** Which failures are worth another call. Default: a `FerryError` marked `retryable`. */
  readonly retryable?: (error: unknown) => boolean
  /** Called before each pause. */
  readonly onRetry?: (attempt: number, pauseMs: number, error: unknown) => void
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>
  readonly random?: () => number
}

/** Pause after failed call number `attempt` (from 1): exponential, capped, with ± `jitter` around it. */
export function backoffMs(
  attempt: number,
  options: Pick<RetryOptions, 'baseMs' | 'capMs' | 'jitter' | 'random'> = {},
): number {
  const { baseMs = 1000, capMs = 30_000, jitter = 0.25, random = Math.random } = options
  const pause = Math.min(capMs, baseMs * 2 ** (attempt - 1))
  return Math.round(Math.min(capMs, pause * (1 + jitter * (2 * random() - 1))))
}

/**
 * Calls `operation` until it succeeds, its failure is not retryable, or the attempts are used up; then throws the last
 * failure itself.
 * @throws E_CANCELLED when the signal aborts during a pause.
 */
export async function retry<Result>(
  operation: (attempt: number) => Promise<Result>,
  options: RetryOptions = {},
): Promise<Result> {
  const { attempts = 4, signal, sleep = delay } = options
  const retryable = options.retryable ?? ((error) => error instanceof FerryError && error.retryable)
  for (let attempt = 1; ; attempt++) {
    throwIfCancelled(signal)
    try {
      return await operation(attempt)
    } catch (error) {
      if (attempt >= attempts || signal?.aborted || !retryable(error)) throw error
      const pauseMs = backoffMs(attempt, options)
      options.onRetry?.(attempt, pauseMs, error)
      await sleep(pauseMs, signal)
    }
  }
}
