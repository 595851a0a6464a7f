import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import {
  blobOf,
  entryOf,
  filesBelow,
  largeEntry,
  listOf,
  newComputer,
  openIndex,
} from '../../support/index-stage.ts'
import { memoryRecords } from '../../support/memory-records.ts'

test('openChunkIndex: a cache that is damaged at any byte is told, ignored and made anew', async () => {
  await using a = newComputer()
  const list = listOf(1)
  const file = largeEntry('file', list)
  {
    await using index = await openIndex(a, undefined)
    await index.put(file, list)
    await index.save()
  }
  for (const path of filesBelow(a.state)) {
    const whole = readFileSync(path)
    const spoilt: Buffer[] = []
    for (let at = 0; at < whole.byteLength; at += path.includes('lists') ? 13 : 1) {
      const bytes = Buffer.from(whole)
      bytes[at]! ^= 1 << (at % 8)
      spoilt.push(bytes)
    }
    for (const length of [0, 1, 9, 40, whole.byteLength - 1]) spoilt.push(whole.subarray(0, length))
    spoilt.push(Buffer.concat([whole, Buffer.alloc(1)]))
    for (const bytes of spoilt) {
      writeFileSync(path, bytes)
      a.warnings.length = 0
      const index = await openIndex(a, undefined)
      if (path.includes('lists')) assert.equal(await index.chunks(file), undefined)
      else assert.equal(index.find(file), undefined)
      assert.equal(a.warnings.length, 1, `${bytes.byteLength} bytes`)
    }
    writeFileSync(path, whole)
  }
})

test('openChunkIndex: an index beside the data that is damaged or too large is made anew', async () => {
  await using a = newComputer()
  await using b = newComputer()
  const records = memoryRecords()
  {
    await using index = await openIndex(a, records)
    await index.put(entryOf('file'), undefined)
    await index.save()
  }
  const whole = new Map(records.content)
  for (const name of ['index', 'index-id'])
    for (const spoil of [
      (bytes: Uint8Array) => bytes.map((byte, at) => (at === bytes.byteLength >> 1 ? byte ^ 4 : byte)),
      (bytes: Uint8Array) => bytes.subarray(0, 5),
      () => new Uint8Array(0),
      () => undefined,
    ]) {
      records.content.clear()
      for (const [key, bytes] of whole) records.content.set(key, bytes)
      const bytes = spoil(whole.get(name) as Uint8Array)
      if (bytes) records.content.set(name, bytes)
      else records.content.delete(name)
      {
        await using index = await openIndex(b, records)
        await index.put(entryOf('other'), undefined)
        await index.save()
      }
      await using third = newComputer()
      await using later = await openIndex(third, records)
      assert.ok(later.find(entryOf('other')))
    }
})

test('openChunkIndex: what a newer ferry wrote is told and left as it is', async () => {
  await using a = newComputer()
  await using b = newComputer()
  const records = memoryRecords()
  {
    await using index = await openIndex(a, records)
    await index.put(entryOf('file'), undefined)
    await index.save()
  }
  for (const name of ['index', 'index-id']) (records.content.get(name) as Uint8Array)[8] = 2
  records.requests.length = 0
  await using index = await openIndex(b, records)
  assert.equal(index.find(entryOf('file')), undefined)
  await index.put(entryOf('other'), undefined)
  await index.save()
  assert.deepEqual(records.requests, ['read index'])
  assert.match(b.warnings.join('\n'), /newer ferry/)
})

