/** Opens files of the user for reading, so that nothing but a regular file is ever read and nothing can hang. */
import { closeSync, constants, fstatSync, openSync, realpathSync, type BigIntStats } from 'node:fs'
import { FerryError, isSystemError, toFerryError } from '../shared/errors.ts'
import { versionText } from './fingerprint.ts'

/** A pipe that took a file's place is opened without waiting for a writer, and a link is not followed. */
const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW

/**
 * Calls `use` with an open descriptor of `path`, and closes it.
 * @throws a system error when it cannot be opened.
 */
export function withSource<Result>(path: string, use: (fd: number) => Result): Result {
  const fd = openSync(path, flags)
  try {
    return use(fd)
  } finally {
    closeSync(fd)
  }
}

/** @throws E_CHANGED when the descriptor is of no regular file (any more). */
export function statSource(fd: number, path: string): BigIntStats {
  const stats = fstatSync(fd, { bigint: true })
  if (!stats.isFile()) throw changedError(path)
  return stats
}

export function changedError(path: string): FerryError {
  return new FerryError('E_CHANGED', `Cannot read "${path}": it changed while it was read`, {
    hint: 'try again when nothing writes to it',
    retryable: true,
  })
}

/** What the system says when a link, a folder, a pipe or a socket has taken a file's place. */
const replaced = new Set(['ELOOP', 'EISDIR', 'ESPIPE', 'ENXIO'])

/** Names a failure of reading a file that was a regular one before. */
export function sourceError(error: unknown, path: string): FerryError {
  if (isSystemError(error) && replaced.has(error.code)) return changedError(path)
  return toFerryError(error, `Cannot read "${path}"`)
}

/** Like `sourceError`, for a file that was there when it was listed. */
export function versionError(error: unknown, path: string): FerryError {
  return isSystemError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
    ? changedError(path)
    : sourceError(error, path)
}

/**
 * Opens what was listed as `version` (see `versionText`), through a link if it was listed through one: what is opened is
 * known by its inode. The caller closes it.
 * @throws E_CHANGED when it is not there, or something else is; others when it cannot be opened.
 */
export function openVersion(path: string, version: string): number {
  let fd: number | undefined
  try {
    fd = openFollowing(path)
    checkVersion(fd, path, version)
    return fd
  } catch (error) {
    if (fd !== undefined) closeSync(fd)
    throw versionError(error, path)
  }
}

function openFollowing(path: string): number {
  try {
    return openSync(path, flags)
  } catch (error) {
    if (!isSystemError(error) || error.code !== 'ELOOP') throw error
    return openSync(realpathSync(path), flags)
  }
}

/** @throws E_CHANGED when the open file is no longer that of `version`. */
export function checkVersion(fd: number, path: string, version: string): void {
  if (versionText(statSource(fd, path)) !== version) throw changedError(path)
}
