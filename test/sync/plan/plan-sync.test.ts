import assert from 'node:assert/strict'
import test from 'node:test'
import type { SyncSettings } from '../../../src/sync/options.ts'
import { planSync } from '../../../src/sync/plan/plan-sync.ts'
import type { PlanFacts, SyncAction } from '../../../src/sync/plan-types.ts'
import type { SyncEntry } from '../../../src/sync/source.ts'
import { parseTreePath } from '../../../src/shared/paths.ts'
import { noOptions } from '../../support/sync-cases.ts'

const facts: PlanFacts = {
  modes: true,
  timeStepNs: 1n,
  links: true,
  folders: true,
  newModeMask: 0o755,
  problems: () => 0,
}

const archive: SyncSettings = { ...noOptions, recursive: true, links: true, perms: true, times: true }
const second = 1_000_000_000n

/** `a/` is a folder, `a@target` a link, all else a file. */
function entry(name: string, changes: Partial<SyncEntry> = {}): SyncEntry {
  const [path = '', target] = name.split('@')
  const kind = name.endsWith('/') ? 'directory' : target === undefined ? 'file' : 'symlink'
  return {
    path: parseTreePath(path.replace(/\/$/, '')),
    kind,
    size: kind === 'file' ? 10 : 0,
    mtimeNs: 1_700_000_000n * second,
    mode: kind === 'directory' ? 0o755 : 0o644,
    version: '1',
    ...(target === undefined ? {} : { target }),
    ...changes,
  }
}

async function* listing(entries: readonly (string | SyncEntry)[]): AsyncGenerator<readonly SyncEntry[]> {
  for (const one of entries) yield [typeof one === 'string' ? entry(one) : one]
}

interface Input {
  readonly source: readonly (string | SyncEntry)[]
  readonly existing?: readonly (string | SyncEntry)[]
  readonly settings?: Partial<SyncSettings>
  readonly facts?: Partial<PlanFacts>
}

async function planOf({ source, existing = [], settings, facts: more }: Input): Promise<SyncAction[]> {
  const batches = planSync(
    listing(source),
    listing(existing),
    { ...archive, ...settings },
    { ...facts, ...more },
  )
  const actions: SyncAction[] = []
  for await (const batch of batches) actions.push(...batch)
  return actions
}

function sketchOf(action: SyncAction): string {
  if (action.kind === 'delete') return `delete ${action.existing.path}${action.first ? ' <' : ''}`
  if (action.kind === 'withheld') return `withheld ${action.why} ${action.count}`
  if (action.kind === 'missing') return `missing ${action.path}`
  const note =
    action.kind === 'skip' && action.failed ? ' !' : 'inTheWay' in action && action.inTheWay ? ' <' : ''
  return `${action.kind} ${action.entry.path}${note}`
}

/** One line an action: its kind and path, `!` for a failure, `<` for what is in the way or deleted first. */
async function sketch(input: Input): Promise<string[]> {
  return (await planOf(input)).map(sketchOf)
}

test('planSync: a file that takes the place of a folder comes after what was in it', async () => {
  const input: Input = {
    source: ['a', 'a.txt', 'b'],
    existing: ['a.txt', 'a/', 'a/x', 'a/y/', 'a/y/z', 'b'],
  }
  assert.deepEqual(await sketch({ ...input, settings: { delete: true } }), [
    'same a.txt',
    'delete a/y/z <',
    'delete a/y <',
    'delete a/x <',
    'write a <',
    'same b',
  ])
  assert.deepEqual(await sketch(input), ['same a.txt', 'skip a !', 'same b'])
  assert.deepEqual(await sketch({ source: ['a'], existing: ['a/'] }), ['write a <'])
  assert.deepEqual(await sketch({ source: ['a@b'], existing: ['a/'] }), ['link a <'])
})

test('planSync: a folder that takes the place of a file comes before what is in it', async () => {
  assert.deepEqual(await sketch({ source: ['a.b', 'a/', 'a/x'], existing: ['a', 'a.b', 'c'] }), [
    'same a.b',
    'folder a <',
    'write a/x',
  ])
  assert.deepEqual(
    await sketch({ source: ['a/', 'a/x'], existing: ['a'], settings: { ignoreExisting: true } }),
    ['skip a'],
  )
})

test('planSync: a name that only begins like a folder is another one', async () => {
  assert.deepEqual(
    await sketch({
      source: ['a!/', 'a!/1', 'ab', 'ab/'.replace('/', '.c')],
      existing: ['a', 'a!', 'ab.c/'],
      settings: { delete: true },
    }),
    ['folder a! <', 'write a!/1', 'write ab', 'write ab.c <', 'delete a'],
  )
})

