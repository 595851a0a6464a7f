/**
 * Notices a link on which something is owed and nothing moves: a peer that went silent, or trickles to hold us. One
 * timer a conversation.
 */
import { minProgressBytes, progressWindowMs } from './limits.ts'

export interface ProgressWatchOptions {
  /** True while the other end owes us movement. */
  readonly isOwed: () => boolean
  /** Bytes moved so far. */
  readonly movedBytes: () => number
  readonly onStalled: () => void
  readonly windowMs?: number | undefined
}

/**
 * Calls `onStalled` once when something was owed through a whole window in which fewer than `minProgressBytes` moved.
 * Returns what ends the watch.
 */
export function watchProgress({
  isOwed,
  movedBytes,
  onStalled,
  windowMs = progressWindowMs,
}: ProgressWatchOptions): () => void {
  // Half windows, so that a stall is noticed after one to one and a half windows.
  let owedSince = 0
  let before = movedBytes()
  const timer = setInterval(() => {
    const moved = movedBytes()
    if (!isOwed() || moved - before >= minProgressBytes) {
      owedSince = isOwed() ? 1 : 0
      before = moved
      return
    }
    owedSince += 1
    if (owedSince <= 2) return
    clearInterval(timer)
    onStalled()
  }, windowMs / 2)
  timer.unref()
  return () => clearInterval(timer)
}
