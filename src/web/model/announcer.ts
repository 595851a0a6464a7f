/** Says what happens to who listens rather than looks: at most one sentence in five seconds, and never one too old. */
import type { Clock } from '../../shared/clock.ts'
import { createLimiter } from '../../progress/limiter.ts'

export const announceEveryMs = 5000

export interface Announcer {
  /** Replaces what was to be said next. */
  say(text: string): void
  close(): void
}

/** `speak` is called with each sentence. */
export function createAnnouncer(clock: Clock, speak: (text: string) => void): Announcer {
  let next = ''
  let said = ''
  const limiter = createLimiter(
    () => {
      if (next !== said) speak(next)
      said = next
    },
    clock,
    announceEveryMs,
  )
  return {
    say(text) {
      next = text
      limiter.changed()
    },
    close: () => limiter.close(),
  }
}
