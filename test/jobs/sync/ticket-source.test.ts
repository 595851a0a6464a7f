import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { chunkCount } from '../../../src/blobs/chunk-records.ts'
import { createFerry } from '../../../src/jobs/ferry.ts'
import {
  openTicketSource,
  type TicketSource,
  type TicketSourceOptions,
} from '../../../src/jobs/sync/ticket-source.ts'
import { createTools, type FerryTools } from '../../../src/jobs/tools.ts'
import type { FerryError } from '../../../src/shared/errors.ts'
import { createFileChoice } from '../../../src/shared/file-choice.ts'
import { createPartLedger } from '../../../src/shared/part-ledger.ts'
import { createThrottle } from '../../../src/shared/throttle.ts'
import type { Content, ListOptions, Source, SyncEntry } from '../../../src/sync/source.ts'
import { fakeOffer, serveFake } from '../../support/fake-owner.ts'
import { cutBytes, fakeShare, patternBytes, type FakeEntry } from '../../support/fake-share.ts'
import { testProvider, testSession } from '../../support/hosts.ts'
import { folderBytes } from '../../support/journey.ts'
import { silentProgress } from '../../support/silent-progress.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const network = { listen: ['127.0.0.1:0'], dht: false, local: true }
const large = patternBytes(6_000_000, 5)
const medium = patternBytes(700_000, 6)
const small = Array.from({ length: 600 }, (_, number): FakeEntry => {
  const content = patternBytes(100 + number, number)
  return { path: `top/small/${String(number).padStart(3, '0')}`, content }
})
const tree: readonly FakeEntry[] = [
  { path: 'top' },
  { path: 'top/empty', content: new Uint8Array(0) },
  { path: 'top/large.bin', content: large },
  { path: 'top/link', target: 'large.bin' },
  { path: 'top/medium.bin', content: medium },
  { path: 'top/small' },
  ...small,
  { path: 'top/small.txt', content: Buffer.from('before the folder, by the bytes of the names') },
]

interface Opened extends AsyncDisposable {
  readonly source: TicketSource
  readonly warnings: readonly string[]
}

async function open(ticket: string, directory: string, options: TicketSourceOptions = {}): Promise<Opened> {
  const { signal } = new AbortController()
  const progress = silentProgress()
  const tools: FerryTools = createTools({ directory, network, threads: 2 })
  try {
    const source = await openTicketSource(
      ticket,
      {
        signal,
        progress,
        tools,
        files: createFileChoice(),
        parts: createPartLedger(),
        throttle: createThrottle(),
      },
      options,
    )
    return {
      source,
      warnings: progress.warnings,
      async [Symbol.asyncDispose]() {
        await source[Symbol.asyncDispose]()
        await tools[Symbol.asyncDispose]()
      },
    }
  } catch (error) {
    await tools[Symbol.asyncDispose]()
    throw error
  }
}

async function listed(source: Source, options: Partial<ListOptions> = {}): Promise<SyncEntry[]> {
  const entries: SyncEntry[] = []
  const onProblem = (): void => assert.fail('no problem')
  for await (const batch of source.list({ recursive: true, onProblem, ...options })) entries.push(...batch)
  return entries
}

async function contentOf(source: Source, path: string): Promise<Content> {
  const entry = (await listed(source)).find((one) => one.path === path)
  assert.ok(entry, path)
  return await source.open(entry)
}

const contentIn = (entries: readonly FakeEntry[], path: string): Uint8Array =>
  entries.find((entry) => entry.path === path)?.content ?? assert.fail(path)

test('openTicketSource: the listing is the manifest, in its order', async () => {
  await using folder = temporaryFolder()
  const share = fakeShare(tree)
  await using owner = await serveFake(share)
  await using opened = await open(owner.ticket, folder.at('home'))
  const { source } = opened
  const entries = await listed(source)
  assert.deepEqual(
    entries.map(({ path, kind, mtimeNs, mode, size, target }) => ({
      path,
      kind,
      mtimeNs,
      mode,
      size,
      target,
    })),
    share.entries.map((entry) => {
      const { path, kind, mtimeNs, mode } = entry
      const size = entry.kind === 'file' ? entry.size : 0
      return { path, kind, mtimeNs, mode, size, target: entry.kind === 'symlink' ? entry.target : undefined }
    }),
  )
  const paths = async (options: Partial<ListOptions>): Promise<string[]> =>
    (await listed(source, options)).map(({ path }) => path)
  assert.deepEqual(await paths({ recursive: false }), ['top'])
  assert.deepEqual(await paths({ keeps: (path, isFolder) => !(isFolder && path === 'top/small') }), [
    'top',
    'top/empty',
    'top/large.bin',
    'top/link',
    'top/medium.bin',
    'top/small.txt',
  ])
  assert.equal((await paths({ under: 'top/small' as never })).length, 601)
  await assert.rejects(paths({ followLinks: true }), { code: 'E_USAGE' })
  assert.ok(!source.url.includes(owner.ticket))
})

