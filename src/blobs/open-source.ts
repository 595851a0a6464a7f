/** Opens files of the user for reading, so that nothing but a regular file is ever read and nothing can hang. */
import { closeSync, constants, fstatSync, openSync, type BigIntStats } from 'node:fs'
import { FerryError, isSystemError, toFerryError } from '../shared/errors.ts'

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
    hint: 'share it again when nothing writes to it',
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
