/**
 * Lists a local folder in the order of a manifest. Of a folder only its names are in memory, so a tree of any size takes
 * as much as its fullest folders. Looking is synchronous, which is many times faster than asking a thread for each file;
 * between two batches everything else has its turn.
 */
import { lstatSync, realpathSync, statSync, type BigIntStats } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { sortedNames } from '../../../blobs/walk/sorted-names.ts'
import { throwIfCancelled } from '../../../shared/concurrency.ts'
import { FerryError, toFerryError } from '../../../shared/errors.ts'
import { treePathProblem, type TreePath } from '../../../shared/paths.ts'
import { isOwnPath } from '../../own-names.ts'
import type { ListOptions, SyncEntry } from '../../source.ts'
import { entryOf } from './entry.ts'
import type { Place } from './place.ts'

/** Entries looked at without a pause: about two milliseconds. */
const batchEntries = 512

interface Folder {
  readonly path: string
  readonly diskPath: string
  readonly stats: BigIntStats
  /** Devices and inodes of it and the folders above, to find loops of followed links. */
  readonly above: readonly string[]
}

interface Visited {
  readonly entry: SyncEntry
  readonly folder?: Folder
}

const identityOf = (stats: BigIntStats): string => `${stats.dev}:${stats.ino}`

/** @throws E_NOT_FOUND when the location is not there; E_CANCELLED */
export async function* listPlace(place: Place, options: ListOptions): AsyncGenerator<readonly SyncEntry[]> {
  const { signal } = options
  throwIfCancelled(signal)
  let batch: SyncEntry[] = []
  let looks = 0
  for (const entry of walk(place, options)) {
    if (entry) batch.push(entry)
    if (++looks < batchEntries) continue
    if (batch.length > 0) yield batch
    batch = []
    looks = 0
    await setImmediate()
    throwIfCancelled(signal)
  }
  if (batch.length > 0) yield batch
}

/** Gives undefined for what was looked at and is not told. */
function* walk(place: Place, options: ListOptions): Generator<SyncEntry | undefined> {
  const top = lookAtTop(place)
  const { onProblem, under } = options
  if (!top.stats.isDirectory()) {
    const path = place.single as TreePath | undefined
    if (path !== undefined && options.keeps?.(path, false) !== false)
      yield entryOf(path, top.diskPath, top.stats)
    return
  }
  if (under === undefined) yield* inside(top, top.stats.dev)
  else {
    const found = enter(under)
    if (!found) return
    yield found.entry
    if (found.folder && options.recursive) yield* inside(found.folder, found.folder.stats.dev)
  }

  /** What is listed alone, found through the folders above it. */
  function enter(path: TreePath): Visited | undefined {
    let found: Visited | undefined
    let folder: Folder | undefined = top
    for (const name of path.split('/')) {
      const isThere = folder && lstatSync(`${folder.diskPath}/${name}`, { throwIfNoEntry: false })
      if (!folder || !isThere) return undefined
      found = visit(folder, name)
      folder = found?.folder
    }
    return found
  }

  function problem(path: string, error: unknown): undefined {
    onProblem({ path, error: toFerryError(error, `Cannot list "${place.diskPath(path)}"`) })
  }

  /** What stands there, unless it is not wanted or cannot be told. */
  function visit(parent: Folder, name: string): Visited | undefined {
    const path = parent.path === '' ? name : `${parent.path}/${name}`
    if (isOwnPath(path)) return undefined
    const diskPath = `${parent.diskPath}/${name}`
    try {
      const stats = look(diskPath, options.followLinks === true)
      const isFolder = stats.isDirectory()
      if (options.keeps?.(path, isFolder) === false) return undefined
      const wrong = treePathProblem(path)
      if (wrong !== undefined) throw new FerryError('E_IO', `Cannot list "${diskPath}": ${wrong}`)
      const entry = entryOf(path as TreePath, diskPath, stats)
      if (!isFolder) return { entry }
      const identity = identityOf(stats)
      if (parent.above.includes(identity))
        throw new FerryError('E_IO', `Cannot list "${diskPath}": it is a link to a folder that it is in`)
      return { entry, folder: { path, diskPath, stats, above: [...parent.above, identity] } }
    } catch (error) {
      // What is not wanted is nobody's problem either.
      if (error instanceof FerryError || options.keeps?.(path, false) !== false) problem(path, error)
      return undefined
    }
  }

  /** `device`: of the file system that is not left. */
  function* inside(folder: Folder, device: bigint): Generator<SyncEntry | undefined> {
    let listed: ReturnType<typeof sortedNames>
    try {
      listed = sortedNames(folder.diskPath, options.followLinks === true)
    } catch (error) {
      if (folder === top) throw toFerryError(error, `Cannot list "${place.path}"`)
      problem(folder.path, error)
      return
    }
    for (const name of listed.refused) {
      const path = folder.path === '' ? name : `${folder.path}/${name}`
      if (options.keeps?.(path, false) !== false)
        problem(
          path,
          new FerryError('E_IO', `Cannot list "${folder.diskPath}/${name}": its name is not valid UTF-8`, {
            hint: 'rename it, for example with convmv',
          }),
        )
    }
    for (const name of listed.names) {
      const found = visit(folder, name)
      const isElsewhere = options.oneFileSystem === true && found?.folder && found.folder.stats.dev !== device
      yield isElsewhere && found.entry ? { ...found.entry, isClosed: true } : found?.entry
      if (found?.folder && options.recursive && !isElsewhere) yield* inside(found.folder, device)
    }
  }
}

/** @throws E_NOT_FOUND, E_PERMISSION */
function lookAtTop(place: Place): Folder {
  const diskPath = place.diskPath('')
  try {
    const stats = statSync(diskPath, { bigint: true })
    return { path: '', diskPath, stats, above: [identityOf(stats)] }
  } catch (error) {
    throw toFerryError(error, `Cannot list "${place.path}"`)
  }
}

/** @throws a system error, also for a link that leads nowhere */
function look(diskPath: string, follow: boolean): BigIntStats {
  const stats = lstatSync(diskPath, { bigint: true })
  return follow && stats.isSymbolicLink() ? statSync(realpathSync(diskPath), { bigint: true }) : stats
}
