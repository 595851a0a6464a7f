/** The clock of a page. */
import type { Clock } from '../../progress/limiter.ts'

export const browserClock: Clock = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
}
