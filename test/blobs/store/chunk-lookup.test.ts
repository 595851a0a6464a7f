import assert from 'node:assert/strict'
import test from 'node:test'
import { chunkHashAt } from '../../../src/blobs/chunk-records.ts'
import { createHashTable, hashHigh, hashLow } from '../../../src/blobs/hash-table.ts'
import { hash } from '../../../src/blobs/hash.ts'
import { maxPlaces, openChunkLookup } from '../../../src/blobs/store/chunk-lookup.ts'
import { openMemoryStore } from '../../../src/blobs/store/memory-store.ts'
import { FerryError } from '../../../src/shared/errors.ts'
import { makeRecords } from '../../support/manifests.ts'
import { indexedFile } from '../../support/store-records.ts'

test('find gives every chunk its place', async () => {
  using store = openMemoryStore()
  const files = Array.from({ length: 50 }, (_, index) => {
    const lengths = Array.from({ length: 200 + index }, (_unused, chunk) => 20_000 + chunk)
    return indexedFile(`/${index}`, { records: makeRecords(lengths, `file ${index}`) })
  })
  store.files.putMany(files)
  const lookup = await openChunkLookup(store.files)
  assert.equal(
    lookup.chunks,
    files.reduce((sum, file) => sum + file.records.byteLength / 36, 0),
  )
  for (const file of files) {
    let offset = 0
    for (let index = 0; index < file.records.byteLength / 36; index++) {
      const places = lookup.find(chunkHashAt(file.records, index))
      assert.deepEqual(places, [
        { path: file.path, offset, length: 20_000 + index, fingerprint: file.fingerprint },
      ])
      offset += 20_000 + index
    }
  }
  assert.deepEqual(lookup.find(hash(Buffer.from('none'))), [])
})

test('a chunk in many places is given a few of them, the newest first', async () => {
  using store = openMemoryStore()
  const records = makeRecords([65_536], 'same')
  store.files.putMany(Array.from({ length: 2000 }, (_, index) => indexedFile(`/${index}`, { records })))
  const lookup = await openChunkLookup(store.files)
  const places = lookup.find(chunkHashAt(records, 0)).map((place) => place.path)
  assert.deepEqual(places, ['/1999', '/1998', '/1997'])
  assert.equal(places.length, maxPlaces)
})

test('what was replaced or removed since is not given', async () => {
  using store = openMemoryStore()
  const old = indexedFile('/a', { records: makeRecords([1000, 2000], 'old') })
  store.files.putMany([old, indexedFile('/b', { records: makeRecords([3000], 'b') })])
  const lookup = await openChunkLookup(store.files)
  store.files.putMany([indexedFile('/a', { records: makeRecords([1000], 'new') })])
  store.files.removeMany(['/b'])
  for (const index of [0, 1]) assert.deepEqual(lookup.find(chunkHashAt(old.records, index)), [])
  assert.deepEqual(lookup.find(chunkHashAt(makeRecords([3000], 'b'), 0)), [])
})

test('building stops when it is told to', async () => {
  using store = openMemoryStore()
  const lengths = Array.from({ length: 60_000 }, () => 65_536)
  store.files.putMany([indexedFile('/a', { records: makeRecords(lengths) })])
  const signal = AbortSignal.abort()
  await assert.rejects(
    openChunkLookup(store.files, { signal }),
    (error) => error instanceof FerryError && error.code === 'E_CANCELLED',
  )
})

test('createHashTable keeps the first value of every key', () => {
  const table = createHashTable()
  const keys = Array.from({ length: 20_000 }, (_, index) => hash(Buffer.from(String(index))))
  for (const [index, key] of keys.entries()) assert.equal(table.add(hashLow(key), hashHigh(key), index), -1)
  for (const [index, key] of keys.entries()) {
    assert.equal(table.add(hashLow(key), hashHigh(key), 7), index)
    assert.equal(table.get(hashLow(key), hashHigh(key)), index)
  }
  assert.equal(table.size, keys.length)
  assert.equal(table.get(1, 2), -1)
  assert.equal(table.add(0, 0, 2 ** 32 - 2), -1)
  assert.equal(table.get(0, 0), 2 ** 32 - 2)
})
