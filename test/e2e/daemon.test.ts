/** The daemon as a process: killed in the middle, ended gently, started twice, in the way, and bound to its parent. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { findDaemon, type EngineClient } from '../../src/daemon/client.ts'
import { createEngineClient } from '../../src/daemon/client.ts'
import { runtimeDirectory } from '../../src/daemon/runtime-files.ts'
import type { JobView } from '../../src/jobs/engine-types.ts'
import { untilState } from '../support/daemon.ts'
import { startDaemon } from '../support/daemon-process.ts'
import { runFerry, startFerry } from '../support/ferry.ts'
import { setStage, type Stage } from '../support/journey.ts'
import { describeExit } from '../support/process.ts'
import { seededBytes } from '../support/seeded-bytes.ts'

async function until(engine: EngineClient, id: string, isIt: (job: JobView) => boolean): Promise<JobView> {
  for await (const { jobs } of engine.changes()) {
    const found = jobs.find((job) => job.id === id && isIt(job))
    if (found) return found
  }
  throw new Error(`job ${id} never was so`)
}

function writeSource(stage: Stage): void {
  stage.write('source/large.bin', seededBytes(6_000_000, 1))
  for (let index = 0; index < 20; index++) stage.write(`source/many/${index}`, seededBytes(30_000, index + 2))
}

test('a daemon that is killed at half of a receive lists it, goes on under its id, and ends with the same tree', async () => {
  await using stage = setStage()
  writeSource(stage)
  await using share = await stage.share(['source'])
  let id: string
  {
    await using daemon = await startDaemon(stage.receiverHome)
    const started = await runFerry(['receive', '-d', '--json', '--bwlimit', '4M', share.ticket, stage.into], {
      home: stage.receiverHome,
    })
    assert.equal(started.code, 0, describeExit(started))
    id = /"id":"(t_\w+)","kind":"receive"/.exec(started.stdout)?.[1] as string
    await until(daemon.client, id, ({ snapshot }) => snapshot.percent >= 50)
    daemon.process.kill('SIGKILL')
    await daemon.process.exit
  }
  await using daemon = await startDaemon(stage.receiverHome)
  const view = await daemon.client.get(id)
  assert.deepEqual([view.state, view.attempts, view.limits.bytesPerSecond], ['running', 2, 4_194_304])
  await daemon.client.setLimits(id, { bytesPerSecond: null })
  const done = await untilState(daemon.client, id, 'done')
  assert.ok(done.snapshot.bytes.reused > 0, 'what had arrived was used')
  stage.assertArrived('source')
  // The ticket is in the database, which is ours alone, and nowhere else.
  const log = readdirSync(stage.receiverHome, { recursive: true, withFileTypes: true })
  for (const entry of log) {
    if (!entry.isFile() || entry.name.startsWith('jobs.db')) continue
    const text = readFileSync(`${entry.parentPath}/${entry.name}`, 'latin1')
    assert.ok(!text.includes(share.ticket), entry.name)
  }
})

test('a paused receive stays so over a restart, and share -d serves on with the same ticket', async () => {
  await using stage = setStage()
  writeSource(stage)
  const home = stage.senderHome
  let first = await startDaemon(home)
  const shared = await runFerry(['share', '-q', '-d', stage.at('source')], { home })
  assert.equal(shared.code, 0, describeExit(shared))
  const ticket = shared.stdout.trim()
  assert.match(ticket, /^ferry1[a-z0-9]+$/)
  await using receiver = await startDaemon(stage.receiverHome)
  const spec = { kind: 'receive', ticket, into: stage.into, limits: { bytesPerSecond: 1_000_000 } } as const
  const { id } = await receiver.client.start(spec)
  await until(receiver.client, id, ({ snapshot }) => snapshot.bytes.transferred > 0)
  assert.equal((await runFerry(['pause', id], { home: stage.receiverHome })).code, 0)
  // The sender ends gently and comes back while the receiver waits.
  first.process.kill('SIGTERM')
  const { code, stderr } = await first.process.exit
  assert.equal(code, 0, stderr)
  await first[Symbol.asyncDispose]()
  first = await startDaemon(home)
  await using stack = new AsyncDisposableStack()
  stack.use(first)
  const [view] = await first.client.shares()
  assert.equal((await until(first.client, view?.id as string, (job) => job.ticket !== null)).ticket, ticket)
  await receiver.client.setLimits(id, { bytesPerSecond: null })
  assert.equal((await runFerry(['resume', id], { home: stage.receiverHome })).code, 0)
  await untilState(receiver.client, id, 'done')
  stage.assertArrived('source')
  assert.equal((await runFerry(['shares', 'rm', view?.id as string], { home })).code, 0)
  assert.deepEqual(await first.client.shares(), [])
})

test('daemon start, status and stop; a second one, and a port in use, are refused in plain words', async () => {
  await using stage = setStage()
  const home = stage.senderHome
  const start = await runFerry(['daemon', 'start', '--port', '0', '--no-dht'], { home })
  assert.equal(start.code, 0, describeExit(start))
  try {
    const again = await runFerry(['daemon', 'start'], { home })
    assert.match(again.stderr, /was running already/)
    const second = await runFerry(['daemon', 'run', '--port', '0'], { home })
    assert.equal(second.code, 8, describeExit(second))
    assert.match(second.stderr, /Cannot run jobs of ".*": process \d+ does already\n {2}hint: /)
    const status = await runFerry(['daemon', 'status', '--json'], { home })
    const { address } = JSON.parse(status.stdout.split('\n')[0] as string)
    const other = await runFerry(['daemon', 'run', '--port', String(address.port)], {
      home: stage.receiverHome,
    })
    assert.equal(other.code, 8, describeExit(other))
    assert.match(other.stderr, /Cannot listen on port \d+: another program does\n {2}hint: .*--port/)
    const failed = await runFerry(['daemon', 'start', '--port', String(address.port)], {
      home: stage.receiverHome,
    })
    assert.match(failed.stderr, /Cannot listen on port \d+: another program does/)
  } finally {
    const stop = await runFerry(['daemon', 'stop'], { home })
    assert.equal(stop.code, 0, describeExit(stop))
  }
  const none = await runFerry(['status'], { home })
  assert.equal(none.code, 3)
  assert.match(none.stderr, /none is running\n {2}hint: .*ferry daemon start/)
  assert.equal((await runFerry(['daemon', 'stop'], { home })).code, 0)
})

test('an ephemeral daemon tells its parent alone where it is, and ends with it', async () => {
  await using stage = setStage()
  const socketPath = stage.at('run', 'socket')
  await using running = startFerry(
    ['daemon', 'run', '--ephemeral', '--socket', socketPath, '--no-dht', '-q'],
    {
      home: stage.senderHome,
      input: null,
    },
  )
  const [line] = await running.waitFor(/^\{.*\}\n/)
  const { address, token } = JSON.parse(line)
  assert.deepEqual(address, { socketPath })
  assert.equal(await findDaemon(runtimeDirectory({ FERRY_HOME: stage.senderHome })), undefined)
  await using client = createEngineClient({ address, token })
  assert.equal((await client.status()).pid, running.pid)
  running.stdin.end()
  assert.equal((await running.exit).code, 0)
})

test('what a daemon cannot do for a command is refused before anything starts', async () => {
  await using stage = setStage()
  const home = stage.senderHome
  for (const args of [
    ['share', '-d', '-'],
    ['share', '-d', '--listen', '127.0.0.1:0', '/'],
    ['receive', '-d', '--stdout', 'ferry1x'],
    ['daemon', 'run', '--port', '70000'],
    ['daemon', 'run', '--port', '1', '--socket', '/x'],
  ]) {
    const exit = await runFerry(args, { home })
    assert.equal(exit.code, 2, `${args.join(' ')}: ${describeExit(exit)}`)
  }
  assert.equal(await findDaemon(runtimeDirectory({ FERRY_HOME: home })), undefined)
})

test('sync --daemon: paths are those of the folder it was said in; what it cannot tell is refused', async () => {
  await using stage = setStage()
  const home = stage.senderHome
  stage.write('from/a', 'content')
  await using daemon = await startDaemon(home)
  const given = await runFerry(['sync', '-a', '--daemon', '--json', 'from/', 'to'], { home, cwd: stage.path })
  assert.equal(given.code, 0, describeExit(given))
  const id = /"id":"(t_\w+)","kind":"sync"/.exec(given.stdout)?.[1] as string
  const done = await untilState(daemon.client, id, 'done')
  assert.deepEqual([done.from, done.to], [[`${stage.at('from')}/`], stage.at('to')])
  assert.equal(readFileSync(stage.at('to', 'a'), 'utf8'), 'content')
  assert.equal(
    (await runFerry(['sync', '-an', '--daemon', 'from/', 'to'], { home, cwd: stage.path })).code,
    2,
  )
  const options = { signal: {} }
  await assert.rejects(daemon.client.start({ kind: 'sync', from: '/a', to: '/b', options }), {
    code: 'E_USAGE',
  })
  await assert.rejects(daemon.client.start({ kind: 'sync', from: 'a', to: '/b' }), { code: 'E_USAGE' })
})

test('single files of a job are left out and taken up again from the command line, and parts go when told to', async () => {
  await using stage = setStage()
  writeSource(stage)
  await using share = await stage.share(['source'])
  await using daemon = await startDaemon(stage.receiverHome)
  const home = stage.receiverHome
  const started = await runFerry(['receive', '-d', '--json', '--bwlimit', '200', share.ticket, stage.into], {
    home,
  })
  assert.equal(started.code, 0, describeExit(started))
  const id = /"id":"(t_\w+)","kind":"receive"/.exec(started.stdout)?.[1] as string
  const ferry = async (...args: readonly string[]): Promise<void> => {
    const ended = await runFerry(args, { home })
    assert.equal(ended.code, 0, describeExit(ended))
  }
  const part = join(stage.into, 'source', 'large.bin.ferry-part')
  await until(
    daemon.client,
    id,
    ({ snapshot }) => snapshot.active.some(({ path }) => path === 'source/large.bin') && existsSync(part),
  )
  await ferry('cancel', id, '--file', 'source/large.bin')
  await daemon.client.setLimits(id, { bytesPerSecond: null })
  const done = await untilState(daemon.client, id, 'done')
  assert.deepEqual(
    [done.leftOut, done.snapshot.files.done, done.snapshot.files.failed],
    [['source/large.bin'], 21, 0],
  )
  assert.ok(existsSync(part) && !existsSync(join(stage.into, 'source', 'large.bin')))
  await ferry('cancel', id, '--delete-partial')
  assert.ok(!existsSync(part) && !existsSync(`${part}.journal`))
  await ferry('retry', id, '--file', 'source/large.bin')
  const again = await until(daemon.client, id, ({ state, attempts }) => state === 'done' && attempts === 2)
  assert.equal(again.snapshot.files.total, 1)
  stage.assertArrived('source')
  const refused = await runFerry(['cancel', id, 't_2', '--file', 'a'], { home })
  assert.equal(refused.code, 2, describeExit(refused))
})

test('a daemon listens where the settings say, and where the command line says above that', async () => {
  await using stage = setStage()
  const home = stage.receiverHome
  const socket = join(home, 'own.sock')
  assert.equal((await runFerry(['config', 'set', 'api.listen', socket], { home })).code, 0)
  assert.equal((await runFerry(['config', 'set', 'api.listen', '0.0.0.0:80'], { home })).code, 2)
  {
    await using daemon = await startDaemon(home, [])
    assert.deepEqual(daemon.client.address, { socketPath: socket })
    assert.deepEqual(await daemon.client.remotes(), [])
  }
  await using daemon = await startDaemon(home, ['--port', '0'])
  assert.ok('port' in daemon.client.address)
})
