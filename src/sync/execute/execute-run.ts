/** What the steps of carrying out a plan share. */
import type { ProgressSink } from '../../progress/events.ts'
import type { FileChoice } from '../../shared/file-choice.ts'
import type { ChunkIndex } from '../chunk-index.ts'
import type { SyncSettings } from '../options.ts'
import type { SyncAction } from '../plan-types.ts'
import type { Remote } from '../remote.ts'
import type { SyncEntry } from '../source.ts'
import type { SyncSource } from './sync-source.ts'

/** What one action came to. */
export interface Outcome {
  readonly sentBytes: number
  readonly copiedBytes: number
}

export const noBytes: Outcome = { sentBytes: 0, copiedBytes: 0 }

export interface ExecuteRun {
  readonly source: SyncSource
  /** The destination. */
  readonly remote: Remote
  /** `wholeFile` is decided. */
  readonly settings: SyncSettings & { readonly wholeFile: boolean }
  readonly signal: AbortSignal
  /** Files that are left out meanwhile; undefined: none. */
  readonly files?: FileChoice | undefined
  readonly progress: ProgressSink
  /** What is known of the destination's files; undefined where the place itself tells all. */
  readonly index: ChunkIndex | undefined
  /** What is to be done with one entry, once more is known (`described`) or something else stands there. Pure. */
  decide(entry: SyncEntry, existing: SyncEntry | undefined, described: boolean): SyncAction
  /** An action was chosen in place of one of the plan that could not know enough. */
  onDecided(action: SyncAction): void
  /** An action is done (in a dry run: would be). */
  onDone(action: SyncAction, outcome: Outcome): void
  /**
   * What has moved of a file under way, absolute, in place of what was told before. When the file is done or has failed,
   * nothing is in place of it.
   */
  onMoving(before: Outcome, now: Outcome): void
  /** The user has left out what this action is about. */
  onLeftOut?(action: SyncAction): void
  /** A single action failed; the others go on. */
  onFailed(path: string, error: unknown): void
}

/** Where an action takes place; undefined for one that is about no single entry. */
export function pathOf(action: SyncAction): string | undefined {
  if (action.kind === 'withheld') return undefined
  if (action.kind === 'missing') return action.path
  return action.kind === 'delete' ? action.existing.path : action.entry.path
}
