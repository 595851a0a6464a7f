import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import test from 'node:test'
import { hash } from '../../../src/blobs/hash.ts'
import { openStore } from '../../../src/blobs/store/open-store.ts'
import { FerryError } from '../../../src/shared/errors.ts'
import type { ErrorCode } from '../../../src/shared/errors.ts'
import { indexedFile, shareRecord } from '../../support/store-records.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const is =
  (code: ErrorCode) =>
  (error: unknown): boolean =>
    error instanceof FerryError && error.code === code && error.hint !== undefined
const asRoot = process.getuid?.() === 0

/** A closed store with some content. */
function fill(directory: string, shares = 1): void {
  using store = openStore(directory)
  store.files.putMany(Array.from({ length: 500 }, (_, index) => indexedFile(`/d/${index}`)))
  const page = new Uint8Array(2000)
  store.objects.putMany([{ hash: hash(page), kind: 'page', bytes: page }])
  for (let index = 0; index < shares; index++) store.shares.put(shareRecord(`share ${index}`))
}

test('the store and all its files are private', async () => {
  await using folder = temporaryFolder()
  const directory = folder.at('new', 'store')
  using store = openStore(directory)
  store.files.putMany([indexedFile('/a')])
  store.shares.put(shareRecord('a'))
  assert.equal(statSync(directory).mode & 0o777, 0o700)
  for (const name of readdirSync(directory)) {
    const { mode } = statSync(join(directory, name))
    assert.equal(mode & 0o077, 0, name)
  }
})

test('a directory that others can write to is closed when it is ours alone, and refused otherwise', async () => {
  await using folder = temporaryFolder()
  fill(folder.at('store'))
  chmodSync(folder.at('store'), 0o777)
  openStore(folder.at('store'))[Symbol.dispose]()
  assert.equal(statSync(folder.at('store')).mode & 0o777, 0o700)
  mkdirSync(folder.at('common'))
  writeFileSync(folder.at('common', 'file'), '')
  chmodSync(folder.at('common'), 0o777)
  assert.throws(() => openStore(folder.at('common')), is('E_STORE'))
})

test("another user's store is refused", { skip: !asRoot }, async () => {
  await using folder = temporaryFolder()
  fill(folder.at('store'))
  chownSync(folder.at('store'), 12_345, 12_345)
  assert.throws(() => openStore(folder.at('store')), is('E_STORE'))
})

test('a file in the place of the store is a clear error', async () => {
  await using folder = temporaryFolder()
  writeFileSync(folder.at('store'), '')
  assert.throws(() => openStore(folder.at('store')), FerryError)
})

test('a store of a newer ferry is refused and left alone', async () => {
  await using folder = temporaryFolder()
  fill(folder.at('store'))
  for (const name of ['index.db', 'shares.db']) {
    const path = folder.at('store', name)
    let database = new DatabaseSync(path)
    database.exec('PRAGMA user_version = 99')
    database.close()
    assert.throws(() => openStore(folder.at('store')), is('E_STORE'), name)
    database = new DatabaseSync(path)
    database.exec('PRAGMA user_version = 1')
    database.close()
  }
  using store = openStore(folder.at('store'))
  assert.equal(store.shares.list().length, 1)
})

test('a store that another process keeps locked says so', async () => {
  await using folder = temporaryFolder()
  fill(folder.at('store'))
  const other = new DatabaseSync(folder.at('store', 'index.db'))
  using store = openStore(folder.at('store'))
  store.index.sql('PRAGMA busy_timeout = 1').get()
  other.exec('BEGIN IMMEDIATE')
  assert.throws(
    () => store.files.putMany([indexedFile('/a')]),
    (error) => is('E_STORE')(error) && (error as FerryError).retryable,
  )
  assert.equal([...store.files.under('/d')].length, 500)
  other.exec('ROLLBACK')
  other.close()
  store.files.putMany([indexedFile('/a')])
})

test('a process that is killed while it writes loses no share and half writes no batch', async () => {
  await using folder = temporaryFolder()
  const writer = spawn(process.execPath, [
    join(import.meta.dirname, '../../support/store-writer.js'),
    folder.at('store'),
  ])
  let printed = ''
  for await (const data of writer.stdout) {
    printed += String(data)
    if (printed.split('\n').length > 30) writer.kill('SIGKILL')
  }
  const batches = printed.split('\n').length - 1
  using store = openStore(folder.at('store'))
  assert.deepEqual(store.setAside, [])
  for (let batch = 0; batch < batches; batch++) {
    assert.deepEqual(store.shares.byKey(`share ${batch}`), shareRecord(`share ${batch}`))
    assert.equal([...store.files.under(`/batch ${batch}`)].length, 50)
  }
  assert.equal([...store.files.all()].length % 50, 0)
})

