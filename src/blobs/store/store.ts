/**
 * The local store: it knows which files hold which chunks, which shares are offered, and the manifests that were made or
 * fetched (in two SQLite databases; see open-store.ts). It holds references to the user's files, never copies of them. A
 * row per file, share or manifest page, never per chunk. Everything here is synchronous and batched.
 */
import type { ChunkRecords } from '../chunk-records.ts'
import type { PackedRows } from './file-row.ts'

/** What must be unchanged for a file's recorded chunks to be believed without reading it again. */
export interface FileFingerprint {
  readonly size: number
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
  readonly inode: bigint
  readonly device: bigint
}

/** A file whose content is known. `path` is an absolute disk path. */
export interface IndexedFile {
  readonly path: string
  readonly fingerprint: FileFingerprint
  /** Average chunk size it was cut with. */
  readonly chunkSize: number
  readonly records: ChunkRecords
  /**
   * When the file was read (nanoseconds since 1970). A file that was changed within 2 s before it was read may change
   * again without a new timestamp; `isFresh` then says no (the racy-timestamp rule).
   */
  readonly indexedAtNs: bigint
}

/** Files whose rows are made already; see file-row.ts. */
export interface FileRows extends PackedRows {
  /** By number of the file. */
  readonly paths: readonly string[]
}

export interface FileIndex {
  get(path: string): IndexedFile | undefined
  /** The file `root` itself and all files below it, in the order of a walk (UTF-8 bytes of the path). */
  under(root: string): IterableIterator<IndexedFile>
  /** Every file, most recently indexed first. */
  all(): IterableIterator<IndexedFile>
  /** One transaction; replaces rows of the same path. Each file is done with when the next is asked for. */
  putMany(files: Iterable<IndexedFile>): void
  /** The same for files whose rows come from a worker. */
  putRows(groups: Iterable<FileRows>): void
  removeMany(paths: readonly string[]): void
}

/** True when a recorded file can be believed: the fingerprints are equal and the record is not racy. */
export type IsFresh = (indexed: IndexedFile, now: FileFingerprint) => boolean

/** A share as remembered between runs; the same sources and options give the same secret, so the same ticket. */
export interface ShareRecord {
  /** Derived from the secret: the public name of the share on the wire. 32 bytes. */
  readonly id: Uint8Array
  /** 16 random bytes. Never logged. */
  readonly secret: Uint8Array
  /** Canonical text of sources and options; what "the same share" means. */
  readonly key: string
  /** Shown to receivers. */
  readonly name: string
  /** Top-level name in the manifest → absolute path on disk. */
  readonly sources: ReadonlyMap<string, string>
  /** TCP port that the ticket names. */
  readonly port: number
  readonly createdAtMs: number
  readonly expiresAtMs: number | undefined
  readonly once: boolean
  /** Full downloads so far. */
  readonly downloads: number
  /** Peer ids that may fetch; empty means everyone with the ticket. */
  readonly allow: readonly string[]
  /** Root of the newest finished manifest, and the owner's signature of it. */
  readonly root: Uint8Array | undefined
  readonly signature: Uint8Array | undefined
}

export interface ShareTable {
  byKey(key: string): ShareRecord | undefined
  byId(id: Uint8Array): ShareRecord | undefined
  list(): ShareRecord[]
  put(share: ShareRecord): void
  /** Records one more full download; returns the new count. */
  countDownload(id: Uint8Array): number
  remove(id: Uint8Array): void
}

/**
 * Manifest roots, pages and large files' chunk lists, each named by its hash, immutable. What a new manifest needs is put
 * even when `has` says that it is there: putting it again keeps gc from taking it before something refers to it.
 */
export interface ObjectTable {
  get(hash: Uint8Array): Uint8Array | undefined
  has(hash: Uint8Array): boolean
  putMany(
    objects: readonly { readonly hash: Uint8Array; readonly kind: ObjectKind; readonly bytes: Uint8Array }[],
  ): void
}
export type ObjectKind = 'root' | 'page' | 'list'

export interface Store extends Disposable {
  /** Absolute path of the data directory. */
  readonly directory: string
  readonly files: FileIndex
  readonly shares: ShareTable
  /** A 'list' object is the whole packed chunk list of a large blob, under its blob hash (see manifest/nodes.ts). */
  readonly objects: ObjectTable
}
