/** Finds files on this computer that may hold chunks of a wanted one: its old version first of all. */
import type { ChunkRecords } from '../../blobs/chunk-records.ts'
import { watchMovedBytes, type MovedBytes } from '../../blobs/worker/moved-bytes.ts'
import { cutLargeFile } from '../../blobs/ingest/cut-large-file.ts'
import type { FileEntry } from '../../blobs/manifest/entry.ts'
import { createListSource, createPlacedSource, type ReuseSource } from '../../blobs/plan-reuse.ts'
import type { ChunkPlace } from '../../blobs/store/chunk-lookup.ts'
import { isFresh } from '../../blobs/store/is-fresh.ts'
import type { FileFingerprint } from '../../blobs/store/store.ts'
import { readOldPart } from '../../blobs/tree-writer/part-file.ts'
import type { CopySource } from '../../blobs/worker/copy-chunks-task.ts'
import { inspectPath } from '../../blobs/worker/inspect-files-tasks.ts'
import type { ItemProgress } from '../../progress/events.ts'
import { concatBytes } from '../../shared/bytes.ts'
import type { LocalSource } from './large-file.ts'
import type { OldFile } from './patch-stretches.ts'
import type { ReceiveRun } from './run.ts'

/** Regions of one old file that are cut at once. */
const regionsAtOnce = 4

export interface LocalSources {
  readonly sources: readonly LocalSource[]
  /** Chunk lists found, in which parts of the wanted list may stand. */
  readonly lists: readonly ChunkRecords[]
  readonly old: OldFile | undefined
}

/** A file of the user that is about to be replaced, as a source. */
export interface OldSource {
  readonly source: LocalSource
  readonly records: ChunkRecords
  readonly old: OldFile
}

/** @param disk where the file goes  @param cutOld whether what is there now is a source; that may cost reading all of it */
export async function findLocalSources(
  run: ReceiveRun,
  entry: Pick<FileEntry, 'chunkSize' | 'size'>,
  disk: string,
  progress: ItemProgress,
  cutOld: boolean,
): Promise<LocalSources> {
  const sources: LocalSource[] = []
  const lists: ChunkRecords[] = []
  let replaced: OldFile | undefined
  const existing = cutOld ? inspectPath(disk) : undefined
  if (existing?.kind === 'file') {
    progress.bytes(0, 'compare')
    using moving = watchMovedBytes((bytes) => progress.bytes(bytes, 'compare'))
    const found = await cutOldVersion(run, disk, existing.fingerprint, entry.chunkSize, moving.moved)
    progress.bytes(0, 'fetch')
    if (found) {
      sources.push(found.source)
      lists.push(found.records)
      replaced = found.old
    }
  }
  const old = readOldPart(disk, entry.size)
  if (old) {
    sources.push(sourceIn({ paths: [old.path] }, createPlacedSource(old.trusted)))
  }
  sources.push(await storeSource(run))
  return { sources, lists, old: replaced }
}

/** The version that is to be replaced as a source; undefined when it cannot be read. */
export async function cutOldVersion(
  run: Pick<ReceiveRun, 'pool' | 'store' | 'signal'>,
  disk: string,
  fingerprint: FileFingerprint,
  chunkSize: number,
  moved?: MovedBytes,
): Promise<OldSource | undefined> {
  const records = await listOfExisting(run, disk, fingerprint, chunkSize, moved)
  if (!records) return undefined
  const list = createListSource(records)
  const source = sourceIn({ paths: [disk], fingerprint }, list)
  return { source, records, old: { path: disk, fingerprint, list } }
}

/** One file; what `places` answers are offsets in it. */
function sourceIn(source: CopySource, places: ReuseSource): LocalSource {
  return {
    find: (hash, length) => places.find(hash, length),
    locate: (offset) => ({ source, offset }),
  }
}

/** The chunk list of a file of the user: from the index when that is fresh, else by cutting it as the wanted one is cut. */
export async function listOfExisting(
  run: Pick<ReceiveRun, 'pool' | 'store' | 'signal'>,
  disk: string,
  fingerprint: FileFingerprint,
  chunkSize: number,
  moved?: MovedBytes,
): Promise<ChunkRecords | undefined> {
  const row = run.store.files.get(disk)
  if (row && isFresh(row, fingerprint) && row.chunkSize === chunkSize) return row.records
  const indexedAtNs = BigInt(Date.now()) * 1_000_000n
  const pieces: ChunkRecords[] = []
  try {
    const file = { diskPath: disk, fingerprint, chunkSize }
    for await (const piece of cutLargeFile(file, { pool: run.pool, limit: regionsAtOnce, moved }))
      pieces.push(piece)
  } catch {
    // It cannot be read, or is being changed: then it is of no help.
    return undefined
  }
  const records = concatBytes(pieces)
  run.store.files.putMany([{ path: disk, fingerprint, chunkSize, records, indexedAtNs }])
  return records
}

/** All other files that the index knows. */
async function storeSource(run: ReceiveRun): Promise<LocalSource> {
  const lookup = await run.lookup()
  /** What `find` answered, by number, until it is located. */
  const answers: ChunkPlace[] = []
  /** One object a file, so that copies from it are done together. */
  const files = new Map<string, CopySource>()
  return {
    find(hash, length) {
      const place = lookup.find(hash).find((found) => found.length === length)
      return place ? answers.push(place) - 1 : -1
    },
    locate(number) {
      const { path, fingerprint, offset } = answers[number] as ChunkPlace
      let source = files.get(path)
      if (!source) {
        source = { paths: [path], fingerprint }
        files.set(path, source)
      }
      return { source, offset }
    },
  }
}
