/**
 * Writes a tree out of entries as they come: folders at once, small files in batches, large ones each on their own, a
 * few at a time, links and the attributes of folders at the end. A file that fails is counted and the others go on.
 */
import { chunkCount, type ChunkRecords } from '../../blobs/chunk-records.ts'
import { fingerprintFields, packFingerprint } from '../../blobs/fingerprint.ts'
import {
  maxInlineChunks,
  type FileEntry,
  type ManifestEntry,
  type SymlinkEntry,
} from '../../blobs/manifest/entry.ts'
import { nameChunkList } from '../../blobs/manifest/nodes.ts'
import { isFresh } from '../../blobs/store/is-fresh.ts'
import { discardPart } from '../../blobs/tree-writer/discard-part.ts'
import { inspectPath } from '../../blobs/worker/inspect-files-tasks.ts'
import { batchBytesOf, concernsOneFile, type ReceiveRun } from './run.ts'
import { concatBytes } from '../../shared/bytes.ts'
import { mapBounded } from '../../shared/concurrency.ts'
import { toFerryError } from '../../shared/errors.ts'
import { isDirectlyIn, parentPath } from '../../shared/paths.ts'
import { reportError } from '../job.ts'
import { untilAborted } from './channel.ts'
import type { EditedFile } from './copy-shifted.ts'
import { judgeFiles, type NumberedFile, type Verdict } from './judge-files.ts'
import { receiveLargeFile } from './large-file.ts'
import { findLocalSources } from './local-sources.ts'
import { filesPerBatch, isSmall, receiveSmallFiles, type SmallWanted } from './small-files.ts'
import { writeLinks } from './write-links.ts'

/** One entry, in the numbers in which content is asked for. */
export interface TreeItem {
  readonly number: number
  readonly entry: ManifestEntry
  /** The chunk list of a file that is still being hashed, as it comes; its entry has no content yet. */
  readonly records?: AsyncIterable<ChunkRecords>
}

export interface TreeOptions {
  /** Files under way at once. */
  readonly jobs: number
  /** Which paths are wanted at all. */
  readonly wanted: (path: string) => boolean
  /** The chunk list of a sealed large file. */
  readonly listOf: (file: NumberedFile, known: readonly ChunkRecords[]) => AsyncIterable<ChunkRecords>
  /** Told of each file whose content is complete. */
  readonly onComplete: (number: number, entry: FileEntry, disk: string) => void
  /** Told of each file that the user has left out. */
  readonly onLeftOut?: ((entry: FileEntry) => void) | undefined
}

type LargeItem = TreeItem & {
  readonly entry: FileEntry
  /** What `records` gives, when all of it is known. */
  readonly whole?: ChunkRecords
}

type Work =
  | { readonly kind: 'small'; readonly files: readonly NumberedFile[] }
  | { readonly kind: 'large'; readonly item: LargeItem }

/**
 * @param items in manifest order, in groups; small files of one group may share a batch.
 * @throws what stops the receive as a whole; what was complete by then stays.
 */
export async function receiveTree(
  run: ReceiveRun,
  items: AsyncIterable<readonly TreeItem[]>,
  options: TreeOptions,
): Promise<void> {
  const links: SymlinkEntry[] = []
  await mapBounded(
    planWork(run, items, options, links),
    async (work) => {
      await run.throttle.take(0, run.signal)
      await (work.kind === 'small'
        ? receiveBatch(run, work.files, options)
        : receiveOne(run, work.item, options))
    },
    { limit: options.jobs, signal: run.signal },
  )
  await writeLinks(run, links)
  for (const { path, error } of run.folders.finish()) run.tally.fail(path, error)
}

async function* planWork(
  run: ReceiveRun,
  items: AsyncIterable<readonly TreeItem[]>,
  options: TreeOptions,
  links: SymlinkEntry[],
): AsyncGenerator<Work> {
  for await (const group of items) {
    let batch: NumberedFile[] = []
    let bytes = 0
    for (const item of group) {
      const { entry } = item
      if (!options.wanted(entry.path)) continue
      if (run.files.isLeftOut(entry.path)) {
        if (entry.kind === 'file') passOver(run, entry, options)
        continue
      }
      if (entry.kind === 'directory') {
        run.folders.keep(entry)
        if (ensureFolder(run, entry.path) && isTop(entry.path))
          run.tally.addTop(run.folders.diskPath(entry.path))
      } else if (entry.kind === 'symlink') links.push(entry)
      else if (item.records || !isSmall(entry)) yield { kind: 'large', item: { ...item, entry } }
      else {
        if (batch.length === filesPerBatch || (batch.length > 0 && bytes + entry.size > batchBytesOf(run))) {
          yield { kind: 'small', files: batch }
          batch = []
          bytes = 0
        }
        batch.push(item as NumberedFile)
        bytes += entry.size
      }
    }
    if (batch.length > 0) yield { kind: 'small', files: batch }
  }
}

