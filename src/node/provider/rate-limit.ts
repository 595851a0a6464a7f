/** How often one receiver is answered. What comes too fast waits; the bound on requests under way keeps the queue short. */
import { delay } from '../../shared/concurrency.ts'
import { requestsPerSecond } from '../limits.ts'

export interface RateLimit {
  /** Resolves when `cost` cheap requests may be answered; at once as long as less than a second's worth was used. */
  take(cost: number, signal: AbortSignal): Promise<void>
}

export function createRateLimit(
  perSecond: number = requestsPerSecond,
  now: () => number = () => performance.now(),
): RateLimit {
  /** When everything granted so far will have been paid for. */
  let paidAtMs = Number.NEGATIVE_INFINITY
  return {
    async take(cost, signal) {
      paidAtMs = Math.max(paidAtMs, now() - 1000) + (cost * 1000) / perSecond
      const waitMs = paidAtMs - now()
      if (waitMs <= 0) return
      await delay(waitMs, signal)
    },
  }
}
