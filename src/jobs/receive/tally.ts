/** Counts of one receive, and the failures of single files. */
import { maxFailuresKept, type ProgressSink } from '../../progress/events.ts'
import type { FerryError } from '../../shared/errors.ts'
import { reportError } from '../job.ts'
import type { FailureSummary, ItemFailure } from '../types.ts'

export interface Tally {
  /** Files in all, had already, failed. */
  readonly files: { total: number; had: number; failed: number }
  /** `fetched` counts bytes that came over the network, `reused` those that were already on this computer. */
  readonly bytes: { total: number; fetched: number; reused: number }
  /** A file failed while others go on. `started`: its item was opened, and reports the failure itself. */
  fail(path: string, error: FerryError, started?: boolean): void
  failures(): FailureSummary
  /** Something at the top of the tree is at this path on disk; the first `maxFailuresKept` are kept. */
  addTop(disk: string): void
  readonly tops: readonly string[]
}

export function createTally(progress: ProgressSink): Tally {
  const files = { total: 0, had: 0, failed: 0 }
  const bytes = { total: 0, fetched: 0, reused: 0 }
  const first: ItemFailure[] = []
  const tops: string[] = []
  return {
    files,
    bytes,
    fail(path, error, started = false) {
      files.failed++
      const reported = reportError(error)
      if (first.length < maxFailuresKept) first.push({ path, error: reported })
      if (!started) progress.failItem(path, reported)
    },
    addTop(disk) {
      if (tops.length < maxFailuresKept && !tops.includes(disk)) tops.push(disk)
    },
    tops,
    failures: () => ({ count: files.failed, first }),
  }
}
