import type { ChunkRecords } from './chunk-records.ts'
import type { ManifestEntry } from './manifest/entry.ts'
import type { PageColumns } from './manifest/page.ts'

/**
 * What a live share says while it grows, in manifest order. Numbers count every `entries` item and every `open`,
 * dropped ones too.
 */
export type LiveEvent =
  /** Finished entries; the first has number `first`. `page`: the same as they were told. */
  | {
      readonly type: 'entries'
      readonly first: number
      readonly entries: readonly ManifestEntry[]
      readonly page?: PageColumns
    }
  /** A large file whose chunks follow as they are cut. `entry.content` is empty. */
  | { readonly type: 'open'; readonly number: number; readonly entry: ManifestEntry }
  /** The next chunks of the open file. */
  | { readonly type: 'chunks'; readonly number: number; readonly records: ChunkRecords }
  /** The open file is complete; all its chunks were told. */
  | { readonly type: 'close'; readonly number: number }
  /** The open file cannot be shared after all (it changed, or could not be read). Its number stays used. */
  | { readonly type: 'drop'; readonly number: number; readonly path: string; readonly reason: string }
  /** All is told. `root` was checked against the owner's signature; `dropped` are numbers, ascending. */
  | {
      readonly type: 'end'
      readonly root: Uint8Array
      readonly signature: Uint8Array
      readonly dropped: readonly number[]
    }

/** What an owner tells: finished entries are encoded when they come out of the ingest, and stay so. */
export type ToldEvent =
  | LiveEvent
  | { readonly type: 'page'; readonly first: number; readonly page: PageColumns }
