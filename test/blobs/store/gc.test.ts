import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { createManifestBuilder } from '../../../src/blobs/manifest/builder.ts'
import { nameChunkList } from '../../../src/blobs/manifest/nodes.ts'
import { collectGarbage } from '../../../src/blobs/store/gc.ts'
import { openStore } from '../../../src/blobs/store/open-store.ts'
import type { DiskStore } from '../../../src/blobs/store/open-store.ts'
import type { ObjectKind } from '../../../src/blobs/store/store.ts'
import { FerryError } from '../../../src/shared/errors.ts'
import { fileEntry, makeRecords } from '../../support/manifests.ts'
import { indexedFile, shareRecord } from '../../support/store-records.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { mountTmpfs, tmpfsSkipReason } from '../../support/tmpfs.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** Puts a manifest with one large file into the store; all its hashes. */
function putManifest(store: DiskStore, name: string): Uint8Array[] {
  const objects: { hash: Uint8Array; kind: ObjectKind; bytes: Uint8Array }[] = []
  const list = makeRecords(
    Array.from({ length: 100 }, () => 65_536),
    name,
  )
  const { reference } = nameChunkList(list)
  objects.push({ kind: 'list', hash: reference.blob, bytes: list })
  const builder = createManifestBuilder((page) => objects.push({ kind: 'page', ...page }))
  builder.push(fileEntry(name, { size: 100 * 65_536, content: reference }))
  const { root, rootObject } = builder.finish()
  objects.push({ kind: 'root', hash: root, bytes: rootObject })
  store.objects.putMany(objects)
  return objects.map((object) => object.hash)
}

test('gc keeps what a share or a recent receive needs, and removes the rest', async () => {
  await using folder = temporaryFolder()
  let nowMs = Date.now() - 40 * dayMs
  using store = openStore(folder.at('store'), { nowMs: () => nowMs })
  const shared = putManifest(store, 'shared')
  const forgotten = putManifest(store, 'forgotten')
  nowMs = Date.now() - 10 * dayMs
  const received = putManifest(store, 'received')
  const orphan = { kind: 'page' as const, hash: shared[0] as Uint8Array, bytes: new Uint8Array(5) }
  store.objects.putMany([{ ...orphan, hash: new Uint8Array(32).fill(1) }])
  nowMs = Date.now() - hourMs
  store.objects.putMany([{ ...orphan, hash: new Uint8Array(32).fill(2) }])
  store.shares.put(shareRecord('one', { root: shared.at(-1) }))

  const count = await collectGarbage(store)
  assert.equal(count.removedObjects, forgotten.length + 1)
  for (const hash of [...shared, ...received, new Uint8Array(32).fill(2)]) assert.ok(store.objects.has(hash))
  for (const hash of [...forgotten, new Uint8Array(32).fill(1)]) assert.ok(!store.objects.has(hash))

  store.shares.remove(shareRecord('one').id)
  assert.equal((await collectGarbage(store)).removedObjects, shared.length)
})

test('an object that is put again is young again', async () => {
  await using folder = temporaryFolder()
  let nowMs = Date.now() - 40 * dayMs
  using store = openStore(folder.at('store'), { nowMs: () => nowMs })
  const old = putManifest(store, 'one')
  nowMs = Date.now()
  putManifest(store, 'one')
  assert.equal((await collectGarbage(store)).removedObjects, 0)
  assert.ok(old.every((hash) => store.objects.has(hash)))
})

test('gc removes rows of files that are gone, and no others', async () => {
  await using folder = temporaryFolder()
  using store = openStore(folder.at('store'))
  writeFileSync(folder.at('here'), '')
  const gone = Array.from({ length: 2500 }, (_, index) => indexedFile(folder.at('none', String(index))))
  store.files.putMany([...gone, indexedFile(folder.at('here')), indexedFile(folder.at('here', 'below'))])
  const seen: number[] = []
  const count = await collectGarbage(store, { onProgress: ({ files }) => seen.push(files) })
  assert.equal(count.removedFiles, 2501)
  assert.deepEqual(
    [...store.files.all()].map((file) => file.path),
    [folder.at('here')],
  )
  assert.equal(seen.at(-1), 2502)
  assert.ok(count.freedBytes > 0)
})

