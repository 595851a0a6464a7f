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
import type { FileEntry } from '../manifest/entry.ts'
import type { PageColumns } from '../manifest/page.ts'
import type { FileIndex, FileRows, IndexedFile } from '../store/store.ts'
import { openWalk, type PackedWalk } from '../walk/walk-batch.ts'
import type { WorkerPool } from '../worker/pool.ts'
import type { Throttle } from '../../shared/throttle.ts'
import { createPageMaker, startGroup, type Group, type PageMaker } from './group.ts'
import { createIndexCursor } from './index-cursor.ts'
import { startLargeFile } from './large-file.ts'
import { readAhead } from './read-ahead.ts'

export type IngestEvent =
  /** Finished entries, at most `maxPageWeight` of them. Their files carry their chunks. */
  | { readonly type: 'entries'; readonly page: PageColumns }
  /** A file whose chunks follow; its content is empty so far. */
  | { readonly type: 'open'; readonly entry: FileEntry }
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
  /** While it is paused, no other file is begun, and no further region of a large one. Its rate is not for reading. */
  readonly throttle?: Throttle | undefined
  /** For tests: how much of a large file is cut at once. */
  readonly regionBytes?: number
}

/** What the parts of an ingest share. */
export interface IngestContext extends IngestOptions {
  /** One for all groups, since their events are asked for one after the other. */
  readonly pages: PageMaker
  /** Undefined when it is not paused. */
  hold(): Promise<void> | undefined
  /** Writes newly learned files to the index, in batches. */
  remember(files: FileRows): void
  /** Counts a file whose chunks were known and that was not read. */
  reused(bytes: number): void
}

export interface Ingest extends AsyncIterable<IngestEvent> {
  /** Bytes of files that were known and not read again, so far. */
  readonly reusedBytes: number
}

/** Files above this are cut in regions, and their chunks are told as they are cut. */
const largeFileBytes = 64 * 1024 * 1024
/** A task begins no further file after this many bytes; it never has more files than a batch of the walk. */
const groupBytes = 4 * 1024 * 1024
/** Groups whose rows are written in one transaction. */
const rememberedGroups = 4

/** One piece of work that has begun; its events are asked for when its turn comes. */
export type Unit = AsyncIterable<IngestEvent>

/**
 * @throws E_CANCELLED from the iteration, when the signal aborts; E_STORE when the index cannot be used.
 */
export function ingest(batches: AsyncIterable<PackedWalk>, options: IngestOptions): Ingest {
  const { files, progress, signal, limit, throttle } = options
  const totals = { files: 0, bytes: 0 }
  let reusedBytes = 0
  let learned: FileRows[] = []
  const flush = (): void => {
    if (learned.length > 0) files.putRows(learned)
    learned = []
  }
  const hold = (): Promise<void> | undefined => (throttle?.isPaused ? throttle.take(0, signal) : undefined)
  const context: IngestContext = {
    ...options,
    hold,
    pages: createPageMaker(),
    remember(group) {
      learned.push(group)
      if (learned.length >= rememberedGroups) flush()
    },
    reused(bytes) {
      reusedBytes += bytes
    },
  }

  /** Puts the items of the walk into units, and starts each as it is pulled. */
  async function* units(): AsyncGenerator<Unit> {
    using index = createIndexCursor(files)
    for await (const packed of batches) {
      throwIfCancelled(signal)
      const batch = openWalk(packed)
      for (let item = 0; item < batch.count; item++)
        if (batch.isFile(item)) {
          totals.files++
          totals.bytes += batch.size(item)
        }
      progress.totals({ ...totals, final: false })
      for (const { path, skipped, error } of batch.problems)
        if (skipped) progress.warn(error.message)
        else progress.failItem(path, error)
      let from = 0
      let bytes = 0
      let known = new Map<number, IndexedFile>()
      const endGroup = (to: number): Group => {
        const group = { batch, from, to, known }
        from = to
        bytes = 0
        known = new Map()
        return group
      }
      for (let item = 0; item < batch.count; item++) {
        if (!batch.isFile(item)) continue
        const row = index.find(batch, item)
        if (row) known.set(item, row)
        else if (batch.size(item) > largeFileBytes) {
          await hold()
          yield startGroup(endGroup(item), context)
          yield startLargeFile(batch.file(item), context)
          from = item + 1
        } else {
          bytes += batch.size(item)
          if (bytes < groupBytes) continue
          await hold()
          yield startGroup(endGroup(item + 1), context)
        }
      }
      if (from < batch.count) await hold()
      if (from < batch.count) yield startGroup(endGroup(batch.count), context)
    }
    progress.totals({ ...totals, final: true })
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