test('openTicketSource: content and chunks are those of the sender, and nothing is put on disk', async () => {
  await using folder = temporaryFolder()
  const share = fakeShare(tree)
  await using owner = await serveFake(share)
  await using opened = await open(owner.ticket, folder.at('home'))
  const { source } = opened
  for (const path of ['top/large.bin', 'top/medium.bin', 'top/small/007', 'top/small.txt', 'top/empty']) {
    const bytes = contentIn(tree, path)
    await using content = await contentOf(source, path)
    assert.equal(content.size, bytes.byteLength)
    assert.deepEqual((await content.chunks())?.records, cutBytes(bytes))
    assert.ok(Buffer.from(await content.read(0, content.size)).equals(bytes), path)
    const middle = await content.read(content.size >> 1, content.size >> 2)
    const [from, length] = [content.size >> 1, content.size >> 2]
    assert.ok(Buffer.from(middle).equals(bytes.subarray(from, from + length)), path)
    await content.confirm()
    // A second content of the same file is the same one for whoever resumes.
    assert.equal((await contentOf(source, path)).identity, content.identity)
  }
  assert.ok(folderBytes(folder.at('home')) < 1_000_000)
})

test('openTicketSource: reads in small or odd pieces, several at once, fetch every chunk once', async () => {
  await using folder = temporaryFolder()
  for (const [pieceBytes, isParallel] of [
    [1_000_003, true],
    [1_000_003, false],
    [10_007, false],
  ] as const) {
    const share = fakeShare(tree)
    await using owner = await serveFake(share)
    await using opened = await open(owner.ticket, folder.at(`${pieceBytes} ${isParallel}`))
    const content = await contentOf(opened.source, 'top/large.bin')
    const read = async (offset: number): Promise<void> => {
      const length = Math.min(pieceBytes, large.byteLength - offset)
      const bytes = await content.read(offset, length)
      assert.ok(Buffer.from(bytes).equals(large.subarray(offset, offset + length)), `at ${offset}`)
    }
    const offsets = Array.from({ length: Math.ceil(large.byteLength / pieceBytes) }, (_, n) => n * pieceBytes)
    if (isParallel) await Promise.all(offsets.map(read))
    else for (const offset of offsets) await read(offset)
    assert.equal(share.sent.content, large.byteLength)
  }
})

test('openTicketSource: a small read in a large file fetches its chunks only', async () => {
  await using folder = temporaryFolder()
  const share = fakeShare(tree)
  await using owner = await serveFake(share)
  await using opened = await open(owner.ticket, folder.at('home'))
  const content = await contentOf(opened.source, 'top/large.bin')
  await content.read(3_000_000, 10)
  assert.ok(share.sent.content <= 2 * 4 * 65_536)
  assert.equal(chunkCount(cutBytes(large)) > 64, true)
})

test('openTicketSource: many small files, one after the other, take few requests', async () => {
  await using folder = temporaryFolder()
  let requests = 0
  const share = fakeShare(tree, { beforeRead: () => void requests++ })
  await using owner = await serveFake(share)
  await using opened = await open(owner.ticket, folder.at('home'))
  for (const entry of await listed(opened.source)) {
    if (!entry.path.startsWith('top/small/')) continue
    await using content = await opened.source.open(entry)
    const bytes = await content.read(0, content.size)
    assert.ok(Buffer.from(bytes).equals(contentIn(tree, entry.path)))
  }
  assert.ok(requests < 20, `${requests} requests`)
})

test('openTicketSource: wrong bytes are never given out; who sent them is named', async () => {
  await using folder = temporaryFolder()
  const share = fakeShare(tree, {
    onRange(_range, bytes) {
      bytes[0]! ^= 1
      return undefined
    },
  })
  await using owner = await serveFake(share)
  for (const path of ['top/small.txt', 'top/large.bin']) {
    // Its only peer is let go of, and the search for another one ends soon.
    await using opened = await open(owner.ticket, folder.at(path), { timeoutMs: 200 })
    const content = await contentOf(opened.source, path)
    await assert.rejects(content.read(0, content.size), { code: 'E_VERIFY' })
    assert.match(opened.warnings.join('\n'), /not match/)
  }
})

