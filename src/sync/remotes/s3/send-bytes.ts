/**
 * Sends content: objects of one request, and parts. Amazon's client takes more processor time for a request than the rest
 * of a small file does, and these are the requests that there are thousands of. Where the bucket is, and how it wants to
 * be signed for, is what the client's own request to it says; keys and the clock are the client's too.
 *
 * Invariant: a failure looks as one of the client's does (see `s3-errors.ts`).
 */
import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { cancelled } from '../../../shared/concurrency.ts'
import { countDeadBuffers } from '../../../shared/dead-buffers.ts'
import type { S3Client } from './aws-client.ts'
import { maxErrorBytes } from './limits.ts'
import { createSigner, encodePart, encodeQuery, type Signer } from './sign-request.ts'

export interface BytesToSend {
  readonly key: string
  readonly query?: Readonly<Record<string, string>>
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export interface BytesSender extends Disposable {
  /** Watches a client for its first request to the bucket. */
  learnFrom(client: S3Client): void
  /** False before a request was seen, and for buckets of which nothing is known but what the client knows. */
  readonly isReady: boolean
  /** Puts `body` there; returns the ETag as it was sent. */
  send(client: S3Client, bytes: BytesToSend, signal: AbortSignal): Promise<string | undefined>
}

interface Route {
  readonly isSecure: boolean
  readonly hostname: string
  readonly port: number | undefined
  /** As the client signs it. */
  readonly host: string
  /** Before the slash of a key. */
  readonly base: string
  readonly signer: Signer
}

/** What the client's middleware is given, as far as it is of use here. */
interface SeenRequest {
  readonly protocol?: string
  readonly hostname?: string
  readonly port?: number
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
}

const connectionsAtOnce = 64

/** `stallMs`: a connection on which nothing moves for so long is given up. */
export function createBytesSender(stallMs: number): BytesSender {
  let route: Route | undefined
  let agent: HttpAgent | HttpsAgent | undefined

  return {
    get isReady() {
      return route !== undefined
    },
    learnFrom(client) {
      client.middlewareStack.add(
        (next, { commandName }: { readonly commandName?: string }) =>
          (args) => {
            if (!route && commandName === 'ListObjectsV2Command') route = routeOf(args.request as SeenRequest)
            return next(args)
          },
        { step: 'deserialize', priority: 'high', name: 'ferryRoute' },
      )
    },
    async send(client, { key, query = {}, headers, body }, signal) {
      const { isSecure, hostname, port, host, base, signer } = route as Route
      const path = `${base}/${key.split('/').map(encodePart).join('/')}`
      const nowMs = Date.now() + client.config.systemClockOffset
      const unsigned = { method: 'PUT', host, path, query, headers, body }
      const signed = signer.sign(unsigned, await client.config.credentials(), nowMs)
      const text = encodeQuery(query)
      const limits = { keepAlive: true, maxSockets: connectionsAtOnce }
      agent ??= isSecure ? new HttpsAgent(limits) : new HttpAgent(limits)
      const put = isSecure ? httpsRequest : httpRequest
      const options = {
        method: 'PUT',
        hostname,
        ...(port !== undefined && { port }),
        path: text === '' ? path : `${path}?${text}`,
        headers: { ...signed, 'content-length': body.byteLength },
        agent,
        timeout: stallMs,
      }
      const { answer, said } = await exchange((onAnswer) => put(options, onAnswer), body, signal)
      countDeadBuffers(body.byteLength)
      if (answer.statusCode === 200) return answer.headers.etag
      throw failureOf(answer, said)
    },
    [Symbol.dispose]() {
      agent?.destroy()
    },
  }
}

/** Undefined when the client signs in another way. */
function routeOf({ protocol, hostname, port, path, headers = {} }: SeenRequest): Route | undefined {
  const [, region] =
    /^AWS4-HMAC-SHA256 Credential=[^/]+\/\d+\/([\w-]+)\/s3\//.exec(headers['authorization'] ?? '') ?? []
  const { host } = headers
  if (region === undefined || hostname === undefined || host === undefined || path === undefined)
    return undefined
  const isSecure = protocol === 'https:'
  return { isSecure, hostname, port, host, base: path.replace(/\/$/, ''), signer: createSigner(region) }
}

/** The whole answer is read, so that the connection can be used again; what is longer than an error is not kept. */
function exchange(
  begin: (onAnswer: (answer: IncomingMessage) => void) => ClientRequest,
  body: Uint8Array,
  signal: AbortSignal,
): Promise<{ readonly answer: IncomingMessage; readonly said: string }> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const fail = (error: unknown): void => {
      signal.removeEventListener('abort', stop)
      reject(error)
    }
    const request = begin((answer) => {
      let said = ''
      answer.on('data', (block: Buffer) => {
        if (said.length < maxErrorBytes) said += block.toString('latin1')
      })
      answer.once('end', () => {
        signal.removeEventListener('abort', stop)
        resolve({ answer, said })
      })
      answer.once('error', fail)
    })
    // Listened to here: as an option of the request it would take longer than all the rest.
    const stop = (): void => void request.destroy(cancelled(signal))
    signal.addEventListener('abort', stop, { once: true })
    request.once('error', fail)
    request.once('timeout', () =>
      request.destroy(Object.assign(new Error('no answer'), { name: 'TimeoutError' })),
    )
    request.end(body)
  })
}

function failureOf({ statusCode, headers }: IncomingMessage, said: string): Error {
  const field = (name: string): string | undefined =>
    new RegExp(`<${name}>([^<]{1,200})</${name}>`).exec(said)?.[1]
  const Code = field('Code')
  return Object.assign(new Error(field('Message') ?? ''), {
    name: Code ?? 'Unknown',
    ...(Code !== undefined && { Code }),
    Region: field('Region'),
    $metadata: { httpStatusCode: statusCode },
    $response: { statusCode, headers },
  })
}
