/** What a plan says: data, made by `plan/plan-sync.ts`, printed by a dry run and carried out by `execute/`. */
import type { SyncEntry } from './source.ts'

/** Why a file is written or touched; the letters of `-i` come from these. */
export interface Differences {
  readonly checksum: boolean
  readonly size: boolean
  readonly time: boolean
  readonly perms: boolean
}

export type SyncAction =
  /** A file to be written: `existing` is what it replaces (a file: then a delta may do), undefined when it is new. */
  | {
      readonly kind: 'write'
      readonly entry: SyncEntry
      readonly existing: SyncEntry | undefined
      readonly differences: Differences
    }
  | {
      readonly kind: 'folder'
      readonly entry: SyncEntry
      readonly existing: SyncEntry | undefined
      readonly differences: Differences
    }
  | {
      readonly kind: 'link'
      readonly entry: SyncEntry
      readonly existing: SyncEntry | undefined
      readonly differences: Differences
    }
  /** Content is the same; only mode or time are set. */
  | {
      readonly kind: 'attributes'
      readonly entry: SyncEntry
      readonly existing: SyncEntry
      readonly differences: Differences
    }
  | { readonly kind: 'same'; readonly entry: SyncEntry; readonly existing: SyncEntry }
  /** Passed over by an option, or of a kind that cannot be carried. */
  | { readonly kind: 'skip'; readonly entry: SyncEntry; readonly reason: string }
  /** Not in the source. */
  | { readonly kind: 'delete'; readonly existing: SyncEntry }
