/** HTTP to a daemon, over TCP or a Unix socket: one answer as JSON, or a stream of events. */
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { createParser } from 'eventsource-parser'
import { cancelled } from '../../shared/concurrency.ts'
import { FerryError } from '../../shared/errors.ts'
import { errorOf } from '../api/problem.ts'
import type { DaemonAddress } from '../runtime-files.ts'

export interface HttpClient extends Disposable {
  /** @throws what the engine threw; E_UNREACHABLE when no daemon answers */
  ask<Answer>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<Answer>
  /** The data of each event, until the stream or the signal ends. @throws as `ask` */
  stream(path: string, signal: AbortSignal | undefined): AsyncGenerator<string>
}

/** A daemon that accepts and does not answer is none. */
const answerTimeoutMs = 30_000
/** A stream sends a sign of life every 15 s. */
const silenceMs = 45_000

export function createHttpClient(address: DaemonAddress, token: string): HttpClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  const place =
    'port' in address
      ? { host: '127.0.0.1', port: address.port, headers: { host: `127.0.0.1:${address.port}` } }
      : { socketPath: address.socketPath, headers: { host: 'localhost' } }

  function send(
    method: string,
    path: string,
    body: object | undefined,
    how: {
      readonly signal?: AbortSignal | undefined
      readonly agent: Agent | false
      readonly timeout: number
    },
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body)
      const { signal, ...rest } = how
      const request = httpRequest({
        ...place,
        ...rest,
        ...(signal && { signal }),
        method,
        path,
        headers: {
          ...place.headers,
          authorization: `Bearer ${token}`,
          accept: 'application/json, text/event-stream',
          ...(text !== undefined && {
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(text),
          }),
        },
      })
      request.on('timeout', () => request.destroy(new Error('it does not answer')))
      request.on('error', (error) => reject(signal?.aborted ? cancelled(signal) : unreachable(error)))
      request.on('response', resolve)
      request.end(text)
    })
  }

  return {
    async ask<Answer>(method: string, path: string, body?: object): Promise<Answer> {
      const response = await send(method, path, body, { agent, timeout: answerTimeoutMs })
      return (await answerOf(response)) as Answer
    },
    async *stream(path, signal): AsyncGenerator<string> {
      const response = await send('GET', path, undefined, { signal, agent: false, timeout: silenceMs })
      if (response.statusCode !== 200) throw await answerOf(response).then(() => unreachable(undefined))
      const events: string[] = []
      const parser = createParser({ onEvent: ({ data }) => void events.push(data) })
      const decoder = new TextDecoder()
      try {
        for await (const part of response as AsyncIterable<Uint8Array>) {
          parser.feed(decoder.decode(part, { stream: true }))
          yield* events.splice(0)
        }
      } catch (error) {
        if (signal?.aborted) return
        throw unreachable(error)
      } finally {
        response.destroy()
      }
    },
    [Symbol.dispose]: () => agent.destroy(),
  }
}

async function answerOf(response: IncomingMessage): Promise<unknown> {
  const parts: Uint8Array[] = []
  try {
    for await (const part of response as AsyncIterable<Uint8Array>) parts.push(part)
  } catch (error) {
    throw unreachable(error)
  }
  const { statusCode = 0 } = response
  const text = Buffer.concat(parts).toString()
  let value: unknown
  try {
    value = text === '' ? undefined : JSON.parse(text)
  } catch {
    throw errorOf(undefined, statusCode)
  }
  if (statusCode >= 300) throw errorOf(value, statusCode)
  return value
}

function unreachable(cause: unknown): FerryError {
  const reason = cause instanceof Error ? cause.message : 'it hung up'
  return new FerryError('E_UNREACHABLE', `Cannot reach the daemon: ${reason}`, {
    cause,
    hint: 'start it with: ferry daemon start',
    retryable: true,
  })
}
