import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { createMemoryJobs } from '../../src/blobs/store/job-table.ts'
import { openPart } from '../../src/blobs/tree-writer/part-file.ts'
import type { Engine, EngineChange } from '../../src/jobs/engine-types.ts'
import { createEngine, keepEndedMs, resumeInterrupted } from '../../src/jobs/engine.ts'
import { createFerry } from '../../src/jobs/ferry.ts'
import type { Journeys } from '../../src/jobs/journeys.ts'
import type { RemoteDefinition } from '../../src/jobs/types.ts'
import { delay } from '../../src/shared/concurrency.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { fakeJourneys, fakeReceiveResult, fakeSyncResult, fakeTicket } from '../support/fake-journeys.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const vectors = resolve(import.meta.dirname, '..', '..', '..', 'test', 'vectors', 'tickets.json')
const ticket = /ferry1[a-z0-9]+/.exec(readFileSync(vectors, 'utf8'))?.[0] as string
const receiveSpec = { kind: 'receive', ticket, into: '/into' } as const

/** A receive that passes `pieces` pieces through its throttle and then ends. */
const receiving = (pieces: number): Partial<Journeys> => ({
  async receive(_ticket, _into, _options, { progress, throttle, signal }) {
    progress.totals({ files: pieces, bytes: pieces, final: true })
    for (let piece = 0; piece < pieces; piece++) {
      await (throttle.take(1, signal) ?? delay(1, signal))
      progress.addDone({ files: 1, bytes: 1 })
    }
    return fakeReceiveResult
  },
})

async function until(engine: Engine, id: string, state: string): Promise<EngineChange['jobs'][number]> {
  for await (const { jobs } of engine.changes()) {
    const found = jobs.find((job) => job.id === id && job.state === state)
    if (found) return found
  }
  throw new Error(`job ${id} never was ${state}`)
}

