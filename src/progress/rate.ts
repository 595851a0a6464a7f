/**
 * One smoothed speed out of an absolute byte count that is looked at now and then: an average that forgets
 * exponentially, so that its figure depends on the last `windowMs` and not on how often it was sampled.
 */

export interface RateMeter {
  /** Takes the count at a moment of a monotonic clock and returns bytes a second. Never negative. */
  sample(bytes: number, atMs: number): number
}

/** The window over which a speed is smoothed. */
export const rateWindowMs = 15_000

/** Samples closer than this are put together, because a difference of clock ticks is no speed. */
const minSampleMs = 20

export function createRateMeter(
  startBytes: number,
  startMs: number,
  windowMs: number = rateWindowMs,
): RateMeter {
  let lastBytes = startBytes
  let lastMs = startMs
  // Sum of weighted speeds and sum of weights: their quotient is right from the first sample on, without a warm-up.
  let weighted = 0
  let weight = 0
  return {
    sample(bytes, atMs): number {
      const passedMs = atMs - lastMs
      if (passedMs >= minSampleMs) {
        const keep = Math.exp(-passedMs / windowMs)
        const speed = (Math.max(0, bytes - lastBytes) * 1000) / passedMs
        weighted = weighted * keep + speed * (1 - keep)
        weight = weight * keep + (1 - keep)
        lastBytes = bytes
        lastMs = atMs
      }
      return weight === 0 ? 0 : weighted / weight
    },
  }
}
