/**
 * The part of a large file that a sync writes: `NAME.ferry-part`, which only grows from its beginning, so that its length
 * says how much of it is there. The journal beside it names the content, so that the next run of the same content goes on
 * where this one ended. After a restart of the system the length proves nothing (what was not synced may be missing
 * inside), and the part begins anew.
 *
 * Here it is opened and closed, by the thread that owns the descriptor; worker/grow-part-tasks.ts has what writes it.
 */
import { closeSync, constants, fstatSync, ftruncateSync, lstatSync, openSync, readFileSync } from 'node:fs'
import { toHex } from '../../shared/bytes.ts'
import { toFerryError } from '../../shared/errors.ts'
import { parentPath } from '../../shared/paths.ts'
import { currentBootId } from '../boot-id.ts'
import { hash } from '../hash.ts'
import { createFolders } from './folders.ts'
import { lockPart, openOwn, removeIfThere } from './part-file.ts'
import { partNames, type PartNames } from './part-names.ts'
import { checkStanding, type Standing } from './publish.ts'
import { writeAllSync } from './write-all.ts'

/** Mode of new folders, less the umask. */
export const newFolderMode = 0o777

/** Where a file is to go. */
export interface GrowTarget {
  /** An existing folder, without links in its path. */
  readonly root: string
  /** Below it, with slashes. */
  readonly path: string
  readonly standing: Standing
}

export interface GrowingFile extends GrowTarget {
  readonly size: number
  /** Names the content for whoever goes on with it; undefined: nothing that was left is used. */
  readonly identity: string | undefined
}

export interface GrowingPart {
  /** Open in the whole process, and locked. */
  readonly fd: number
  /** Bytes that were there already. */
  readonly grownBytes: number
  /** Ends the work on it; afterwards the descriptor is gone. `keep`: it is left for a next run, if it has no name yet. */
  close(keep: boolean): void
}

/** Longer is no journal of ours. */
const journalBytes = 256

function journalText(identity: string): string {
  return `ferry sync part 1\n${toHex(currentBootId())}\n${toHex(hash(Buffer.from(identity)))}\n`
}

function readText(path: string): string | undefined {
  let fd: number | undefined
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const stat = fstatSync(fd)
    return stat.isFile() && stat.size <= journalBytes ? readFileSync(fd, 'utf8') : undefined
  } catch {
    return undefined
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

function startJournal(names: PartNames, text: string): void {
  const fd = openOwn(names.journal)
  try {
    ftruncateSync(fd, 0)
    writeAllSync(fd, Buffer.from(text), 0)
  } finally {
    closeSync(fd)
  }
}

/** @throws E_CONFLICT when something else stands there, or another process writes it; E_PERMISSION, E_NO_SPACE, E_IO */
export function openGrowing({ root, path, standing, size, identity }: GrowingFile): GrowingPart {
  const folders = createFolders(root, false, newFolderMode)
  const diskPath = folders.diskPath(path)
  const names = partNames(diskPath)
  let fd: number | undefined
  try {
    folders.ensure(parentPath(path))
    checkStanding(diskPath, standing)
    fd = openOwn(names.part)
    lockPart(fd, diskPath, names)
    const text = identity === undefined ? undefined : journalText(identity)
    const length = fstatSync(fd).size
    if (text !== undefined && length <= size && readText(names.journal) === text)
      return growingPart(fd, length, names)
    ftruncateSync(fd, 0)
    if (text === undefined) removeIfThere(names.journal)
    else startJournal(names, text)
    return growingPart(fd, 0, names)
  } catch (error) {
    if (fd !== undefined) closeSync(fd)
    throw toFerryError(error, `Cannot write "${diskPath}"`)
  }
}

function growingPart(fd: number, grownBytes: number, names: PartNames): GrowingPart {
  return {
    fd,
    grownBytes,
    close(keep) {
      try {
        const named = lstatSync(names.part, { throwIfNoEntry: false })
        if (keep || named?.ino !== fstatSync(fd).ino) return
        removeIfThere(names.part)
        removeIfThere(names.journal)
      } finally {
        closeSync(fd)
      }
    },
  }
}