test('two stores on one directory see each other', async () => {
  await using folder = temporaryFolder()
  using one = openStore(folder.at('store'))
  using two = openStore(folder.at('store'))
  for (let index = 0; index < 50; index++) {
    one.files.putMany([indexedFile(`/${index}`)])
    two.files.putMany([indexedFile(`/${index}/x`)])
  }
  assert.equal([...one.files.all()].length, 100)
  assert.deepEqual([...one.files.all()], [...two.files.all()])
})

test('a lost, empty or damaged index starts anew, and the shares stay', async () => {
  await using folder = temporaryFolder()
  const damage: Record<string, (path: string) => void> = {
    garbage: (path) => writeFileSync(path, Buffer.alloc(50_000, 'garbage')),
    'zero length': (path) => truncateSync(path),
    'header cut': (path) => truncateSync(path, 50),
    'header spoilt': (path) =>
      writeFileSync(path, Buffer.concat([Buffer.alloc(100, 1), readFileSync(path).subarray(100)])),
  }
  for (const [title, spoil] of Object.entries(damage)) {
    const directory = folder.at(title)
    fill(directory)
    spoil(join(directory, 'index.db'))
    using store = openStore(directory)
    assert.equal(store.shares.list().length, 1, title)
    assert.deepEqual([...store.files.all()], [], title)
    store.files.putMany([indexedFile('/a')])
    assert.equal([...store.files.all()].length, 1, title)
    assert.equal(store.setAside.length, title === 'zero length' ? 0 : 1, title)
  }
})

test('damage that a query meets is an error now and repaired at the next start', async () => {
  await using folder = temporaryFolder()
  const directory = folder.at('store')
  fill(directory)
  const path = join(directory, 'index.db')
  const bytes = readFileSync(path)
  const pages = bytes.byteLength / 4096
  // Every page but the first, which holds the header and the schema.
  writeFileSync(path, Buffer.concat([bytes.subarray(0, 4096), Buffer.alloc((pages - 1) * 4096, 0xee)]))
  {
    using store = openStore(directory)
    assert.deepEqual(store.setAside, [])
    assert.throws(() => [...store.files.all()], is('E_STORE'))
  }
  using store = openStore(directory)
  assert.equal(store.setAside.length, 1)
  assert.deepEqual([...store.files.all()], [])
  assert.equal(store.shares.list().length, 1)
})

test('flipped bits in the index give no wrong file and no other exception', async () => {
  await using folder = temporaryFolder()
  fill(folder.at('original'))
  const original = readFileSync(folder.at('original', 'index.db'))
  const truth = new Map<string, unknown>()
  {
    using store = openStore(folder.at('original'))
    for (const file of store.files.all()) truth.set(file.path, file)
  }
  mkdirSync(folder.at('flipped'), { mode: 0o700 })
  for (let round = 0; round < 60; round++) {
    const bytes = Buffer.from(original)
    for (let flip = 0; flip < 20; flip++) {
      const at = (round * 7919 + flip * 104_729) % bytes.byteLength
      bytes[at] = (bytes[at] as number) ^ (1 << (flip % 8))
    }
    writeFileSync(folder.at('flipped', 'index.db'), bytes)
    try {
      using store = openStore(folder.at('flipped'))
      for (const file of store.files.all()) assert.deepEqual(file, truth.get(file.path))
      assert.ok([undefined, 2000].includes(store.objects.get(hash(new Uint8Array(2000)))?.byteLength))
    } catch (error) {
      if (!(error instanceof FerryError)) throw error
    }
  }
})

test('of damaged shares everything readable is kept', async () => {
  await using folder = temporaryFolder()
  const directory = folder.at('store')
  fill(directory, 200)
  const path = join(directory, 'shares.db')
  const bytes = readFileSync(path)
  assert.ok(bytes.byteLength > 8 * 4096)
  bytes.fill(0xee, bytes.byteLength - 4096)
  writeFileSync(path, bytes)
  writeFileSync(`${path}.suspect`, '')
  using store = openStore(directory)
  assert.equal(store.setAside.length, 1)
  const kept = store.shares.list()
  assert.ok(kept.length > 100, `${kept.length} of 200`)
  for (const share of kept) assert.deepEqual(share, shareRecord(share.key))
})
