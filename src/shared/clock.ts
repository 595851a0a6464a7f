/** The time as what waits, limits or throttles sees it: tests bring their own. */

export interface Clock {
  /** Milliseconds of a clock that never steps back. */
  now(): number
  /** Calls back once after `ms`; returns what cancels it. */
  after(ms: number, callback: () => void): () => void
}
