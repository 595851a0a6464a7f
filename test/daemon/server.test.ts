import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { maxBodyBytes } from '../../src/daemon/limits.ts'
import { receiveSpec, receiving, testDaemon, untilState, wholeTicket } from '../support/daemon.ts'

const port = (daemon: { server: { address: unknown } }): number =>
  (daemon.server.address as { port: number }).port

test('daemon: only the right host, no foreign origin, and only with the token', async () => {
  await using daemon = await testDaemon()
  const own = port(daemon)
  const evil = 'http://evil.example'
  for (const [headers, status] of [
    [{}, 200],
    [{ host: `localhost:${own}` }, 200],
    [{ host: `[::1]:${own}` }, 200],
    [{ host: `LOCALHOST:${own}`, origin: `http://LOCALHOST:${own}` }, 200],
    [{ host: 'evil.example' }, 421],
    [{ host: `evil.example:${own}` }, 421],
    [{ host: `127.0.0.1.evil.example:${own}` }, 421],
    [{ host: '127.0.0.1' }, 421],
    [{ host: `127.0.0.1:${own + 1}` }, 421],
    [{ origin: evil }, 403],
    [{ origin: 'null' }, 403],
    [{ origin: `https://127.0.0.1:${own}` }, 403],
    [{ origin: `http://127.0.0.1:${own}` }, 200],
    [{ authorization: '' }, 401],
    [{ authorization: 'Bearer ' }, 401],
    [{ authorization: `Bearer ${daemon.token.slice(0, -1)}` }, 401],
    [{ authorization: `Bearer ${daemon.token}x` }, 401],
    [{ authorization: `Basic ${daemon.token}` }, 401],
    [{ authorization: '', cookie: `token=${daemon.token}` }, 401],
  ] as const) {
    const answer = await daemon.ask('GET', '/api/v1/status', { headers })
    assert.equal(answer.status, status, JSON.stringify(headers))
    assert.equal(answer.headers['access-control-allow-origin'], undefined)
    assert.equal(answer.headers['x-content-type-options'], 'nosniff')
    assert.equal(answer.headers['x-frame-options'], 'DENY')
    assert.match(String(answer.headers['content-security-policy']), /default-src 'none'/)
    if (status !== 200) assert.equal(answer.headers['content-type'], 'application/problem+json')
  }
  const inQuery = await daemon.ask('GET', `/api/v1/status?token=${daemon.token}`)
  assert.equal(inQuery.status, 400)
  for (const path of ['/metrics', '/api/v1/events', '/api/v1/transfers/t_1/progress', '/api/v1/openapi.json'])
    assert.equal((await daemon.ask('GET', path, { headers: { authorization: '' } })).status, 401, path)
  assert.equal((await daemon.ask('GET', '/api/v1/health', { headers: { authorization: '' } })).status, 200)
  const preflight = await daemon.ask('OPTIONS', '/api/v1/transfers', { headers: { origin: evil } })
  assert.equal(preflight.status, 403)
})

test('daemon: bodies that are too large, no JSON, or not what is asked for are refused, and start nothing', async () => {
  await using daemon = await testDaemon()
  const spec = JSON.stringify({ kind: 'share', paths: ['/a'] })
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  for (const [body, headers, status] of [
    [`{"kind":"share","paths":["${'a'.repeat(maxBodyBytes)}"]}`, {}, 413],
    ['{', {}, 400],
    ['null', {}, 400],
    ['[]', {}, 400],
    ['{}', {}, 400],
    ['{"kind":"steal"}', {}, 400],
    ['{"kind":"share","paths":[]}', {}, 400],
    ['{"kind":"share","paths":["relative"]}', {}, 400],
    ['{"kind":"share","paths":["/a"],"__proto__":{"x":1}}', {}, 400],
    ['{"kind":"share","paths":["/a"],"options":{"unknown":1}}', {}, 400],
    ['{"kind":"share","paths":["/a"],"limits":{"bytesPerSecond":1}}', {}, 400],
    ['{"kind":"receive","ticket":"ferry1x","into":"/b"}', {}, 400],
    [spec, { 'content-type': 'text/plain' }, 415],
    [spec, form, 415],
    [spec, { 'content-type': '' }, 415],
    [spec, { 'transfer-encoding': 'chunked', 'content-type': 'application/json; charset=utf-8' }, 201],
  ] as const) {
    const answer = await daemon.ask('POST', '/api/v1/transfers', { body, headers })
    assert.equal(answer.status, status, body.slice(0, 60))
    if (status !== 201) assert.equal(typeof JSON.parse(answer.text).code, 'string')
  }
  assert.equal((await daemon.engine.list()).length, 1)
  const problem = JSON.parse((await daemon.ask('POST', '/api/v1/transfers', { body: '{}' })).text)
  assert.deepEqual(Object.keys(problem), ['type', 'title', 'status', 'detail', 'code', 'hint'])
})

