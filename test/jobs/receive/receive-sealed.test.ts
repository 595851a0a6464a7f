import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import test, { after } from 'node:test'
import { openMemoryStore } from '../../../src/blobs/store/memory-store.ts'
import { createWorkerPool } from '../../../src/blobs/worker/pool.ts'
import { FerryError, type ErrorCode } from '../../../src/shared/errors.ts'
import { fakeShare, patternBytes, type FakeEntry, type FakeShare } from '../../support/fake-share.ts'
import { receiveFake } from '../../support/receive-run.ts'
import { temporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts'
import { mountTmpfs, tmpfsSkipReason } from '../../support/tmpfs.ts'

const pool = createWorkerPool({ size: 2 })
after(() => pool.close())

const large = patternBytes(12_000_000, 1)
const zoo: FakeEntry[] = [
  { path: 'top/empty', content: new Uint8Array(0) },
  { path: 'top/hollow' },
  { path: 'top/large.bin', content: large },
  { path: 'top/medium.bin', content: patternBytes(700_000, 2), mode: 0o400, mtimeNs: -5n },
  {
    path: 'top/sparse',
    content: Buffer.concat([Buffer.alloc(3_000_000), Buffer.from('x'), Buffer.alloc(3_000_000)]),
  },
  { path: 'top/sub/inside -> out', target: '../large.bin' },
  { path: 'top/sub/dangling', target: 'nowhere' },
  { path: 'top/sub/new\nline', content: Buffer.from('line') },
  { path: `top/sub/${'n'.repeat(255)}`, content: Buffer.from('long') },
  { path: 'top/sub/é', content: Buffer.from('composed') },
  { path: 'top/sub/e\u0301', content: Buffer.from('decomposed') },
  { path: 'top/sealed', mode: 0o555 },
  { path: 'top/sealed/file', content: Buffer.from('in a folder without write permission') },
  ...Array.from({ length: 700 }, (_, index) => ({
    path: `top/many/${index}`,
    content: Buffer.from(`file number ${index % 500}`),
  })),
]

function assertReceived(share: FakeShare, wanted: readonly FakeEntry[], folder: TemporaryFolder): void {
  const contents = new Map(wanted.map((entry) => [entry.path, entry]))
  for (const entry of share.entries) {
    const stat = lstatSync(folder.at('into', entry.path), { bigint: true })
    assert.equal(stat.mtimeNs, entry.mtimeNs, entry.path)
    if (entry.kind === 'symlink') assert.equal(readlinkSync(folder.at('into', entry.path)), entry.target)
    else assert.equal(Number(stat.mode & 0o7777n), entry.mode, entry.path)
    if (entry.kind === 'file')
      assert.ok(
        readFileSync(folder.at('into', entry.path)).equals(contents.get(entry.path)?.content as Uint8Array),
      )
  }
  const found = readdirSync(folder.at('into'), { recursive: true })
  assert.equal(found.length, share.entries.length)
}

async function refuses(code: ErrorCode, action: Promise<unknown>): Promise<FerryError> {
  const error = await action.then(
    () => assert.fail('it was accepted'),
    (failure: unknown) => failure,
  )
  assert.ok(error instanceof FerryError, String(error))
  assert.equal(error.code, code, error.message)
  return error
}

test('a tree of everything arrives as it is', async () => {
  await using folder = temporaryFolder()
  const share = fakeShare(zoo)
  const { tally, progress } = await receiveFake(share, folder.at('into'), pool)
  assertReceived(share, zoo, folder)
  assert.equal(tally.failures().count, 0)
  assert.equal(progress.done.files, tally.files.total)
  assert.equal(tally.bytes.fetched + tally.bytes.reused, tally.bytes.total)
})

test('holes stay holes, and zeros are not fetched', async () => {
  await using folder = temporaryFolder()
  const share = fakeShare(zoo)
  await receiveFake(share, folder.at('into'), pool)
  assert.ok(statSync(folder.at('into', 'top/sparse')).blocks * 512 < 1_500_000)
  assert.ok(share.reads.filter(({ entry }) => entry === share.numberOf('top/sparse')).length > 0)
})

test('equal content is fetched once, within batches and across large files', async () => {
  await using folder = temporaryFolder()
  const twins = [
    { path: 'a', content: large },
    { path: 'b', content: large },
    { path: 'c', content: Buffer.concat([large.subarray(5_000_000), large.subarray(0, 5_000_000)]) },
    ...Array.from({ length: 1200 }, (_, index) => ({
      path: `small/${index}`,
      content: Buffer.alloc(20_000, index % 2),
    })),
  ]
  const share = fakeShare(twins)
  const { tally } = await receiveFake(share, folder.at('into'), pool)
  assertReceived(share, twins, folder)
  // A cut near the seams of the swapped copy differs.
  assert.ok(share.sent.content < large.byteLength + 600_000, String(share.sent.content))
  assert.equal(tally.bytes.fetched, share.sent.content)
})

test('a second receive fetches and hashes nothing', async () => {
  await using folder = temporaryFolder()
  const store = openMemoryStore()
  await receiveFake(fakeShare(zoo), folder.at('into'), pool, { store })
  for (const row of store.files.all()) assert.ok(row.indexedAtNs - row.fingerprint.ctimeNs >= 2_000_000_000n)
  const again = fakeShare(zoo)
  const { tally } = await receiveFake(again, folder.at('into'), pool, { store })
  assert.equal(again.sent.content, 0)
  assert.equal(tally.files.had, tally.files.total)
  assertReceived(again, zoo, folder)
})

test('different files refuse the whole receive before the first write', async () => {
  await using folder = temporaryFolder()
  mkdirSync(folder.at('into', 'top'), { recursive: true })
  writeFileSync(folder.at('into', 'top', 'empty'), 'not empty')
  writeFileSync(folder.at('into', 'top', 'medium.bin'), patternBytes(700_000, 2))
  const error = await refuses('E_CONFLICT', receiveFake(fakeShare(zoo), folder.at('into'), pool))
  assert.match(error.message, /top\/empty/)
  assert.deepEqual(readdirSync(folder.at('into', 'top')).sort(), ['empty', 'medium.bin'])
})

test('overwrite says what happens to different files', async () => {
  for (const overwrite of ['always', 'newer', 'rename'] as const) {
    await using folder = temporaryFolder()
    const wanted = [
      { path: 'top/file.txt', content: Buffer.from('theirs') },
      { path: 'top/link', target: 'file.txt' },
      { path: 'top/same', content: Buffer.from('same') },
    ]
    mkdirSync(folder.at('into', 'top'), { recursive: true })
    writeFileSync(folder.at('into', 'top', 'file.txt'), 'mine')
    writeFileSync(folder.at('into', 'top', 'same'), 'same')
    symlinkSync('elsewhere', folder.at('into', 'top', 'link'))
    const { tally } = await receiveFake(fakeShare(wanted), folder.at('into'), pool, { overwrite })
    assert.equal(tally.failures().count, 0)
    const text = (name: string): string => readFileSync(folder.at('into', 'top', name), 'utf8')
    assert.equal(text('file.txt'), overwrite === 'always' ? 'theirs' : 'mine')
    assert.equal(
      readlinkSync(folder.at('into', 'top', 'link')),
      overwrite === 'always' ? 'file.txt' : 'elsewhere',
    )
    if (overwrite === 'rename') {
      assert.equal(text('file (1).txt'), 'theirs')
      const again = await receiveFake(fakeShare(wanted), folder.at('into'), pool, { overwrite })
      assert.equal(again.tally.files.had, 2)
      assert.equal(existsSync(folder.at('into', 'top', 'file (2).txt')), false)
    }
  }
})

test('links are made wherever they lead, but for safeLinks', async () => {
  const wanted = [
    { path: 'top/file.txt', content: Buffer.from('text') },
    { path: 'top/in', target: 'file.txt' },
    { path: 'top/out', target: '../../etc/passwd' },
    { path: 'top/root', target: '/etc/passwd' },
  ]
  for (const safeLinks of [false, true]) {
    await using folder = temporaryFolder()
    const { tally, progress } = await receiveFake(fakeShare(wanted), folder.at('into'), pool, { safeLinks })
    assert.equal(tally.failures().count, 0)
    assert.deepEqual(
      readdirSync(folder.at('into', 'top')).sort(),
      safeLinks ? ['file.txt', 'in'] : ['file.txt', 'in', 'out', 'root'],
    )
    assert.equal(progress.warnings.length, safeLinks ? 2 : 0)
  }
})

test('nothing is written through a link that stands in the way', async () => {
  await using folder = temporaryFolder()
  mkdirSync(folder.at('victim'))
  mkdirSync(folder.at('into', 'top'), { recursive: true })
  symlinkSync(folder.at('victim'), folder.at('into', 'top', 'sub'))
  const wanted = [
    { path: 'top/sub/file', content: Buffer.from('x') },
    { path: 'top/other', content: Buffer.from('y') },
  ]
  const { tally } = await receiveFake(fakeShare(wanted), folder.at('into'), pool, { overwrite: 'always' })
  assert.deepEqual(readdirSync(folder.at('victim')), [])
  assert.equal(readFileSync(folder.at('into', 'top', 'other'), 'utf8'), 'y')
  assert.ok(tally.failures().first.every(({ error }) => error.code === 'E_CONFLICT'))
})

test('an interrupted receive goes on where it was', async () => {
  await using folder = temporaryFolder()
  const wanted = [{ path: 'large.bin', content: large }]
  let reads = 0
  const stop = new AbortController()
  const first = fakeShare(wanted, {
    beforeRead() {
      if (++reads === 6) stop.abort()
    },
  })
  await refuses('E_CANCELLED', receiveFake(first, folder.at('into'), pool, { signal: stop.signal }))
  assert.deepEqual(readdirSync(folder.at('into')).sort(), [
    'large.bin.ferry-part',
    'large.bin.ferry-part.journal',
  ])
  const second = fakeShare(wanted)
  await receiveFake(second, folder.at('into'), pool)
  assertReceived(second, wanted, folder)
  assert.ok(second.sent.content < large.byteLength - 3_000_000, String(second.sent.content))
})

test('a part of other content is of use where chunks agree', async () => {
  await using folder = temporaryFolder()
  let reads = 0
  const stop = new AbortController()
  const first = fakeShare([{ path: 'large.bin', content: large }], {
    beforeRead() {
      if (++reads === 10) stop.abort()
    },
  })
  await refuses('E_CANCELLED', receiveFake(first, folder.at('into'), pool, { signal: stop.signal }))
  // Longer by a byte at the front: everything has moved.
  const wanted = [{ path: 'large.bin', content: Buffer.concat([Buffer.from('!'), large]) }]
  const second = fakeShare(wanted)
  await receiveFake(second, folder.at('into'), pool)
  assertReceived(second, wanted, folder)
  assert.ok(second.sent.content < large.byteLength - 6_000_000, String(second.sent.content))
})

test('wrong bytes are never written; asked again, the right ones are', async () => {
  await using folder = temporaryFolder()
  const spoilt = new Set<number>()
  const share = fakeShare(zoo, {
    onRange({ entry }, bytes) {
      if (bytes.byteLength === 0 || spoilt.has(entry)) return undefined
      spoilt.add(entry)
      bytes[bytes.byteLength >> 1] = (bytes[bytes.byteLength >> 1] as number) ^ 1
      return undefined
    },
  })
  await receiveFake(share, folder.at('into'), pool)
  assertReceived(share, zoo, folder)
})

test('a file that changed at the sender is named and the others go on', async () => {
  await using folder = temporaryFolder()
  const wanted = [
    { path: 'changed', content: patternBytes(900_000, 3) },
    { path: 'fine', content: patternBytes(900_000, 4) },
    { path: 'gone', content: Buffer.from('small and gone') },
    { path: 'small', content: Buffer.from('small and fine') },
  ]
  const share = fakeShare(wanted, {
    recheck: 'changed',
    onRange({ entry }, bytes) {
      if (entry === 0) bytes.fill(0)
      return entry === 2 ? 'unreadable' : undefined
    },
  })
  const { tally } = await receiveFake(share, folder.at('into'), pool)
  assert.deepEqual(
    tally
      .failures()
      .first.map(({ path }) => path)
      .sort(),
    ['changed', 'gone'],
  )
  assert.ok(readFileSync(folder.at('into', 'fine')).equals(wanted[1]?.content as Buffer))
  assert.equal(existsSync(folder.at('into', 'changed')), false)
  assert.equal(existsSync(folder.at('into', 'gone')), false)
})

test('a disk that is too small is told before the first write', { skip: tmpfsSkipReason }, async () => {
  await using folder = temporaryFolder()
  using disk = mountTmpfs(folder.at('disk'), 2 * 1024 * 1024)
  assert.ok(disk)
  await refuses(
    'E_NO_SPACE',
    receiveFake(fakeShare([{ path: 'large.bin', content: large }]), folder.at('disk'), pool),
  )
  assert.deepEqual(readdirSync(folder.at('disk')), [])
})

test('a disk that fills up on the way stops the receive, and it goes on when there is space', {
  skip: tmpfsSkipReason,
}, async () => {
  await using folder = temporaryFolder()
  using disk = mountTmpfs(folder.at('disk'), 16 * 1024 * 1024)
  assert.ok(disk)
  const wanted = [{ path: 'large.bin', content: large }]
  const share = fakeShare(wanted, {
    beforeRead() {
      if (!existsSync(folder.at('disk', 'hog')))
        writeFileSync(folder.at('disk', 'hog'), Buffer.alloc(9_000_000))
    },
  })
  const error = await refuses('E_NO_SPACE', receiveFake(share, folder.at('disk', 'into'), pool))
  assert.ok(error.hint)
  assert.equal(existsSync(folder.at('disk', 'into', 'large.bin')), false)
  writeFileSync(folder.at('disk', 'hog'), '')
  const again = fakeShare(wanted)
  await receiveFake(again, folder.at('disk', 'into'), pool)
  assert.ok(readFileSync(folder.at('disk', 'into', 'large.bin')).equals(large))
  assert.ok(again.sent.content < large.byteLength)
})

test('only what is wanted is written', async () => {
  await using folder = temporaryFolder()
  const share = fakeShare(zoo)
  await receiveFake(share, folder.at('into'), pool, { wanted: (path) => path.endsWith('medium.bin') })
  assert.deepEqual(
    new Set(readdirSync(folder.at('into'), { recursive: true, encoding: 'utf8' })),
    new Set(['top', 'top/medium.bin']),
  )
  chmodSync(folder.at('into', 'top', 'medium.bin'), 0o600)
})
