/**
 * The link to one bucket: credentials, endpoint, and calls that are tried again. All requests of this remote go through
 * `call`, which bounds, repeats and translates; the client itself repeats nothing and follows no redirect, so that
 * credentials go to the endpoint that was named and nowhere else.
 */
import { S3Client, type S3ClientConfig } from './aws-client.ts'
import { cancelled, delay, retry } from '../../../shared/concurrency.ts'
import { FerryError } from '../../../shared/errors.ts'
import type { RemoteContext } from '../../context.ts'
import type { S3Location } from '../../location.ts'
import type { S3Tuning } from './limits.ts'
import { type BytesSender, createBytesSender } from './send-bytes.ts'
import { failureName, retryAfterMs, toS3Error } from './s3-errors.ts'

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  readonly attempts?: number
  /** The server may say nothing for minutes while it works: it copies, or puts parts together. */
  readonly isLong?: boolean
}

export interface S3Connection extends Disposable {
  readonly bucket: string
  /** Endpoint and bucket. */
  readonly place: string
  /** Not Amazon's: what conditions it keeps is not known beforehand. */
  readonly isOwnEndpoint: boolean
  readonly storageClass: string | undefined
  readonly tuning: S3Tuning
  /** For what outlives a call's own signal. */
  readonly signal: AbortSignal
  /** For content, in place of the client. */
  readonly bytes: Pick<BytesSender, 'isReady' | 'send'>
  /** Time of the quickest answer so far, in ms; 50 before the first. */
  readonly rttMs: number
  /**
   * `what` begins the sentence of an error. `run` is called again after failures that may pass, so it must not use up
   * anything.
   */
  call<Output>(
    what: string,
    run: (client: S3Client, http: { readonly abortSignal: AbortSignal }, attempt: number) => Promise<Output>,
    options?: CallOptions,
  ): Promise<Output>
}

const silent = (): void => undefined
const expiredNames = ['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired']

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}

/** @throws E_USAGE when credentials or content would be readable on the way there */
function checkEndpoint(endpoint: string, env: RemoteContext['env']): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  const refuse = (reason: string, hint: string): FerryError =>
    new FerryError('E_USAGE', `Cannot use the endpoint of this remote: ${reason}`, { hint })
  if (!url || !/^https?:$/.test(url.protocol))
    throw refuse('it is not a URL of https', 'write https://host[:port]')
  if (url.username !== '' || url.password !== '')
    throw refuse(
      'it has a user or password in it',
      'give the keys in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
    )
  if (url.protocol === 'http:' && !isLoopback(url.hostname) && env['FERRY_S3_PLAIN_HTTP'] !== '1')
    throw refuse(
      'over http everyone on the way can read the content',
      'use https, or set FERRY_S3_PLAIN_HTTP=1',
    )
}

/** How much longer the server may be silent over a copy than over anything else. */
const longFactor = 10

function configOf(
  location: S3Location,
  env: RemoteContext['env'],
  endpoint: string | undefined,
  stallMs: number,
): S3ClientConfig {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = env
  const profile = location.profile ?? env['AWS_PROFILE']
  const region = location.region ?? env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION']
  return {
    ...(endpoint !== undefined && { endpoint }),
    // Servers that are not Amazon's mostly take any; the client wants one. A profile may have one that counts.
    ...(region !== undefined
      ? { region }
      : endpoint !== undefined && profile === undefined && { region: 'us-east-1' }),
    ...(profile !== undefined && { profile }),
    // A profile that was named for this remote comes before keys that are meant for all.
    ...(location.profile === undefined &&
      accessKeyId &&
      secretAccessKey && {
        credentials: { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) },
      }),
    forcePathStyle: location.pathStyle ?? endpoint !== undefined,
    maxAttempts: 1,
    // Content is covered by the signature, which every server verifies; sums behind the body many do not understand.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: Math.min(10_000, stallMs),
      socketTimeout: stallMs,
      httpAgent: { keepAlive: true, maxSockets: 64 },
      httpsAgent: { keepAlive: true, maxSockets: 64 },
    },
    logger: { trace: silent, debug: silent, info: silent, warn: silent, error: silent },
  }
}

/** No request is made. @throws E_USAGE for an endpoint that is not safe */
export function connectS3(location: S3Location, context: RemoteContext, tuning: S3Tuning): S3Connection {
  const { env } = context
  const endpoint = location.endpoint ?? env['AWS_ENDPOINT_URL_S3'] ?? env['AWS_ENDPOINT_URL']
  if (endpoint !== undefined) checkEndpoint(endpoint, env)
  const bytes = createBytesSender(tuning.stallMs)
  const connect = (stallMs: number): S3Client => {
    const made = new S3Client(configOf(location, env, endpoint, stallMs))
    bytes.learnFrom(made)
    return made
  }
  let client = connect(tuning.stallMs)
  /** Made for the first call that may take long. */
  let longClient: S3Client | undefined
  const clientFor = (isLong: boolean): S3Client => {
    if (!isLong) return client
    longClient ??= connect(tuning.stallMs * longFactor)
    return longClient
  }
  let isRenewed = false
  let rttMs = Number.POSITIVE_INFINITY

  return {
    bucket: location.bucket,
    place: `s3:${endpoint === undefined ? 'aws' : new URL(endpoint).host}/${location.bucket}`,
    isOwnEndpoint: endpoint !== undefined && !/\.amazonaws\.com(?:\.cn)?$/.test(new URL(endpoint).hostname),
    storageClass: location.storageClass,
    tuning,
    signal: context.signal,
    bytes,
    get rttMs() {
      return Number.isFinite(rttMs) ? rttMs : 50
    },
    async call(what, run, { signal = context.signal, attempts = tuning.attempts, isLong = false } = {}) {
      let wantedMs = 0
      return await retry(
        async (attempt) => {
          const startedMs = performance.now()
          try {
            const output = await run(clientFor(isLong), { abortSignal: signal }, attempt)
            rttMs = Math.min(rttMs, Math.max(0.1, performance.now() - startedMs))
            return output
          } catch (error) {
            if (signal.aborted) throw cancelled(signal)
            const failure = toS3Error(error, what)
            // New keys may lie where the old ones came from; once, or a wrong clock would make this endless.
            if (!isRenewed && expiredNames.includes(failureName(failure))) {
              isRenewed = true
              client = connect(tuning.stallMs)
              longClient = undefined
              throw new FerryError(failure.code, failure.message, {
                cause: error,
                hint: failure.hint,
                retryable: true,
              })
            }
            throw failure
          }
        },
        {
          signal,
          attempts,
          baseMs: tuning.retryBaseMs,
          onRetry: (_attempt, _pauseMs, error) => {
            wantedMs = retryAfterMs(error, Date.now())
          },
          sleep: (ms, stop) => delay(Math.max(ms, wantedMs), stop),
        },
      )
    },
    [Symbol.dispose]() {
      client.destroy()
      longClient?.destroy()
      bytes[Symbol.dispose]()
    },
  }
}
