/**
 * The entries of a manifest. A manifest is the sorted list of everything in a shared tree. Entries are ordered by
 * the UTF-8 bytes of their sort key, which is the path, with a `/` at the end for a folder: so a folder comes
 * directly before what is in it, and the order of files is that of plain key listings such as S3's.
 */
import type { TreePath } from '../../shared/paths.ts'
import type { ChunkRecords } from '../chunk-records.ts'

/** A file of more chunks than this names its list by hash instead of carrying it (2,304 bytes). */
export const maxInlineChunks = 64

/** The list of a large file, named by the hash of its node list; see `nodes.ts`. */
export interface BlobReference {
  /** BLAKE3 of the packed node list. */
  readonly blob: Uint8Array
  readonly chunks: number
}

interface EntryBase {
  readonly path: TreePath
  /** Permission bits only, 0 … 0o777. */
  readonly mode: number
  /** Modification time in nanoseconds since 1970; may be negative. */
  readonly mtimeNs: bigint
}

export interface FileEntry extends EntryBase {
  readonly kind: 'file'
  /** Bytes; the sum of the chunk lengths. */
  readonly size: number
  /** Average chunk size in bytes that the file was cut with: a power of two, 64 KiB … 4 MiB. */
  readonly chunkSize: number
  /** The packed list itself, or, beyond `maxInlineChunks`, its name. */
  readonly content: ChunkRecords | BlobReference
}

export interface DirectoryEntry extends EntryBase {
  readonly kind: 'directory'
}

export interface SymlinkEntry extends EntryBase {
  readonly kind: 'symlink'
  /** As stored in the link: 1 … 4095 bytes of UTF-8. It may point anywhere; nothing is written through a link. */
  readonly target: string
}

export type ManifestEntry = FileEntry | DirectoryEntry | SymlinkEntry

/** The key by which entries are sorted: the path, with a `/` behind it for a folder. */
export function sortKey(entry: Pick<ManifestEntry, 'kind' | 'path'>): string {
  return entry.kind === 'directory' ? `${entry.path}/` : entry.path
}
