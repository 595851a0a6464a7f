/**
 * The one error type of ferry. A message states what could not be done, to what, and why; the hint is what to do
 * next. Only the command line prints errors and chooses exit codes from `code`.
 */

/** Every kind of failure, named for its cause. `src/cli/exit-codes.ts` maps each to one exit code. */
export type ErrorCode =
  | 'E_USAGE' // wrong arguments or configuration
  | 'E_TICKET' // the text is not a whole, well-formed ticket
  | 'E_TICKET_VERSION' // a ticket of a newer ferry
  | 'E_NOT_FOUND' // a path, share or bucket that is not there
  | 'E_UNREACHABLE' // no peer or host answered
  | 'E_REFUSED' // the peer or the system does not allow it (also expired, used up, not on the allow list)
  | 'E_PERMISSION' // the file system or a server said no
  | 'E_VERIFY' // data did not match its hash
  | 'E_MANIFEST' // a manifest that breaks the rules (hostile or damaged)
  | 'E_PROTOCOL' // a peer that breaks the wire protocol
  | 'E_NO_SPACE' // disk full, quota, no inodes
  | 'E_CONFLICT' // the destination holds something else
  | 'E_CHANGED' // a source file changed, shrank or vanished while it was read
  | 'E_IO' // any other failure of the file system
  | 'E_STORE' // the local store is damaged, locked, newer, or another user's
  | 'E_TIMEOUT' // a time limit set by the user passed
  | 'E_CANCELLED' // stopped by the user
  | 'E_INTERNAL' // a bug in ferry

export interface FerryErrorOptions {
  readonly cause?: unknown
  /** What the user can do next, as one sentence or command. */
  readonly hint?: string | undefined
  /** True when the same call may succeed later without a change by the user. */
  readonly retryable?: boolean
}

/** The error that every public call of ferry rejects with. */
export class FerryError extends Error {
  override readonly name = 'FerryError'
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly retryable: boolean

  constructor(code: ErrorCode, message: string, options: FerryErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.hint = options.hint
    this.retryable = options.retryable ?? false
  }
}

/** True for an `Error` of the system that carries an `errno` code such as `ENOENT`. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException & { code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
}

const reasons: Record<string, readonly [ErrorCode, string, string?]> = {
  ENOENT: ['E_NOT_FOUND', 'it does not exist', 'check the path for a slip'],
  EACCES: ['E_PERMISSION', 'permission denied', 'check who owns it and its mode'],
  EPERM: ['E_PERMISSION', 'the operation is not permitted'],
  EROFS: ['E_PERMISSION', 'the file system is read-only'],
  ENOSPC: ['E_NO_SPACE', 'the disk is full', 'free some space, then run the same command again'],
  EDQUOT: ['E_NO_SPACE', 'the disk quota is used up', 'free some space, then run the same command again'],
  EFBIG: ['E_NO_SPACE', 'the file would be larger than allowed here'],
  ENOTDIR: ['E_CONFLICT', 'a part of the path is not a folder'],
  EISDIR: ['E_CONFLICT', 'it is a folder'],
  EEXIST: ['E_CONFLICT', 'something is already there'],
  ELOOP: ['E_CONFLICT', 'a symbolic link is in the way'],
  ENAMETOOLONG: ['E_IO', 'the name is too long for this file system'],
  EMFILE: ['E_IO', 'too many files are open', 'raise the limit with: ulimit -n 4096'],
  ENFILE: ['E_IO', 'the system has too many open files'],
}

/**
 * Turns any thrown value into a `FerryError`, keeping one that already is. `what` is the start of the sentence, such as
 * `Cannot write "a.txt"`; the reason is put behind it.
 */
export function toFerryError(error: unknown, what: string): FerryError {
  if (error instanceof FerryError) return error
  if (isSystemError(error)) {
    const [code, reason, hint] = reasons[error.code] ?? ['E_IO', `the system reported ${error.code}`]
    return new FerryError(code, `${what}: ${reason}`, { cause: error, hint })
  }
  const reason = error instanceof Error ? error.message : String(error)
  return new FerryError('E_INTERNAL', `${what}: ${reason}`, { cause: error })
}
