/** What every remote tells: lists, single entries, and content in ranges. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import test from 'node:test'
import { chunkCount, chunkHashAt, chunkLengthAt } from '../../../src/blobs/chunk-records.ts'
import { hash } from '../../../src/blobs/hash.ts'
import { mapBounded } from '../../../src/shared/concurrency.ts'
import { compareSortKeys } from '../../../src/shared/paths.ts'
import {
  assertSame,
  listAll,
  listFiles,
  look,
  plain,
  readBack,
  someBytes,
  text,
  withCode,
  write,
  type Suite,
} from './place.ts'

/** In the order of UTF-8 bytes of their sort keys, which is neither that of a tree nor that of UTF-16. */
const ordered = ['A', 'a-b', 'a.b', 'a/c', 'a/d/e', 'a0', 'b', 'b c', 'é', '～', '🚢', '🚢 2']

export function testListing({ name, open }: Suite): void {
  test(`${name}: an empty place has no entries`, async () => {
    await using place = await open()
    assert.deepEqual((await listAll(place.remote)).entries, [])
    assert.equal(await place.remote.stat('nothing'), undefined)
    assert.equal(await place.remote.stat('nothing/below/it'), undefined)
  })

  test(`${name}: a list is sorted by the bytes of the path, folders with a slash`, async () => {
    await using place = await open()
    for (const path of ordered.toReversed()) await place.intrude(path, text(path))
    const { entries, problems } = await listAll(place.remote)
    assert.deepEqual(problems, [])
    assert.deepEqual(
      entries.filter(({ kind }) => kind === 'file').map(({ path }) => path),
      ordered,
    )
    assert.deepEqual(entries, entries.toSorted(compareSortKeys))
    if (place.remote.caps.makeFolder)
      assert.deepEqual(
        entries.filter(({ kind }) => kind === 'directory').map(({ path }) => path),
        ['a', 'a/d'],
      )
  })

  test(`${name}: a list of more than a thousand comes in batches, whole and sorted`, async () => {
    await using place = await open()
    const paths = Array.from({ length: 1203 }, (_, index) => `${index % 3}/${String(index).padStart(5, '0')}`)
    await mapBounded(paths, (path) => place.intrude(path, text(path)), { limit: 8 })
    const { batches, entries } = await listAll(place.remote)
    assert.ok(batches.length > 1, 'all came in one batch')
    assert.ok(batches.every((batch) => batch.length > 0))
    const files = entries.filter(({ kind }) => kind === 'file')
    assert.deepEqual(
      files.map(({ path }) => path),
      paths.toSorted(),
    )
    assert.ok(files.every(({ size, path }) => size === path.length))
  })

  test(`${name}: a list may be left early, and stops when it is cancelled`, async () => {
    await using place = await open()
    for (const path of ['a', 'b', 'c']) await place.intrude(path, text(path))
    const onProblem = (): void => assert.fail('no problem is expected')
    for await (const batch of place.remote.list({ recursive: true, onProblem })) {
      assert.ok(batch.length > 0)
      break
    }
    await assert.rejects(listAll(place.remote, { signal: AbortSignal.abort() }), withCode('E_CANCELLED'))
    assert.deepEqual(await listFiles(place.remote), ['a', 'b', 'c'])
  })

  test(`${name}: without recursion only what is directly there is listed`, async () => {
    await using place = await open()
    for (const path of ['a', 'b/c', 'b/d/e', 'f']) await place.intrude(path, text(path))
    const { entries } = await listAll(place.remote, { recursive: false })
    assert.deepEqual(
      entries.filter(({ kind }) => kind === 'file').map(({ path }) => path),
      ['a', 'f'],
    )
    if (place.remote.caps.makeFolder)
      assert.deepEqual(
        entries.map(({ path }) => path),
        ['a', 'b', 'f'],
      )
  })

  test(`${name}: what is not kept is neither told nor gone into`, async () => {
    await using place = await open()
    for (const path of ['a', 'b/c', 'b/d', 'e/f', 'e/g/h']) await place.intrude(path, text(path))
    const asked: string[] = []
    const keeps = (path: string, isFolder: boolean): boolean => {
      asked.push(isFolder ? `${path}/` : path)
      return path !== 'b/d' && path !== 'e'
    }
    const { entries } = await listAll(place.remote, { keeps })
    assert.deepEqual(
      entries.filter(({ kind }) => kind === 'file').map(({ path }) => path),
      ['a', 'b/c'],
    )
    assert.ok(!entries.some(({ path }) => path.startsWith('e')))
    assert.deepEqual(asked, ['a', 'b/', 'b/c', 'b/d', 'e/'])
  })

  test(`${name}: ferry's own names are never listed`, async () => {
    await using place = await open()
    const own = ['.ferry/index', 'a.ferry-part', 'b/c.ferry-part', 'b/c.ferry-part.journal']
    for (const path of ['a', ...own, 'b/d']) await place.intrude(path, text(path))
    assert.deepEqual(await listFiles(place.remote), ['a', 'b/d'])
  })

  test(`${name}: a location that is not there cannot be listed`, async () => {
    await using place = await open()
    if (!place.missing) return
    await using remote = await place.missing()
    await assert.rejects(listAll(remote), withCode('E_NOT_FOUND'))
  })

  test(`${name}: list, stat and what was written agree`, async () => {
    await using place = await open()
    const { remote } = place
    const bytes = someBytes(12_345)
    const written = await write(remote, 'folder/file', bytes)
    const [listed] = (await listAll(remote)).entries.filter(({ kind }) => kind === 'file')
    const entry = await remote.stat('folder/file')
    assert.ok(entry && listed)
    assert.equal(entry.path, 'folder/file')
    assert.equal(entry.kind, 'file')
    assert.equal(entry.size, bytes.byteLength)
    assert.equal(entry.version, written.version)
    assert.equal(listed.version, written.version)
    assert.equal(listed.size, bytes.byteLength)
    const md5 = remote.caps.md5?.(listed)
    if (md5 !== undefined) assert.equal(md5, createHash('md5').update(bytes).digest('hex'))
  })

  test(`${name}: times and modes are kept as exactly as the place says`, async () => {
    await using place = await open()
    const { remote } = place
    const { modes, timeStepNs } = remote.caps
    for (const [index, mtimeNs] of [1_700_000_000_123_456_789n, 1n, 4_000_000_000_000_000_001n].entries()) {
      await write(remote, `time ${index}`, text('x'), { attributes: { mode: 0o640, mtimeNs } })
      const { mtimeNs: kept } = await look(remote, `time ${index}`)
      assert.ok(kept !== undefined)
      assert.equal(kept / timeStepNs, mtimeNs / timeStepNs)
    }
    if (!modes) return
    for (const mode of [0o600, 0o755, 0o444, 0o4711]) {
      await write(remote, `mode ${mode}`, text('x'), { attributes: { ...plain.attributes, mode } })
      assert.equal((await look(remote, `mode ${mode}`)).mode, mode)
    }
  })

  test(`${name}: any range of a file can be read, several at once`, async () => {
    await using place = await open()
    const bytes = someBytes(300_001)
    await place.intrude('file', bytes)
    const entry = await look(place.remote, 'file')
    await using content = await place.remote.open(entry)
    assert.equal(content.size, bytes.byteLength)
    const ranges = [
      [0, 1],
      [0, 300_001],
      [300_000, 1],
      [65_535, 65_537],
      [123, 200_000],
    ] as const
    await Promise.all(
      ranges.map(async ([offset, length]) =>
        assertSame(await content.read(offset, length), bytes.subarray(offset, offset + length)),
      ),
    )
    await content.confirm()
    await assert.rejects(content.read(0, 1, { signal: AbortSignal.abort() }), withCode('E_CANCELLED'))
  })

  test(`${name}: the chunks of a content, when it tells them, are those of its bytes`, async () => {
    await using place = await open()
    const bytes = someBytes(700_000)
    await place.intrude('file', bytes)
    await using content = await place.remote.open(await look(place.remote, 'file'))
    const list = await content.chunks()
    if (!list) return
    let at = 0
    for (let index = 0; index < chunkCount(list.records); index++) {
      const end = at + chunkLengthAt(list.records, index)
      assertSame(chunkHashAt(list.records, index), hash(bytes.subarray(at, end)))
      at = end
    }
    assert.equal(at, bytes.byteLength)
  })

  test(`${name}: two contents of one version have one identity, and another version has another`, async () => {
    await using place = await open()
    const identity = async (): Promise<string> => {
      await using content = await place.remote.open(await look(place.remote, 'file'))
      return content.identity
    }
    await place.intrude('file', text('one'))
    const first = await identity()
    assert.equal(await identity(), first)
    await place.intrude('file', text('another'))
    assert.notEqual(await identity(), first)
  })

  test(`${name}: a file that is changed under its reader is noticed`, async () => {
    await using place = await open()
    await place.intrude('file', someBytes(200_000))
    await using content = await place.remote.open(await look(place.remote, 'file'))
    await content.read(0, 1000)
    await place.intrude('file', someBytes(100_000))
    const readOn = async (): Promise<void> => {
      await content.read(99_000, 100_000)
      await content.confirm()
    }
    await assert.rejects(readOn, withCode('E_CHANGED'))
  })

  test(`${name}: a file that is no longer what was listed, or gone, is not read`, async () => {
    await using place = await open()
    const { remote } = place
    await place.intrude('file', text('old'))
    await place.intrude('gone', text('old'))
    const [file, gone] = [await look(remote, 'file'), await look(remote, 'gone')]
    await place.intrude('file', text('a new one'))
    await remote.remove(gone)
    const read = async (entry: typeof file): Promise<void> => {
      await using content = await remote.open(entry)
      await content.read(0, content.size)
      await content.confirm()
    }
    await assert.rejects(read(file), withCode('E_CHANGED'))
    await assert.rejects(read(gone), withCode('E_CHANGED', 'E_NOT_FOUND'))
    assertSame(await readBack(remote, 'file'), text('a new one'))
  })
}
