/**
 * Makes the folders of a tree, and makes sure that none of them is reached through a link: each name on the way is
 * looked at once. Folders stay writable for us until the end, when they get their own mode and time, deepest first.
 */
import { chmodSync, lstatSync, mkdirSync, type Stats } from 'node:fs'
import { dirname, sep } from 'node:path'
import { FerryError, isSystemError, toFerryError } from '../../shared/errors.ts'
import { parentPath } from '../../shared/paths.ts'
import type { DirectoryEntry } from '../manifest/entry.ts'
import { setPathTimes } from '../native-times.ts'
import { syncFolder } from './publish.ts'

export interface FolderFailure {
  readonly path: string
  readonly error: FerryError
}

export interface Folders {
  /**
   * Makes the folder `path` of the tree ('' is the root) and those above it. True when it is new: then nothing of the
   * tree can be in the way inside.
   * @throws E_CONFLICT when a file or a link is in the way; E_PERMISSION, E_NO_SPACE, E_IO
   */
  ensure(path: string): boolean
  /**
   * Looks at the folder `path` and those above it, and makes none.
   * @throws E_CONFLICT when one of them is no folder but a file or a link; a system error when one is not there
   */
  check(path: string): void
  /** Where a path of the tree is on disk. */
  diskPath(path: string): string
  /** Remembers what a folder shall be at the end. */
  keep(entry: DirectoryEntry): void
  /** Sets modes and times and syncs names, deepest first. */
  finish(): FolderFailure[]
}

/**
 * `root` exists; it is not touched itself but for syncing. `newMode`: of new folders, less the umask; the default keeps
 * others out until `finish`.
 */
export function createFolders(root: string, rootIsNew: boolean, newMode = 0o700): Folders {
  /** Checked folders, and whether this run made them. */
  const known = new Map<string, boolean>([['', rootIsNew]])
  const kept: DirectoryEntry[] = []

  /** Paths of a tree are in their shortest form already, so there is nothing to normalise. */
  const prefix = root.endsWith(sep) ? root : root + sep
  const diskPath = (path: string): string =>
    path === '' ? root : prefix + (sep === '/' ? path : path.replaceAll('/', sep))

  function inTheWay(disk: string, stat: Stats): FerryError {
    return new FerryError(
      'E_CONFLICT',
      `Cannot make the folder "${disk}": ${stat.isSymbolicLink() ? 'a symbolic link' : 'a file'} is in the way`,
      { hint: 'move it away, or write into another folder' },
    )
  }

  function makeOne(path: string): boolean {
    const disk = diskPath(path)
    const stat = lstatSync(disk, { throwIfNoEntry: false })
    if (stat?.isDirectory()) return false
    if (stat) throw inTheWay(disk, stat)
    try {
      mkdirSync(disk, newMode)
    } catch (error) {
      if (!isSystemError(error) || error.code !== 'EEXIST') throw error
      // Made by someone else in this moment: whatever it is gets looked at.
      return makeOne(path)
    }
    return true
  }

  function ensure(path: string): boolean {
    const cached = known.get(path)
    if (cached !== undefined) return cached
    ensure(parentPath(path))
    try {
      const isNew = makeOne(path)
      known.set(path, isNew)
      return isNew
    } catch (error) {
      throw toFerryError(error, `Cannot make the folder "${diskPath(path)}"`)
    }
  }

  function check(path: string): void {
    if (known.has(path)) return
    check(parentPath(path))
    const disk = diskPath(path)
    const stat = lstatSync(disk)
    if (!stat.isDirectory()) throw inTheWay(disk, stat)
    known.set(path, false)
  }

  return {
    ensure,
    check,
    diskPath,
    keep: (entry) => void kept.push(entry),
    finish() {
      const failures: FolderFailure[] = []
      // Entries come in order, a folder before its content: backwards, what is in a folder is finished before it.
      for (const { path, mode, mtimeNs } of kept.toReversed()) {
        // One that could not be made has been reported already.
        if (!known.has(path)) continue
        const disk = diskPath(path)
        try {
          if (!lstatSync(disk).isDirectory()) continue
          chmodSync(disk, mode)
          setPathTimes(disk, mtimeNs)
          if (known.get(path)) syncFolder(disk)
        } catch (error) {
          failures.push({ path, error: toFerryError(error, `Cannot set mode and time of "${disk}"`) })
        }
      }
      syncFolder(root)
      if (rootIsNew) syncFolder(dirname(root))
      return failures
    },
  }
}
