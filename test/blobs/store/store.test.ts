/** The contract of `Store`, on disk and in memory. */
import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { hash } from '../../../src/blobs/hash.ts'
import { fingerprintFields, packFingerprint } from '../../../src/blobs/fingerprint.ts'
import { nameChunkList } from '../../../src/blobs/manifest/nodes.ts'
import { createFileRowWriter } from '../../../src/blobs/store/file-row.ts'
import { isFresh } from '../../../src/blobs/store/is-fresh.ts'
import { openMemoryStore } from '../../../src/blobs/store/memory-store.ts'
import { openStore } from '../../../src/blobs/store/open-store.ts'
import type { Store } from '../../../src/blobs/store/store.ts'
import { compareUtf8 } from '../../../src/shared/paths.ts'
import { FerryError } from '../../../src/shared/errors.ts'
import { makeRecords } from '../../support/manifests.ts'
import { indexedFile, shareRecord } from '../../support/store-records.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

type Body = (store: Store) => void

function onEvery(name: string, body: Body): void {
  test(`memory store: ${name}`, () => {
    using store = openMemoryStore()
    body(store)
  })
  test(`disk store: ${name}`, async () => {
    await using folder = temporaryFolder()
    using store = openStore(folder.at('store'))
    body(store)
  })
}

onEvery('files come back as they were put, and are replaced by path', (store) => {
  const list = makeRecords(Array.from({ length: 100 }, () => 65_536))
  const first = indexedFile('/a', { records: list, chunkSize: 4_194_304 })
  store.files.putMany([first, indexedFile('/b')])
  assert.deepEqual(store.files.get('/a'), first)
  const second = indexedFile('/a', {
    fingerprint: { size: 2 ** 50, mtimeNs: -5n, ctimeNs: 7n, inode: -1n, device: -(2n ** 63n) },
  })
  store.files.putMany([second])
  assert.deepEqual(store.files.get('/a'), second)
  assert.deepEqual(
    [...store.files.all()].map((file) => file.path),
    ['/a', '/b'],
  )
  store.files.removeMany(['/a', '/none'])
  assert.equal(store.files.get('/a'), undefined)
})

onEvery(
  'rows that were made elsewhere are files like others, and those without one are left out',
  (store) => {
    const files = Array.from({ length: 40 }, (_, index) =>
      indexedFile(`/d/${index}`, { records: makeRecords(Array.from({ length: index }, () => 65_536)) }),
    )
    const writer = createFileRowWriter(1)
    const fingerprint = new BigInt64Array(fingerprintFields)
    for (const [index, file] of files.entries()) {
      if (index % 7 === 3) {
        writer.skip()
        continue
      }
      packFingerprint(fingerprint, 0, file.fingerprint)
      writer.add(file.path, fingerprint, 0, file)
    }
    store.files.putRows([{ paths: files.map(({ path }) => path), ...writer.take() }])
    for (const [index, file] of files.entries())
      assert.deepEqual(store.files.get(file.path), index % 7 === 3 ? undefined : file)
  },
)

onEvery('under() gives the file or the folder, in walk order, and no sibling', (store) => {
  const below = ['/x/a', '/x/a!', '/x/a/b', '/x/a0', '/x/é', '/x/\uffee', '/x/😀', '/x/%', '/x/_']
  const others = ['/x', '/x!', '/x-y/z', '/xy', '/x0', '/X/a', '/', '/w']
  store.files.putMany([...below, ...others].map((path) => indexedFile(path)))
  const paths = (root: string): string[] => [...store.files.under(root)].map((file) => file.path)
  assert.deepEqual(paths('/x'), ['/x', ...below.toSorted(compareUtf8)])
  assert.deepEqual(paths('/x/a'), ['/x/a', '/x/a/b'])
  assert.deepEqual(paths('/none'), [])
  assert.equal(paths('/').length, below.length + others.length)
})