test('daemon: a body that does not come, and headers that do not end, are not waited for', async () => {
  await using daemon = await testDaemon({}, { requestTimeoutMs: 200 })
  for (const text of [
    `POST /api/v1/transfers HTTP/1.1\r\nHost: 127.0.0.1:${port(daemon)}\r\nAuthorization: Bearer ${daemon.token}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
    'GET / HTTP/1.1\r\nHost: 127',
  ]) {
    const socket = connect(port(daemon), '127.0.0.1')
    socket.write(text)
    socket.resume()
    await once(socket, 'close')
  }
  const long = `GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`
  const socket = connect(port(daemon), '127.0.0.1')
  socket.end(long)
  const [answer] = (await once(socket, 'data')) as [Buffer]
  assert.match(answer.toString(), /^HTTP\/1\.1 431/)
  assert.equal((await daemon.ask('GET', '/api/v1/status')).status, 200)
})

test('daemon: jobs are started, steered and told by HTTP; a ticket of a receive is never shown', async () => {
  await using daemon = await testDaemon(receiving(100_000))
  const created = await daemon.ask('POST', '/api/v1/transfers', { body: JSON.stringify(receiveSpec) })
  const view = JSON.parse(created.text)
  assert.equal(created.headers.location, `/api/v1/transfers/${view.id}`)
  const path = `/api/v1/transfers/${view.id}`
  const post = async (what: string, body = '{}'): Promise<[number, string]> => {
    const { status, text } = await daemon.ask('POST', `${path}/${what}`, { body })
    const { state, code } = JSON.parse(text)
    return [status, state ?? code]
  }
  assert.deepEqual(await post('pause'), [200, 'paused'])
  assert.deepEqual(await post('resume'), [200, 'running'])
  assert.deepEqual(await post('limits', '{"bytesPerSecond":4096}'), [200, 'running'])
  assert.deepEqual(await post('limits', '{"bytesPerSecond":4095}'), [400, 'E_USAGE'])
  assert.deepEqual(await post('limits', '{"bytesPerSecond":null}'), [200, 'running'])
  assert.deepEqual(await post('retry'), [409, 'E_CONFLICT'])
  assert.deepEqual(await post('files/cancel'), [400, 'E_USAGE'])
  assert.deepEqual(await post('files/cancel', '{"paths":["a"],"partial":"burn"}'), [400, 'E_USAGE'])
  assert.deepEqual(await post('files/cancel', '{"paths":["Pictures/a"]}'), [200, 'running'])
  assert.deepEqual(JSON.parse((await daemon.ask('GET', path)).text).leftOut, ['Pictures/a'])
  assert.deepEqual(await post('cancel'), [200, 'cancelled'])
  assert.deepEqual(await post('cancel', '{"partial":"delete"}'), [200, 'cancelled'])
  assert.deepEqual(await post('files/cancel', '{"paths":["Pictures/a"]}'), [409, 'E_CONFLICT'])
  assert.deepEqual(await post('pause'), [409, 'E_CONFLICT'])
  assert.equal((await daemon.ask('POST', '/api/v1/transfers/t_none/cancel', { body: '{}' })).status, 404)
  assert.equal((await daemon.ask('GET', '/api/v1/transfers/t_none')).status, 404)
  assert.equal((await daemon.ask('GET', '/nothing')).status, 404)
  assert.equal((await daemon.ask('GET', '/api/v1/remotes')).text, '[]')
  assert.deepEqual(await daemon.client.remotes(), [])
  const history = JSON.parse((await daemon.ask('GET', '/api/v1/history?limit=5')).text)
  assert.equal(history[0].outcome, 'cancelled')
  assert.equal((await daemon.ask('GET', '/api/v1/history?limit=many')).status, 400)
  for (const all of ['transfers', `transfers/${view.id}`, 'history', 'status', 'shares', 'peers'])
    assert.ok(!(await daemon.ask('GET', `/api/v1/${all}`)).text.includes(wholeTicket), all)
})

test('daemon: the event of a job by poll and under its old name, and figures for Prometheus', async () => {
  await using daemon = await testDaemon(receiving(3))
  const { id } = await daemon.engine.start(receiveSpec)
  await untilState(daemon.engine, id, 'done')
  const event = JSON.parse((await daemon.ask('GET', `/api/v1/transfers/${id}/progress`)).text)
  assert.deepEqual(
    [event.transferId, event.step, event.stepNumber, event.progress, event.fileCount, event.state],
    [id, 'completed', 6, 100, 3, 'done'],
  )
  const old = JSON.parse((await daemon.ask('GET', `/api/v1/projects/${id}/progress`)).text)
  assert.deepEqual(old, { projectId: id, ...event })
  const { text, headers } = await daemon.ask('GET', '/metrics')
  assert.match(headers['content-type'] ?? '', /^text\/plain; version=0\.0\.4/)
  assert.match(text, /^ferry_jobs\{state="done"\} 1$/m)
  assert.match(text, /^ferry_sse_clients 0$/m)
  for (const line of text.trim().split('\n'))
    assert.match(line, /^(# (HELP|TYPE) ferry_\w+ .+|ferry_\w+(\{\w+="[^"]*"\})? -?[\d.e+-]+)$/)
})

test('daemon: the page is served as built, and nothing beside it', async () => {
  const page = { type: 'text/html; charset=utf-8', bytes: new TextEncoder().encode('<p>'), isFixed: false }
  await using daemon = await testDaemon({}, { files: new Map([['/', page]]) })
  const answer = await daemon.ask('GET', '/', { headers: { authorization: '' } })
  assert.deepEqual([answer.status, answer.text], [200, '<p>'])
  assert.match(String(answer.headers['content-security-policy']), /script-src 'self';/)
  for (const path of ['/../package.json', '/%2e%2e/package.json', '/..%2fpackage.json', '//etc/passwd'])
    assert.equal((await daemon.ask('GET', path)).status, 404, path)
})
