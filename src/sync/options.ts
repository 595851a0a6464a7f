/**
 * What a sync is told. Names and meanings are rsync's. `jobs/types.ts` adds what the library hands in beside these
 * (signal, listeners).
 */

export interface TransferOptions {
  /** `-r`. Without it folders are passed over, as rsync does. */
  readonly recursive: boolean
  /** `-l` */
  readonly links: boolean
  /** `-p` */
  readonly perms: boolean
  /** `-t` */
  readonly times: boolean
  /** `-L` */
  readonly copyLinks: boolean
  /** `-x` */
  readonly oneFileSystem: boolean
  /** `-n` */
  readonly dryRun: boolean
}

export interface CompareOptions {
  /** `-c`: by content, whatever size and time say. */
  readonly checksum: boolean
  readonly sizeOnly: boolean
  /** `-u` */
  readonly update: boolean
  readonly ignoreExisting: boolean
  readonly existing: boolean
  /**
   * `--modify-window`, in seconds, an integer. Default 0: times are equal when they lie in the same second, as with rsync.
   * -1: to the nanosecond.
   */
  readonly modifyWindow: number
  /** Bytes. */
  readonly maxSize: number | undefined
  readonly minSize: number | undefined
}

export interface DeleteOptions {
  readonly delete: boolean
  /** More deletions than this are not made, and the exit code is 25. */
  readonly maxDelete: number | undefined
}

export interface WayOptions {
  /** `-W`: no delta. Undefined: local to local is whole, all else is delta, as with rsync. */
  readonly wholeFile: boolean | undefined
  /** Bytes; smaller files go whole. */
  readonly deltaThreshold: number
  /** Average chunk in bytes, a power of two; undefined: by the size of the file. */
  readonly blockSize: number | undefined
  /** Files at once; undefined: what suits the destination. */
  readonly jobs: number | undefined
  /** Bytes a second; undefined: no limit. */
  readonly bytesPerSecond: number | undefined
  /** `-b`: what is replaced or deleted is kept. */
  readonly backup: boolean
  /** Relative to the destination. */
  readonly backupDir: string | undefined
  readonly suffix: string
  readonly partial: boolean
  /** A file that someone else changed meanwhile ends the sync; otherwise it is looked at afresh once. */
  readonly failOnConflict: boolean
  /** Keep chunk lists beside the data. Default true. */
  readonly sidecar: boolean
}

/** A filter rule of `--include`, `--exclude` and the lines of `--exclude-from`, in their order. */
export interface FilterRule {
  readonly kind: 'include' | 'exclude'
  /** As rsync reads it: `+ ` or `- ` in front wins over `kind`, and `!` alone drops all rules before it. */
  readonly pattern: string
  /** Where it stands, for messages: `rules.txt, line 3`. */
  readonly from?: string | undefined
}

export interface FilterOptions {
  readonly rules: readonly FilterRule[]
  /**
   * `--files-from`: only these paths below the source; undefined: all. A slash at the end of a folder's name adds what is
   * directly in it. `-a` does not mean `recursive` here.
   */
  readonly filesFrom: readonly string[] | undefined
}

export interface SyncSettings
  extends TransferOptions,
    CompareOptions,
    DeleteOptions,
    WayOptions,
    FilterOptions {}

/** Files below this go whole: reading the old version's list and stitching costs more than it saves. */
export const defaultDeltaThreshold = 50_000_000