onEvery('under() and all() may be left early and written during', (store) => {
  const files = Array.from({ length: 300 }, (_, index) =>
    indexedFile(`/d/${String(index).padStart(4, '0')}`, {
      records: makeRecords(Array.from({ length: 300 }, () => 20_000)),
    }),
  )
  store.files.putMany(files)
  let seen = 0
  for (const file of store.files.under('/d')) {
    assert.equal(file.path, files[seen]?.path)
    if (++seen === 5) store.files.putMany([indexedFile('/e')])
  }
  assert.equal(seen, 300)
  for (const file of store.files.all()) {
    assert.equal(file.path, '/e')
    break
  }
  store.files.putMany([indexedFile('/f')])
  assert.equal([...store.files.all()].length, 302)
})

onEvery('any text is a path', (store) => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
      const path = `/${text.replaceAll('\0', '')}`
      const file = indexedFile(path)
      store.files.putMany([file])
      assert.deepEqual(store.files.get(path), file)
    }),
    { numRuns: 50 },
  )
})

onEvery('shares come back by id and by key', (store) => {
  const share = shareRecord('one', {
    sources: new Map([
      ['__proto__', '/a/b'],
      ['Bücher', '/c'],
    ]),
    allow: ['peer'],
    expiresAtMs: 5,
    once: true,
    root: hash(Buffer.from('root')),
    signature: new Uint8Array(64),
  })
  store.shares.put(share)
  const other = shareRecord('two', { createdAtMs: 1 })
  store.shares.put(other)
  assert.deepEqual(store.shares.byId(share.id), share)
  assert.deepEqual(store.shares.byKey(share.key), share)
  assert.deepEqual(store.shares.list(), [other, share])
  assert.equal(store.shares.byKey('none'), undefined)
  store.shares.remove(share.id)
  assert.equal(store.shares.byId(share.id), undefined)
})

onEvery('downloads are counted, and an older record does not take them back', (store) => {
  const share = shareRecord('one')
  assert.throws(() => store.shares.countDownload(share.id), FerryError)
  store.shares.put(share)
  assert.equal(store.shares.countDownload(share.id), 1)
  assert.equal(store.shares.countDownload(share.id), 2)
  store.shares.put({ ...share, name: 'renamed' })
  assert.deepEqual(store.shares.byId(share.id), { ...share, name: 'renamed', downloads: 2 })
})

onEvery('a fresh share of the same sources takes the place of the old one', (store) => {
  const old = shareRecord('one')
  const fresh = { ...shareRecord('two'), key: old.key }
  store.shares.put(old)
  store.shares.put(fresh)
  assert.deepEqual(store.shares.list(), [fresh])
})

onEvery('objects come back by hash, put once or twice', (store) => {
  const page = Uint8Array.of(1, 2, 3)
  const list = makeRecords(Array.from({ length: 100 }, () => 65_536))
  const objects = [
    { hash: hash(page), kind: 'page' as const, bytes: page },
    { hash: nameChunkList(list).reference.blob, kind: 'list' as const, bytes: list },
  ]
  assert.equal(store.objects.has(hash(page)), false)
  store.objects.putMany(objects)
  store.objects.putMany(objects)
  for (const object of objects) {
    assert.deepEqual(store.objects.get(object.hash), object.bytes)
    assert.equal(store.objects.has(object.hash), true)
  }
  assert.equal(store.objects.get(new Uint8Array(32)), undefined)
})

test('isFresh believes an unchanged file that was at rest, and nothing else', () => {
  const file = indexedFile('/a', { indexedAtNs: 10_000_000_000n })
  const now = { ...file.fingerprint, ctimeNs: 8_000_000_000n }
  const indexed = { ...file, fingerprint: now }
  assert.ok(isFresh(indexed, { ...now }))
  for (const change of [{ size: 9 }, { mtimeNs: 1n }, { ctimeNs: 1n }, { inode: 9n }, { device: 9n }])
    assert.ok(!isFresh(indexed, { ...now, ...change }), JSON.stringify(Object.keys(change)))
  const racy = { ...now, ctimeNs: 8_000_000_001n }
  assert.ok(!isFresh({ ...file, fingerprint: racy }, racy))
  const future = { ...now, mtimeNs: 2n ** 62n }
  assert.ok(isFresh({ ...file, fingerprint: future }, future))
})
