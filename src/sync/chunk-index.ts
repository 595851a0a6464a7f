/**
 * What ferry remembers of files in a place: times, mode and chunks of each, valid for one version of the content only.
 * Kept in a local cache, and, where the place has `caps.records`, beside the data, so that another computer has it too.
 * Everything here is a hint: a row of another version does not exist, and what is damaged is made anew.
 */
import type { RunOptions } from '../shared/options.ts'
import type { ChunkList, SyncEntry } from './source.ts'

export interface IndexedObject {
  readonly mtimeNs: bigint | undefined
  readonly mode: number | undefined
  /** Name of the content: BLAKE3 of its node list (blobs/manifest/nodes.ts); undefined when it was never cut. */
  readonly blob: Uint8Array | undefined
  /** The average it was cut with; 0 when it was never cut. */
  readonly chunkSize: number
}

export interface ChunkIndex extends AsyncDisposable {
  /** What is known of this very version. No request: the index as a whole was read when it was opened. */
  find(entry: SyncEntry): IndexedObject | undefined
  /** The chunks of this very version, from the cache or from beside the data; undefined when they are not known. */
  chunks(entry: SyncEntry, options?: RunOptions): Promise<ChunkList | undefined>
  /** Remembers what was just written or read. `chunks` of large files are written out at once, rows by `save`. */
  put(entry: SyncEntry, list: ChunkList | undefined, options?: RunOptions): Promise<void>
  remove(path: string): void
  /** Writes what has changed: once at the end, and now and then on the way. */
  save(options?: RunOptions): Promise<void>
}