function stage(journeys: Partial<Journeys> = {}, jobs = createMemoryJobs()) {
  const folder = temporaryFolder()
  const ferry = createFerry({ directory: folder.at('data') }, fakeJourneys(journeys))
  const options = { ferry, jobs, version: '1.2.3' }
  return {
    jobs,
    options,
    engine: createEngine(options),
    async [Symbol.asyncDispose]() {
      await ferry[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

test('createEngine: a share shows its whole ticket, a receive only a shortened one', async () => {
  await using staged = stage()
  await using engine = staged.engine
  const { id } = await engine.start({ kind: 'share', paths: ['/a/Pictures'] })
  const share = await until(engine, id, 'running')
  assert.equal(share.title, 'Pictures')
  assert.equal((await engine.get(id)).ticket, fakeTicket)
  const [view] = await engine.shares()
  assert.equal(view?.ticket, fakeTicket)
  const receive = await engine.start(receiveSpec)
  assert.ok(!JSON.stringify(receive).includes(ticket))
  const done = await until(engine, receive.id, 'done')
  assert.equal(done.snapshot.id, receive.id)
  assert.equal(done.snapshot.percent, 100)
  const { jobs, peer } = await engine.status()
  assert.deepEqual([jobs.running, jobs.done, typeof peer], [1, 1, 'string'])
})

test('createEngine: a paused job stands still, resumes, and keeps its id', async () => {
  await using staged = stage(receiving(20))
  await using engine = staged.engine
  const { id } = await engine.start(receiveSpec)
  const paused = await engine.pause(id)
  assert.deepEqual(
    [paused.state, paused.snapshot.state, paused.canPause, paused.canResume],
    ['paused', 'paused', false, true],
  )
  const before = (await engine.get(id)).snapshot.files.done
  await delay(30)
  // What had passed already still counts.
  assert.ok((await engine.get(id)).snapshot.files.done <= before + 1)
  assert.equal((await engine.resume(id)).state, 'running')
  assert.equal((await until(engine, id, 'done')).snapshot.files.done, 20)
})

test('createEngine: the same sync is not started twice at once, except to look what it would do', async () => {
  await using staged = stage({
    sync: async (_from, _to, _options, { signal }) => (await delay(1e6, signal)) as never,
  })
  await using engine = staged.engine
  const spec = { kind: 'sync', from: '/a/', to: '/b' } as const
  const { id } = await engine.start(spec)
  await assert.rejects(engine.start({ ...spec, options: { delete: true } }), { code: 'E_CONFLICT' })
  await engine.start({ ...spec, options: { dryRun: true } })
  await engine.start({ ...spec, to: '/c' })
  await engine.cancel(id)
  await engine.start(spec)
})

test('createEngine: cancel twice, cancel what has ended, pause and resume what has ended', async () => {
  await using staged = stage(receiving(1_000_000))
  await using engine = staged.engine
  const { id } = await engine.start(receiveSpec)
  await engine.pause(id)
  const [first, second] = await Promise.all([engine.cancel(id), engine.cancel(id)])
  assert.deepEqual([first.state, second.state, (await engine.cancel(id)).state], Array(3).fill('cancelled'))
  await assert.rejects(engine.pause(id), { code: 'E_CONFLICT' })
  await assert.rejects(engine.resume(id), { code: 'E_CONFLICT' })
  await assert.rejects(engine.get('t_none'), { code: 'E_NOT_FOUND' })
  const [row] = await engine.history()
  assert.deepEqual([row?.id, row?.outcome, row?.attempts], [id, 'cancelled', 1])
  const again = await engine.retry(id)
  assert.deepEqual([again.id, again.state, again.attempts], [id, 'running', 2])
  await assert.rejects(engine.retry(id), { code: 'E_CONFLICT' })
})

test('createEngine: what was running when the process ended is interrupted, and goes on under the same id', async () => {
  await using before = stage(receiving(1_000_000))
  const { id } = await before.engine.start(receiveSpec)
  await until(before.engine, id, 'running')
  // The process ends here: nothing is closed.
  const { jobs } = before
  await using after = stage(receiving(3), jobs)
  await using engine = after.engine
  const [view] = await engine.list()
  assert.deepEqual(
    [view?.id, view?.state, view?.snapshot.state, view?.canResume],
    [id, 'interrupted', 'paused', true],
  )
  await engine.resume(id)
  assert.equal((await until(engine, id, 'done')).attempts, 2)
  await before.engine[Symbol.asyncDispose]()
})

test('createEngine: closing it leaves what runs to the next one, which resumes it when told to', async () => {
  await using staged = stage(receiving(1_000_000))
  const { id } = await staged.engine.start(receiveSpec)
  const share = await staged.engine.start({ kind: 'share', paths: ['/a'] })
  const held = await staged.engine.start({ ...receiveSpec, into: '/held' })
  await staged.engine.pause(held.id)
  await staged.engine[Symbol.asyncDispose]()
  await using next = createEngine(staged.options)
  await resumeInterrupted(next)
  const states = new Map((await next.list()).map((view) => [view.id, view.state]))
  assert.deepEqual(
    states,
    new Map([
      [held.id, 'paused'],
      [share.id, 'running'],
      [id, 'running'],
    ]),
  )
  await next.removeShare(share.id)
  assert.deepEqual(await next.shares(), [])
  await next.resume(held.id)
})

test('createEngine: the same paths again are the same share; told otherwise they are refused', async () => {
  await using staged = stage()
  await using engine = staged.engine
  const { id } = await engine.start({ kind: 'share', paths: ['/a', '/b'] })
  assert.equal((await engine.start({ kind: 'share', paths: ['/b', '/a'] })).id, id)
  const otherwise = { kind: 'share', paths: ['/a', '/b'], options: { once: true } } as const
  await assert.rejects(engine.start(otherwise), { code: 'E_CONFLICT' })
  await assert.rejects(engine.start({ kind: 'share', paths: ['relative'] }), { code: 'E_USAGE' })
  await assert.rejects(engine.start({ ...receiveSpec, ticket: 'ferry1nonsense' }), { code: 'E_TICKET' })
  await assert.rejects(engine.start({ kind: 'share', paths: ['/c'], limits: { bytesPerSecond: 1 } }), {
    code: 'E_USAGE',
  })
  assert.equal((await engine.list()).length, 1)
})

test('createEngine: a reader that sleeps gets the newest picture, and no end is lost', async () => {
  await using staged = stage(receiving(5))
  await using engine = staged.engine
  const reader = engine.changes()[Symbol.asyncIterator]()
  assert.deepEqual((await reader.next()).value, { whole: true, jobs: [], removed: [] })
  const { id } = await engine.start(receiveSpec)
  await until(engine, id, 'done')
  await engine.retry(id)
  await until(engine, id, 'done')
  const { value } = await reader.next()
  const change = value as EngineChange
  assert.ok(change.jobs.length <= 2)
  assert.equal(change.jobs[0]?.state, 'done')
  assert.equal(change.jobs.at(-1)?.attempts, 2)
})

test('createEngine: an ended job leaves the list after ten minutes, and stays in the history', async () => {
  const clock = createFakeClock()
  await using staged = stage(receiving(1))
  await using engine = createEngine({ ...staged.options, clock })
  const { id } = await engine.start(receiveSpec)
  await until(engine, id, 'done')
  clock.advance(keepEndedMs - 1)
  assert.equal((await engine.list()).length, 1)
  clock.advance(1)
  assert.equal((await engine.list()).length, 0)
  assert.equal((await engine.history())[0]?.id, id)
  assert.equal((await engine.get(id)).state, 'done')
  await staged.engine[Symbol.asyncDispose]()
})

const slowSpec = { ...receiveSpec, limits: { bytesPerSecond: 4096 } }

/** A receive of named files, of which those that are left out or not chosen do not come; each begins a part. */
const receivingFiles = (names: readonly string[], folder: string): Partial<Journeys> => ({
  async receive(_ticket, _into, _options, { progress, throttle, signal, files, parts }) {
    progress.totals({ files: names.length, bytes: names.length, final: true })
    for (const name of names.filter((one) => files.isChosen(one))) {
      openPart(join(folder, name), 10).close()
      parts.begin(join(folder, name))
      await throttle.take(1, signal)
      const item = progress.beginItem(name, 'fetch', 1)
      item.done({ phase: files.isLeftOut(name) ? 'skipped' : 'done' })
      if (!files.isLeftOut(name)) parts.end(join(folder, name))
    }
    return fakeReceiveResult
  },
})

test('createEngine: single files are left out while it runs, and taken up again by a retry of these alone', async () => {
  await using folder = temporaryFolder()
  await using staged = stage(receivingFiles(['a', 'b', 'c'], folder.path))
  await using engine = staged.engine
  const { id } = await engine.start(slowSpec)
  await engine.pause(id)
  const view = await engine.cancelFiles(id, { paths: ['b', 'nowhere'] })
  assert.deepEqual([view.leftOut, view.canCancelFiles, view.canRetryFiles], [['b', 'nowhere'], true, false])
  await assert.rejects(engine.cancelFiles(id, { paths: [] }), { code: 'E_USAGE' })
  await engine.resume(id)
  const done = await until(engine, id, 'done')
  assert.equal(done.snapshot.files.done, 3)
  assert.deepEqual(done.snapshot.warnings, ['There is no file "nowhere" in it'])
  assert.deepEqual([done.canCancelFiles, done.canRetryFiles, done.canDeletePartial], [false, true, true])
  await assert.rejects(engine.cancelFiles(id, { paths: ['a'] }), { code: 'E_CONFLICT' })
  await engine.retry(id, { paths: ['b'] })
  const again = await until(engine, id, 'done')
  assert.deepEqual([again.attempts, again.snapshot.files.done, again.leftOut], [2, 1, []])
})

test('createEngine: what is left out stays so when the process ends, and its part is known to the next one', async () => {
  await using folder = temporaryFolder()
  const journeys = receivingFiles(['a', 'b'], folder.path)
  await using staged = stage(journeys)
  const { id } = await staged.engine.start(slowSpec)
  await staged.engine.pause(id)
  await staged.engine.cancelFiles(id, { paths: ['b'] })
  await staged.engine[Symbol.asyncDispose]()
  await using next = createEngine(staged.options)
  assert.deepEqual((await next.get(id)).leftOut, ['b'])
  await next.resume(id)
  await until(next, id, 'done')
  assert.deepEqual(readdirSync(folder.path).filter((name) => name.startsWith('b')).length, 2)
  await next.cancel(id, { partial: 'delete' })
  assert.deepEqual(
    readdirSync(folder.path).filter((name) => name.startsWith('b')),
    [],
  )
  assert.equal((await next.get(id)).canDeletePartial, false)
})

test('createEngine: cancel with delete takes the parts of this job and leaves those of others', async () => {
  await using folder = temporaryFolder()
  await using staged = stage(receivingFiles(['a'], folder.path))
  await using engine = staged.engine
  openPart(folder.at('foreign'), 10).close()
  const { id } = await engine.start(slowSpec)
  await engine.pause(id)
  const view = await engine.cancel(id, { partial: 'delete' })
  assert.deepEqual([view.state, view.canDeletePartial], ['cancelled', false])
  assert.deepEqual(
    readdirSync(folder.path)
      .filter((name) => !name.startsWith('data'))
      .toSorted(),
    [...(existsSync(folder.at('a')) ? ['a'] : []), 'foreign.ferry-part', 'foreign.ferry-part.journal'],
  )
})

test('createEngine: what does not do single files, or keeps its parts elsewhere, is refused and goes on', async () => {
  await using staged = stage({
    sync: async (_from, _to, _options, { signal }) =>
      await delay(1_000_000, signal).then(() => fakeSyncResult),
  })
  await using engine = staged.engine
  const share = await engine.start({ kind: 'share', paths: ['/a'] })
  await assert.rejects(engine.cancelFiles(share.id, { paths: ['a'] }), { code: 'E_USAGE' })
  await assert.rejects(engine.cancel(share.id, { partial: 'delete' }), { code: 'E_USAGE' })
  const sync = await engine.start({ kind: 'sync', from: '/a', to: 's3://bucket/b' })
  assert.deepEqual([sync.canCancelFiles, sync.canDeletePartial], [true, false])
  await assert.rejects(engine.cancel(sync.id, { partial: 'delete' }), { code: 'E_USAGE', message: /folder/ })
  await assert.rejects(engine.cancelFiles(sync.id, { paths: ['a'], partial: 'delete' }), { code: 'E_USAGE' })
  assert.deepEqual(
    [(await engine.get(share.id)).state, (await engine.get(sync.id)).state],
    ['running', 'running'],
  )
  const zip = await engine.start({ ...receiveSpec, options: { as: 'zip' } })
  await until(engine, zip.id, 'done')
  await assert.rejects(engine.retry(zip.id, { paths: ['a'] }), { code: 'E_USAGE' })
})

test('createEngine: remotes are told by name, kind and address', async () => {
  await using staged = stage()
  const remotes = new Map<string, RemoteDefinition>([
    ['photos', { kind: 's3', bucket: 'b', prefix: 'p/q', profile: 'own' }],
    ['box', { kind: 'sftp', host: '::1', port: 2222, user: 'me', path: 'in/home', identityFile: '/key' }],
  ])
  await using engine = createEngine({ ...staged.options, remotes })
  assert.deepEqual(await engine.remotes(), [
    { name: 'box', kind: 'sftp', url: 'sftp://me@[::1]:2222/~/in/home' },
    { name: 'photos', kind: 's3', url: 's3://b/p/q' },
  ])
  await staged.engine[Symbol.asyncDispose]()
})
