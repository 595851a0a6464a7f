/** Reads one folder of the server, whole: its names are checked, its links are read, and all is sorted. */
import type { FileEntryWithStats } from 'ssh2'
import { mapBounded } from '../../../shared/concurrency.ts'
import { FerryError } from '../../../shared/errors.ts'
import { compareSortKeys, isReservedName, shortenName, treePathProblem } from '../../../shared/paths.ts'
import type { ListProblem, SyncEntry } from '../../source.ts'
import type { SftpChannel } from './channel.ts'
import { kindOf, toEntry } from './entry.ts'
import { maxFolderEntries, readdirsAtOnce, readlinksAtOnce } from './limits.ts'
import { remotePath, type SftpPlace } from './place.ts'
import { sftpStatus, statusOf, toSftpError } from './sftp-error.ts'

export interface FolderContent {
  /** Sorted by sort key. */
  readonly entries: readonly SyncEntry[]
  readonly problems: readonly ListProblem[]
  /** Ferry's own files here: names only. */
  readonly reserved: readonly {
    readonly name: string
    readonly mtimeSeconds: number
    readonly size: number
  }[]
}

/** What ferry keeps for itself in the root of a location. */
export const recordsFolder = '.ferry'

/** @throws E_NOT_FOUND, E_PERMISSION, E_CONFLICT when it is no folder */
export async function readFolder(
  place: SftpPlace,
  channel: SftpChannel,
  path: string,
): Promise<FolderContent> {
  const names = await readNames(place, channel, path)
  const entries: SyncEntry[] = []
  const links: { readonly at: number; readonly path: string; readonly stats: FileEntryWithStats['attrs'] }[] =
    []
  const problems: ListProblem[] = []
  const reserved: FolderContent['reserved'][number][] = []
  const seen = new Set<string>()
  for (const { filename, attrs } of names) {
    if (filename === '.' || filename === '..') continue
    const full = path === '' ? filename : `${path}/${filename}`
    if (full === recordsFolder) continue
    if (isReservedName(filename) && !filename.includes('/')) {
      reserved.push({ name: filename, mtimeSeconds: attrs.mtime ?? 0, size: attrs.size ?? 0 })
      continue
    }
    const problem = nameProblem(filename, full, seen)
    if (problem !== undefined) {
      const message = `Cannot accept the name "${shortenName(full)}" from ${place.url}: ${problem}`
      problems.push({ path: full, error: new FerryError('E_MANIFEST', message) })
      continue
    }
    seen.add(filename)
    const stats = attrs
    if (kindOf(stats) === 'symlink') links.push({ at: entries.length, path: full, stats })
    entries.push(toEntry(full, stats))
  }
  const failed = new Set<number>()
  await mapBounded(
    links,
    async ({ at, path: link, stats }) => {
      try {
        entries[at] = toEntry(link, stats, await channel.readlink(remotePath(place, link)))
      } catch (error) {
        if (statusOf(error) === undefined) throw error
        failed.add(at)
        problems.push({ path: link, error: toSftpError(error, `Cannot read the link "${link}"`) })
      }
    },
    { limit: readlinksAtOnce },
  )
  const kept = failed.size === 0 ? entries : entries.filter((_, index) => !failed.has(index))
  return { entries: kept.toSorted(compareSortKeys), problems, reserved }
}

function nameProblem(name: string, full: string, seen: ReadonlySet<string>): string | undefined {
  if (name.includes('/')) return 'it has a slash in it'
  // What is not UTF-8 arrives with this in its place, and could not be named again.
  if (name.includes('\ufffd')) return 'it is not valid UTF-8'
  if (seen.has(name)) return 'the server tells it twice'
  return treePathProblem(full)
}

async function readNames(
  place: SftpPlace,
  channel: SftpChannel,
  path: string,
): Promise<readonly FileEntryWithStats[]> {
  const what = `Cannot list "${path === '' ? place.url : path}"`
  let handle: Buffer
  try {
    handle = await channel.opendir(remotePath(place, path))
  } catch (error) {
    throw toSftpError(error, what)
  }
  const names: FileEntryWithStats[] = []
  let ended = false
  let failure: unknown
  const lane = async (): Promise<void> => {
    while (!ended) {
      try {
        const some = await channel.readdir(handle)
        // A server that goes on without names would go on for ever.
        if (some.length === 0) ended = true
        for (const name of some) names.push(name)
        if (names.length > maxFolderEntries)
          throw new FerryError('E_PROTOCOL', `${what}: it has more than ${maxFolderEntries} names`)
      } catch (error) {
        ended = true
        if (statusOf(error) !== sftpStatus.endOfFile) failure ??= error
      }
    }
  }
  try {
    // The first answer tells whether asking ahead is worth it: most folders fit into one.
    const first = await channel.readdir(handle)
    names.push(...first)
    if (first.length === 0) ended = true
  } catch (error) {
    ended = true
    if (statusOf(error) !== sftpStatus.endOfFile) failure = error
  }
  await Promise.all(Array.from({ length: readdirsAtOnce }, lane))
  // Nothing depends on the answer.
  channel.close(handle).catch(() => undefined)
  if (failure !== undefined) throw toSftpError(failure, what)
  return names
}
