/**
 * Signature version 4 of a request whose headers and body are known whole. Pure, apart from remembering the key of the day.
 * Source: AWS, "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk".
 */
import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto'

export interface SigningKeys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
}

export interface UnsignedRequest {
  readonly method: string
  /** With its port, when that is not the usual one. */
  readonly host: string
  /** Encoded; the server compares it as it is. */
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  /** Names in lower case. All of them are signed. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export interface Signer {
  /** The headers of the request, with those of the signature. */
  sign(request: UnsignedRequest, keys: SigningKeys, nowMs: number): Record<string, string>
}

export function encodePart(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

export function encodeQuery(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([name, value]) => `${encodePart(name)}=${encodePart(value)}`)
    .sort()
    .join('&')
}

/** For the service `s3`. */
export function createSigner(region: string): Signer {
  let known: { readonly of: string; readonly key: KeyObject } | undefined

  /** A key object: made from bytes each time, a sum would take ten times as long. */
  function keyOf(secret: string, day: string): KeyObject {
    const of = `${day}\n${secret}`
    if (known?.of !== of) {
      const mac = (key: string | Buffer, text: string): Buffer =>
        createHmac('sha256', key).update(text).digest()
      const bytes = mac(mac(mac(mac(`AWS4${secret}`, day), region), 's3'), 'aws4_request')
      known = { of, key: createSecretKey(bytes) }
    }
    return known.key
  }

  return {
    sign({ method, host, path, query, headers, body }, keys, nowMs) {
      const time = `${new Date(nowMs).toISOString().replace(/[-:]|\..*/g, '')}Z`
      const day = time.slice(0, 8)
      const sum = hash('sha256', body)
      const signed: Record<string, string> = {
        ...headers,
        host,
        'x-amz-content-sha256': sum,
        'x-amz-date': time,
        ...(keys.sessionToken !== undefined && { 'x-amz-security-token': keys.sessionToken }),
      }
      const names = Object.keys(signed).sort()
      const list = names.join(';')
      const lines = names.map((name) => `${name}:${(signed[name] as string).trim()}\n`).join('')
      const canonical = `${method}\n${path}\n${encodeQuery(query)}\n${lines}\n${list}\n${sum}`
      const scope = `${day}/${region}/s3/aws4_request`
      const text = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash('sha256', canonical)}`
      const signature = createHmac('sha256', keyOf(keys.secretAccessKey, day)).update(text).digest('hex')
      signed['authorization'] =
        `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${scope},SignedHeaders=${list},Signature=${signature}`
      return signed
    },
  }
}
