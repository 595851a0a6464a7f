import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import test, { after } from 'node:test'
import { chunkRecordBytes } from '../../../src/blobs/chunk-records.ts'
import type { LiveEvent } from '../../../src/blobs/live-event.ts'
import type { FileEntry } from '../../../src/blobs/manifest/entry.ts'
import { createWorkerPool } from '../../../src/blobs/worker/pool.ts'
import { receiveLive, sealedNumber } from '../../../src/jobs/receive/receive-live.ts'
import { FerryError } from '../../../src/shared/errors.ts'
import { createFileChoice } from '../../../src/shared/file-choice.ts'
import {
  cutBytes,
  fakeShare,
  patternBytes,
  type FakeEntry,
  type FakeShare,
} from '../../support/fake-share.ts'
import { fakeRun, type FakeRunOptions } from '../../support/receive-run.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const pool = createWorkerPool({ size: 2 })
after(() => pool.close())

const large = patternBytes(6_000_000, 31)
const tree: FakeEntry[] = [
  { path: 'top/a', content: Buffer.from('a') },
  { path: 'top/large', content: large },
  { path: 'top/z', content: Buffer.from('z') },
]

/** What an owner tells of a fake share; its large file's chunks come in pieces of `pieceChunks`. */
async function* tell(
  share: FakeShare,
  contents: readonly FakeEntry[],
  change: (event: LiveEvent) => LiveEvent | undefined,
  pieceChunks = 7,
): AsyncGenerator<LiveEvent> {
  const events: LiveEvent[] = []
  share.entries.forEach((entry, number) => {
    if (entry.kind !== 'file' || entry.content instanceof Uint8Array)
      return events.push({ type: 'entries', first: number, entries: [entry] })
    const records = cutBytes(contents.find(({ path }) => path === entry.path)?.content as Uint8Array)
    const opened: FileEntry = { ...entry, content: new Uint8Array() }
    events.push({ type: 'open', number, entry: opened })
    for (let at = 0; at < records.byteLength; at += pieceChunks * chunkRecordBytes)
      events.push({ type: 'chunks', number, records: records.slice(at, at + pieceChunks * chunkRecordBytes) })
    return events.push({ type: 'close', number })
  })
  events.push({ type: 'end', root: share.root, signature: new Uint8Array(64), dropped: [] })
  for (const event of events) {
    const told = change(event)
    if (told) yield told
    // Others get their turn between events, as they do on a real link.
    await new Promise((resolve) => setImmediate(resolve))
  }
}

async function receive(
  into: string,
  change: (event: LiveEvent) => LiveEvent | undefined = (event) => event,
  options: FakeRunOptions & { readonly jobs?: number; readonly contents?: readonly FakeEntry[] } = {},
) {
  const { contents = tree } = options
  const share: FakeShare = fakeShare(contents, {
    live: () => tell(share, contents, change),
  })
  const run = fakeRun(share, into, pool, options)
  try {
    const end = await receiveLive(run, share.session, {
      wanted: options.wanted ?? (() => true),
      jobs: options.jobs ?? 6,
      confirm: async () => undefined,
      onComplete: () => undefined,
      onEnd: () => undefined,
    })
    return { share, run, end }
  } finally {
    await run.index.flush()
  }
}

test('a live share arrives as it is told, also one file at a time', async () => {
  for (const jobs of [1, 6]) {
    await using folder = temporaryFolder()
    const { run, end, share } = await receive(folder.at('into'), undefined, { jobs })
    assert.deepEqual(end.root, share.root)
    assert.ok(readFileSync(folder.at('into', 'top', 'large')).equals(large))
    assert.equal(run.tally.files.total, 3)
    assert.equal(run.progress.done.files, 3)
    assert.equal(share.sent.content, large.byteLength + 2)
  }
})

test('a second live receive finds everything here', async () => {
  await using folder = temporaryFolder()
  const { run: first } = await receive(folder.at('into'))
  const { run, share } = await receive(folder.at('into'), undefined, { store: first.store })
  assert.equal(share.sent.content, 0)
  assert.equal(run.tally.files.had, 3)
})

test('an old copy of a file that is still hashed is of use', async () => {
  await using folder = temporaryFolder()
  mkdirSync(folder.at('into', 'top'), { recursive: true })
  const edited = Buffer.from(large)
  edited[3_000_000] = (edited[3_000_000] as number) ^ 1
  writeFileSync(folder.at('into', 'top', 'large'), edited)
  const { share } = await receive(folder.at('into'), undefined, { overwrite: 'always' })
  assert.ok(readFileSync(folder.at('into', 'top', 'large')).equals(large))
  assert.ok(share.sent.content < 20_000, String(share.sent.content))
})

test('a file that is dropped while it is told fails alone', async () => {
  await using folder = temporaryFolder()
  const others = fakeShare(tree.filter(({ path }) => path !== 'top/large'))
  const { run } = await receive(folder.at('into'), (event) => {
    if (event.type === 'close')
      return { type: 'drop', number: event.number, path: 'top/large', reason: 'it changed' }
    return event.type === 'end' ? { ...event, root: others.root, dropped: [2] } : event
  })
  assert.deepEqual(
    run.tally.failures().first.map(({ path, error }) => [path, error.code]),
    [['top/large', 'E_CHANGED']],
  )
  assert.equal(existsSync(folder.at('into', 'top', 'large')), false)
  assert.equal(readFileSync(folder.at('into', 'top', 'z'), 'utf8'), 'z')
})

