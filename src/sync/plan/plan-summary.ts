/** Adds up a plan: how much of it is new, changed or the same, and what would be sent without any delta. */
import type { SyncAction } from '../plan-types.ts'

export interface PlanSummary {
  /** Files, links and folders that are not at the destination yet. */
  readonly added: number
  /** Files and links that are replaced. */
  readonly changed: number
  /** Only mode or time differ. */
  readonly attributes: number
  readonly same: number
  readonly deleted: number
  /** Passed over by an option or by their kind. */
  readonly skipped: number
  /** Known to be impossible: something in the way, a listed name that is not there. */
  readonly failed: number
  /** Deletions that are not made. */
  readonly withheld: number
  /** Bytes of all files in the plan, as they are in the source. */
  readonly totalBytes: number
  /** Bytes of files that are written, without any delta. */
  readonly bytesToSend: number
  /** Bytes of files that are deleted. */
  readonly deletedBytes: number
}

export interface PlanCounter {
  /** `compare` and `describe` are not counted: what comes out of them is. */
  add(action: SyncAction): void
  summary(): PlanSummary
}

export function createPlanCounter(): PlanCounter {
  const sums: { -readonly [Name in keyof PlanSummary]: number } = {
    added: 0,
    changed: 0,
    attributes: 0,
    same: 0,
    deleted: 0,
    skipped: 0,
    failed: 0,
    withheld: 0,
    totalBytes: 0,
    bytesToSend: 0,
    deletedBytes: 0,
  }
  return {
    add(action) {
      switch (action.kind) {
        case 'write':
        case 'link':
        case 'folder':
          if (action.existing === undefined) sums.added++
          else sums.changed++
          sums.totalBytes += action.entry.size
          sums.bytesToSend += action.entry.size
          break
        case 'attributes':
          sums.attributes++
          sums.totalBytes += action.entry.size
          break
        case 'same':
          sums.same++
          sums.totalBytes += action.entry.size
          break
        case 'delete':
          sums.deleted++
          sums.deletedBytes += action.existing.size
          break
        case 'skip':
          if (action.failed) sums.failed++
          else sums.skipped++
          break
        case 'missing':
          sums.failed++
          break
        case 'withheld':
          sums.withheld += action.count
          break
        case 'compare':
        case 'describe':
          break
      }
    },
    summary: () => ({ ...sums }),
  }
}