test('gc removes ended shares', async () => {
  await using folder = temporaryFolder()
  using store = openStore(folder.at('store'))
  const nowMs = Date.now()
  const kept = [
    shareRecord('a'),
    shareRecord('b', { expiresAtMs: nowMs + 1 }),
    shareRecord('c', { once: true }),
    shareRecord('d', { downloads: 5 }),
  ]
  const ended = [shareRecord('e', { expiresAtMs: nowMs }), shareRecord('f', { once: true, downloads: 1 })]
  for (const share of [...kept, ...ended]) store.shares.put(share)
  const count = await collectGarbage(store, { nowMs })
  assert.equal(count.removedShares, 2)
  assert.deepEqual(new Set(store.shares.list().map((share) => share.key)), new Set(['a', 'b', 'c', 'd']))
})

test('gc removes old leftovers only', async () => {
  await using folder = temporaryFolder()
  using store = openStore(folder.at('store'))
  const old = new Date(Date.now() - 40 * dayMs)
  const make = (path: string, time: Date): void => {
    writeFileSync(path, 'x')
    utimesSync(path, time, time)
  }
  const ended = spawnSync(process.execPath, ['-e', '']).pid
  const inTmp = (name: string): string => join(store.temporaryDirectory, name)
  make(inTmp(`live-${ended}-old`), old)
  make(inTmp(`live-${ended}-young`), new Date())
  make(inTmp(`live-${process.pid}-ours`), old)
  make(inTmp('unknown'), old)
  mkdirSync(inTmp(`spool-${ended}-old`))
  make(join(inTmp(`spool-${ended}-old`), 'content'), old)
  utimesSync(inTmp(`spool-${ended}-old`), old, old)
  make(join(store.directory, 'index.db.damaged-2020'), old)
  make(join(store.directory, 'index.db.damaged-2026'), new Date())
  make(join(store.directory, 'identity.key'), old)
  await collectGarbage(store)
  const kept = readdirSync(store.temporaryDirectory)
  assert.deepEqual(new Set(kept), new Set([`live-${ended}-young`, `live-${process.pid}-ours`]))
  assert.ok(existsSync(join(store.directory, 'identity.key')))
  assert.ok(existsSync(join(store.directory, 'index.db.damaged-2026')))
  assert.ok(!existsSync(join(store.directory, 'index.db.damaged-2020')))
})

test('gc stops when it is told to', async () => {
  await using folder = temporaryFolder()
  using store = openStore(folder.at('store'))
  await assert.rejects(
    collectGarbage(store, { signal: AbortSignal.abort() }),
    (error) => error instanceof FerryError && error.code === 'E_CANCELLED',
  )
})

test('on a full disk the store can be read and tidied up', { skip: tmpfsSkipReason }, async () => {
  await using folder = temporaryFolder()
  using cleanUp = new DisposableStack()
  cleanUp.use(mountTmpfs(folder.at('disk'), 2 << 20))
  const directory = folder.at('disk', 'store')
  {
    using store = openStore(directory)
    store.files.putMany(
      Array.from({ length: 3000 }, (_, index) => indexedFile(folder.at('none', String(index)))),
    )
    store.shares.put(shareRecord('one'))
  }
  const filler = folder.at('disk', 'filler')
  for (const size of [65_536, 4096, 1]) {
    try {
      for (;;) writeFileSync(filler, Buffer.alloc(size), { flag: 'a' })
    } catch {
      // Full, up to this size.
    }
  }
  const sizeBefore = statSync(join(directory, 'index.db')).size
  {
    using store = openStore(directory)
    assert.equal([...store.files.all()].length, 3000)
    assert.equal(store.shares.list().length, 1)
    assert.throws(
      () => store.shares.put(shareRecord('two')),
      (error) => error instanceof FerryError && error.code === 'E_NO_SPACE',
    )
    assert.equal((await collectGarbage(store)).removedFiles, 3000)
  }
  assert.ok(statSync(join(directory, 'index.db')).size < sizeBefore / 2)
  using store = openStore(directory)
  store.shares.put(shareRecord('two'))
  assert.equal(store.shares.list().length, 2)
  store.files.putMany([indexedFile('/a')])
  assert.equal([...store.files.all()].length, 1)
})