test('planSync: deletions come last, what is in a folder before the folder', async () => {
  assert.deepEqual(
    await sketch({
      source: ['k/', 'k/1', 'z'],
      existing: ['a', 'd/', 'd/e/', 'd/e/f', 'd/g', 'k/', 'k/0', 'k/1', 'z'],
      settings: { delete: true },
    }),
    [
      'same k',
      'same k/1',
      'same z',
      'delete k/0',
      'delete d/g',
      'delete d/e/f',
      'delete d/e',
      'delete d',
      'delete a',
    ],
  )
})

test('planSync: nothing is deleted after a problem, above the limit, or for an empty source', async () => {
  const existing = ['a', 'b/', 'b/c', 'k']
  const settings = { delete: true }
  assert.deepEqual(await sketch({ source: ['k'], existing, settings, facts: { problems: () => 1 } }), [
    'same k',
    'withheld problems 3',
  ])
  assert.deepEqual(await sketch({ source: ['k'], existing, settings: { delete: true, maxDelete: 2 } }), [
    'same k',
    'delete b/c',
    'delete b',
    'withheld limit 1',
  ])
  await assert.rejects(planOf({ source: [], existing, settings }), {
    code: 'E_CONFLICT',
    message: /nothing in the source/,
  })
  assert.equal((await sketch({ source: [], existing, settings: { ...settings, maxDelete: 4 } })).length, 4)
  assert.deepEqual(await sketch({ source: [], existing: [], settings }), [])
})

test('planSync: a folder that holds what is excluded stays, and those above it', async () => {
  const asked: string[] = []
  const lines = await sketch({
    source: ['k'],
    existing: ['a/', 'a/b/', 'a/b/c', 'a/d/', 'k'],
    settings: { delete: true },
    facts: {
      holdsExcluded: (folder) => {
        asked.push(folder)
        return folder === 'a/b'
      },
    },
  })
  assert.deepEqual(lines, ['same k', 'delete a/d', 'delete a/b/c'])
  assert.deepEqual(asked, ['a/b', 'a/d', 'a'])
})

test('planSync: backups beside their originals are not deleted, and say where to', async () => {
  const settings = { delete: true, backup: true }
  const actions = await planOf({
    source: [entry('a', { size: 1 }), 'k/'],
    existing: ['a', 'a~', 'k/', 'k/b', 'k/b~', 'o/', 'o/x~'],
    settings,
  })
  assert.deepEqual(
    actions.flatMap((action) => ('backup' in action ? [[action.kind, action.backup]] : [])),
    [
      ['write', 'a~'],
      ['delete', 'k/b~'],
    ],
  )
  const kept = await planOf({
    source: ['k'],
    existing: ['k', 'o/', 'o/x'],
    settings: { ...settings, backupDir: 'old/', suffix: '.1' },
  })
  assert.deepEqual(
    kept.flatMap((action) => (action.kind === 'delete' ? [action.backup] : [])),
    ['old/o/x.1', undefined],
  )
})

test('planSync: folders that a listing leaves out are there all the same', async () => {
  // As buckets list: no folders.
  assert.deepEqual(await sketch({ source: ['a/b/c', 'a/d', 'e/f'], existing: ['a/', 'a/d'] }), [
    'same a',
    'folder a/b',
    'write a/b/c',
    'same a/d',
    'folder e',
    'write e/f',
  ])
  assert.deepEqual(
    await sketch({
      source: ['a/', 'a/b/', 'a/b/c', 'g/'],
      existing: ['a', 'a/b/c', 'x/y'],
      settings: { delete: true },
      facts: { folders: false },
    }),
    ['same a/b/c', 'delete x/y', 'delete a'],
  )
})

test('planSync: a source that has a file and a folder of one name keeps one of them', async () => {
  assert.deepEqual(await sketch({ source: ['a', 'a/b'], existing: [] }), ['skip a !', 'write a'])
  assert.deepEqual(await sketch({ source: ['a', 'a/b'], existing: ['a/', 'a/b'] }), [
    'skip a !',
    'same a',
    'same a/b',
  ])
})

test('planSync: a listing out of order or with a name twice is an error', async () => {
  for (const wrong of [
    ['b', 'a'],
    ['a', 'a'],
    ['a/', 'a.txt'],
  ]) {
    await assert.rejects(planOf({ source: wrong }), { code: 'E_IO', message: /the source: .* out of order/ })
    await assert.rejects(planOf({ source: [], existing: wrong }), {
      code: 'E_IO',
      message: /the destination: .* out of order/,
    })
  }
})

