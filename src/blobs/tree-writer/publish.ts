/**
 * Gives a finished file its final name. What appeared there since the plan was made is never replaced: it is someone's
 * work.
 */
import {
  closeSync,
  constants,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  rmdirSync,
  unlinkSync,
} from 'node:fs'
import { FerryError, isSystemError } from '../../shared/errors.ts'
import { equalFingerprints, fingerprintOf, versionText } from '../fingerprint.ts'
import { renameNew } from '../native-rename.ts'
import type { FileFingerprint } from '../store/store.ts'

function conflict(path: string): FerryError {
  return new FerryError('E_CONFLICT', `Cannot write "${path}": something else was put there meanwhile`, {
    hint: 'run the same command again; --overwrite says what happens to different files',
  })
}

/** What file systems without hard links answer to `link`. */
const noLinks: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL'])

/**
 * Moves `from` to `to`. `replaces`: what stands there and is to go; undefined when the name was free.
 * @throws E_CONFLICT when something else stands there now; a system error when the move fails.
 */
export function publish(from: string, to: string, replaces: FileFingerprint | undefined): void {
  if (replaces) {
    const now = lstatSync(to, { bigint: true, throwIfNoEntry: false })
    if (now && !equalFingerprints(fingerprintOf(now), replaces)) throw conflict(to)
    renameSync(from, to)
    return
  }
  const outcome = renameNew(from, to)
  if (outcome === 'done') return
  if (outcome === 'taken') throw conflict(to)
  try {
    // Unlike a plain rename, a link never replaces.
    linkSync(from, to)
  } catch (error) {
    if (!isSystemError(error)) throw error
    if (error.code === 'EEXIST') throw conflict(to)
    if (!noLinks.has(error.code)) throw error
    if (lstatSync(to, { throwIfNoEntry: false })) throw conflict(to)
    renameSync(from, to)
    return
  }
  unlinkSync(from)
}

/** What must stand at a path for it to be replaced: nothing, what has this version (see `versionText`), or anything but a folder. */
export type Standing = 'absent' | 'anything' | { readonly version: string }

function otherThanExpected(path: string, is: string): FerryError {
  return new FerryError('E_CONFLICT', `Cannot write "${path}": ${is}`, {
    hint: 'run the same command again to compare with what is there now',
  })
}

/** @throws E_CONFLICT when something else stands at `path` than should. */
export function checkStanding(path: string, standing: Standing): void {
  if (standing === 'anything') return
  const now = lstatSync(path, { bigint: true, throwIfNoEntry: false })
  if (standing === 'absent') {
    if (now) throw otherThanExpected(path, 'something was put there meanwhile')
  } else if (!now) throw otherThanExpected(path, 'what was to be replaced is gone')
  else if (versionText(now) !== standing.version)
    throw otherThanExpected(path, 'it was changed by someone else meanwhile')
}

/**
 * Moves `from` to `to` when the right thing stands there. An empty folder goes only if it is named.
 * @throws E_CONFLICT when something else stands there, or a folder that is not empty; a system error when the move fails.
 */
export function replaceStanding(from: string, to: string, standing: Standing): void {
  if (standing === 'absent') {
    publishNew(from, to)
    return
  }
  checkStanding(to, standing)
  if (standing !== 'anything' && lstatSync(to, { throwIfNoEntry: false })?.isDirectory()) {
    removeFolder(to)
    publishNew(from, to)
  } else renameSync(from, to)
}

function publishNew(from: string, to: string): void {
  try {
    publish(from, to, undefined)
  } catch (error) {
    // Its hint is about an option of receive.
    if (error instanceof FerryError) throw otherThanExpected(to, 'something was put there meanwhile')
    throw error
  }
}

/** @throws E_CONFLICT when it is not empty. */
export function removeFolder(path: string): void {
  try {
    rmdirSync(path)
  } catch (error) {
    if (!isSystemError(error) || (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST')) throw error
    throw new FerryError('E_CONFLICT', `Cannot remove the folder "${path}": it is not empty`, {
      cause: error,
    })
  }
}

/** Makes the names in a folder survive a crash. Systems that cannot sync folders do without. */
export function syncFolder(path: string): void {
  let fd: number | undefined
  try {
    fd = openSync(path, constants.O_RDONLY)
    fsyncSync(fd)
  } catch (error) {
    const ignored = ['EISDIR', 'EINVAL', 'EPERM', 'ENOTSUP', 'EBADF', 'EACCES']
    if (!isSystemError(error) || !ignored.includes(error.code)) throw error
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}
