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
  unlinkSync,
} from 'node:fs'
import { FerryError, isSystemError } from '../../shared/errors.ts'
import { equalFingerprints, fingerprintOf } from '../fingerprint.ts'
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