function isTop(path: string): boolean {
  return !path.includes('/')
}

/** True when the folder is there and can be written into; false when that failed and was reported. */
function ensureFolder(run: ReceiveRun, path: string, blamed: string = path): boolean {
  try {
    run.folders.ensure(path)
    return true
  } catch (error) {
    reportFailure(run, blamed, error)
    return false
  }
}

/** @throws the error when it is not of this file alone, or when the whole destination is gone. */
function reportFailure(run: ReceiveRun, path: string, caught: unknown): void {
  const error = toFerryError(caught, `Cannot receive "${path}"`)
  if (!concernsOneFile(error)) throw error
  run.destination.check()
  run.tally.fail(path, error)
}

/** Verdicts of files; those in folders that this run made need no look at the disk. */
async function judge(
  run: ReceiveRun,
  files: readonly NumberedFile[],
  onCompared?: (bytes: number) => void,
): Promise<(Verdict | undefined)[]> {
  const verdicts: (Verdict | undefined)[] = []
  const looked: number[] = []
  /** The folder of the file before, which most files share, and whether this run made it. */
  let folder: string | undefined
  let isNew = false
  files.forEach(({ entry: { path } }, index) => {
    if (folder === undefined || !isDirectlyIn(path, folder)) {
      folder = parentPath(path)
      if (ensureFolder(run, folder, path)) isNew = run.folders.ensure(folder)
      else folder = undefined
    }
    if (folder === undefined) verdicts[index] = undefined
    else if (isNew) verdicts[index] = { kind: 'write', disk: run.folders.diskPath(path), replaces: undefined }
    else looked.push(index)
  })
  if (looked.length > 0) {
    const judged = await judgeFiles(
      run,
      looked.map((index) => files[index] as NumberedFile),
      onCompared,
    )
    judged.forEach((verdict, order) => (verdicts[looked[order] as number] = verdict))
  }
  return verdicts
}

/** A file that was left out before anything of it was done in this run. */
function passOver(run: ReceiveRun, entry: FileEntry, options: TreeOptions): void {
  run.progress.beginItem(entry.path, 'queued', entry.size).done({ phase: 'skipped' })
  leaveOut(run, entry, run.folders.diskPath(entry.path), options)
}

/** What has arrived of it is kept, unless the user wants it otherwise, and this job has begun it. */
function leaveOut(run: ReceiveRun, entry: FileEntry, disk: string, options: TreeOptions): void {
  options.onLeftOut?.(entry)
  if (!run.files.deletesPart(entry.path) || !run.parts.has(disk)) return
  try {
    discardPart(disk)
    run.parts.end(disk)
  } catch (error) {
    run.progress.warn(toFerryError(error, `Cannot throw away the part of "${disk}"`).message)
  }
}

/** Those of a batch that are still wanted when its turn has come. */
function stillWanted<File extends { readonly entry: FileEntry }>(
  run: ReceiveRun,
  files: readonly File[],
  options: TreeOptions,
): readonly File[] {
  const isOut = ({ entry }: File): boolean => run.files.isLeftOut(entry.path)
  if (!files.some(isOut)) return files
  for (const { entry } of files.filter(isOut)) passOver(run, entry, options)
  return files.filter((file) => !isOut(file))
}

async function receiveBatch(
  run: ReceiveRun,
  planned: readonly NumberedFile[],
  options: TreeOptions,
): Promise<void> {
  const wanted: SmallWanted[] = []
  const had = { files: 0, bytes: 0, reusedBytes: 0, hadFiles: 0, skippedBytes: 0 }
  const files = stillWanted(run, planned, options)
  const verdicts = await judge(run, files)
  files.forEach((file, index) => {
    const verdict = verdicts[index]
    const { number, entry } = file
    const { path, size } = entry
    if (isTop(path) && verdict && 'disk' in verdict) run.tally.addTop(verdict.disk)
    if (verdict?.kind === 'write')
      wanted.push({ number, entry, disk: verdict.disk, replaces: verdict.replaces })
    else if (verdict?.kind === 'conflict') reportFailure(run, path, verdict.error)
    else if (verdict) {
      had.files++
      had.bytes += size
      run.progress.tellItem?.({ path, phase: verdict.kind === 'had' ? 'had-it' : 'skipped', bytes: size })
      if (verdict.kind === 'had') {
        had.hadFiles++
        had.reusedBytes += size
        options.onComplete(file.number, file.entry, verdict.disk)
      } else had.skippedBytes += size
    }
  })
  if (had.files > 0) {
    run.tally.files.had += had.hadFiles
    run.tally.bytes.reused += had.reusedBytes
    run.progress.addDone(had)
  }
  for (let left: readonly SmallWanted[] = wanted; left.length > 0; ) {
    using watch = run.files.watch(
      left.map(({ entry }) => entry.path),
      run.signal,
    )
    const done = new Set<SmallWanted>()
    try {
      return await receiveSmallFiles({ ...run, signal: watch.signal }, left, (file) => {
        done.add(file)
        options.onComplete(file.number, file.entry, file.disk)
      })
    } catch (error) {
      if (!watch.isLeftOut) throw error
      left = stillWanted(
        run,
        left.filter((file) => !done.has(file)),
        options,
      )
    }
  }
}

