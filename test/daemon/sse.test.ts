import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { test } from 'node:test'
import { createStreams } from '../../src/daemon/sse.ts'
import type { EngineChange } from '../../src/jobs/engine-types.ts'
import { receiveSpec, receiving, testDaemon, untilState, type TestDaemon } from '../support/daemon.ts'

const noMetrics = { opened: () => undefined, refused: () => undefined, sent: () => undefined }

async function open(daemon: TestDaemon, path: string, headers = {}): Promise<IncomingMessage> {
  const { port } = daemon.server.address as { port: number }
  const asked = request({
    host: '127.0.0.1',
    port,
    path,
    agent: false,
    headers: { host: `127.0.0.1:${port}`, authorization: `Bearer ${daemon.token}`, ...headers },
  })
  asked.end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  return response
}

interface Event {
  readonly id: number
  readonly data: { readonly progress: number; readonly state: string; readonly files: { done: number } }
}

async function readAll(response: IncomingMessage): Promise<{ events: Event[]; text: string }> {
  let text = ''
  for await (const part of response.setEncoding('utf8')) text += part
  const events = [...text.matchAll(/id: (\d+)\ndata: (.*)\n\n/g)].map(([, id, data]) => ({
    id: Number(id),
    data: JSON.parse(data as string) as Event['data'],
  }))
  return { events, text }
}

test('stream: the present state first, ids that rise, and the end as the last event', async () => {
  await using daemon = await testDaemon(receiving(400))
  const { id } = await daemon.engine.start(receiveSpec)
  await daemon.engine.pause(id)
  const response = await open(daemon, `/api/v1/transfers/${id}/progress/stream`, {
    'last-event-id': '\u00ffgarbage',
  })
  assert.equal(response.headers['content-type'], 'text/event-stream; charset=utf-8')
  assert.match(response.headers['cache-control'] ?? '', /no-cache, no-transform/)
  assert.equal(response.headers['x-accel-buffering'], 'no')
  assert.equal(response.headers['access-control-allow-origin'], undefined)
  const reading = readAll(response)
  await daemon.engine.resume(id)
  const { events } = await reading
  assert.equal(events[0]?.data.state === 'paused' || events[0]?.data.state === 'running', true)
  assert.deepEqual([events.at(-1)?.data.state, events.at(-1)?.data.progress], ['done', 100])
  for (const [index, event] of events.entries()) assert.ok(event.id > (events[index - 1]?.id ?? 0))
  // A stream of what has ended tells the end, and ends.
  const late = await readAll(await open(daemon, `/api/v1/projects/${id}/progress/stream`))
  assert.deepEqual(
    late.events.map(({ data }) => data.state),
    ['done'],
  )
  assert.equal((await open(daemon, '/api/v1/transfers/t_none/progress/stream')).statusCode, 404)
})

test('stream: who connects half way sees at least half, and three transfers do not mix', async () => {
  await using daemon = await testDaemon(receiving(1_000_000))
  const ids: string[] = []
  for (const into of ['/a', '/b', '/c']) ids.push((await daemon.engine.start({ ...receiveSpec, into })).id)
  for await (const { jobs } of daemon.engine.changes())
    if (jobs.some(({ snapshot }) => snapshot.files.done >= 5)) break
  const streams = await Promise.all(ids.map((id) => open(daemon, `/api/v1/transfers/${id}/events`)))
  const views = (await daemon.engine.list()).map((view) => view.id)
  assert.deepEqual(new Set(views), new Set(ids))
  await Promise.all(ids.map((id) => daemon.engine.cancel(id)))
  const seen = await Promise.all(
    streams.map(async (stream) => {
      let text = ''
      for await (const part of stream.setEncoding('utf8')) {
        text += part
        if (text.includes('"state":"cancelled"')) break
      }
      return new Set([...text.matchAll(/"id":"(t_\w+)","kind":"receive","title"/g)].map((match) => match[1]))
    }),
  )
  assert.deepEqual(
    seen.map((each) => [...each]),
    ids.map((id) => [id]),
  )
})

test('stream: with nothing to say it says that it is there', async () => {
  await using daemon = await testDaemon({}, { heartbeatMs: 20 })
  const response = await open(daemon, '/api/v1/events')
  let text = ''
  for await (const part of response.setEncoding('utf8')) {
    text += part
    if (text.split(': still here').length > 3) break
  }
  assert.match(
    text,
    /^retry: 1000\n\nevent: state\nid: \d+\ndata: \{"whole":true,"jobs":\[\],"removed":\[\]\}\n\n: still here\n\n/,
  )
})

