/**
 * The one valve through which a job's content passes: a rate that can be changed while it runs, and a pause. Whoever is
 * about to ask for, answer, read or write content takes its bytes here first; first come, first served. Invariant: what
 * passes in any time is at most rate × time and one piece, and nothing passes while it is paused.
 */
import type { Clock } from './clock.ts'
import { cancelled } from './concurrency.ts'
import { FerryError } from './errors.ts'

/** Below this a piece of content takes longer than peers wait before they believe that a link is dead. */
export const minBytesPerSecond: number = 4 * 1024

/** With a rate, content is passed in pieces of about so much time, so that it flows and does not come in gulps. */
const pieceSeconds = 0.25
/** Smaller pieces cost more in requests than smoothness is worth. */
const minPieceBytes: number = 16 * 1024

export interface Throttle {
  /**
   * Undefined when `bytes` may pass at once, which costs nothing; otherwise resolves when they may.
   * @throws E_CANCELLED when the signal fires first
   */
  take(bytes: number, signal?: AbortSignal): Promise<void> | undefined
  /** Bytes a second; undefined: no limit. Acts at once, on those who wait too. @throws E_USAGE below `minBytesPerSecond` */
  setRate(bytesPerSecond: number | undefined): void
  readonly bytesPerSecond: number | undefined
  /** Nobody passes until `resume`. */
  pause(): void
  resume(): void
  readonly isPaused: boolean
  /** Whoever can take less at a time takes at most this: Infinity without a rate. */
  readonly pieceBytes: number
}

interface Waiter {
  readonly bytes: number
  grant(): void
}

const processClock: Clock = {
  now: () => performance.now(),
  after(ms, callback) {
    // It keeps the process alive: somebody waits, and between two files of one computer nothing else may be open.
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
}

/** @throws E_USAGE when the rate is below `minBytesPerSecond` */
export function createThrottle(bytesPerSecond?: number, clock: Clock = processClock): Throttle {
  let rate = checkedRate(bytesPerSecond)
  let isPaused = false
  /** Until when what was granted so far has used the rate up. */
  let paidAtMs = clock.now()
  let queue: Waiter[] = []
  let cancelTimer: (() => void) | undefined

  /** What is asked for is paid before it passes: a rate holds from its first second on. */
  function drain(): void {
    cancelTimer?.()
    cancelTimer = undefined
    if (isPaused) return
    for (let [first] = queue; first; [first] = queue) {
      const nowMs = clock.now()
      if (rate !== undefined) {
        const dueMs = paidAtMs + (first.bytes * 1000) / rate
        if (dueMs > nowMs) {
          cancelTimer = clock.after(Math.ceil(dueMs - nowMs), drain)
          return
        }
        paidAtMs = dueMs
      }
      queue.shift()
      first.grant()
    }
  }

  const restart = (): void => {
    paidAtMs = clock.now()
    drain()
  }

  return {
    get bytesPerSecond(): number | undefined {
      return rate
    },
    get isPaused(): boolean {
      return isPaused
    },
    get pieceBytes(): number {
      return rate === undefined ? Number.POSITIVE_INFINITY : Math.max(minPieceBytes, rate * pieceSeconds)
    },
    take(bytes, signal): Promise<void> | undefined {
      if (signal?.aborted) return Promise.reject(cancelled(signal))
      if (!isPaused && queue.length === 0 && (rate === undefined || bytes === 0)) return undefined
      return new Promise((resolve, reject) => {
        const onAbort = (): void => {
          queue = queue.filter((one) => one !== waiter)
          drain()
          reject(cancelled(signal as AbortSignal))
        }
        const waiter: Waiter = {
          bytes,
          grant(): void {
            signal?.removeEventListener('abort', onAbort)
            resolve()
          },
        }
        signal?.addEventListener('abort', onAbort, { once: true })
        // Time in which nothing was wanted is not saved up.
        if (queue.length === 0) paidAtMs = Math.max(paidAtMs, clock.now())
        queue.push(waiter)
        drain()
      })
    },
    setRate(next): void {
      rate = checkedRate(next)
      restart()
    },
    pause(): void {
      isPaused = true
      drain()
    },
    resume(): void {
      if (!isPaused) return
      isPaused = false
      restart()
    },
  }
}

function checkedRate(rate: number | undefined): number | undefined {
  if (rate === undefined || (rate >= minBytesPerSecond && Number.isFinite(rate))) return rate
  throw new FerryError('E_USAGE', `Cannot limit the rate to ${rate} bytes a second: that is too slow`, {
    hint: 'give at least 4K; 0 is no limit',
  })
}
