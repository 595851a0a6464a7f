/** A group of entries that are ingested together: folders, links, unchanged files, and the files one task reads. */
import { maxPathBytes } from '../../shared/paths.ts'
import { chunkRecordBytes } from '../chunk-records.ts'
import { chunkSizeFor } from '../chunker/parameters.ts'
import { fingerprintFields, unpackFingerprint } from '../fingerprint.ts'
import type { ManifestEntry } from '../manifest/entry.ts'
import { maxPageWeight } from '../manifest/limits.ts'
import { createPageEncoder, encodePath, entryPageWeight, type PageColumns } from '../manifest/page.ts'
import type { IndexedFile } from '../store/store.ts'
import type { WalkBatch } from '../walk/walk-batch.ts'
import type { WalkedDirectory, WalkedSymlink } from '../walk/walk-batch.ts'
import type { IngestFilesOutput } from '../worker/ingest-task.ts'
import { unpackError, type PackedError } from '../worker/packed-error.ts'
import { entryOf, hasInlineChunks, listEvents, type KnownFile } from './file-events.ts'
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
  const reading = read(group, context)
  // Reported when its turn comes, if it comes.
  reading?.catch(() => undefined)

  async function* events(): AsyncGenerator<IngestEvent> {
    const output = await reading
    if (output) context.remember(learnedFiles(group, output))
    const { pages } = context
    const results = output && createResults(output)
    const done = { files: 0, bytes: 0, reusedBytes: 0, hadFiles: 0 }
    for (let index = from; index < to; index++) {
      const walked = batch.item(index)
      let full: PageColumns | undefined
      if (walked.kind !== 'file') full = pages.add(plainEntry(walked))
      else {
        const row = known.get(index)
        const file = row ? { ...row, mode: walked.mode } : results?.next()
        if (!file || 'code' in file) {
          if (file) context.progress.failItem(walked.path, unpackError(file))
          continue
        }
        done.files++
        done.bytes += file.fingerprint.size
        if (row) {
          context.reused(row.fingerprint.size)
          done.hadFiles++
          done.reusedBytes += row.fingerprint.size
        }
        if (hasInlineChunks(file.records)) full = pages.add(entryOf(walked, file))
        else {
          full = pages.take()
          if (full) yield { type: 'entries', page: full }
          full = undefined
          yield* listEvents(walked, file)
        }
      }
      if (full) yield { type: 'entries', page: full }
    }
    const rest = pages.take()
    if (done.files > 0) context.progress.addDone(done)
    if (rest) yield { type: 'entries', page: rest }
  }
  return { [Symbol.asyncIterator]: events }
}

/** Numbers of the items that a task reads. */
function* unread({ batch, from, to, known }: Group): Generator<number> {
  for (let index = from; index < to; index++) if (batch.isFile(index) && !known.has(index)) yield index
}

/** Undefined when there is nothing to read. */
function read(group: Group, { pool }: IngestContext): Promise<IngestFilesOutput> | undefined {
  const { batch, from, to } = group
  const fingerprints = new BigInt64Array((to - from) * fingerprintFields)
  const paths: string[] = []
  for (const index of unread(group)) {
    fingerprints.set(batch.fingerprint(index), paths.length * fingerprintFields)
    paths.push(batch.diskPaths[index] as string)
  }
  if (paths.length === 0) return undefined
  return pool.run('ingestFiles', { paths: paths.join('\0'), fingerprints }, [fingerprints.buffer])
}

type Results = { next(): KnownFile | PackedError }

/** The files of a task's output, one after the other. */
function createResults(output: IngestFilesOutput): Results {
  let number = 0
  let at = 0
  return {
    next() {
      const failure = output.failures.get(number)
      const length = (output.counts[number] as number) * chunkRecordBytes
      const records = output.records.subarray(at, at + length)
      const fingerprint = unpackFingerprint(output.fingerprints, number)
      const mode = output.modes[number] as number
      number++
      at += length
      return failure ?? { fingerprint, mode, chunkSize: chunkSizeFor(fingerprint.size), records }
    },
  }
}

/** Rows for the index, made when they are written. */
function* learnedFiles(group: Group, output: IngestFilesOutput): Generator<IndexedFile> {
  const results = createResults(output)
  for (const index of unread(group)) {
    const file = results.next()
    if ('code' in file) continue
    const { fingerprint, chunkSize, records } = file
    const path = group.batch.diskPaths[index] as string
    yield { path, fingerprint, chunkSize, records, indexedAtNs: output.readAtNs }
  }
}

function plainEntry(walked: WalkedDirectory | WalkedSymlink): ManifestEntry {
  const { path, mode, mtimeNs } = walked
  return walked.kind === 'symlink'
    ? { kind: 'symlink', path, mode, mtimeNs, target: walked.target }
    : { kind: 'directory', path, mode, mtimeNs }
}
