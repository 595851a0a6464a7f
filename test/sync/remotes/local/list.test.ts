/** What a list of a local folder tells, passes over and reports. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { compareSortKeys, type TreePath } from '../../../../src/shared/paths.ts'
import { listTree } from '../../../support/listing.ts'
import { mountTmpfs, tmpfsSkipReason } from '../../../support/tmpfs.ts'
import { addStrays, makeZoo } from '../../../support/zoo.ts'
import { listAll, withCode } from '../../remote-suite/place.ts'
import { localPlace } from './place.ts'

test('list: the zoo is told whole, with modes, times, sizes and targets', async () => {
  await using place = await localPlace()
  makeZoo(place.at('zoo'))
  addStrays(place.at('zoo'))
  const remote = await place.open(place.at('zoo'))
  const { entries, problems } = await listAll(remote)
  assert.deepEqual(problems, [])
  assert.deepEqual(entries, entries.toSorted(compareSortKeys))
  const expected = listTree(place.at('zoo'))
  assert.equal(entries.length, expected.size - 1)
  for (const { path, kind, size, mtimeNs, mode, target } of entries) {
    const want = expected.get(path)
    assert.deepEqual([kind, size, mtimeNs, target], [want?.kind, want?.size, want?.mtimeNs, want?.target])
    if (kind !== 'symlink') assert.equal(mode, want?.mode)
  }
  const fifo = entries.find(({ path }) => path === 'strays/fifo')
  assert.equal(fifo?.kind, 'other')
  await assert.rejects(remote.open(fifo), withCode('E_IO'))
})

test('list: names that cannot travel are problems, and the others are told', async () => {
  await using place = await localPlace()
  for (const name of ['before', 'lead\\..\\out', 'z']) writeFileSync(place.at(name), name)
  writeFileSync(Buffer.concat([Buffer.from(place.at('bad ')), Buffer.from([0xff])]), 'x')
  const { entries, problems } = await listAll(place.remote)
  assert.deepEqual(
    entries.map(({ path }) => path),
    ['before', 'z'],
  )
  assert.deepEqual(problems.map(({ path }) => path).toSorted(), ['bad \ufffd', 'lead\\..\\out'])
  assert.match(String(problems[0]?.error.message), /not valid UTF-8/)
  const unwanted = await listAll(place.remote, { keeps: (path) => !/^bad|lead/.test(path) })
  assert.deepEqual(unwanted.problems, [])
})

test('list: a folder that cannot be read is a problem, and the others are told', async () => {
  await using place = await localPlace()
  for (const name of ['a', 'gone', 'z']) mkdirSync(place.at(name))
  const { entries, problems } = await listAll(place.remote, {
    keeps(path) {
      if (path === 'gone') rmSync(place.at('gone'), { recursive: true })
      return true
    },
  })
  assert.deepEqual(
    entries.map(({ path }) => path),
    ['a', 'gone', 'z'],
  )
  assert.deepEqual(
    problems.map(({ path }) => path),
    ['gone'],
  )
})

test('list: links to a folder above are problems when links are followed', async () => {
  await using place = await localPlace()
  mkdirSync(place.at('a', 'b'), { recursive: true })
  symlinkSync('..', place.at('a', 'up'))
  symlinkSync('loop', place.at('loop'))
  writeFileSync(place.at('a', 'b', 'file'), 'x')
  const { entries, problems } = await listAll(place.remote, { followLinks: true })
  assert.deepEqual(
    entries.map(({ path }) => path),
    ['a', 'a/b', 'a/b/file'],
  )
  assert.deepEqual(
    problems.map(({ path }) => path),
    ['a/up', 'loop'],
  )
})

test('list: one folder alone, told first', async () => {
  await using place = await localPlace()
  for (const path of ['a/b', 'a/b/c', 'x']) mkdirSync(place.at(path), { recursive: true })
  writeFileSync(place.at('a', 'b', 'c', 'file'), 'x')
  const list = async (under: string): Promise<string[]> => {
    const { entries, problems } = await listAll(place.remote, { under: under as TreePath })
    assert.deepEqual(problems, [])
    return entries.map(({ path }) => path)
  }
  assert.deepEqual(await list('a/b'), ['a/b', 'a/b/c', 'a/b/c/file'])
  assert.deepEqual(await list('a/b/c/file'), ['a/b/c/file'])
  assert.deepEqual(await list('a/nothing/there'), [])
})

test('list: a location that is a file is one entry, and can be read', async () => {
  await using place = await localPlace()
  writeFileSync(place.at('file.txt'), 'content')
  await using remote = await place.open(place.at('file.txt'))
  const { entries } = await listAll(remote)
  assert.deepEqual(
    entries.map(({ path, size }) => [path, size]),
    [['file.txt', 7]],
  )
  assert.equal((await remote.stat(''))?.kind, 'file')
  const [entry] = entries
  assert.ok(entry)
  await using content = await remote.open(entry)
  assert.equal(Buffer.from(await content.read(0, 7)).toString(), 'content')
})

test('list: another file system is told and not gone into', { skip: tmpfsSkipReason }, async () => {
  await using place = await localPlace()
  writeFileSync(place.at('file'), 'x')
  using disk = mountTmpfs(place.at('mounted'), 1024 * 1024)
  mkdirSync(`${disk.path}/inside`)
  const paths = async (oneFileSystem: boolean, under?: string): Promise<string[]> =>
    (await listAll(place.remote, { oneFileSystem, under: under as TreePath | undefined })).entries.map(
      ({ path }) => path,
    )
  assert.deepEqual(await paths(true), ['file', 'mounted'])
  assert.deepEqual(await paths(false), ['file', 'mounted', 'mounted/inside'])
  assert.deepEqual(await paths(true, 'mounted'), ['mounted', 'mounted/inside'])
})

test('stat: the location itself, what is not there, and what lies below a file', async () => {
  await using place = await localPlace()
  writeFileSync(place.at('file'), 'x')
  const top = await place.remote.stat('')
  assert.deepEqual([top?.path, top?.kind], ['', 'directory'])
  assert.equal(await place.remote.stat('file/below'), undefined)
  assert.equal(await (await place.open(place.beside('nothing'))).stat(''), undefined)
})

test('open: a pipe that took the place of a file is not waited for', async () => {
  await using place = await localPlace()
  writeFileSync(place.at('file'), 'content')
  const entry = await place.remote.stat('file')
  assert.ok(entry)
  rmSync(place.at('file'))
  assert.equal(spawnSync('mkfifo', [place.at('file')]).status, 0)
  await using content = await place.remote.open(entry)
  await assert.rejects(content.read(0, 7), withCode('E_CHANGED'))
  await assert.rejects(content.chunks(), withCode('E_CHANGED'))
  await assert.rejects(content.confirm(), withCode('E_CHANGED'))
})
