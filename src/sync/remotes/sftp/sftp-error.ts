/**
 * What a server's status means. SFTP has few codes, and most failures of a file system come as a bare `FAILURE`; where
 * it matters the caller finds out more (see `explainFailure`).
 */
import { FerryError, toFerryError } from '../../../shared/errors.ts'
import { escapeText } from '../../../shared/terminal-text.ts'
import { formatBytes } from '../../../shared/units.ts'

/** Source: draft-ietf-secsh-filexfer-02, 7 */
export const sftpStatus = {
  endOfFile: 1,
  noSuchFile: 2,
  permissionDenied: 3,
  failure: 4,
  badMessage: 5,
  unsupported: 8,
} as const

/** The status of an answer; undefined for every other error. */
export function statusOf(error: unknown): number | undefined {
  if (error instanceof FerryError || !(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'number' ? error.code : undefined
}

export const isMissing = (error: unknown): boolean => statusOf(error) === sftpStatus.noSuchFile

/** Turns a failed call into an error for people. `what` is the start of the sentence, such as `Cannot read "a"`. */
export function toSftpError(error: unknown, what: string): FerryError {
  const status = statusOf(error)
  if (status === undefined) return toFerryError(error, what)
  const cause = { cause: error }
  if (status === sftpStatus.noSuchFile)
    return new FerryError('E_NOT_FOUND', `${what}: it does not exist there`, cause)
  if (status === sftpStatus.permissionDenied)
    return new FerryError('E_PERMISSION', `${what}: the server denies permission`, {
      ...cause,
      hint: 'check who owns it there, and its mode',
    })
  if (status === sftpStatus.unsupported)
    return new FerryError('E_IO', `${what}: the server cannot do that`, cause)
  if (status === sftpStatus.badMessage)
    return new FerryError('E_IO', `${what}: the server does not take this name or these values`, cause)
  const text = error instanceof Error ? escapeText(error.message.slice(0, 200)) : ''
  const said = text === '' || text === 'Failure' ? 'without a reason' : `: ${text}`
  return new FerryError('E_IO', `${what}: the server reported a failure ${said}`, cause)
}

/** What `statvfs@openssh.com` tells, as far as it is of use. */
export interface RemoteSpace {
  readonly freeBytes: number
  readonly freeFiles: number
  readonly readOnly: boolean
  /** Tells file systems apart. */
  readonly id: string
}

/** Says more of a bare `FAILURE` while writing: such is a full disk to SFTP. `space`: undefined when it is not told. */
export function explainFailure(
  error: unknown,
  what: string,
  neededBytes: number,
  space: RemoteSpace | undefined,
): FerryError {
  if (statusOf(error) !== sftpStatus.failure) return toSftpError(error, what)
  const cause = { cause: error }
  if (space === undefined)
    return new FerryError('E_IO', `${what}: the server reported a failure; maybe its disk is full`, cause)
  if (space.readOnly)
    return new FerryError('E_PERMISSION', `${what}: the file system there is read-only`, cause)
  if (space.freeBytes < neededBytes || space.freeFiles === 0)
    return new FerryError(
      'E_NO_SPACE',
      `${what}: the server's disk is full (${formatBytes(space.freeBytes)} are free)`,
      { ...cause, hint: 'free some space there, then run the same command again' },
    )
  return new FerryError('E_IO', `${what}: the server reported a failure; maybe a quota is used up`, cause)
}
