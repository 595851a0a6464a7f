/**
 * Lets an ever-changing state out at most once per interval, and at once when forced. The last change is never lost: it
 * comes out when its interval has passed.
 */
import type { Clock } from '../shared/clock.ts'

/** How often viewers are told of a change at most. */
export const sampleIntervalMs = 100

/** The process's own clock. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
}

export interface Limiter {
  /** Something changed: emits now, or when the interval since the last emission has passed. */
  changed(): void
  /** Emits now. */
  force(): void
  /** Cancels what is pending; nothing is emitted any more. */
  close(): void
}

export function createLimiter(
  emit: () => void,
  clock: Clock,
  intervalMs: number = sampleIntervalMs,
): Limiter {
  let lastMs = -Infinity
  let cancelPending: (() => void) | undefined
  let closed = false
  const fire = (): void => {
    cancelPending?.()
    cancelPending = undefined
    if (closed) return
    lastMs = clock.now()
    emit()
  }
  return {
    changed(): void {
      if (closed || cancelPending) return
      const waitMs = lastMs + intervalMs - clock.now()
      if (waitMs <= 0) fire()
      else cancelPending = clock.after(waitMs, fire)
    },
    force: fire,
    close(): void {
      cancelPending?.()
      cancelPending = undefined
      closed = true
    },
  }
}
