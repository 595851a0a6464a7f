/** The HTTP way to a feed, against a server of Node's own. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'node:test'
import { createHttpSource, HttpRefusal } from '../../../src/progress/client/http-source.ts'
import { createProgressClient, type TransferEvent } from '../../../src/progress/client/progress-client.ts'
import { systemClock } from '../../../src/progress/limiter.ts'

interface Event extends TransferEvent {
  readonly progress: number
}

async function startServer(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<{ readonly url: string } & AsyncDisposable> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

const sourceAt = (url: string) =>
  createHttpSource<Event>({
    streamUrl: `${url}/stream`,
    pollUrl: `${url}/poll`,
    token: 'secret',
    parse: (text) => JSON.parse(text) as Event,
  })

const eventText = (id: number, progress: number, step = 'uploading'): string =>
  `id: ${id}\ndata: ${JSON.stringify({ transferId: 'a', step, progress })}\n\n`

test('createHttpSource: events come as they are sent, in whatever pieces, behind comments and unknown fields', async () => {
  let token: string | undefined
  await using server = await startServer((request, response) => {
    token = request.headers.authorization
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const text = `: hello\nfoo: bar\n${eventText(1, 10)}${eventText(2, 20, 'größe')}`
    const bytes = Buffer.from(text)
    // Within a character of two bytes.
    const cut = bytes.indexOf(Buffer.from('ö')) + 1
    response.write(bytes.subarray(0, cut))
    setImmediate(() => response.end(bytes.subarray(cut)))
  })
  const seen: string[] = []
  await sourceAt(server.url).stream?.(
    { onOpen: () => seen.push('open'), onEvent: ({ step, progress }) => seen.push(`${step} ${progress}`) },
    new AbortController().signal,
  )
  assert.deepEqual(seen, ['open', 'uploading 10', 'größe 20'])
  assert.equal(token, 'Bearer secret')
})

test('createHttpSource: the next stream says what was seen last', async () => {
  const seen: (string | undefined)[] = []
  await using server = await startServer((request, response) => {
    seen.push(request.headers['last-event-id'] as string | undefined)
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end(eventText(7, 10))
  })
  const source = sourceAt(server.url)
  for (let count = 0; count < 2; count++)
    await source.stream?.({ onOpen: () => undefined, onEvent: () => undefined }, new AbortController().signal)
  assert.deepEqual(seen, [undefined, '7'])
})

test('createHttpSource: a refusal says the words of the server, and whether it is for good', async () => {
  let status = 404
  await using server = await startServer((_request, response) =>
    response.writeHead(status).end(JSON.stringify({ detail: 'no such transfer' })),
  )
  for (const [next, permanent] of [
    [404, true],
    [401, true],
    [429, false],
    [503, false],
  ] as const) {
    status = next
    await assert.rejects(sourceAt(server.url).poll(new AbortController().signal), (error: unknown) => {
      assert.ok(error instanceof HttpRefusal)
      assert.deepEqual([error.message, error.permanent, error.status], ['no such transfer', permanent, next])
      return true
    })
  }
})

test('createProgressClient: follows a transfer to its end over HTTP, and leaves nothing open', async () => {
  let closed: Promise<unknown> = Promise.resolve()
  await using server = await startServer((_request, response) => {
    closed = once(response, 'close')
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(eventText(1, 50) + eventText(2, 100, 'completed'))
  })
  const client = createProgressClient<Event>({ open: () => sourceAt(server.url), clock: systemClock })
  const seen: number[] = []
  await new Promise<void>((resolve) => {
    client.start(
      'a',
      ({ progress }) => seen.push(progress),
      undefined,
      ({ connection }) => connection === 'idle' && resolve(),
    )
  })
  assert.deepEqual(seen, [50, 100])
  assert.deepEqual([client.isConnected(), client.isPolling(), client.connection], [false, false, 'idle'])
  await closed
})

test('createProgressClient: another id lets go of the one before', async () => {
  await using server = await startServer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(eventText(1, request.url === '/a/stream' ? 1 : 2))
  })
  const client = createProgressClient<Event>({
    open: (id) => sourceAt(`${server.url}/${id}`),
    clock: systemClock,
  })
  const first = new Promise<number>((resolve) => client.start('a', ({ progress }) => resolve(progress)))
  assert.equal(await first, 1)
  const second = new Promise<number>((resolve) => client.start('b', ({ progress }) => resolve(progress)))
  assert.equal(await second, 2)
  assert.equal(client.isConnected(), true)
  client.stop()
})