test('planSync: both listings have begun before either ends, and are closed when the plan is left', async () => {
  const events: string[] = []
  const gate = Promise.withResolvers<void>()
  async function* watched(name: string, waits: boolean): AsyncGenerator<readonly SyncEntry[]> {
    events.push(`${name} begins`)
    try {
      if (waits) await gate.promise
      else gate.resolve()
      yield [entry('a')]
      yield [entry('b')]
      yield [entry('c')]
    } finally {
      events.push(`${name} ends`)
    }
  }
  // The source waits for the destination to have begun.
  for await (const batch of planSync(
    watched('source', true),
    watched('destination', false),
    archive,
    facts,
  )) {
    assert.equal(batch.length, 3)
    break
  }
  assert.deepEqual(events.slice(0, 2), ['source begins', 'destination begins'])
  assert.equal(events.length, 4)

  async function* failing(): AsyncGenerator<readonly SyncEntry[]> {
    yield [entry('a')]
    throw new Error('the list broke')
  }
  events.length = 0
  await assert.rejects(async () => {
    for await (const _ of planSync(failing(), watched('destination', false), archive, facts)) {
      // Nothing is looked at.
    }
  }, /the list broke/)
  assert.deepEqual(events, ['destination begins', 'destination ends'])
})

test('planSync: what the destination cannot do is not asked of it', async () => {
  const [file, link] = await planOf({
    source: ['a', 'l@a'],
    existing: [entry('a', { mode: 0o600 })],
    facts: { modes: false, links: false },
  })
  assert.equal(file?.kind, 'same')
  assert.equal(link?.kind === 'skip' && link.reason, 'skipping symbolic link "l": the destination has none')
  const coarse = await planOf({
    source: [entry('a', { mtimeNs: 5n * second + 3n }), entry('b', { mtimeNs: -1n })],
    existing: [entry('a', { mtimeNs: 4n * second }), entry('b', { mtimeNs: -2n * second })],
    settings: { modifyWindow: -1 },
    facts: { timeStepNs: 2n * second },
  })
  assert.deepEqual(
    coarse.map(({ kind }) => kind),
    ['same', 'same'],
  )
})

test('planSync: what is not known of an object is asked for, when it decides', async () => {
  const untold = { mtimeNs: undefined, mode: undefined }
  assert.deepEqual(
    await sketch({
      source: ['a', entry('b', { size: 11 }), 'c'],
      existing: [entry('a', untold), entry('b', untold)],
    }),
    ['describe a', 'write b', 'write c'],
  )
  assert.deepEqual(
    await sketch({
      source: ['a'],
      existing: [entry('a', untold)],
      settings: { sizeOnly: true, times: false },
    }),
    ['same a'],
  )
})

test('planSync: attributes are those of the source with -p and -t, and those that stand there without', async () => {
  const source = [entry('a', { mode: 0o4777, size: 1 }), entry('b', { mode: 0o6777 })]
  const existing = [entry('a', { mode: 0o600 })]
  const attributesOf = async (settings: Partial<SyncSettings>): Promise<unknown[]> =>
    (await planOf({ source, existing, settings })).map(
      (action) => 'attributes' in action && action.attributes,
    )
  const mtimeNs = 1_700_000_000n * second
  assert.deepEqual(await attributesOf({}), [
    { mode: 0o4777, mtimeNs },
    { mode: 0o6777, mtimeNs },
  ])
  assert.deepEqual(await attributesOf({ perms: false, times: false }), [
    { mode: 0o600, mtimeNs: undefined },
    { mode: 0o755, mtimeNs: undefined },
  ])
})

test('planSync: the listings are never read far ahead of the plan', async () => {
  let read = 0
  let planned = 0
  let furthest = 0
  const batchEntries = 100
  async function* many(): AsyncGenerator<readonly SyncEntry[]> {
    for (let batch = 100; batch < 400; batch++) {
      read += batchEntries
      furthest = Math.max(furthest, read - planned)
      yield Array.from({ length: batchEntries }, (_, index) => entry(`${batch}-${100 + index}`))
    }
  }
  async function* none(): AsyncGenerator<readonly SyncEntry[]> {
    // Nothing is there yet.
  }
  for await (const batch of planSync(many(), none(), archive, facts)) planned += batch.length
  assert.equal(planned, 30_000)
  // One batch of the plan, and two of the listing: the one in use and the next one.
  assert.ok(furthest <= 1024 + 3 * batchEntries, `${furthest} entries were read ahead`)
})

test('planSync: in a folder that was not gone into nothing is extraneous', async () => {
  assert.deepEqual(
    await sketch({
      source: [entry('a/', { isClosed: true }), 'b'],
      existing: ['a/', 'a/x', 'a/y/', 'a/y/z', 'c'],
      settings: { delete: true },
    }),
    ['same a', 'write b', 'delete c'],
  )
})
