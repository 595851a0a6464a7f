/** Failures over HTTP and back: RFC 9457 with a code and a hint beside, so that a client has the very error of the engine. */
import type { ErrorCode } from '../../shared/errors.ts'
import { FerryError } from '../../shared/errors.ts'

export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: string
  readonly hint?: string
}

const statuses: Record<ErrorCode, number> = {
  E_USAGE: 400,
  E_TICKET: 400,
  E_TICKET_VERSION: 400,
  E_NOT_FOUND: 404,
  E_UNREACHABLE: 502,
  E_REFUSED: 403,
  E_PERMISSION: 403,
  E_VERIFY: 502,
  E_MANIFEST: 502,
  E_PROTOCOL: 502,
  E_NO_SPACE: 507,
  E_CONFLICT: 409,
  E_CHANGED: 409,
  E_IO: 500,
  E_STORE: 500,
  E_TIMEOUT: 504,
  E_CANCELLED: 503,
  E_INTERNAL: 500,
}

/** A failure of the request itself, which has a status of its own. */
export class HttpError extends FerryError {
  readonly status: number

  constructor(status: number, code: ErrorCode, message: string, hint?: string) {
    super(code, message, { hint })
    this.status = status
  }
}

const titles: Record<number, string> = {
  400: 'Bad request',
  401: 'Not authorised',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Not now',
  413: 'Too large',
  415: 'Not JSON',
  421: 'Wrong host',
  502: 'The other side failed',
  503: 'Not available',
  504: 'Timed out',
  507: 'No space left',
}

export function problemOf(error: FerryError): Problem {
  const status = error instanceof HttpError ? error.status : statuses[error.code]
  return {
    type: `urn:ferry:${error.code}`,
    title: titles[status] ?? 'Failed',
    status,
    detail: error.message,
    code: error.code,
    ...(error.hint !== undefined && { hint: error.hint }),
  }
}

/** @returns E_INTERNAL when it is no problem of ours */
export function errorOf(value: unknown, status: number): FerryError {
  const problem = value as Partial<Problem> | null
  if (typeof problem?.code === 'string' && problem.code in statuses && typeof problem.detail === 'string')
    return new FerryError(problem.code as ErrorCode, problem.detail, { hint: problem.hint })
  return new FerryError('E_INTERNAL', `Cannot use the daemon: it answered with status ${status}`)
}
