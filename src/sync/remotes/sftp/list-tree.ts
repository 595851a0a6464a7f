/**
 * The tree of a location, depth first and sorted, in batches. Some folders are read ahead of the one that is told, so
 * that a deep tree does not wait for one round trip after the other. Links are never gone through unless that is asked
 * for, and then never in a circle.
 */
import { throwIfCancelled } from '../../../shared/concurrency.ts'
import { FerryError } from '../../../shared/errors.ts'
import type { TreePath } from '../../../shared/paths.ts'
import type { ListOptions, SyncEntry } from '../../source.ts'
import { kindOf, toEntry } from './entry.ts'
import { foldersAhead, listBatch } from './limits.ts'
import { remotePath, type SftpPlace } from './place.ts'
import { readFolder, type FolderContent } from './read-folder.ts'
import { isMissing, statusOf, toSftpError } from './sftp-error.ts'

/** `onReserved`: told of ferry's own files, with the folder they lie in. */
export interface TreeOptions extends ListOptions {
  readonly onReserved?: (folder: string, files: FolderContent['reserved']) => void
}

/** @throws E_NOT_FOUND, E_PERMISSION … when the location itself cannot be listed */
export async function* listTree(
  place: SftpPlace,
  options: TreeOptions,
): AsyncGenerator<readonly SyncEntry[]> {
  const { signal, onProblem, keeps } = options
  const run = { signal }
  const ahead = new Map<string, Promise<FolderContent>>()
  const read = (path: string): Promise<FolderContent> =>
    place.pool.run((channel) => readFolder(place, channel, path), run)
  const prefetch = (paths: readonly string[]): void => {
    for (const path of paths) {
      if (ahead.size >= foldersAhead) return
      if (ahead.has(path)) continue
      const content = read(path)
      // Whoever needs it sees the failure; nobody may need it.
      content.catch(() => undefined)
      ahead.set(path, content)
    }
  }

  /** `path` as what its link leads to; undefined when that is a problem, which is told. */
  const follow = async (link: SyncEntry, chain: readonly string[]): Promise<Followed | undefined> => {
    const at = remotePath(place, link.path)
    try {
      const stats = await place.pool.run((channel) => channel.stat(at), run)
      if (kindOf(stats) !== 'directory') return { entry: toEntry(link.path, stats), real: undefined }
      const real = await place.pool.run((channel) => channel.realpath(at), run)
      if (chain.includes(real))
        throw new FerryError('E_CONFLICT', `Cannot follow the link "${link.path}": it leads in a circle`)
      return { entry: toEntry(link.path, stats), real }
    } catch (error) {
      throwIfCancelled(signal)
      if (statusOf(error) === undefined && !(error instanceof FerryError && error.code === 'E_CONFLICT'))
        throw error
      onProblem({ path: link.path, error: toSftpError(error, `Cannot follow the link "${link.path}"`) })
      return undefined
    }
  }
  const realOf = (path: string): Promise<string> =>
    place.pool.run((channel) => channel.realpath(remotePath(place, path)), run)

  async function* walk(path: string, chain: readonly string[]): AsyncGenerator<SyncEntry> {
    throwIfCancelled(signal)
    let content: FolderContent
    try {
      const started = ahead.get(path) ?? read(path)
      content = await started
    } catch (error) {
      throwIfCancelled(signal)
      const failure = toSftpError(error, `Cannot list "${path}"`)
      if (path === (options.under ?? '') || failure.code === 'E_UNREACHABLE') throw failure
      onProblem({ path, error: failure })
      return
    } finally {
      ahead.delete(path)
    }
    if (options.onReserved && content.reserved.length > 0) options.onReserved(path, content.reserved)
    for (const problem of content.problems) onProblem(problem)

    const subfolders = content.entries.filter(({ kind }) => kind === 'directory').map((entry) => entry.path)
    let told = 0
    for (const found of content.entries) {
      throwIfCancelled(signal)
      let entry = found
      let real: string | undefined
      if (found.kind === 'symlink' && options.followLinks === true) {
        if (keeps && !keeps(found.path, false)) continue
        const followed = await follow(found, chain)
        if (!followed) continue
        entry = followed.entry
        real = followed.real
      } else if (keeps && !keeps(found.path, found.kind === 'directory')) {
        if (found.kind === 'directory') told++
        continue
      }
      const isClosed =
        options.oneFileSystem === true &&
        options.recursive &&
        entry.kind === 'directory' &&
        (await fileSystemOf(place, entry.path, signal)) !== here
      yield isClosed ? { ...entry, isClosed } : entry
      if (entry.kind !== 'directory') continue
      if (found.kind === 'directory' && options.followLinks !== true) place.folders.add(entry.path)
      if (!options.recursive) continue
      if (isClosed) {
        told++
        continue
      }
      if (found.kind === 'directory') prefetch(subfolders.slice(told++, told + foldersAhead))
      const next = options.followLinks === true ? [...chain, real ?? (await realOf(entry.path))] : chain
      yield* walk(entry.path, next)
    }
  }

  const top = options.under ?? ''
  const here = options.oneFileSystem === true ? await fileSystemOf(place, top, signal) : undefined
  let batch: SyncEntry[] = []
  if (top !== '') {
    const first = await statFolder(place, top, options)
    if (!first) return
    batch.push(first)
  }
  const chain = options.followLinks === true ? [await realOf(top).catch(() => '')] : []
  for await (const entry of walk(top, chain)) {
    batch.push(entry)
    if (batch.length < listBatch) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

interface Followed {
  readonly entry: SyncEntry
  /** Where a folder really is; undefined for what is none. */
  readonly real: string | undefined
}

async function statFolder(
  place: SftpPlace,
  path: TreePath,
  options: ListOptions,
): Promise<SyncEntry | undefined> {
  try {
    const stats = await place.pool.run(
      (channel) =>
        options.followLinks === true
          ? channel.stat(remotePath(place, path))
          : channel.lstat(remotePath(place, path)),
      { signal: options.signal },
    )
    return kindOf(stats) === 'directory' ? toEntry(path, stats) : undefined
  } catch (error) {
    if (isMissing(error)) return undefined
    throw toSftpError(error, `Cannot list "${path}"`)
  }
}

async function fileSystemOf(
  place: SftpPlace,
  path: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const space = await place.pool.run((channel) => channel.space(remotePath(place, path)), { signal })
  if (space) return space.id
  throw new FerryError(
    'E_USAGE',
    `Cannot stay on one file system of ${place.url}: the server does not tell them apart`,
    { hint: 'leave out -x' },
  )
}
