import assert from 'node:assert/strict'
import { statSync, utimesSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { FerryError } from '../../../src/shared/errors.ts'
import type { ChunkIndex } from '../../../src/sync/chunk-index.ts'
import {
  blobOf,
  entryOf,
  filesBelow,
  largeEntry,
  listOf,
  newComputer,
  openIndex,
} from '../../support/index-stage.ts'
import { makeRecords } from '../../support/manifests.ts'
import { memoryRecords } from '../../support/memory-records.ts'

test('openChunkIndex: a row is found for its very version only, in this run and the next', async () => {
  await using a = newComputer()
  const list = listOf(1)
  const large = largeEntry('folder/large', list)
  const check = async (index: ChunkIndex): Promise<void> => {
    const { mtimeNs, mode } = large
    assert.deepEqual(index.find(large), { mtimeNs, mode, blob: blobOf(list), chunkSize: 65_536 })
    assert.deepEqual(await index.chunks(large), list)
    assert.deepEqual(index.find(entryOf('small')), { mtimeNs, mode, blob: undefined, chunkSize: 0 })
    for (const other of [
      { ...large, version: 'v2' },
      { ...large, size: large.size + 1 },
      entryOf('folder/other', { size: large.size }),
    ]) {
      assert.equal(index.find(other), undefined)
      assert.equal(await index.chunks(other), undefined)
    }
  }
  {
    await using index = await openIndex(a, undefined)
    await index.put(large, list)
    await index.put(entryOf('small'), undefined)
    await check(index)
    await index.save()
  }
  await using again = await openIndex(a, undefined)
  await check(again)
  assert.deepEqual(a.warnings, [])
  for (const file of filesBelow(a.state)) assert.equal(statSync(file).mode & 0o777, 0o600)
})

test('openChunkIndex: what a killed write has left is removed by a later one, and what may be under way stays', async () => {
  await using a = newComputer()
  const save = async (mode: number): Promise<void> => {
    await using index = await openIndex(a, undefined)
    await index.put(entryOf('file', { mode }), undefined)
    await index.save()
  }
  await save(0o600)
  const [rows] = filesBelow(a.state)
  assert.ok(rows)
  const [old, now] = [`${rows}.1-0.new`, `${rows}.2-0.new`]
  for (const path of [old, now]) writeFileSync(path, 'half')
  utimesSync(old, 1_700_000_000, 1_700_000_000)
  await save(0o644)
  assert.deepEqual(filesBelow(a.state).toSorted(), [rows, now].toSorted())
})

test('openChunkIndex: another location has another cache', async () => {
  await using a = newComputer()
  {
    await using index = await openIndex(a, undefined, { root: 'one' })
    await index.put(entryOf('file'), undefined)
    await index.save()
  }
  await using other = await openIndex(a, undefined, { root: 'two' })
  assert.equal(other.find(entryOf('file')), undefined)
})

test('openChunkIndex: ten thousand unchanged files cost one request, also on another computer', async () => {
  await using a = newComputer()
  await using b = newComputer()
  const records = memoryRecords()
  const files = Array.from({ length: 10_000 }, (_, number) => entryOf(`folder/file ${number}`))
  {
    await using index = await openIndex(a, records)
    for (const file of files) await index.put(file, undefined)
    await index.save()
    assert.deepEqual(records.requests.splice(0), ['read index', 'write index', 'write index-id'])
  }
  for (const [computer, requests] of [
    [a, ['read index-id']],
    [b, ['read index']],
    [b, ['read index-id']],
  ] as const) {
    await using index = await openIndex(computer, records)
    assert.ok(files.every((file) => index.find(file)?.mtimeNs === file.mtimeNs))
    await index.save()
    assert.deepEqual(records.requests.splice(0), requests)
  }
})

test('openChunkIndex: without sidecar nothing is asked, and for a source nothing is written', async () => {
  await using a = newComputer()
  const records = memoryRecords()
  const list = listOf(1)
  for (const options of [{ sidecar: false }, { writable: false }]) {
    await using index = await openIndex(a, records, options)
    await index.put(largeEntry('file', list), list)
    index.remove('file')
    await index.save()
  }
  assert.deepEqual(records.requests, ['read index'])
})

test('openChunkIndex: lists of versions that are gone are removed, and those of others stay', async () => {
  await using a = newComputer()
  const records = memoryRecords()
  const [one, two] = [listOf(1), listOf(2)]
  const replaced = largeEntry('replaced', one)
  const now = largeEntry('replaced', two, 'v2')
  await using index = await openIndex(a, records)
  await index.put(replaced, one)
  await index.put(largeEntry('removed', one), one)
  await index.put(largeEntry('kept', one), one)
  await index.save()
  const before = [...records.content.keys()].filter((name) => name.startsWith('sig/'))
  assert.equal(before.length, 3)
  await index.put(now, two)
  index.remove('removed')
  await index.save()
  const after = [...records.content.keys()].filter((name) => name.startsWith('sig/'))
  assert.equal(after.length, 2)
  assert.equal(filesBelow(a.state).filter((file) => file.includes('lists')).length, 2)
  assert.deepEqual(await index.chunks(now), two)
  assert.equal(index.find(largeEntry('removed', one)), undefined)
})

test('openChunkIndex: a list is written before the rows, and found without them', async () => {
  await using a = newComputer()
  const list = listOf(1)
  const file = largeEntry('file', list)
  const index = await openIndex(a, undefined)
  await index.put(file, list)
  // Killed here: no save.
  await using again = await openIndex(a, undefined)
  assert.equal(again.find(file), undefined)
  assert.deepEqual(await again.chunks(file), list)
})

test('openChunkIndex: where records are refused, one warning is told and the sync goes on', async () => {
  await using a = newComputer()
  const records = memoryRecords({
    refuse: (request) => {
      throw new FerryError('E_PERMISSION', `Cannot ${request}: access denied`)
    },
  })
  const list = listOf(1)
  await using index = await openIndex(a, records)
  for (const path of ['one', 'two', 'three']) await index.put(largeEntry(path, list), list)
  await index.save()
  assert.deepEqual(await index.chunks(largeEntry('two', list)), list)
  assert.equal(records.requests.length, 2, 'one read and one write were tried')
  assert.equal(a.warnings.length, 2)
})

test('openChunkIndex: a cancelled request is not a warning', async () => {
  await using a = newComputer()
  const records = memoryRecords({
    refuse: () => {
      throw new FerryError('E_CANCELLED', 'Stopped')
    },
  })
  await assert.rejects(openIndex(a, records), { code: 'E_CANCELLED' })
})

test('openChunkIndex: chunks of files that are too small for a delta are not kept', async () => {
  await using a = newComputer()
  const records = memoryRecords()
  const list = { chunkSize: 65_536, records: makeRecords([70_000]) }
  const file = entryOf('file', { size: 70_000 })
  await using index = await openIndex(a, records)
  records.requests.length = 0
  await index.put(file, list)
  assert.equal(await index.chunks(file), undefined)
  assert.deepEqual(records.requests, [])
})
