/**
 * What an error of the S3 client means. Only the code that the server sent is told, never its text, which is a stranger's.
 */
import { FerryError, isSystemError, toFerryError, type ErrorCode } from '../../../shared/errors.ts'

interface Told {
  readonly code: ErrorCode
  readonly reason: string
  readonly hint?: string
  readonly retryable?: boolean
}

const giveRegion = 'set AWS_REGION, or the region of the remote'
const giveKeys =
  'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE to a profile of ~/.aws, or run: aws sso login'
const busy: Told = { code: 'E_UNREACHABLE', reason: 'the server is too busy', retryable: true }
const broken: Told = { code: 'E_UNREACHABLE', reason: 'the server has an error', retryable: true }
const damaged: Told = { code: 'E_IO', reason: 'the content was damaged on the way', retryable: true }
const missingKeys: Told = { code: 'E_PERMISSION', reason: 'there are no credentials', hint: giveKeys }
const expired: Told = {
  code: 'E_PERMISSION',
  reason: 'the session has expired',
  hint: 'log in again, then run the same command',
}
const conflict: Told = { code: 'E_CONFLICT', reason: 'something else stands there' }
const full: Told = { code: 'E_NO_SPACE', reason: 'it is larger than the server takes' }
const wrongRegion: Told = { code: 'E_USAGE', reason: 'the bucket is in another region', hint: giveRegion }

/** By the name of the error. */
const byName: Readonly<Record<string, Told>> = {
  NoSuchBucket: {
    code: 'E_NOT_FOUND',
    reason: 'there is no such bucket',
    hint: 'make the bucket, or check its name',
  },
  NoSuchKey: { code: 'E_NOT_FOUND', reason: 'it does not exist' },
  NotFound: { code: 'E_NOT_FOUND', reason: 'it does not exist' },
  NoSuchUpload: { code: 'E_NOT_FOUND', reason: 'the upload does not exist any more' },
  AccessDenied: {
    code: 'E_PERMISSION',
    reason: 'the server does not allow it',
    hint: 'check what this key may do in the bucket',
  },
  InvalidAccessKeyId: {
    code: 'E_PERMISSION',
    reason: 'the server does not know this access key',
    hint: giveKeys,
  },
  SignatureDoesNotMatch: { code: 'E_PERMISSION', reason: 'the secret key is wrong', hint: giveKeys },
  CredentialsProviderError: missingKeys,
  TokenProviderError: missingKeys,
  ExpiredToken: expired,
  ExpiredTokenException: expired,
  TokenRefreshRequired: expired,
  InvalidToken: expired,
  RequestTimeTooSkewed: {
    code: 'E_REFUSED',
    reason: 'the clocks of this computer and the server differ',
    hint: 'set the clock of this computer',
  },
  PermanentRedirect: wrongRegion,
  TemporaryRedirect: wrongRegion,
  AuthorizationHeaderMalformed: wrongRegion,
  IllegalLocationConstraintException: wrongRegion,
  PreconditionFailed: conflict,
  ConditionalRequestConflict: conflict,
  InvalidObjectState: {
    code: 'E_REFUSED',
    reason: 'it is archived',
    hint: 'restore it first, with the tools of the server',
  },
  EntityTooLarge: full,
  QuotaExceeded: { code: 'E_NO_SPACE', reason: 'the quota is used up' },
  SlowDown: busy,
  ServiceUnavailable: busy,
  ThrottlingException: busy,
  TooManyRequests: busy,
  RequestTimeout: { code: 'E_UNREACHABLE', reason: 'the connection stood still', retryable: true },
  TimeoutError: { code: 'E_UNREACHABLE', reason: 'the server does not answer', retryable: true },
  InternalError: broken,
  InternalServerError: broken,
  BadDigest: damaged,
  XAmzContentSHA256Mismatch: damaged,
  IncompleteBody: damaged,
}

/** When the name says nothing, as with a HEAD, whose answer has no body. */
const byStatus: Readonly<Record<number, Told>> = {
  301: wrongRegion,
  307: wrongRegion,
  403: byName['AccessDenied'] as Told,
  404: byName['NotFound'] as Told,
  409: conflict,
  412: conflict,
  413: full,
  429: busy,
  503: busy,
  507: { code: 'E_NO_SPACE', reason: 'the server has no space left' },
}

