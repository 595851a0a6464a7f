/**
 * Signature version 4, checked as S3 does. Source: AWS, "Signature Calculations for the Authorization Header".
 */
import { createHmac, hash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { S3Failure } from './failure.ts'

export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

const maxSkewMs = 15 * 60_000

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)

function canonicalQuery(query: URLSearchParams): string {
  return [...query]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&')
}

/**
 * Returns what `x-amz-content-sha256` says about the body. `nowMs` is the server's clock.
 * @throws S3Failure when the request is not signed by one of `credentials` for `region`.
 */
export function verifySignature(
  request: IncomingMessage,
  credentials: readonly S3Credentials[],
  region: string,
  nowMs: number,
): string {
  const { headers } = request
  const header = headers.authorization
  if (header === undefined) throw new S3Failure(403, 'AccessDenied', 'Anonymous access is forbidden')
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      header,
    )
  if (!match)
    throw new S3Failure(400, 'AuthorizationHeaderMalformed', 'The authorization header is malformed')
  const [, keyId, day, scopeRegion, service, signed = '', signature = ''] = match
  const payload = headers['x-amz-content-sha256']
  if (typeof payload !== 'string')
    throw new S3Failure(400, 'InvalidRequest', 'Missing required header: x-amz-content-sha256')
  if (service !== 's3' || scopeRegion !== region)
    throw new S3Failure(
      400,
      'AuthorizationHeaderMalformed',
      `the region '${scopeRegion}' is wrong; expecting '${region}'`,
      {
        details: { Region: region },
      },
    )
  const user = credentials.find((one) => one.accessKeyId === keyId)
  if (!user)
    throw new S3Failure(403, 'InvalidAccessKeyId', 'The access key Id does not exist in our records.')
  if (user.sessionToken !== undefined && headers['x-amz-security-token'] !== user.sessionToken)
    throw new S3Failure(400, 'ExpiredToken', 'The provided token has expired.')
  const date = headers['x-amz-date']
  if (typeof date !== 'string' || !/^\d{8}T\d{6}Z$/.test(date) || !date.startsWith(day as string))
    throw new S3Failure(403, 'AccessDenied', 'A valid x-amz-date is required')
  const at = Date.parse(date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  if (Math.abs(at - nowMs) > maxSkewMs)
    throw new S3Failure(
      403,
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large.',
    )
  const names = signed.split(';')
  for (const name of Object.keys(headers))
    if ((name.startsWith('x-amz-') || name === 'host' || name === 'content-md5') && !names.includes(name))
      throw new S3Failure(
        403,
        'AccessDenied',
        'There were headers present in the request which were not signed',
        {
          details: { HeadersNotSigned: name },
        },
      )
  const url = request.url ?? '/'
  const mark = url.indexOf('?')
  const canonical = [
    request.method,
    mark < 0 ? url : url.slice(0, mark),
    canonicalQuery(new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1).replaceAll('+', '%2B'))),
    ...names.map(
      (name) =>
        `${name}:${String(headers[name] ?? '')
          .trim()
          .replace(/ +/g, ' ')}`,
    ),
    '',
    signed,
    payload,
  ].join('\n')
  const scope = `${day}/${region}/s3/aws4_request`
  const text = ['AWS4-HMAC-SHA256', date, scope, hash('sha256', canonical)].join('\n')
  const key = hmac(
    hmac(hmac(hmac(`AWS4${user.secretAccessKey}`, day as string), region), 's3'),
    'aws4_request',
  )
  if (!timingSafeEqual(hmac(key, text), Buffer.from(signature, 'hex')))
    throw new S3Failure(
      403,
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided.',
    )
  return payload
}