async function receiveOne(whole: ReceiveRun, item: LargeItem, options: TreeOptions): Promise<void> {
  const { entry, number } = item
  if (whole.files.isLeftOut(entry.path)) return passOver(whole, entry, options)
  using watch = whole.files.watch([entry.path], whole.signal)
  const run: ReceiveRun = { ...whole, signal: watch.signal }
  const progress = run.progress.beginItem(entry.path, 'fetch', entry.size)
  let disk = run.folders.diskPath(entry.path)
  try {
    const file = await withContent(run, item)
    const [verdict] = await judge(run, [file], (bytes) => progress.bytes(bytes, 'compare'))
    if (isTop(entry.path) && verdict && 'disk' in verdict) run.tally.addTop(verdict.disk)
    if (verdict?.kind === 'had') {
      run.tally.files.had++
      run.tally.bytes.reused += entry.size
      progress.done({ phase: 'had-it', reusedBytes: entry.size })
      options.onComplete(number, entry, verdict.disk)
      return
    }
    if (verdict?.kind === 'keep') return progress.done({ phase: 'skipped' })
    if (verdict?.kind === 'conflict') throw verdict.error
    if (!verdict) return progress.done({ phase: 'skipped' })
    ;({ disk } = verdict)
    const edited = editedFile(run, file, verdict.disk)
    const local = await findLocalSources(run, entry, verdict.disk, progress, edited === undefined)
    const received = await receiveLargeFile(run, {
      number,
      entry,
      disk: verdict.disk,
      replaces: verdict.replaces,
      edited,
      records: file.records ? untilAborted(file.records, run.signal) : options.listOf(file, local.lists),
      sources: local.sources,
      old: local.old,
      onBytes: (bytes) => progress.bytes(bytes, 'fetch'),
    })
    const fingerprints = new BigInt64Array(fingerprintFields)
    packFingerprint(fingerprints, 0, received.fingerprint)
    await run.index.add({
      paths: verdict.disk,
      fingerprints,
      chunkSizes: Uint32Array.of(entry.chunkSize),
      records: received.records,
      counts: Uint32Array.of(chunkCount(received.records)),
    })
    run.tally.bytes.reused += received.reusedBytes
    options.onComplete(number, entry, verdict.disk)
    progress.done({ reusedBytes: received.reusedBytes })
  } catch (caught) {
    if (watch.isLeftOut) {
      progress.done({ phase: 'skipped' })
      return leaveOut(run, entry, disk, options)
    }
    const error = toFerryError(caught, `Cannot receive "${entry.path}"`)
    progress.fail(reportError(error))
    if (!concernsOneFile(error)) throw error
    run.destination.check()
    run.tally.fail(entry.path, error, true)
  }
}

/**
 * A file that is still being hashed can be compared with what has its name only when its list is whole. If the name is
 * free, nothing needs to be waited for.
 */
async function withContent(run: ReceiveRun, item: LargeItem): Promise<LargeItem> {
  if (!item.records || inspectPath(run.folders.diskPath(item.entry.path)).kind === 'none') return item
  const pieces: ChunkRecords[] = []
  for await (const records of untilAborted(item.records, run.signal)) pieces.push(records)
  const whole = concatBytes(pieces)
  const content = chunkCount(whole) <= maxInlineChunks ? whole : nameChunkList(whole).reference
  return { number: item.number, entry: { ...item.entry, content }, records: once(whole), whole }
}

/** What has the file's name, when its own list is known whole and that one's is not. */
function editedFile(run: ReceiveRun, { whole, entry }: LargeItem, disk: string): EditedFile | undefined {
  const existing = whole && inspectPath(disk)
  if (!whole || existing?.kind !== 'file') return undefined
  const { fingerprint } = existing
  const row = run.store.files.get(disk)
  if (row && isFresh(row, fingerprint) && row.chunkSize === entry.chunkSize) return undefined
  return { path: disk, fingerprint, records: whole }
}

async function* once(records: ChunkRecords): AsyncGenerator<ChunkRecords> {
  yield records
}
