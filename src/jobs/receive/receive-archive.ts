/**
 * The journey of `--as zip` and `--as tar`: what a ticket offers becomes one archive while it arrives, in a file or in a
 * stream, and nothing else touches the disk. It cannot go on after a break, so an unfinished archive is removed.
 */
import { createWriteStream, closeSync, fsyncSync, openSync, unlinkSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Writable } from 'node:stream'
import {
  createArchiveWriter,
  maxWholeFileBytes,
  type ArchiveFormat,
  type ArchiveWriter,
} from '../../blobs/archive/archive-writer.ts'
import type { ChunkRecords } from '../../blobs/chunk-records.ts'
import type { FileEntry, ManifestEntry } from '../../blobs/manifest/entry.ts'
import { openDestination } from '../../blobs/tree-writer/destination.ts'
import { partNames } from '../../blobs/tree-writer/part-names.ts'
import { publish, syncFolder } from '../../blobs/tree-writer/publish.ts'
import { inspectPath } from '../../blobs/worker/inspect-files-tasks.ts'
import { maxReadRanges } from '../../node/limits.ts'
import type { PeerSession } from '../../node/session.ts'
import type { Ticket } from '../../node/ticket.ts'
import { createGlobFilter } from '../../shared/glob.ts'
import { FerryError, toFerryError } from '../../shared/errors.ts'
import { treePathProblem } from '../../shared/paths.ts'
import { reportError } from '../job.ts'
import type { JobContext, ReceiveOptions, ReceiveResult } from '../types.ts'
import { chunkListOf } from './chunk-list.ts'
import { connectShare, firstSession } from './connect-share.ts'
import { entriesOf, type NumberedEntry } from './entries-of.ts'
import {
  contentOf,
  fetchWholeFiles,
  given,
  inOrder,
  type ListedFile,
  type WholeFile,
} from './ordered-content.ts'
import { batchBytes, type ReceiveRun } from './run.ts'
import { createTally } from './tally.ts'

type ArchiveRun = Pick<
  ReceiveRun,
  'fetcher' | 'numberOn' | 'progress' | 'signal' | 'store' | 'tally' | 'throttle'
>

/** @throws as `runReceive`; E_CONFLICT when the archive's name is taken */
export async function runReceiveArchive(
  ticket: Ticket,
  into: string,
  format: ArchiveFormat,
  options: ReceiveOptions,
  context: JobContext,
): Promise<ReceiveResult> {
  const { progress, signal, throttle, tools } = context
  const store = await tools.store()
  const tally = createTally(progress)
  await using peers = await connectShare(ticket, context, { ...options, rules: {} })
  const session = await firstSession(peers.fetcher, context)
  const numberOn = (_session: PeerSession, number: number): number => number
  const run: ArchiveRun = { fetcher: peers.fetcher, progress, signal, store, tally, throttle, numberOn }
  const wanted = createGlobFilter(options.only ?? [])
  const { name } = session.share
  const target = options.output ? undefined : targetOf(into, name, format)
  const write = (output: Writable): Promise<Uint8Array> =>
    writeArchive(run, session, { format, wanted, output, ends: target !== undefined })
  const root = target ? await writeFile(target, options, write) : await write(options.output as Writable)
  if (tally.files.failed === 0 && options.only === undefined) await session.finished().catch(() => undefined)
  return {
    name,
    destination: target?.folder,
    written: target ? [target.path] : [],
    root,
    files: { ...tally.files },
    bytes: { ...tally.bytes },
    failed: tally.failures(),
    peers: peers.givers.size,
  }
}

interface Target {
  readonly folder: string
  readonly path: string
}

/** `into` is a folder, or, when it ends as the format does, the archive itself. */
function targetOf(into: string, name: string, format: ArchiveFormat): Target {
  if (into.toLowerCase().endsWith(`.${format}`) && inspectPath(into).kind !== 'directory') {
    const { root } = openDestination(dirname(into))
    return { folder: root, path: join(root, basename(into)) }
  }
  const { root } = openDestination(into)
  const isName = !name.includes('/') && treePathProblem(`${name}.${format}`) === undefined
  return { folder: root, path: join(root, `${isName ? name : 'received'}.${format}`) }
}