test('openChunkIndex: a list of another computer counts only when the file itself names that content', async () => {
  await using a = newComputer()
  await using b = newComputer()
  const records = memoryRecords()
  const [list, other] = [listOf(1), listOf(2)]
  const file = largeEntry('file', list)
  {
    await using index = await openIndex(a, records)
    await index.put(file, list)
    await index.save()
  }
  for (const [blob, isBelieved] of [
    [undefined, false],
    [blobOf(other), false],
    [blobOf(list), true],
  ] as const) {
    const described: string[] = []
    await using index = await openIndex(b, records, {
      describe: async (entry) => {
        described.push(entry.path)
        return { ...entry, blob }
      },
    })
    assert.equal(index.find(file)?.blob, undefined, 'hearsay is no proof of content')
    assert.equal(index.find(file)?.mtimeNs, file.mtimeNs)
    assert.deepEqual(await index.chunks(file), isBelieved ? list : undefined)
    assert.deepEqual(described, ['file'])
    assert.deepEqual(await index.chunks({ ...file, version: 'v2' }), undefined)
  }
  // What was believed once is this computer's own from then on.
  records.requests.length = 0
  await using later = await openIndex(b, records)
  assert.deepEqual(await later.chunks(file), list)
  assert.deepEqual(records.requests, ['read index-id'])
})

test('openChunkIndex: where only the user can write records, they are believed', async () => {
  await using a = newComputer()
  await using b = newComputer()
  const records = memoryRecords({ guarded: true })
  const list = listOf(1)
  const file = largeEntry('file', list)
  {
    await using index = await openIndex(a, records)
    await index.put(file, list)
    await index.save()
  }
  await using index = await openIndex(b, records)
  assert.deepEqual(index.find(file)?.blob, blobOf(list))
  assert.deepEqual(await index.chunks(file), list)
})

test('openChunkIndex: a list put in the place of another is refused', async () => {
  await using a = newComputer()
  await using b = newComputer()
  const records = memoryRecords({ guarded: true })
  const list = listOf(1)
  const [one, two] = [largeEntry('one', list), largeEntry('two', list)]
  {
    await using index = await openIndex(a, records)
    await index.put(one, list)
    await index.put(two, list)
    await index.save()
  }
  const names = [...records.content.keys()].filter((name) => name.startsWith('sig/'))
  const [first, second] = names.map((name) => records.content.get(name) as Uint8Array)
  records.content.set(names[0] as string, second as Uint8Array)
  records.content.set(names[1] as string, first as Uint8Array)
  await using index = await openIndex(b, records)
  assert.equal(await index.chunks(one), undefined)
  assert.equal(await index.chunks(two), undefined)
  assert.match(b.warnings.join('\n'), /belongs to something else/)
})

test('openChunkIndex: of two syncs at once the last one wins, and no row is found for a version it is not of', async () => {
  await using a = newComputer()
  await using b = newComputer()
  const records = memoryRecords({ guarded: true })
  const [one, two] = [listOf(1), listOf(2)]
  const atA = largeEntry('file', one, 'by a')
  const atB = { ...largeEntry('file', two, 'by b'), mtimeNs: 7n }
  {
    await using first = await openIndex(a, records)
    await using second = await openIndex(b, records)
    await first.put(atA, one)
    await first.put(entryOf('only a'), undefined)
    await second.put(atB, two)
    // Both write their two records at once, in turns.
    await Promise.all([first.save(), second.save()])
  }
  await using third = newComputer()
  for (const computer of [a, b, third]) {
    await using index = await openIndex(computer, records)
    for (const [file, list] of [
      [atA, one],
      [atB, two],
    ] as const) {
      const row = index.find(file)
      if (row) assert.deepEqual([row.mtimeNs, row.blob], [file.mtimeNs, blobOf(list)])
      assert.deepEqual(await index.chunks(file), list, 'lists are kept by version')
    }
    assert.ok(index.find(atA) ?? index.find(atB))
  }
})

test('openChunkIndex: times told anew keep the chunks, and hearsay does not become knowledge by it', async () => {
  await using a = newComputer()
  await using b = newComputer()
  const records = memoryRecords()
  const list = listOf(1)
  const file = largeEntry('file', list)
  await using index = await openIndex(a, records)
  await index.put(file, list)
  await index.put({ ...file, mtimeNs: 9n }, undefined)
  assert.deepEqual(index.find(file), { mtimeNs: 9n, mode: 0o640, blob: blobOf(list), chunkSize: 65_536 })
  await index.save()
  await using other = await openIndex(b, records)
  await other.put(file, undefined)
  assert.equal(other.find(file)?.blob, undefined)
})
