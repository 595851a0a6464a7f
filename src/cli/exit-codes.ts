/** The exit code of every kind of failure. Scripts rely on these: a code may be added, none changes its meaning. */
import type { ErrorCode, FerryError } from '../shared/errors.ts'

export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  notFound: 3,
  unreachable: 4,
  refused: 5,
  verification: 6,
  noSpace: 7,
  conflict: 8,
  timeout: 10,
  someFailed: 23,
  sourceChanged: 24,
  maxDelete: 25,
  hangup: 129,
  interrupted: 130,
  brokenPipe: 141,
  terminated: 143,
} as const

const byErrorCode: Record<ErrorCode, number> = {
  E_USAGE: exitCodes.usage,
  E_TICKET: exitCodes.usage,
  E_TICKET_VERSION: exitCodes.usage,
  E_NOT_FOUND: exitCodes.notFound,
  E_UNREACHABLE: exitCodes.unreachable,
  E_REFUSED: exitCodes.refused,
  E_PERMISSION: exitCodes.refused,
  E_VERIFY: exitCodes.verification,
  E_MANIFEST: exitCodes.verification,
  E_PROTOCOL: exitCodes.failure,
  E_NO_SPACE: exitCodes.noSpace,
  E_CONFLICT: exitCodes.conflict,
  E_CHANGED: exitCodes.sourceChanged,
  E_IO: exitCodes.failure,
  E_STORE: exitCodes.failure,
  E_TIMEOUT: exitCodes.timeout,
  E_CANCELLED: exitCodes.interrupted,
  E_INTERNAL: exitCodes.failure,
}

export function exitCodeOf(error: FerryError): number {
  return byErrorCode[error.code]
}

/** The table of `ferry help exit-codes`. */
export const exitCodeTexts: readonly (readonly [number | string, string])[] = [
  [0, 'all done'],
  [1, 'another failure'],
  [2, 'wrong arguments, ticket or configuration'],
  [3, 'a path or share was not found'],
  [4, 'no peer could be reached'],
  [5, 'refused by the other side, or permission denied'],
  [6, 'data or a list of files failed verification'],
  [7, 'no space or quota left'],
  [8, 'the destination holds something else'],
  [10, 'a time limit passed'],
  [23, 'some files failed, the others are done'],
  [24, 'a source changed or vanished while it was read'],
  [25, 'more was to be deleted than --max-delete allows'],
  ['129, 130, 143', 'interrupted (hang-up, Ctrl-C, TERM); what has arrived is kept'],
  [141, 'the reader of the output went away'],
]