test('stream: whoever does not read is not written to, and costs nothing more', async () => {
  let pulled = 0
  const picture = 'x'.repeat(100_000)
  async function* endless(): AsyncGenerator<EngineChange> {
    for (;;) {
      pulled++
      yield { whole: false, jobs: [], removed: [picture] }
    }
  }
  const streams = createStreams(noMetrics)
  const response = streams.respond(endless, ({ removed }) => [{ data: removed[0] as string }])
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  await reader.read()
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve))
  assert.ok(pulled <= 2, `${pulled} pictures were taken for a reader that took one`)
  assert.equal(streams.open, 1)
  await reader.cancel()
  assert.equal(streams.open, 0)
})

test('stream: who only asks for the head of one does not take a place', async () => {
  await using daemon = await testDaemon()
  const { id } = await daemon.engine.start(receiveSpec)
  for (const path of ['/api/v1/events', `/api/v1/transfers/${id}/events`])
    assert.equal((await daemon.ask('HEAD', path)).status, 405, path)
  assert.match((await daemon.ask('GET', '/metrics')).text, /^ferry_sse_clients 0$/m)
})

test('stream: signs of life leave nothing behind with the change that is waited for', async () => {
  let reactions = 0
  const never = new (class extends Promise<IteratorResult<EngineChange>> {
    // Whatever waits for a promise makes one of its kind.
    static override get [Symbol.species]() {
      reactions++
      return Promise
    }
  })(() => undefined)
  const streams = createStreams(noMetrics, 1)
  const response = streams.respond(
    () => ({ [Symbol.asyncIterator]: () => ({ next: () => never }) }),
    () => [],
  )
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  for (let beat = 0; beat < 20; beat++) await reader.read()
  await reader.cancel()
  assert.equal(reactions, 1)
})

test('stream: a socket that never reads gets the newest state when it does, and the end', async () => {
  await using daemon = await testDaemon(receiving(300))
  const { port } = daemon.server.address as { port: number }
  const socket = connect(port, '127.0.0.1')
  socket.pause()
  socket.write(
    `GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${daemon.token}\r\n\r\n`,
  )
  const { id } = await daemon.engine.start(receiveSpec)
  await untilState(daemon.engine, id, 'done')
  let text = ''
  for await (const part of socket.setEncoding('utf8')) {
    text += part as string
    if (text.includes('"state":"done"')) break
  }
  assert.match(text, /"percent":100/)
})

/** As cheap as a reader can be: a socket, and the end of what came over it. */
async function readEnd(daemon: TestDaemon, id: string): Promise<{ readonly end: Promise<string> }> {
  const { port } = daemon.server.address as { port: number }
  const socket = connect(port, '127.0.0.1')
  socket.write(
    `GET /api/v1/transfers/${id}/progress/stream HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${daemon.token}\r\n\r\n`,
  )
  await once(socket, 'readable')
  let tail = ''
  const end = (async () => {
    for await (const part of socket.setEncoding('latin1')) {
      tail = (tail + (part as string)).slice(-2000)
      if (tail.includes('"state":"done"')) break
    }
    return tail
  })()
  return { end }
}

test('stream: a thousand readers all see the end, and all are gone when they leave', async () => {
  const readers = 1000
  await using daemon = await testDaemon(receiving(100))
  const { id } = await daemon.engine.start(receiveSpec)
  await daemon.engine.pause(id)
  const ends: Promise<string>[] = []
  for (let batch = 0; batch < 10; batch++) {
    const opened = await Promise.all(Array.from({ length: readers / 10 }, () => readEnd(daemon, id)))
    ends.push(...opened.map(({ end }) => end))
  }
  assert.match((await daemon.ask('GET', '/metrics')).text, /^ferry_sse_clients 1000$/m)
  await daemon.engine.resume(id)
  for (const tail of await Promise.all(ends)) assert.match(tail, /"state":"done"/)
  const { text } = await daemon.ask('GET', '/metrics')
  assert.match(text, /^ferry_sse_clients 0$/m)
  assert.match(text, /^ferry_sse_success_ratio 1$/m)
})
