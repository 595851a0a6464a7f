/** Carries a `FerryError` between threads whole: structured cloning alone would drop its class, code and hint. */
import { FerryError, isSystemError, toFerryError, type ErrorCode } from '../../shared/errors.ts'

export interface PackedError {
  readonly code: ErrorCode
  readonly message: string
  readonly hint: string | undefined
  readonly retryable: boolean
  readonly stack: string | undefined
  /** Of the system's error beneath, if one was the cause. */
  readonly cause: { readonly code: string; readonly message: string } | undefined
}

/** `what` begins the sentence if the error is none of ferry's own yet. */
export function packError(error: unknown, what: string): PackedError {
  const { code, message, hint, retryable, stack, cause } = toFerryError(error, what)
  return {
    code,
    message,
    hint,
    retryable,
    stack,
    cause: isSystemError(cause) ? { code: cause.code, message: cause.message } : undefined,
  }
}

export function unpackError(packed: PackedError): FerryError {
  const cause = packed.cause && Object.assign(new Error(packed.cause.message), { code: packed.cause.code })
  const error = new FerryError(packed.code, packed.message, {
    hint: packed.hint,
    retryable: packed.retryable,
    ...(cause && { cause }),
  })
  if (packed.stack !== undefined) error.stack = packed.stack
  return error
}
