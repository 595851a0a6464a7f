/**
 * Ingest: turns what a walk finds into manifest entries, reading, cutting and hashing in the workers, several files at
 * once. Events come in manifest order. Files are referenced, not copied: what was learned about them goes into the
 * store's index, and a file that has not changed since is not read again.
 *
 * One file's failure is an event-free item of the progress (or a `drop`, if its chunks were told already); the others go
 * on. Memory is bounded by the work under way, not by the tree.
 */
import { throwIfCancelled } from '../../shared/concurrency.ts'
import { type FerryError, toFerryError } from '../../shared/errors.ts'
import type { RunOptions } from '../../shared/options.ts'
import type { TreePath } from '../../shared/paths.ts'
import type { ProgressSink } from '../../progress/events.ts'
import type { ChunkRecords } from '../chunk-records.ts'
import type { FileEntry, ManifestEntry } from '../manifest/entry.ts'
import { isFresh } from '../store/is-fresh.ts'
import type { FileFingerprint, FileIndex, IndexedFile } from '../store/store.ts'
import type { WalkItem, WalkedFile } from '../walk/walk-tree.ts'
import type { WorkerPool } from '../worker/pool.ts'
import { startGroup, type Group } from './group.ts'
import { createIndexCursor, type IndexCursor } from './index-cursor.ts'
import { startLargeFile } from './large-file.ts'
import { readAhead } from './read-ahead.ts'

/** An entry with what is needed to read it again. */
export interface IngestedEntry {
  readonly entry: ManifestEntry
  readonly diskPath: string
  /** Only of files. */
  readonly fingerprint: FileFingerprint | undefined
}

export type IngestEvent =
  /** Finished entries. Their files carry their chunks. */
  | { readonly type: 'entries'; readonly items: readonly IngestedEntry[] }
  /** A file whose chunks follow; its content is empty so far. */
  | { readonly type: 'open'; readonly item: IngestedEntry & { readonly entry: FileEntry } }
  | { readonly type: 'chunks'; readonly records: ChunkRecords }
  /** The file is complete: its entry names the list, which is here as a whole. */
  | { readonly type: 'close'; readonly entry: FileEntry; readonly records: ChunkRecords }
  /** The open file cannot be shared after all. */
  | { readonly type: 'drop'; readonly path: TreePath; readonly error: FerryError }

export interface IngestOptions extends RunOptions {
  readonly pool: Pick<WorkerPool, 'run'>
  readonly files: FileIndex
  readonly progress: ProgressSink
  /** Files, or regions of a large one, read at once. */
  readonly limit: number
  /** For tests: how much of a large file is cut at once. */
  readonly regionBytes?: number
}

/** What the parts of an ingest share. */
export interface IngestContext extends IngestOptions {
  /** Writes newly learned files to the index, in batches. */
  remember(file: IndexedFile): void
  /** Counts a file whose chunks were known and that was not read. */
  reused(bytes: number): void
}

export interface Ingest extends AsyncIterable<IngestEvent> {
  /** Bytes of files that were known and not read again, so far. */
  readonly reusedBytes: number
}

/** Files above this are cut in regions, and their chunks are told as they are cut. */
const largeFileBytes = 64 * 1024 * 1024
/** A task reads at most this many files, … */
const groupFiles = 256
/** … and begins no further one after this many bytes. */
const groupBytes = 4 * 1024 * 1024
/** Rows of one transaction. */
const rememberedFiles = 1024

/** One piece of work that has begun; its events are asked for when its turn comes. */
export type Unit = AsyncIterable<IngestEvent>

/**
 * @throws E_CANCELLED from the iteration, when the signal aborts; E_STORE when the index cannot be used.
 */
export function ingest(batches: AsyncIterable<readonly WalkItem[]>, options: IngestOptions): Ingest {
  const { files, progress, signal, limit } = options
  const totals = { files: 0, bytes: 0 }
  let reusedBytes = 0
  let learned: IndexedFile[] = []
  const flush = (): void => {
    if (learned.length > 0) files.putMany(learned)
    learned = []
  }
  const context: IngestContext = {
    ...options,
    remember(file) {
      learned.push(file)
      if (learned.length >= rememberedFiles) flush()
    },
    reused(bytes) {
      reusedBytes += bytes
    },
  }

  /** Puts the items of the walk into units, and starts each as it is pulled. */
  async function* units(): AsyncGenerator<Unit> {
    let cursor: (IndexCursor & { readonly top: string }) | undefined
    const known = (file: WalkedFile): IndexedFile | undefined => {
      const slash = file.path.indexOf('/')
      const top = slash < 0 ? file.path : file.path.slice(0, slash)
      if (cursor?.top !== top) {
        cursor?.[Symbol.dispose]()
        const root = slash < 0 ? file.diskPath : file.diskPath.slice(0, slash - file.path.length)
        cursor = { ...createIndexCursor(files, root), top }
      }
      const row = cursor.find(file.diskPath)
      return row && isFresh(row, file.fingerprint) ? row : undefined
    }
    try {
      for await (const batch of batches) {
        throwIfCancelled(signal)
        for (const item of batch)
          if (item.kind === 'file') {
            totals.files++
            totals.bytes += item.fingerprint.size
          }
        progress.totals({ ...totals, final: false })
        let group: Group = { items: [], files: 0, bytes: 0 }
        for (const item of batch) {
          if (item.kind === 'problem') {
            if (item.skipped) progress.warn(item.error.message)
            else progress.failItem(item.path, item.error)
            continue
          }
          if (item.kind !== 'file') {
            group.items.push({ walked: item, known: undefined })
            continue
          }
          const row = known(item)
          if (!row && item.fingerprint.size > largeFileBytes) {
            yield startGroup(group, context)
            group = { items: [], files: 0, bytes: 0 }
            yield startLargeFile(item, context)
            continue
          }
          group.items.push({ walked: item, known: row })
          if (row) continue
          group.files++
          group.bytes += item.fingerprint.size
          if (group.files >= groupFiles || group.bytes >= groupBytes) {
            yield startGroup(group, context)
            group = { items: [], files: 0, bytes: 0 }
          }
        }
        yield startGroup(group, context)
      }
      progress.totals({ ...totals, final: true })
    } finally {
      cursor?.[Symbol.dispose]()
    }
  }

  async function* events(): AsyncGenerator<IngestEvent> {
    try {
      for await (const unit of readAhead(units(), limit + 1))
        for await (const event of unit) {
          throwIfCancelled(signal)
          yield event
        }
    } catch (error) {
      throw toFerryError(error, 'Cannot read what is to be shared')
    } finally {
      // What was read is kept even if the rest is not: a later share need not read it again.
      flush()
    }
  }

  return {
    get reusedBytes() {
      return reusedBytes
    },
    [Symbol.asyncIterator]: events,
  }
}
