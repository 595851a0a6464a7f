/**
 * The right side of every sync: a place that can be listed, read and written. What only some places can do stands in
 * `caps` as a function or is not there; nobody asks what kind of remote it is.
 *
 * Invariants that every remote keeps (test/sync/remote-suite.ts): a name shows either the whole old or the whole new
 * content, whatever happens in between; a replacement or removal with `expect` fails with E_CONFLICT when something else
 * stands there; what is reserved for ferry (`.ferry/`, `NAME.ferry-part`) is never listed.
 */
import type { RunOptions } from '../shared/options.ts'
import type { Content, Source, SyncEntry, Version } from './source.ts'

export interface Attributes {
  readonly mode?: number | undefined
  readonly mtimeNs?: bigint | undefined
  /**
   * Name of the content (`nameChunkList` of blobs/manifest/nodes.ts), where its chunks are known before it is written.
   * Kept with a file by places that have room for it (object metadata), and passed over by all others.
   */
  readonly blob?: Uint8Array | undefined
}

/** Counters of one transfer, absolute. */
export interface TransferProgress {
  /** Bytes sent or written so far. */
  readonly sentBytes: number
  /** Bytes that the place copied by itself. */
  readonly copiedBytes: number
}

/** What must stand at a path for a change to be made there. */
export type Expected = { readonly version: Version } | 'absent'

export interface WriteOptions extends RunOptions<TransferProgress> {
  readonly attributes: Attributes
  /** Left out: whatever stands there is replaced. @see E_CONFLICT */
  readonly expect?: Expected | undefined
  /** Keep what an earlier, interrupted transfer of the same `Content.identity` has left, and go on from there. Default true. */
  readonly resume?: boolean | undefined
}

export interface Written {
  readonly version: Version
  readonly sentBytes: number
  readonly copiedBytes: number
  /** Bytes that an earlier, interrupted transfer had left here. */
  readonly resumedBytes: number
}

/** A piece of a new file: bytes of the old one (`from` … `from + length`), or of the content. */
export type Segment =
  | { readonly kind: 'copy'; readonly from: number; readonly length: number }
  | { readonly kind: 'data'; readonly length: number }

export interface RemoteCaps {
  /**
   * Replaces `old` by a new file of segments, in order: what is copied never leaves the place. Data segments are the
   * content's bytes at their place in the new file. The remote may send a part of what could be copied, if its rules
   * want that or it is quicker; `Written` tells.
   */
  readonly assemble?: (
    old: SyncEntry,
    segments: readonly Segment[],
    content: Content,
    options: WriteOptions,
  ) => Promise<Written>
  /** Bytes that `assemble` would send for these segments. Left out: those of the data segments. */
  readonly assembledBytes?: (old: SyncEntry, segments: readonly Segment[]) => number
  /** Folders exist by themselves; without it they are only parts of names. Parents are made too; '' is the location itself. */
  readonly makeFolder?: (path: string, options?: RunOptions) => Promise<void>
  /** Replaces what is there, except a folder. */
  readonly writeLink?: (path: string, target: string, options: WriteOptions) => Promise<Written>
  /** Returns the version afterwards. Follows no link; a link has times only. */
  readonly setAttributes?: (
    entry: SyncEntry,
    attributes: Attributes,
    options?: RunOptions,
  ) => Promise<Version>
  /** Moves within the place, without content passing through here; parents are made. For backups. */
  readonly rename?: (from: string, to: string, options?: RunOptions) => Promise<void>
  /**
   * Puts what stands at `entry` at `to` as well, within the place (a copy, a second name), over what is there; parents are
   * made. What is written to either name later leaves the other as it is. Returns the version of `entry` from now on;
   * undefined when this place or file cannot, and then nothing has changed there. For backups.
   * @throws E_CONFLICT when another version stands at `entry`
   */
  readonly duplicate?: (entry: SyncEntry, to: string, options?: RunOptions) => Promise<Version | undefined>
  /** Tells times and mode of an entry that its listing left out. */
  readonly describe?: (entry: SyncEntry, options?: RunOptions) => Promise<SyncEntry>
  /** A place beside the data for ferry's own records, which listings never show. */
  readonly records?: RecordStore
  /** The MD5 of a file when the place tells it for nothing, as lower-case hex. */
  readonly md5?: (entry: SyncEntry) => string | undefined
  /** Permission bits are kept. */
  readonly modes: boolean
  /** The step of its times in ns: 1 exact, 1_000_000_000 for SFTP. */
  readonly timeStepNs: bigint
  /**
   * A version tells not every change: a file that somebody replaces by one of the same size in the same second keeps it.
   * Left out: it does.
   */
  readonly weakVersions?: boolean | undefined
  /** Below this size a delta does not pay here. */
  readonly leastDeltaBytes: number
  /** Files that should be written at once at most, with `-j` left out. */
  readonly concurrency: number
}

/** Small private objects, below `.ferry/` of the location. */
export interface RecordStore {
  /**
   * Whether nobody could have written this record who cannot write the data (by owner and mode, of the folders above it
   * too). Left out: that cannot be told, and nothing is believed for itself.
   */
  isGuarded?(name: string, options?: RunOptions): Promise<boolean>
  /** Undefined when there is none. At most `maxBytes`. @throws E_STORE when it is larger */
  read(name: string, maxBytes: number, options?: RunOptions): Promise<Uint8Array | undefined>
  /** Replaces atomically. */
  write(name: string, bytes: Uint8Array, options?: RunOptions): Promise<void>
  remove(name: string, options?: RunOptions): Promise<void>
  /** Names that begin with `prefix`. */
  list(prefix: string, options?: RunOptions): Promise<readonly string[]>
}

export interface Remote extends Source {
  readonly caps: RemoteCaps
  /** Identifies the place for caches: endpoint and bucket, host and user; no path. No secret. */
  readonly place: string
  /**
   * What stands at `path` (not following a link); undefined when nothing does. '' is the location itself (following a
   * link), which may be a file or a folder; then `path` of the entry is '' too.
   */
  stat(path: string, options?: RunOptions): Promise<SyncEntry | undefined>
  /**
   * Writes a whole file; folders above it are made. Nothing is visible before all of it is there and confirmed.
   * @throws E_CONFLICT (see `expect`), E_CHANGED from the content, E_NO_SPACE, E_PERMISSION, E_UNREACHABLE
   */
  write(path: string, content: Content, options: WriteOptions): Promise<Written>
  /** Removes a file, link or empty folder. @throws E_CONFLICT when its version is another one, or the folder is not empty */
  remove(entry: SyncEntry, options?: RunOptions): Promise<void>
  /** Interrupted transfers that lie here; `remove` throws them away. */
  abandoned?(options?: RunOptions): Promise<readonly AbandonedTransfer[]>
}

export interface AbandonedTransfer {
  readonly path: string
  /** Milliseconds since 1970. */
  readonly startedAtMs: number
  remove(): Promise<void>
}
