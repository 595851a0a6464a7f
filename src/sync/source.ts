/**
 * The left side of every sync: a sorted tree of entries, and the content of its files in ranges. A local folder, a bucket,
 * an SFTP folder and a peer's ticket are all sources; nothing here knows which.
 */
import type { ChunkRecords } from '../blobs/chunk-records.ts'
import type { LocalFile } from '../blobs/worker/place-files-task.ts'
import type { RunOptions } from '../shared/options.ts'
import type { TreePath } from '../shared/paths.ts'

/** Changes whenever the content may have changed: an ETag, or size, times and inode. Compared for equality only. */
export type Version = string

export interface SyncEntry {
  /** Relative to the location. */
  readonly path: TreePath
  /** `other`: a device, socket or pipe, which is told and passed over. */
  readonly kind: 'file' | 'directory' | 'symlink' | 'other'
  /** Bytes of a file; 0 for all others. */
  readonly size: number
  /** Nanoseconds since 1970; undefined when the place has not told (an object whose metadata was not read). */
  readonly mtimeNs: bigint | undefined
  /** Permission bits, 0 … 0o7777; undefined when the place has none, or has not told. */
  readonly mode: number | undefined
  /** What a symbolic link says. */
  readonly target?: string | undefined
  readonly version: Version
  /** A folder that was told and not gone into (`-x`): what is in it is not known, and nothing in it is extraneous. */
  readonly isClosed?: boolean | undefined
  /**
   * `Attributes.blob` as whoever wrote this version set it; places that keep it tell it with `RemoteCaps.describe`. It
   * vouches for a chunk list that was found beside the data (docs/decisions/017-chunk-index.md).
   */
  readonly blob?: Uint8Array | undefined
}

/** Why something in a listing cannot be told; the others are. Nothing is ever deleted after one of these. */
export interface ListProblem {
  readonly path: string
  readonly error: Error
}

/** What to list, and what to leave out of it. */
export interface ListOptions extends RunOptions {
  /** Told of everything that could not be listed. */
  readonly onProblem: (problem: ListProblem) => void
  /** False: only what is directly in the location. */
  readonly recursive: boolean
  /**
   * Asked for every entry before it is told; a folder that is refused is not gone into. Left out: all are wanted. For
   * places that hold keys and not folders, it is asked for each folder above a key once.
   */
  readonly keeps?: ((path: string, isFolder: boolean) => boolean) | undefined
  /**
   * Only this folder, told first, and what is in it; paths stay relative to the location, and nothing is told when it is
   * not there. It saves listing the rest, which `keeps` refuses as well: a source may do without it.
   */
  readonly under?: TreePath | undefined
  /** Links are told as what they lead to (`-L`); dangling ones are problems. */
  readonly followLinks?: boolean | undefined
  /** Folders on another file system are told but not gone into (`-x`). */
  readonly oneFileSystem?: boolean | undefined
}

/** The chunks of one file, and the average they were cut with (see blobs/chunker/parameters.ts). */
export interface ChunkList {
  readonly chunkSize: number
  readonly records: ChunkRecords
  /**
   * There when the list was found under a weak version (`RemoteCaps.weakVersions`): it may be that of a file that stood
   * there before. Whoever relies on it looks at a sample first (execute/holds-chunks.ts), and calls this when it is wrong.
   */
  readonly forget?: (() => void) | undefined
}

export interface ChunksOptions extends RunOptions {
  /** The average that is wanted, a power of two, so that two lists can be compared. Default: by the size of the file. */
  readonly chunkSize?: number | undefined
}

/** The content of one file while it is being transferred. */
export interface Content extends AsyncDisposable {
  readonly size: number
  /**
   * Names this very content for whoever resumes an interrupted transfer of it: differs when the content may differ. Not
   * a hash of it.
   */
  readonly identity: string
  /**
   * The whole content as a file of this computer, for a place on the same one: copied inside the system, its bytes need
   * not come here. Who copies it must find this version (see `versionText` of blobs/fingerprint.ts) before and behind;
   * that does what `confirm` does. Left out by whoever counts or slows down what is read.
   */
  readonly local?: LocalFile | undefined
  /**
   * The chunks: told by a peer, found in an index, or cut now (the whole file is then read once). Undefined when
   * nothing short of a download can tell. A list that was told or found may have another average than is wanted.
   * @throws E_CHANGED when the file has changed since it was listed
   */
  chunks(options?: ChunksOptions): Promise<ChunkList | undefined>
  /**
   * Exactly these bytes, which are the caller's from then on. Several reads may be under way; the caller bounds them.
   * @throws E_CHANGED when the file is not what was listed any more, or is shorter
   */
  read(offset: number, length: number, options?: RunOptions): Promise<Uint8Array>
  /**
   * To be called when everything was read and before the result becomes visible.
   * @throws E_CHANGED when the file is not what was listed any more
   */
  confirm(options?: RunOptions): Promise<void>
}

export interface Source extends AsyncDisposable {
  /** For people and messages; never with a secret in it. */
  readonly url: string
  /**
   * Everything below the location, in batches, sorted by `sortKey` of blobs/manifest/entry.ts (folders come before what
   * is in them). Paths are those of a `TreePath`: what has another name is a problem.
   * @throws E_NOT_FOUND when the location is not there; E_PERMISSION, E_UNREACHABLE … when nothing can be listed
   */
  list(options: ListOptions): AsyncIterable<readonly SyncEntry[]>
  /** @throws E_CHANGED, E_NOT_FOUND, E_PERMISSION … */
  open(entry: SyncEntry, options?: RunOptions): Promise<Content>
}
