/**
 * The one speed of a job, and the time left that follows from it. Waiting for peers is no slow work, so the speed is
 * measured anew whenever the job turns from waiting to working or to serving.
 */
import type { Phase } from './events.ts'
import { createRateMeter } from './rate.ts'

type Kind = 'wait' | 'work' | 'serve'

const waitingPhases: readonly Phase[] = ['queued', 'resolve', 'connect', 'manifest', 'paused']
/** A time left is a guess; before this much time has passed it is a bad one. */
const etaAfterMs = 3000

export interface Pace {
  /** The job moves on; `movedBytes` is what the next phase counts from. */
  enter(phase: Phase, movedBytes: number, nowMs: number): void
  /** Bytes a second just now. */
  rate(movedBytes: number, nowMs: number): number
  /** Bytes a second over all of the work: what people compare at the end. */
  average(movedBytes: number, nowMs: number): number
  /** Seconds for `leftBytes` at this rate; undefined while that would be a bad guess. */
  etaSeconds(leftBytes: number, rate: number, nowMs: number): number | undefined
}

export function createPace(startMs: number): Pace {
  let kind: Kind = 'wait'
  let sinceMs = startMs
  let workStartMs: number | undefined
  let meter = createRateMeter(0, startMs)
  return {
    enter(phase, movedBytes, nowMs): void {
      const next: Kind = phase === 'serve' ? 'serve' : waitingPhases.includes(phase) ? 'wait' : 'work'
      if (next === kind) return
      kind = next
      sinceMs = nowMs
      if (next === 'work') workStartMs ??= nowMs
      meter = createRateMeter(movedBytes, nowMs)
    },
    rate: (movedBytes, nowMs) => meter.sample(movedBytes, nowMs),
    average(movedBytes, nowMs): number {
      const tookMs = nowMs - (workStartMs ?? startMs)
      return tookMs > 0 ? (movedBytes * 1000) / tookMs : 0
    },
    etaSeconds(leftBytes, rate, nowMs): number | undefined {
      if (kind === 'serve' || leftBytes <= 0 || rate < 1 || nowMs - sinceMs < etaAfterMs) return undefined
      return Math.max(1, Math.round(leftBytes / rate))
    },
  }
}
