/** Carrying out a plan on real folders, with a destination that misbehaves where the test wants it. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { FerryError } from '../../../src/shared/errors.ts'
import type { ExecuteRun } from '../../../src/sync/execute/execute-run.ts'
import { runPlan } from '../../../src/sync/execute/run-plan.ts'
import { indexedSource } from '../../../src/sync/execute/sync-source.ts'
import type { SyncSettings } from '../../../src/sync/options.ts'
import { settingsOf } from '../../../src/jobs/sync/settings.ts'
import type { PlanFacts } from '../../../src/sync/plan-types.ts'
import { createComparison } from '../../../src/sync/plan/comparison.ts'
import { planSync } from '../../../src/sync/plan/plan-sync.ts'
import type { Remote, Written } from '../../../src/sync/remote.ts'
import { openLocalRemote } from '../../../src/sync/remotes/local/open.ts'
import { createLocalContext } from '../../support/local-context.ts'
import { createRandomBytes } from '../../support/random-files.ts'
import { silentProgress } from '../../support/silent-progress.ts'
import { temporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts'

interface Ran {
  readonly done: readonly string[]
  readonly failed: ReadonlyMap<string, unknown>
  readonly sentBytes: number
}

/** Syncs `src` to `dst` of the folder; `spoil` changes what the destination does. */
async function run(
  folder: TemporaryFolder,
  options: Partial<SyncSettings> = {},
  spoil: (remote: Remote) => Partial<Remote> = () => ({}),
): Promise<Ran> {
  await using context = createLocalContext(folder.at('state'))
  const source = await openLocalRemote({ kind: 'local', path: folder.at('src') }, context)
  const local = await openLocalRemote({ kind: 'local', path: folder.at('dst') }, context)
  const remote: Remote = { ...local, ...spoil(local) }
  const settings = { ...settingsOf({ wholeFile: true, ...options }), wholeFile: options.wholeFile ?? true }
  const facts: PlanFacts = {
    modes: true,
    timeStepNs: 1n,
    links: true,
    folders: true,
    newModeMask: 0o755,
    problems: () => 0,
    holdsExcluded: () => false,
  }
  const list = { recursive: true, onProblem: () => undefined }
  const done: string[] = []
  const failed = new Map<string, unknown>()
  let sentBytes = 0
  const executed: ExecuteRun = {
    source: indexedSource(source, undefined),
    remote,
    settings,
    signal: new AbortController().signal,
    progress: silentProgress(),
    index: undefined,
    decide: createComparison(settings, facts).decide,
    onDecided: () => undefined,
    onDone(action, outcome) {
      sentBytes += outcome.sentBytes
      if ('entry' in action && action.kind !== 'same') done.push(action.entry.path)
    },
    onMoving: () => undefined,
    onFailed: (path, error) => void failed.set(path, error),
  }
  await runPlan(planSync(source.list(list), remote.list(list), settings, facts), executed)
  return { done: done.toSorted((a, b) => (a < b ? -1 : 1)), failed, sentBytes }
}

function stage(files: Readonly<Record<string, string>>): TemporaryFolder {
  const folder = temporaryFolder()
  for (const name of ['src', 'dst']) mkdirSync(folder.at(name))
  for (const [name, content] of Object.entries(files)) writeFileSync(folder.at(name), content)
  return folder
}

/** Someone else writes the file in the moment before ferry does, the first `times` times. */
function overwritten(folder: TemporaryFolder, times: number) {
  return (remote: Remote): Partial<Remote> => ({
    async write(path, content, options) {
      if (times-- > 0) writeFileSync(folder.at('dst', path), `someone else's ${times}`)
      return await remote.write(path, content, options)
    },
  })
}

test('runPlan: what someone else has put there meanwhile is looked at afresh, once', async () => {
  await using folder = stage({ 'src/a': 'ours', 'dst/a': 'old content' })
  const { failed } = await run(folder, {}, overwritten(folder, 1))
  assert.equal(failed.size, 0)
  assert.equal(readFileSync(folder.at('dst', 'a'), 'utf8'), 'ours')
})

