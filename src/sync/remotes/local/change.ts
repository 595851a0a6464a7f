/**
 * Changes of names and attributes: single calls to the system, made here and now. Each looks first at what stands there,
 * and none leads through a link.
 */
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  unlinkSync,
  type BigIntStats,
} from 'node:fs'
import { versionText } from '../../../blobs/fingerprint.ts'
import { setFileTimes, setPathTimes } from '../../../blobs/native-times.ts'
import { removeFolder } from '../../../blobs/tree-writer/publish.ts'
import { throwIfCancelled } from '../../../shared/concurrency.ts'
import { FerryError, isSystemError, toFerryError } from '../../../shared/errors.ts'
import { isReservedName, parentPath } from '../../../shared/paths.ts'
import type { Attributes, Remote, RemoteCaps } from '../../remote.ts'
import type { SyncEntry, Version } from '../../source.ts'
import type { Place } from './place.ts'

export interface Changes {
  readonly remove: Remote['remove']
  readonly makeFolder: NonNullable<RemoteCaps['makeFolder']>
  readonly rename: NonNullable<RemoteCaps['rename']>
  readonly duplicate: NonNullable<RemoteCaps['duplicate']>
  readonly setAttributes: NonNullable<RemoteCaps['setAttributes']>
}

/** A pipe is not waited for, and a link is not followed. */
const openFlags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW

export function createChanges(place: Place): Changes {
  /** Where an entry is, after a look at the folders above it. */
  function locate(path: string): string {
    const folders = place.folders()
    folders.check(parentPath(path))
    return folders.diskPath(path)
  }

  /** What is still as it was listed. @throws E_CONFLICT */
  function unchanged(diskPath: string, entry: SyncEntry, what: string): BigIntStats {
    const stats = lstatSync(diskPath, { bigint: true })
    if (versionText(stats) === entry.version) return stats
    throw new FerryError('E_CONFLICT', `${what}: it was changed by someone else meanwhile`, {
      hint: 'run the same command again to compare with what is there now',
    })
  }

  return {
    async remove(entry, options) {
      throwIfCancelled(options?.signal)
      const what = `Cannot remove "${place.diskPath(entry.path)}"`
      try {
        const diskPath = locate(entry.path)
        if (!unchanged(diskPath, entry, what).isDirectory()) unlinkSync(diskPath)
        else {
          removeOwnRemains(diskPath)
          removeFolder(diskPath)
        }
      } catch (error) {
        // Someone else was quicker: what was wanted is so.
        if (isSystemError(error) && error.code === 'ENOENT') return
        throw toFerryError(error, what)
      }
    },
    async makeFolder(path, options) {
      throwIfCancelled(options?.signal)
      place.folders().ensure(path)
    },
    async rename(from, to, options) {
      throwIfCancelled(options?.signal)
      try {
        const folders = place.folders()
        folders.check(parentPath(from))
        const diskPath = folders.diskPath(from)
        // Before folders are made for nothing.
        lstatSync(diskPath)
        folders.ensure(parentPath(to))
        renameSync(diskPath, folders.diskPath(to))
      } catch (error) {
        throw toFerryError(error, `Cannot rename "${place.diskPath(from)}" to "${place.diskPath(to)}"`)
      }
    },
    async duplicate(entry, to, options) {
      throwIfCancelled(options?.signal)
      const what = `Cannot keep "${place.diskPath(entry.path)}" as "${place.diskPath(to)}"`
      try {
        const diskPath = locate(entry.path)
        const before = unchanged(diskPath, entry, what)
        if (!before.isFile()) return undefined
        const folders = place.folders()
        folders.ensure(parentPath(to))
        // A second name does: files are replaced by a rename, and never written in place.
        if (!linkOver(diskPath, folders.diskPath(to))) return undefined
        const after = lstatSync(diskPath, { bigint: true })
        if (after.ino === before.ino && after.mtimeNs === before.mtimeNs && after.size === before.size)
          return versionText(after)
        throw new FerryError('E_CONFLICT', `${what}: it was changed by someone else meanwhile`)
      } catch (error) {
        throw toFerryError(error, what)
      }
    },
    async setAttributes(entry, attributes, options) {
      throwIfCancelled(options?.signal)
      const what = `Cannot set the attributes of "${place.diskPath(entry.path)}"`
      try {
        const diskPath = entry.path === '' ? place.writable() : locate(entry.path)
        const stats = unchanged(diskPath, entry, what)
        if (stats.isSymbolicLink()) {
          if (attributes.mtimeNs !== undefined) setPathTimes(diskPath, attributes.mtimeNs)
          return versionText(lstatSync(diskPath, { bigint: true }))
        }
        return setOpened(diskPath, stats, attributes)
      } catch (error) {
        throw toFerryError(error, what)
      }
    },
  }
}

/** False where the file system or its rules know no second names. */
function linkOver(from: string, to: string): boolean {
  try {
    try {
      linkSync(from, to)
    } catch (error) {
      if (!isSystemError(error) || error.code !== 'EEXIST') throw error
      unlinkSync(to)
      linkSync(from, to)
    }
    return true
  } catch (error) {
    if (isSystemError(error) && linklessCodes.includes(error.code)) return false
    throw error
  }
}

const linklessCodes: readonly string[] = [
  'EPERM',
  'EACCES',
  'EMLINK',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EXDEV',
]

/** By descriptor, so that what is changed is what was looked at. */
function setOpened(diskPath: string, stats: BigIntStats, attributes: Attributes): Version {
  const { mode, mtimeNs } = attributes
  let fd: number
  try {
    fd = openSync(diskPath, openFlags)
  } catch (error) {
    if (!isSystemError(error) || error.code !== 'EACCES') throw error
    // One's own file, but not to be read by oneself.
    if (mode !== undefined) chmodSync(diskPath, mode)
    if (mtimeNs !== undefined) setPathTimes(diskPath, mtimeNs)
    return versionText(lstatSync(diskPath, { bigint: true }))
  }
  try {
    const opened = fstatSync(fd, { bigint: true })
    if (opened.ino !== stats.ino || opened.dev !== stats.dev)
      throw new FerryError(
        'E_CONFLICT',
        `Cannot set the attributes of "${diskPath}": it was replaced meanwhile`,
      )
    if (mode !== undefined && mode !== Number(opened.mode & 0o7777n)) fchmodSync(fd, mode)
    if (mtimeNs !== undefined) setFileTimes(fd, mtimeNs)
    return versionText(fstatSync(fd, { bigint: true }))
  } finally {
    closeSync(fd)
  }
}

/** Parts of files that are wanted no more would keep a folder from being empty, and no listing tells them. */
function removeOwnRemains(diskPath: string): void {
  const names = readdirSync(diskPath, { withFileTypes: true })
  if (names.length > 0 && names.every((found) => isReservedName(found.name) && found.isFile()))
    for (const { name } of names) unlinkSync(`${diskPath}/${name}`)
}