/** Under another name until it is whole and on the disk. */
async function writeFile(
  { folder, path }: Target,
  { overwrite = 'never' }: ReceiveOptions,
  write: (output: Writable) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const found = inspectPath(path)
  if (found.kind !== 'none' && !(overwrite === 'always' && found.kind === 'file'))
    throw new FerryError('E_CONFLICT', `Cannot write "${path}": something is already there`, {
      hint: 'name another file with -o, or replace it with --overwrite always',
    })
  openDestination(folder).create()
  const { part } = partNames(path)
  let fd: number | undefined
  try {
    fd = openSync(part, 'wx', 0o666)
    const output = createWriteStream(part, { fd, autoClose: false, highWaterMark: batchBytes })
    const root = await write(output)
    fsyncSync(fd)
    publish(part, path, found.kind === 'file' ? found.fingerprint : undefined)
    syncFolder(folder)
    return root
  } catch (error) {
    if (fd !== undefined) unlinkSync(part)
    throw toFerryError(error, `Cannot write "${path}"`)
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

interface ArchiveInput {
  readonly format: ArchiveFormat
  readonly wanted: (path: string) => boolean
  readonly output: Writable
  /** The stream is our own. */
  readonly ends: boolean
}

/** Resolves to the root of the share. */
async function writeArchive(
  run: ArchiveRun,
  session: PeerSession,
  { format, wanted, output, ends }: ArchiveInput,
): Promise<Uint8Array> {
  const archive = createArchiveWriter(format, output, { signal: run.signal, ends })
  const { tally, progress } = run
  let root: Uint8Array | undefined

  async function* steps(): AsyncGenerator<Step> {
    const groups = entriesOf(run, session)
    for (;;) {
      const next = await groups.next()
      if (next.done) {
        root = next.value
        progress.totals({ files: tally.files.total, bytes: tally.bytes.total, final: true })
        return
      }
      progress.phase('fetch')
      const entries = next.value.filter(({ entry }) => wanted(entry.path) && isPossible(run, archive, entry))
      for (const { entry } of entries)
        if (entry.kind === 'file') {
          tally.files.total++
          tally.bytes.total += entry.size
        }
      yield* stepsOf(run, archive, entries)
    }
  }

  try {
    for await (const write of inOrder(steps())) await write()
    await archive.finish()
    return root as Uint8Array
  } catch (error) {
    await archive.abort()
    throw error
  }
}

function isPossible({ tally }: ArchiveRun, archive: ArchiveWriter, entry: ManifestEntry): boolean {
  const problem = archive.problem(entry)
  if (problem === undefined) return true
  tally.fail(entry.path, new FerryError('E_IO', `Cannot write "${entry.path}" into the archive: ${problem}`))
  return false
}

/** Begins to fetch; what comes out writes it into the archive, when that has come so far. */
type Step = () => Promise<() => Promise<void>>

/** Neighbouring folders, links and small files are one step; a large file is one of its own. */
function* stepsOf(
  run: ArchiveRun,
  archive: ArchiveWriter,
  entries: readonly NumberedEntry[],
): Generator<Step> {
  let batch: NumberedEntry[] = []
  let bytes = 0
  const endBatch = function* (): Generator<Step> {
    const some = batch
    if (some.length > 0) yield () => fetchSmall(run, archive, some)
    batch = []
    bytes = 0
  }
  for (const item of entries) {
    const { entry } = item
    const size = entry.kind === 'file' ? entry.size : 0
    if (size > maxWholeFileBytes) {
      yield* endBatch()
      yield async () => () => writeLarge(run, archive, { ...item, entry: entry as FileEntry })
      continue
    }
    if (bytes + size > batchBytes || batch.length === maxReadRanges) yield* endBatch()
    batch.push(item)
    bytes += size
  }
  yield* endBatch()
}

async function fetchSmall(
  run: ArchiveRun,
  archive: ArchiveWriter,
  items: readonly NumberedEntry[],
): Promise<() => Promise<void>> {
  const files: ListedFile<ChunkRecords>[] = []
  for (const { number, entry, records } of items)
    if (entry.kind === 'file') {
      // So small a file has fewer chunks than an entry holds.
      const list = records ?? (entry.content instanceof Uint8Array ? entry.content : undefined)
      if (!list) throw new FerryError('E_MANIFEST', `Cannot fetch "${entry.path}": its chunk list is missing`)
      files.push({ number, entry, records: list })
    }
  const fetched = await fetchWholeFiles(run, files)
  return async () => {
    let next = 0
    for (const { entry } of items) {
      if (entry.kind === 'file') await writeSmall(run, archive, fetched[next++] as WholeFile)
      else await archive.add(entry)
    }
  }
}

async function writeSmall(
  { progress, tally }: ArchiveRun,
  archive: ArchiveWriter,
  file: WholeFile,
): Promise<void> {
  const { entry } = file
  if ('error' in file) return tally.fail(entry.path, file.error)
  await archive.addFile(entry, file.bytes)
  progress.tellItem?.({ path: entry.path, phase: 'done', bytes: entry.size })
  progress.addDone({ files: 1, bytes: entry.size })
}

/** Once a part of it is in the archive it cannot be left out any more: what fails then ends the whole. */
async function writeLarge(
  run: ArchiveRun,
  archive: ArchiveWriter,
  { number, entry, records }: NumberedEntry & { readonly entry: FileEntry },
): Promise<void> {
  const item = run.progress.beginItem(entry.path, 'fetch', entry.size)
  const list = records ? given(records) : chunkListOf(run, { number, entry }, [])
  try {
    const file = archive.openFile(entry)
    let written = 0
    for await (const bytes of contentOf(run, { number, entry, records: list })) {
      await file.write(bytes)
      written += bytes.byteLength
      item.bytes(written)
    }
    await file.end()
    item.done()
  } catch (error) {
    item.fail(reportError(toFerryError(error, `Cannot fetch "${entry.path}"`)))
    throw error
  }
}
