/**
 * What a plan says: data, made by `plan/plan-sync.ts`, printed by a dry run and carried out by `execute/`. Every
 * decision of the options is in it already: what is written, with which attributes, and what must go before it.
 *
 * Actions come in an order in which they may be begun; several may be under way at once, except for what
 * `delete.first` says. An action with `existing` is only right while that version stands there.
 */
import type { Attributes } from './remote.ts'
import type { SyncEntry } from './source.ts'

/** Why a thing is written or touched; the letters of `-i` come from these. */
export interface Differences {
  /** Known to have other content: found by `-c`, or another target of a link. */
  readonly content: boolean
  readonly size: boolean
  /** With `-t`: times differ. Without it: the time changes because the thing is written. */
  readonly time: boolean
  readonly perms: boolean
}

/** A thing is made or replaced. */
interface Making {
  readonly entry: SyncEntry
  /** What it replaces, of the same kind; undefined when it is new. A folder is never replaced. */
  readonly existing: SyncEntry | undefined
  /**
   * Something of another kind stands there and is removed before; a folder is empty by then, or removing it fails, which
   * is a failure of this action. For a folder, what is in the way stands at the folder's own path.
   */
  readonly inTheWay: SyncEntry | undefined
  /** Where `existing` or `inTheWay` (no folder) is kept; undefined: nowhere. */
  readonly backup: string | undefined
  readonly differences: Differences
  /** To be set; what is left out is not: the time of writing stays, the destination chooses the mode. */
  readonly attributes: Attributes
}

/** A file to be written: when `existing` is there, a delta may do. */
export interface WriteAction extends Making {
  readonly kind: 'write'
}

export interface LinkAction extends Making {
  readonly kind: 'link'
}

/** A folder to be made. Its time is set when everything in it is done; its mode too, as it may forbid writing. */
export interface FolderAction extends Making {
  readonly kind: 'folder'
}

/** Content is the same; only mode or time are set. For a folder, when everything in it is done. */
export interface AttributesAction {
  readonly kind: 'attributes'
  readonly entry: SyncEntry
  readonly existing: SyncEntry
  readonly differences: Differences
  readonly attributes: Attributes
}

/**
 * Nothing to do. `attributes` of a folder: what it must have in the end, as writing in it changes its time. Of a file with
 * `-c`: the exact time, where it differs by less than counts as a difference.
 */
export interface SameAction {
  readonly kind: 'same'
  readonly entry: SyncEntry
  readonly existing: SyncEntry
  readonly attributes: Attributes
}

/** `-c`, and the sizes are equal: the content of both is compared, then one of the two is done. */
export interface CompareAction {
  readonly kind: 'compare'
  readonly entry: SyncEntry
  readonly existing: SyncEntry
  readonly different: WriteAction
  readonly equal: AttributesAction | SameAction
}

/** The listing of the destination left out the time, which decides: `describe`, then `Comparison.decide` again. */
export interface DescribeAction {
  readonly kind: 'describe'
  readonly entry: SyncEntry
  readonly existing: SyncEntry
}

/** Passed over by an option, of a kind that cannot be carried, or (`failed`) impossible: then the exit code is 23. */
export interface SkipAction {
  readonly kind: 'skip'
  readonly entry: SyncEntry
  /** A whole line for people, as rsync says it: `skipping non-regular file "a"`. */
  readonly reason: string
  /** `verbose`: the user's own option passes it over, so only `-vv` says so. */
  readonly told: 'always' | 'verbose'
  readonly failed: boolean
}

/** Named by `--files-from`, and the source has no such thing: exit code 23. */
export interface MissingAction {
  readonly kind: 'missing'
  readonly path: string
}

/** Not in the source. These come last, what is in a folder before the folder. */
export interface DeleteAction {
  readonly kind: 'delete'
  readonly existing: SyncEntry
  /** Where it is kept; undefined: nowhere. */
  readonly backup: string | undefined
  /** Lies in a folder that makes way for what comes next: done, all of them, before the next action is begun. */
  readonly first: boolean
}

/** Deletions that are not made. */
export interface WithheldAction {
  readonly kind: 'withheld'
  /** `problems`: a listing was not whole. `limit`: `--max-delete`, exit code 25. */
  readonly why: 'problems' | 'limit'
  readonly count: number
}

export type SyncAction =
  | WriteAction
  | LinkAction
  | FolderAction
  | AttributesAction
  | SameAction
  | CompareAction
  | DescribeAction
  | SkipAction
  | MissingAction
  | DeleteAction
  | WithheldAction

/** What the destination can, and what else a plan cannot know from the settings. */
export interface PlanFacts {
  /** Permission bits are kept (`RemoteCaps.modes`). */
  readonly modes: boolean
  /** `RemoteCaps.timeStepNs`, or the source's when that is larger. */
  readonly timeStepNs: bigint
  /** Symbolic links can be written (`RemoteCaps.writeLink`). */
  readonly links: boolean
  /** Folders exist by themselves (`RemoteCaps.makeFolder`). */
  readonly folders: boolean
  /** The bits that new things may have without `-p`: what the umask leaves. */
  readonly newModeMask: number
  /**
   * Both top folders, `path` being '', when what is in a folder is synced (`SRC/`); `existing` is undefined when it has
   * to be made. Undefined for a single file, and when the folder itself is an entry of the listings (`SRC`).
   */
  readonly top?: { readonly source: SyncEntry; readonly existing: SyncEntry | undefined } | undefined
  /** Asked before the deletions: how many entries of either side could not be listed so far. */
  readonly problems: () => number
  /**
   * True when a filter has left out something that lies directly in this folder of the destination: it cannot be removed.
   * Asked once for each of its folders, when everything in it was told (`watchKeeps` of plan/keeps.ts). Needed to delete.
   */
  readonly holdsExcluded?: ((folder: string) => boolean) | undefined
}
