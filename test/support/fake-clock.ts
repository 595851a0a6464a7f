/** A clock that moves only when told to, with the timers that fall due on the way. */
import type { Clock } from '../../src/shared/clock.ts'

export interface FakeClock extends Clock {
  advance(ms: number): void
  readonly pending: number
}

export function createFakeClock(): FakeClock {
  let nowMs = 0
  const timers = new Set<{ readonly atMs: number; readonly callback: () => void }>()
  return {
    now: () => nowMs,
    after(ms, callback) {
      const timer = { atMs: nowMs + ms, callback }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    advance(ms): void {
      const untilMs = nowMs + ms
      for (;;) {
        const [due] = [...timers].filter((timer) => timer.atMs <= untilMs).toSorted((a, b) => a.atMs - b.atMs)
        if (!due) break
        timers.delete(due)
        nowMs = due.atMs
        due.callback()
      }
      nowMs = untilMs
    },
    get pending(): number {
      return timers.size
    },
  }
}