const unreachable: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name could not be looked up',
  ECONNREFUSED: 'nothing answers there',
  EHOSTUNREACH: 'there is no way there',
  ENETUNREACH: 'there is no way there',
}

interface ServerFailure {
  readonly message: string
  readonly name: string
  readonly code?: unknown
  readonly Code?: unknown
  readonly Region?: unknown
  readonly $metadata?: { readonly httpStatusCode?: number | undefined } | undefined
  readonly $response?: {
    readonly statusCode?: number
    readonly headers?: Readonly<Record<string, string>> | undefined
  }
}

const asFailure = (error: unknown): ServerFailure | undefined => (error instanceof Error ? error : undefined)

const isPlain = (text: unknown): text is string => typeof text === 'string' && /^[\w.-]{1,64}$/.test(text)

/** The name that the server gave this failure (`NoSuchUpload`, …), or the client; '' without one. */
export function failureName(error: unknown): string {
  const failure = error instanceof FerryError ? asFailure(error.cause) : asFailure(error)
  if (!failure) return ''
  return isPlain(failure.Code) ? failure.Code : isPlain(failure.name) ? failure.name : ''
}

export function statusOf(error: unknown): number | undefined {
  const failure = error instanceof FerryError ? asFailure(error.cause) : asFailure(error)
  return failure?.$metadata?.httpStatusCode ?? failure?.$response?.statusCode
}

/** How long the server asks to wait, in ms; 0 when it says nothing. */
export function retryAfterMs(error: unknown, nowMs: number): number {
  const failure = error instanceof FerryError ? asFailure(error.cause) : asFailure(error)
  const text = failure?.$response?.headers?.['retry-after']
  if (text === undefined) return 0
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs
  // More than two minutes is not waited for at a stretch, whatever the server says.
  return Number.isFinite(ms) ? Math.min(120_000, Math.max(0, ms)) : 0
}

/** Turns what the client threw into a `FerryError`; `what` begins the sentence, as `Cannot read "a.txt"`. */
export function toS3Error(error: unknown, what: string): FerryError {
  if (error instanceof FerryError) return error
  const failure = asFailure(error)
  const name = failureName(error)
  const status = statusOf(error)
  const told =
    byName[name] ??
    (status === undefined ? undefined : (byStatus[status] ?? (status >= 500 ? broken : undefined)))
  if (told && failure) {
    const region = failure.Region ?? failure.$response?.headers?.['x-amz-bucket-region']
    const isRegion = told === wrongRegion && isPlain(region)
    return new FerryError(told.code, `${what}: ${told.reason}${isRegion ? ` (${region})` : ''}`, {
      cause: error,
      hint: isRegion ? `set AWS_REGION=${region}, or the region of the remote` : told.hint,
      retryable: told.retryable ?? false,
    })
  }
  if (status !== undefined)
    return new FerryError(
      status < 300 ? 'E_PROTOCOL' : 'E_REFUSED',
      `${what}: the server said ${name || status}`,
      {
        cause: error,
        retryable: status < 300,
      },
    )
  // The client has no name for this one.
  if (failure?.message === 'Region is missing')
    return new FerryError('E_USAGE', `${what}: no region is named`, { cause: error, hint: giveRegion })
  const code = isSystemError(error) ? error.code : ''
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/.test(code))
    return new FerryError('E_REFUSED', `${what}: the certificate of the server is not valid (${code})`, {
      cause: error,
      hint: 'check the endpoint, or name the authority with NODE_EXTRA_CA_CERTS',
    })
  const reason = unreachable[code]
  if (
    reason !== undefined ||
    /^E[A-Z]+$/.test(code) ||
    /socket|aborted|terminated|premature/i.test(failure?.message ?? '')
  )
    return new FerryError('E_UNREACHABLE', `${what}: ${reason ?? 'the connection to the server was lost'}`, {
      cause: error,
      hint: 'check the endpoint and the network',
      retryable: true,
    })
  if (name === 'SyntaxError')
    return new FerryError('E_PROTOCOL', `${what}: the answer is not one of S3`, {
      cause: error,
      retryable: true,
    })
  return toFerryError(error, what)
}