test('a file that is left out while it is told stops alone, also when an old copy of it waits to be compared', async () => {
  for (const isThere of [false, true])
    for (const jobs of [1, 6]) {
      await using folder = temporaryFolder()
      mkdirSync(folder.at('into', 'top'), { recursive: true })
      if (isThere) writeFileSync(folder.at('into', 'top', 'large'), 'an old copy')
      const files = createFileChoice()
      const { run, end, share } = await receive(
        folder.at('into'),
        (event) => {
          if (event.type === 'chunks') files.leaveOut([{ path: 'top/large' }])
          return event
        },
        { jobs, files, overwrite: 'always' },
      )
      assert.deepEqual(end.root, share.root)
      assert.deepEqual([run.tally.files.failed, run.progress.done.files], [0, 3])
      assert.equal(existsSync(folder.at('into', 'top', 'large')), isThere)
      assert.equal(readFileSync(folder.at('into', 'top', 'z'), 'utf8'), 'z')
    }
})

test('a tree other than the signed one is refused', async () => {
  await using folder = temporaryFolder()
  const lied = receive(folder.at('into'), (event) =>
    event.type === 'end' ? { ...event, root: new Uint8Array(32) } : event,
  )
  await assert.rejects(lied, (error) => error instanceof FerryError && error.code === 'E_VERIFY')
})

test('a sender that stops telling leaves what can be resumed', async () => {
  await using folder = temporaryFolder()
  const cut = receive(folder.at('into'), (event) =>
    event.type === 'close' || event.type === 'end' ? undefined : event,
  )
  await assert.rejects(cut, (error) => error instanceof FerryError && error.code === 'E_UNREACHABLE')
  assert.equal(existsSync(folder.at('into', 'top', 'large')), false)
  const { share } = await receive(folder.at('into'))
  assert.ok(readFileSync(folder.at('into', 'top', 'large')).equals(large))
  assert.ok(share.sent.content < large.byteLength / 2, String(share.sent.content))
})

test('sealedNumber counts what was dropped before', () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5].map((number) => sealedNumber(number, [1, 4])),
    [0, undefined, 1, 2, undefined, 3],
  )
})

const old = patternBytes(16_000_000, 77)
const added = patternBytes(60_000, 78)
const half = old.byteLength / 2
/** What became of the old version, and how much of it may be fetched. */
const edits: Record<string, { readonly content: Buffer; readonly most: number }> = {
  'a byte changed': {
    content: Buffer.concat([old.subarray(0, half), Buffer.from('!'), old.subarray(half + 1)]),
    most: 10_000,
  },
  'something inserted': {
    content: Buffer.concat([old.subarray(0, half), added, old.subarray(half)]),
    most: 80_000,
  },
  'something cut out': {
    content: Buffer.concat([old.subarray(0, half), old.subarray(half + 60_000)]),
    most: 20_000,
  },
  'something in front': { content: Buffer.concat([added, old]), most: 80_000 },
  'something at the end': { content: Buffer.concat([old, added]), most: 80_000 },
  'its front cut off': { content: old.subarray(60_000), most: 20_000 },
  'its end cut off': { content: old.subarray(0, -60_000), most: 20_000 },
  'halves swapped': { content: Buffer.concat([old.subarray(half), old.subarray(0, half)]), most: 50_000 },
  'two insertions': {
    content: Buffer.concat([added, old.subarray(0, half), added, old.subarray(half)]),
    most: 170_000,
  },
  'mostly something else': {
    content: Buffer.concat([patternBytes(11_000_000, 79), old.subarray(11_000_000)]),
    most: 11_200_000,
  },
}

for (const [name, { content, most }] of Object.entries(edits))
  test(`a live share over an old version: ${name}`, async () => {
    await using folder = temporaryFolder()
    mkdirSync(folder.at('into'))
    writeFileSync(folder.at('into', 'file'), old)
    const { run } = await receive(folder.at('into'), undefined, {
      contents: [{ path: 'file', content }],
      overwrite: 'always',
    })
    assert.equal(run.tally.failures().count, 0)
    assert.ok(readFileSync(folder.at('into', 'file')).equals(content))
    const { fetched, reused } = run.tally.bytes
    assert.ok(fetched <= most, `${fetched} bytes were fetched`)
    assert.equal(fetched + reused, content.byteLength)
  })

test('what an interrupted run had of an edited file is kept', async () => {
  await using folder = temporaryFolder()
  mkdirSync(folder.at('into'))
  writeFileSync(folder.at('into', 'file'), old)
  const content = Buffer.concat([old.subarray(0, half), added, old.subarray(half)])
  const options = { contents: [{ path: 'file', content }], overwrite: 'always' } as const
  const stop = new AbortController()
  const stopped = receive(
    folder.at('into'),
    (event) => {
      if (event.type === 'end') setTimeout(() => stop.abort(), 15)
      return event
    },
    { ...options, signal: stop.signal },
  )
  await stopped.catch(() => undefined)
  const { run } = await receive(folder.at('into'), undefined, options)
  assert.ok(readFileSync(folder.at('into', 'file')).equals(content))
  assert.ok(run.tally.bytes.fetched <= 80_000)
})
