/**
 * The journey of `verify`: are the files on disk those of a ticket? Every byte is read and hashed again, whatever the
 * index says. What else lies in the folders of the ticket is told too. Nothing is written.
 */
import { basename, dirname, join, resolve } from 'node:path'
import type { ChunkRecords } from '../blobs/chunk-records.ts'
import type { FileEntry, ManifestEntry } from '../blobs/manifest/entry.ts'
import { watchMovedBytes } from '../blobs/worker/moved-bytes.ts'
import { inspectPath, type Existing } from '../blobs/worker/inspect-files-tasks.ts'
import { parseTicket } from '../node/ticket.ts'
import { maxFailuresKept } from '../progress/events.ts'
import { concatBytes } from '../shared/bytes.ts'
import { mapBounded } from '../shared/concurrency.ts'
import { FerryError } from '../shared/errors.ts'
import { createGlobFilter } from '../shared/glob.ts'
import { chunkListOf } from './receive/chunk-list.ts'
import { connectShare, firstSession } from './receive/connect-share.ts'
import { entriesOf, type NumberedEntry } from './receive/entries-of.ts'
import { createExtraFinder } from './verify/find-extras.ts'
import type { JobContext, VerifyDifference, VerifyOptions, VerifyResult } from './types.ts'

const defaultJobs = 4

/**
 * `path`: the folder into which the ticket was received, or the received file or folder itself.
 * @throws E_NOT_FOUND when `path` is not there; E_TICKET, E_UNREACHABLE, E_REFUSED, E_MANIFEST, E_CANCELLED
 */
export async function runVerify(
  path: string,
  ticketText: string,
  options: VerifyOptions,
  context: JobContext,
): Promise<VerifyResult> {
  const { progress, signal, tools } = context
  progress.phase('resolve')
  const ticket = parseTicket(ticketText)
  const wanted = createGlobFilter(options.only ?? [])
  const given = resolve(path)
  if (inspectPath(given).kind === 'none')
    throw new FerryError('E_NOT_FOUND', `Cannot verify "${path}": it does not exist`)
  const [store, pool] = await Promise.all([tools.store(), tools.pool()])
  await using peers = await connectShare(ticket, context, { ...options, rules: {} })
  const { fetcher } = peers
  const session = await firstSession(fetcher, context)
  const totals = { files: 0, bytes: 0, different: 0, extra: 0 }
  const differences: VerifyDifference[] = []
  const extras: VerifyDifference[] = []
  const extraFinder = createExtraFinder((treePath) => diskPath(given, treePath))
  const tell = (difference: VerifyDifference): void => {
    totals.different++
    if (differences.length < maxFailuresKept) differences.push(difference)
  }

  const tellExtras = (found: Iterable<string>): void => {
    for (const extra of found) {
      if (!wanted(extra)) continue
      totals.extra++
      if (extras.length < maxFailuresKept)
        extras.push({ path: extra, kind: 'extra', message: 'it is not in the ticket' })
    }
  }

  async function checkFile({ number, entry, records }: NumberedEntry & { entry: FileEntry }): Promise<void> {
    const disk = diskPath(given, entry.path)
    const found = inspectPath(disk)
    if (found.kind !== 'file') return tell(differenceOfKind(entry, found.kind))
    totals.files++
    totals.bytes += entry.size
    const item = progress.beginItem(entry.path, 'verify', entry.size)
    const list = records ?? (await wholeList(number, entry))
    using moving = watchMovedBytes((bytes) => item.bytes(bytes))
    const { equal } = await pool.run('compareFiles', {
      files: [{ path: disk, records: list }],
      moved: moving.moved,
    })
    if (equal[0]) return item.done()
    const message =
      found.fingerprint.size === entry.size
        ? 'its content is different'
        : `it has ${found.fingerprint.size} bytes, not ${entry.size}`
    item.done({ phase: 'skipped' })
    tell({ path: entry.path, kind: 'content', message })
  }

  async function wholeList(number: number, entry: FileEntry): Promise<ChunkRecords> {
    const pieces: ChunkRecords[] = []
    const run = { fetcher, store, signal, numberOn: (_session: unknown, own: number) => own }
    for await (const piece of chunkListOf(run, { number, entry }, [])) pieces.push(piece)
    return concatBytes(pieces)
  }

  async function check({ number, entry, records }: NumberedEntry): Promise<void> {
    if (entry.kind === 'file') return checkFile({ number, entry, ...(records && { records }) })
    const found = inspectPath(diskPath(given, entry.path))
    if (found.kind !== entry.kind) return tell(differenceOfKind(entry, found.kind))
    if (entry.kind === 'symlink' && found.kind === 'symlink' && found.target !== entry.target)
      tell({
        path: entry.path,
        kind: 'target',
        message: `it points to "${found.target}", not "${entry.target}"`,
      })
  }

  const groups = entriesOf({ fetcher, store, progress, signal }, session)
  for await (const group of groups) {
    progress.phase('verify')
    for (const { entry } of group) tellExtras(extraFinder.take(entry))
    await mapBounded(
      group.filter(({ entry }) => wanted(entry.path)),
      check,
      { limit: options.jobs ?? defaultJobs, signal },
    )
  }
  tellExtras(extraFinder.finish())
  return { name: session.share.name, ...totals, differences: [...differences, ...extras] }
}

/**
 * Where an entry should be: below the folder that was received into. What was received may itself be named too: then the
 * top of the tree is where the user points.
 */
function diskPath(given: string, path: string): string {
  const top = path.split('/', 1)[0] as string
  const isTopItself = basename(given) === top && inspectPath(join(given, top)).kind === 'none'
  return join(isTopItself ? dirname(given) : given, path)
}

const kindNames: Record<Existing['kind'], string> = {
  none: 'nothing',
  file: 'a file',
  directory: 'a folder',
  symlink: 'a link',
  other: 'a device or socket',
}

function differenceOfKind(entry: ManifestEntry, found: Existing['kind']): VerifyDifference {
  if (found === 'none') return { path: entry.path, kind: 'missing', message: 'it is not there' }
  return {
    path: entry.path,
    kind: 'type',
    message: `it is ${kindNames[found]}, not ${kindNames[entry.kind]}`,
  }
}
