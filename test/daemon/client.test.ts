import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEngineClient, findDaemon } from '../../src/daemon/client.ts'
import { createToken, keepToken, writeInfo } from '../../src/daemon/runtime-files.ts'
import type { EngineChange } from '../../src/jobs/engine-types.ts'
import { receiveSpec, receiving, testDaemon, untilState } from '../support/daemon.ts'

for (const socket of [false, true]) {
  const over = socket ? 'a Unix socket' : 'TCP'
  test(`createEngineClient: the engine over ${over} is the engine`, async () => {
    await using daemon = await testDaemon(receiving(400), { socket })
    const { client } = daemon
    const view = await client.start({ ...receiveSpec, limits: { bytesPerSecond: null } })
    assert.equal((await client.pause(view.id)).state, 'paused')
    assert.equal(
      (await client.setLimits(view.id, { bytesPerSecond: 1_000_000 })).limits.bytesPerSecond,
      1_000_000,
    )
    assert.equal((await client.resume(view.id)).state, 'running')
    const done = await untilState(client, view.id, 'done')
    assert.equal(done.snapshot.percent, 100)
    assert.equal((await client.retry(view.id)).attempts, 2)
    assert.equal((await client.cancel(view.id)).state, 'cancelled')
    assert.deepEqual(
      (await client.history({ limit: 10 })).map(({ outcome }) => outcome),
      ['cancelled', 'done'],
    )
    const share = await client.start({ kind: 'share', paths: ['/a'] })
    assert.deepEqual(
      (await client.shares()).map(({ id }) => id),
      [share.id],
    )
    await client.removeShare(share.id)
    assert.deepEqual(await client.shares(), [])
    assert.deepEqual(await client.peers(), [])
    assert.equal((await client.status()).version, '1.2.3')
    await assert.rejects(client.get('t_none/../x'), { code: 'E_NOT_FOUND', hint: /ferry status/ })
    await assert.rejects(client.start({ kind: 'share', paths: ['relative'] }), { code: 'E_USAGE' })
    await assert.rejects(client.pause(view.id), { code: 'E_CONFLICT' })
    await client.shutdown()
  })
}

test('createEngineClient: changes go on behind a server that goes and comes back, beginning with everything', async () => {
  await using daemon = await testDaemon(receiving(1_000_000))
  const links: string[] = []
  await using client = createEngineClient({
    address: daemon.server.address,
    token: daemon.token,
    onLink: (state) => links.push(state),
  })
  const { id } = await client.start(receiveSpec)
  const stop = new AbortController()
  const wholes: EngineChange[] = []
  for await (const change of client.changes({ signal: stop.signal })) {
    if (change.whole) wholes.push(change)
    if (wholes.length === 1 && change.jobs.some((job) => job.snapshot.files.done > 0)) await daemon.restart()
    if (wholes.length === 2) stop.abort()
  }
  assert.equal(wholes[1]?.jobs[0]?.id, id)
  assert.deepEqual([links[0], links.at(-1)], ['reconnecting', 'connected'])
})

test('createEngineClient: no daemon, and a wrong token, are told apart', async () => {
  await using daemon = await testDaemon()
  const { address } = daemon.server
  await using wrong = createEngineClient({ address, token: createToken() })
  await assert.rejects(wrong.status(), { code: 'E_PERMISSION' })
  await using nobody = createEngineClient({
    address: { socketPath: daemon.folder.at('none') },
    token: 'x',
    attempts: 0,
  })
  await assert.rejects(nobody.status(), { code: 'E_UNREACHABLE', hint: /ferry daemon start/ })
  const reader = nobody.changes()[Symbol.asyncIterator]()
  await assert.rejects(reader.next(), { code: 'E_UNREACHABLE' })
})

test('findDaemon: a daemon that left its address and is gone is none', async () => {
  await using daemon = await testDaemon()
  const directory = daemon.folder.at('runtime')
  assert.equal(await findDaemon(directory), undefined)
  keepToken(directory)
  const info = { pid: 1, version: '1', startedAtMs: 1 }
  writeInfo(directory, { ...info, address: { socketPath: daemon.folder.at('gone') } })
  assert.equal(await findDaemon(directory), undefined)
  writeInfo(directory, { ...info, address: daemon.server.address })
  // Somebody answers there who does not know our token.
  await assert.rejects(findDaemon(directory), { code: 'E_PERMISSION' })
})
