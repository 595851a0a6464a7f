/** A group of entries that are ingested together: folders, links, unchanged files, and the files one task reads. */
import { maxPathBytes, type TreePath } from '../../shared/paths.ts'
import { fingerprintFields } from '../fingerprint.ts'
import type { ManifestEntry } from '../manifest/entry.ts'
import { maxPageWeight } from '../manifest/limits.ts'
import { createPageEncoder, encodePath, entryPageWeight, type PageColumns } from '../manifest/page.ts'
import { rowContent, type FileContent } from '../store/file-row.ts'
import type { IndexedFile } from '../store/store.ts'
import type { WalkBatch } from '../walk/walk-batch.ts'
import type { WalkedDirectory, WalkedSymlink } from '../walk/walk-batch.ts'
import type { IngestFilesOutput } from '../worker/ingest-task.ts'
import { unpackError, type PackedError } from '../worker/packed-error.ts'
import { entryOf, hasInlineChunks, listEvents } from './file-events.ts'
import type { IngestContext, IngestEvent, Unit } from './ingest.ts'

/** Items `from` … `to` − 1 of a batch of the walk. */
export interface Group {
  readonly batch: WalkBatch
  readonly from: number
  readonly to: number
  /** Files that are not read, by number of the item. */
  readonly known: ReadonlyMap<number, IndexedFile>
}

/** Encodes entries into pages as heavy as a live event may be. */
export interface PageMaker {
  /** The page that is full, if this entry has no room on it any more. */
  add(entry: ManifestEntry): PageColumns | undefined
  /** What was added since the last page. */
  take(): PageColumns | undefined
}

export function createPageMaker(): PageMaker {
  const encoder = createPageEncoder()
  const path = Buffer.allocUnsafe(maxPathBytes)
  let weight = 0
  function take(): PageColumns | undefined {
    weight = 0
    return encoder.count === 0 ? undefined : encoder.takeColumns()
  }
  return {
    add(entry) {
      const length = encodePath(entry.path, path)
      const own = entryPageWeight(entry, length)
      const full = weight + own > maxPageWeight ? take() : undefined
      encoder.add(entry, path, length)
      weight += own
      return full
    },
    take,
  }
}

/** Gives the group's files to a worker at once, and its events when asked. */
export function startGroup(group: Group, context: IngestContext): Unit {
  const { batch, from, to, known } = group
  const { pages, progress } = context
  const items = unread(group)
  const paths = items.map((item) => batch.diskPaths[item] as string)
  const reading = items.length > 0 ? read(batch, items, paths, context) : undefined
  // Reported when its turn comes, if it comes.
  reading?.catch(() => undefined)

  async function* events(): AsyncGenerator<IngestEvent> {
    const output = await reading
    if (output) context.remember({ paths, rows: output.rows, ends: output.ends })
    const nextRead = output && createResults(output)
    const done = { files: 0, bytes: 0, reusedBytes: 0, hadFiles: 0 }
    for (let index = from; index < to; index++) {
      let full: PageColumns | undefined
      if (!batch.isFile(index)) full = pages.add(plainEntry(batch.other(index)))
      else {
        const path = batch.paths[index] as TreePath
        const row = known.get(index)
        const file = row ? knownFile(row, batch.mode(index)) : (nextRead as Results)()
        if ('code' in file) {
          progress.failItem(path, unpackError(file))
          continue
        }
        done.files++
        done.bytes += file.size
        progress.tellItem?.({ path, phase: row ? 'had-it' : 'done', bytes: file.size })
        if (row) {
          context.reused(file.size)
          done.hadFiles++
          done.reusedBytes += file.size
        }
        if (hasInlineChunks(file.records)) full = pages.add(entryOf(path, file))
        else {
          const before = pages.take()
          if (before) yield { type: 'entries', page: before }
          yield* listEvents(path, file)
        }
      }
      if (full) yield { type: 'entries', page: full }
    }
    const rest = pages.take()
    if (done.files > 0) progress.addDone(done)
    if (rest) yield { type: 'entries', page: rest }
  }
  return { [Symbol.asyncIterator]: events }
}

/** Numbers of the items that a task reads. */
function unread({ batch, from, to, known }: Group): number[] {
  const numbers: number[] = []
  for (let index = from; index < to; index++)
    if (batch.isFile(index) && !known.has(index)) numbers.push(index)
  return numbers
}

function read(
  batch: WalkBatch,
  items: readonly number[],
  paths: readonly string[],
  { pool }: IngestContext,
): Promise<IngestFilesOutput> {
  const fingerprints = new BigInt64Array(items.length * fingerprintFields)
  for (let number = 0; number < items.length; number++)
    batch.copyFingerprint(items[number] as number, fingerprints, number)
  return pool.run('ingestFiles', { paths: paths.join('\0'), fingerprints }, [fingerprints.buffer])
}

/** Gives the files of a task's output, one after the other. */
type Results = () => FileContent | PackedError

function createResults({ rows, ends, modes, failures }: IngestFilesOutput): Results {
  const view = new DataView(rows.buffer, rows.byteOffset, rows.byteLength)
  let number = 0
  let from = 0
  return () => {
    const failure = failures.get(number)
    const mode = modes[number] as number
    const at = from
    from = ends[number++] as number
    return failure ?? rowContent(view, at, from, mode)
  }
}

function knownFile({ fingerprint, chunkSize, records }: IndexedFile, mode: number): FileContent {
  const { size, mtimeNs } = fingerprint
  return { size, mtimeNs, mode, chunkSize, records }
}

function plainEntry(walked: WalkedDirectory | WalkedSymlink): ManifestEntry {
  const { path, mode, mtimeNs } = walked
  return walked.kind === 'symlink'
    ? { kind: 'symlink', path, mode, mtimeNs, target: walked.target }
    : { kind: 'directory', path, mode, mtimeNs }
}