test('runPlan: a second change meanwhile is a failure of that file, and its content stays', async () => {
  await using folder = stage({ 'src/a': 'ours', 'src/b': 'b', 'dst/a': 'old content' })
  const { failed } = await run(folder, {}, overwritten(folder, 9))
  assert.equal((failed.get('a') as FerryError).code, 'E_CONFLICT')
  assert.match(readFileSync(folder.at('dst', 'a'), 'utf8'), /^someone/)
})

test('runPlan: with failOnConflict a change meanwhile ends the sync', async () => {
  await using folder = stage({ 'src/a': 'ours', 'dst/a': 'old content' })
  await assert.rejects(run(folder, { failOnConflict: true }, overwritten(folder, 1)), { code: 'E_CONFLICT' })
  assert.match(readFileSync(folder.at('dst', 'a'), 'utf8'), /^someone/)
})

test('runPlan: with -u what someone else made newer stays', async () => {
  await using folder = stage({ 'src/a': 'ours', 'dst/a': 'old content' })
  const { failed } = await run(folder, { update: true }, overwritten(folder, 1))
  assert.equal(failed.size, 0)
})

test('runPlan: a backup is put back when nothing comes in its place', async () => {
  await using folder = stage({ 'src/a': 'ours', 'dst/a': 'old content' })
  const { failed } = await run(folder, { backup: true, suffix: '~' }, () => ({
    write: async () => await Promise.reject(new FerryError('E_IO', 'broken')),
  }))
  assert.equal((failed.get('a') as FerryError).message, 'broken')
  assert.deepEqual(readdirSync(folder.at('dst')), ['a'])
})

test('runPlan: with a backup the name is never empty, and an edited file still goes as a delta', async () => {
  const old = createRandomBytes('backup')(4 << 20)
  await using folder = stage({})
  writeFileSync(folder.at('dst', 'a'), old)
  writeFileSync(folder.at('src', 'a'), Buffer.concat([Buffer.from('in front'), old]))
  const options = { wholeFile: false, deltaThreshold: 0, backup: true, suffix: '~' }
  const spied = (remote: Remote): Partial<Remote> => ({
    caps: {
      ...remote.caps,
      rename: () => Promise.reject(new FerryError('E_IO', 'it would leave the name empty')),
      async assemble(...args) {
        assert.ok(readFileSync(folder.at('dst', 'a')).equals(old))
        assert.ok(readFileSync(folder.at('dst', 'a~')).equals(old))
        return (await remote.caps.assemble?.(...args)) as Written
      },
    },
  })
  const { sentBytes, failed } = await run(folder, options, spied)
  assert.equal(failed.size, 0)
  assert.ok(sentBytes < 1 << 20, `${sentBytes} bytes were sent`)
  assert.ok(readFileSync(folder.at('dst', 'a')).equals(readFileSync(folder.at('src', 'a'))))
  assert.ok(readFileSync(folder.at('dst', 'a~')).equals(old))
})

test('runPlan: where nothing can have a second name, a backup is moved away and the file goes whole', async () => {
  const old = createRandomBytes('moved')(2 << 20)
  await using folder = stage({})
  writeFileSync(folder.at('dst', 'a'), old)
  writeFileSync(folder.at('src', 'a'), Buffer.concat([Buffer.from('in front'), old]))
  const options = { wholeFile: false, deltaThreshold: 0, backup: true, suffix: '~' }
  for (const duplicate of [undefined, async () => await Promise.resolve(undefined)]) {
    const { failed } = await run(folder, options, ({ caps }) => {
      const { duplicate: _, ...others } = caps
      return { caps: { ...others, ...(duplicate && { duplicate }) } }
    })
    assert.equal(failed.size, 0)
    assert.ok(readFileSync(folder.at('dst', 'a')).equals(readFileSync(folder.at('src', 'a'))))
    assert.ok(readFileSync(folder.at('dst', 'a~')).equals(old))
    writeFileSync(folder.at('dst', 'a'), old)
  }
})