test('openTicketSource: one peer lies, and another makes up for it', async () => {
  await using folder = temporaryFolder()
  const share = fakeShare(tree)
  const spoilt = fakeShare(tree, {
    onRange(_range, bytes) {
      bytes[0]! ^= 1
      return undefined
    },
  })
  await using owner = await serveFake(share)
  await using liar = await testProvider()
  liar.provider.offer(fakeOffer(spoilt, { secret: owner.secret, owner: owner.host.identity }))
  await using known = await testSession(liar.host, owner, owner.secret)
  await known.serve(liar.host.addresses)
  await using opened = await open(owner.ticket, folder.at('home'))
  const content = await contentOf(opened.source, 'top/large.bin')
  // Until the liar was asked: it is found while this goes on.
  for (let round = 0; round < 500 && spoilt.sent.content === 0; round++)
    assert.ok(Buffer.from(await content.read(0, large.byteLength)).equals(large))
  assert.ok(spoilt.sent.content > 0)
  assert.match(opened.warnings.join('\n'), /not match/)
})

test('openTicketSource: a file that changed at the sender fails, and the others are read', async () => {
  await using folder = temporaryFolder()
  const share = fakeShare(tree, {
    onRange: ({ entry }) => (share.entries[entry]?.path === 'top/small/002' ? 'changed' : undefined),
  })
  await using owner = await serveFake(share)
  await using opened = await open(owner.ticket, folder.at('home'))
  const results = await Promise.allSettled(
    small.slice(0, 5).map(async ({ path }) => {
      const content = await contentOf(opened.source, path)
      return await content.read(0, content.size)
    }),
  )
  assert.deepEqual(
    results.map((result) => (result.status === 'fulfilled' ? 'read' : (result.reason as FerryError).code)),
    ['read', 'read', 'E_CHANGED', 'read', 'read'],
  )
})

test('openTicketSource: what is not offered, or not any more, cannot be opened', async () => {
  await using folder = temporaryFolder()
  await using owner = await serveFake(fakeShare(tree))
  await using opened = await open(owner.ticket, folder.at('home'))
  const entries = await listed(opened.source)
  const file = entries.find(({ path }) => path === 'top/medium.bin') as SyncEntry
  for (const other of [
    { ...file, version: 'other' },
    { ...file, path: 'top/medium.bio' as never },
    { ...file, path: 'a' as never },
    entries.find(({ kind }) => kind === 'directory') as SyncEntry,
  ])
    await assert.rejects(opened.source.open(other), { code: 'E_NOT_FOUND' })
})

test('openTicketSource: a read stops when its signal fires', async () => {
  await using folder = temporaryFolder()
  const stop = new AbortController()
  const share = fakeShare(tree, {
    async beforeRead() {
      stop.abort()
      await new Promise<never>(() => undefined)
    },
  })
  await using owner = await serveFake(share)
  await using opened = await open(owner.ticket, folder.at('home'))
  const content = await contentOf(opened.source, 'top/large.bin')
  await assert.rejects(content.read(0, content.size, { signal: stop.signal }), { code: 'E_CANCELLED' })
})

test('openTicketSource: a share that is still being hashed is waited for', async () => {
  await using folder = temporaryFolder()
  mkdirSync(folder.at('tree', 'deep'), { recursive: true })
  writeFileSync(folder.at('tree', 'large.bin'), large)
  for (let number = 0; number < 50; number++)
    writeFileSync(folder.at('tree', 'deep', `file ${number}`), patternBytes(3000, number))
  await using sender = createFerry({ directory: folder.at('sender'), ...network })
  const job = sender.share(folder.at('tree'))
  job.result.catch(() => undefined)
  const { ticket } = await job.ticket
  await using opened = await open(ticket, folder.at('home'))
  const files = (await listed(opened.source)).filter(({ kind }) => kind === 'file')
  assert.equal(files.length, 51)
  for (const entry of files) {
    await using content = await opened.source.open(entry)
    const bytes = await content.read(0, content.size)
    assert.ok(readFileSync(folder.at(entry.path)).equals(bytes), entry.path)
  }
  await opened.source.finished()
  await job.cancel()
})