test('runPlan: what someone else puts under the name while the old file is moved away for a backup stays', async () => {
  await using folder = stage({ 'src/a': 'ours', 'dst/a': 'old content' })
  const options = { backup: true, suffix: '~', failOnConflict: true }
  const syncing = run(folder, options, (remote) => {
    const { duplicate: _, ...caps } = remote.caps
    return { caps, ...overwritten(folder, 1)(remote) }
  })
  await assert.rejects(syncing, { code: 'E_CONFLICT' })
  assert.match(readFileSync(folder.at('dst', 'a'), 'utf8'), /^someone/)
  assert.equal(readFileSync(folder.at('dst', 'a~'), 'utf8'), 'old content')
})

test('runPlan: what lies in the folder of backups is not deleted', async () => {
  await using folder = stage({ 'src/a': 'newer', 'dst/a': 'old', 'dst/gone': 'x', 'dst/keptnot': 'x' })
  mkdirSync(folder.at('dst', 'kept', 'deep'), { recursive: true })
  for (const name of ['a', 'b', 'deep/c']) writeFileSync(folder.at('dst', 'kept', name), 'before')
  const { failed } = await run(folder, { delete: true, backupDir: 'kept/' })
  assert.equal(failed.size, 0)
  assert.deepEqual(readdirSync(folder.at('dst')).toSorted(), ['a', 'kept'])
  assert.deepEqual(readdirSync(folder.at('dst', 'kept')).toSorted(), ['a', 'b', 'deep', 'gone', 'keptnot'])
  assert.equal(readFileSync(folder.at('dst', 'kept', 'a'), 'utf8'), 'old')
})

test('runPlan: one file that fails does not keep the others, and a full disk ends all', async () => {
  await using folder = stage({ 'src/a': 'a', 'src/b': 'b', 'src/c': 'c' })
  const failing = (code: 'E_IO' | 'E_NO_SPACE') => (remote: Remote) => ({
    write: async (...args: Parameters<Remote['write']>) =>
      args[0] === 'b' ? await Promise.reject(new FerryError(code, 'no')) : await remote.write(...args),
  })
  const { failed, done } = await run(folder, {}, failing('E_IO'))
  assert.deepEqual([[...failed.keys()], done], [['b'], ['a', 'c']])
  await assert.rejects(run(folder, { jobs: 1 }, failing('E_NO_SPACE')), { code: 'E_NO_SPACE' })
})

test('runPlan: a dry run writes nothing and tells the bytes', async () => {
  await using folder = stage({ 'src/a': 'four', 'dst/gone': '' })
  const { sentBytes, done } = await run(folder, { dryRun: true, delete: true })
  assert.deepEqual([sentBytes, done], [4, ['a']])
  assert.ok(existsSync(folder.at('dst', 'gone')) && !existsSync(folder.at('dst', 'a')))
})

test('runPlan: an edited file goes as a delta, with and without writing it', async () => {
  const old = createRandomBytes('old')(4 << 20)
  await using folder = stage({})
  writeFileSync(folder.at('dst', 'a'), old)
  writeFileSync(folder.at('src', 'a'), Buffer.concat([Buffer.from('in front'), old]))
  const options = { wholeFile: false, deltaThreshold: 0 }
  const dry = await run(folder, { ...options, dryRun: true })
  assert.ok(dry.sentBytes < 1 << 20, `${dry.sentBytes} bytes would be sent`)
  const real = await run(folder, options)
  assert.equal(real.sentBytes, dry.sentBytes)
  assert.ok(readFileSync(folder.at('dst', 'a')).equals(readFileSync(folder.at('src', 'a'))))
})

test('runPlan: -c finds other content behind an equal size and time', async () => {
  await using folder = stage({ 'src/a': 'one', 'dst/a': 'two', 'src/b': 'same', 'dst/b': 'same' })
  const { done } = await run(folder, { checksum: true, times: false })
  assert.deepEqual(done, ['a'])
  assert.equal(readFileSync(folder.at('dst', 'a'), 'utf8'), 'one')
})
