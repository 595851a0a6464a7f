/** What writing into a local folder promises beyond the suite: resume, full disks, links, type changes, local copies. */
import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { FerryError } from '../../../../src/shared/errors.ts'
import type { Content } from '../../../../src/sync/source.ts'
import { memoryContent } from '../../../support/memory-content.ts'
import { mountTmpfs, tmpfsSkipReason } from '../../../support/tmpfs.ts'
import {
  assertHolds,
  assertSame,
  look,
  plain,
  someBytes,
  text,
  withCode,
  write,
} from '../../remote-suite/place.ts'
import { failingAt } from '../../remote-suite/writing.ts'
import { localPlace, type LocalPlace } from './place.ts'

const MiB = 1024 * 1024
const gone = (): FerryError => new FerryError('E_UNREACHABLE', 'gone')

async function interrupt(place: LocalPlace, bytes: Uint8Array, identity: string): Promise<void> {
  const content = { ...failingAt(bytes, bytes.byteLength - 1, gone), identity }
  await assert.rejects(write(place.remote, 'file', content), withCode('E_UNREACHABLE'))
}

test('write: what an interrupted run has left is not written again', async () => {
  await using place = await localPlace()
  const bytes = someBytes(10 * MiB)
  await interrupt(place, bytes, 'one')
  assert.equal(statSync(place.at('file.ferry-part')).size, 8 * MiB)
  const written = await write(place.remote, 'file', memoryContent(bytes, { identity: 'one' }))
  assert.deepEqual([written.resumedBytes, written.sentBytes], [8 * MiB, 2 * MiB])
  await assertHolds(place.remote, 'file', bytes)
  assert.deepEqual(readdirSync(place.at()), ['file'])
})

test('write: nothing is left, and nothing of before is used, when it is not to be resumed', async () => {
  await using place = await localPlace()
  const bytes = someBytes(10 * MiB)
  const content = { ...failingAt(bytes, 9 * MiB, gone), identity: 'one' }
  await assert.rejects(write(place.remote, 'file', content, { resume: false }), withCode('E_UNREACHABLE'))
  assert.deepEqual(readdirSync(place.at()), [])
  await interrupt(place, bytes, 'one')
  const written = await write(place.remote, 'file', memoryContent(bytes, { identity: 'one' }), {
    resume: false,
  })
  assert.equal(written.resumedBytes, 0)
  assert.deepEqual(readdirSync(place.at()), ['file'])
})

test('write: a part that is longer than the file, or whose journal is damaged, is begun anew', async () => {
  await using place = await localPlace()
  const bytes = someBytes(10 * MiB)
  for (const spoil of [
    () => truncateSync(place.at('file.ferry-part'), 11 * MiB),
    () => writeFileSync(place.at('file.ferry-part.journal'), 'nonsense'),
    () => rmSync(place.at('file.ferry-part.journal')),
  ]) {
    await interrupt(place, bytes, 'one')
    spoil()
    const written = await write(place.remote, 'file', memoryContent(bytes, { identity: 'one' }))
    assert.equal(written.resumedBytes, 0)
    await assertHolds(place.remote, 'file', bytes)
  }
})

test('write: a small file ends what was begun for a large one', async () => {
  await using place = await localPlace()
  const bytes = someBytes(10 * MiB)
  await interrupt(place, bytes, 'one')
  await write(place.remote, 'file', text('small'))
  assert.deepEqual(readdirSync(place.at()), ['file'])
  const written = await write(place.remote, 'file', memoryContent(bytes, { identity: 'one' }))
  assert.equal(written.resumedBytes, 0)
  await assertHolds(place.remote, 'file', bytes)
})

test('write: what has the name of a part and is not ferry’s own is left alone', async () => {
  await using place = await localPlace()
  writeFileSync(place.beside('victim'), 'untouched')
  for (const put of [
    () => symlinkSync(place.beside('victim'), place.at('file.ferry-part')),
    () => linkSync(place.beside('victim'), place.at('file.ferry-part')),
    () => mkdirSync(place.at('file.ferry-part')),
  ]) {
    put()
    await assert.rejects(write(place.remote, 'file', someBytes(2 * MiB)), withCode('E_CONFLICT'))
    rmSync(place.at('file.ferry-part'), { recursive: true })
  }
  symlinkSync(place.beside('victim'), place.at('small.ferry-part'))
  await assert.rejects(write(place.remote, 'small', text('x')), withCode('E_CONFLICT'))
  assert.equal(readFileSync(place.beside('victim'), 'utf8'), 'untouched')
})

for (const size of [10, 3 * MiB])
  test(`write: a folder that is swapped for a link meanwhile is not written through (${size} bytes)`, async () => {
    await using place = await localPlace()
    mkdirSync(place.at('folder'))
    mkdirSync(place.beside('outside'))
    const content = memoryContent(someBytes(size), {
      async confirm() {
        renameSync(place.at('folder'), place.at('moved'))
        symlinkSync(place.beside('outside'), place.at('folder'))
      },
    })
    await assert.rejects(write(place.remote, 'folder/file', content), withCode('E_CONFLICT'))
    assert.deepEqual(readdirSync(place.beside('outside')), [])
  })

test('write: a destination that was removed or replaced is not made anew', async () => {
  await using place = await localPlace()
  await write(place.remote, 'first', text('x'))
  renameSync(place.at(), place.beside('moved'))
  const bytes = [text('x'), someBytes(2 * MiB)]
  for (const content of bytes)
    await assert.rejects(write(place.remote, 'file', content), withCode('E_CONFLICT'))
  mkdirSync(place.at())
  for (const content of bytes)
    await assert.rejects(write(place.remote, 'file', content), withCode('E_CONFLICT'))
  await assert.rejects(place.remote.caps.makeFolder?.('folder') ?? Promise.resolve(), withCode('E_CONFLICT'))
  assert.deepEqual(readdirSync(place.at()), [])
})

test('write: the location is made with the first file, and is not one when it is a file', async () => {
  await using place = await localPlace()
  const remote = await place.open(place.beside('new', 'folder'))
  assert.equal(existsSync(place.beside('new')), false)
  await write(remote, 'file', text('x'))
  assert.equal(readFileSync(place.beside('new', 'folder', 'file'), 'utf8'), 'x')
  const file = await place.open(place.beside('new', 'folder', 'file'))
  await assert.rejects(write(file, 'below', text('x')), withCode('E_CONFLICT'))
})

test('write: an empty folder goes when it is named, and no other one', async () => {
  await using place = await localPlace()
  mkdirSync(place.at('empty'))
  mkdirSync(place.at('full'))
  writeFileSync(place.at('full', 'stays'), 'x')
  const version = async (path: string): Promise<string> => (await look(place.remote, path)).version
  await write(place.remote, 'empty', text('a file'), { expect: { version: await version('empty') } })
  assert.equal(lstatSync(place.at('empty')).isFile(), true)
  await assert.rejects(
    write(place.remote, 'full', text('x'), { expect: { version: await version('full') } }),
    withCode('E_CONFLICT'),
  )
  assert.deepEqual(readdirSync(place.at()).toSorted(), ['empty', 'full'])
})

test('write: without a mode a new file gets the usual one, and a replaced one keeps its own', async () => {
  await using place = await localPlace()
  const usual = 0o666 & ~process.umask()
  for (const [name, size] of [
    ['small', 10],
    ['large', 2 * MiB],
  ] as const) {
    await write(place.remote, name, someBytes(size), { attributes: {} })
    assert.equal(lstatSync(place.at(name)).mode & 0o7777, usual)
    chmodSync(place.at(name), 0o751)
    await write(place.remote, name, someBytes(size), { attributes: {} })
    assert.equal(lstatSync(place.at(name)).mode & 0o7777, 0o751)
  }
  await write(place.remote, 'new/file', text('x'))
  assert.equal(lstatSync(place.at('new')).mode & 0o7777, 0o777 & ~process.umask())
})

test('write: a full disk is said, only what can be gone on with stays, and it is', {
  skip: tmpfsSkipReason,
}, async () => {
  await using place = await localPlace()
  using disk = mountTmpfs(place.beside('disk'), 8 * MiB)
  const remote = await place.open(disk.path)
  writeFileSync(join(disk.path, 'ballast'), Buffer.alloc(7 * MiB))
  const small = someBytes(MiB)
  await write(remote, 'small', small.subarray(0, 900_000))
  await assert.rejects(write(remote, 'second', small), withCode('E_NO_SPACE'))
  assert.deepEqual(readdirSync(disk.path).toSorted(), ['ballast', 'small'])
  rmSync(join(disk.path, 'ballast'))
  const bytes = someBytes(7 * MiB)
  writeFileSync(join(disk.path, 'ballast'), Buffer.alloc(2 * MiB))
  const content = (): Content => memoryContent(bytes, { identity: 'one' })
  await assert.rejects(write(remote, 'large', content()), withCode('E_NO_SPACE'))
  assert.deepEqual(readdirSync(disk.path).toSorted(), [
    'ballast',
    'large.ferry-part',
    'large.ferry-part.journal',
    'small',
  ])
  rmSync(join(disk.path, 'ballast'))
  const written = await write(remote, 'large', content())
  assert.ok(written.resumedBytes >= 4 * MiB)
  await assertHolds(remote, 'large', bytes)
  assert.deepEqual(readdirSync(disk.path).toSorted(), ['large', 'small'])
})

test('write: a read-only file system is said', { skip: tmpfsSkipReason }, async () => {
  await using place = await localPlace()
  using disk = mountTmpfs(place.beside('disk'), MiB)
  const remote = await place.open(disk.path)
  await write(remote, 'first', text('x'))
  disk.makeReadOnly()
  for (const size of [10, 2 * MiB])
    await assert.rejects(write(remote, 'file', someBytes(size)), withCode('E_PERMISSION'))
  assert.deepEqual(readdirSync(disk.path), ['first'])
})

/** The content of a file of this computer, whose bytes must not be asked for. */
async function unread(place: LocalPlace, path: string): Promise<Content> {
  const source = await place.open(place.beside())
  const content = await source.open(await look(source, path))
  return { ...content, read: () => Promise.reject(new assert.AssertionError({ message: 'it was read' })) }
}

for (const size of [0, 5000, 5 * MiB + 3])
  test(`write: a file of this computer is copied inside a worker (${size} bytes)`, async () => {
    await using place = await localPlace()
    const bytes = someBytes(size)
    writeFileSync(place.beside('source'), bytes)
    const written = await write(place.remote, 'a/file', await unread(place, 'source'))
    assert.deepEqual([written.sentBytes, written.copiedBytes], [size, 0])
    assertSame(readFileSync(place.at('a', 'file')), bytes)
    assert.equal((await look(place.remote, 'a/file')).mtimeNs, plain.attributes.mtimeNs)
  })

for (const size of [5000, 5 * MiB])
  test(`write: a file of this computer that changed since it was listed is not copied (${size} bytes)`, async () => {
    await using place = await localPlace()
    writeFileSync(place.beside('source'), someBytes(size))
    const content = await unread(place, 'source')
    writeFileSync(place.beside('source'), someBytes(size))
    await assert.rejects(write(place.remote, 'file', content), withCode('E_CHANGED'))
    rmSync(place.beside('source'))
    await assert.rejects(write(place.remote, 'file', content), withCode('E_CHANGED'))
    assert.deepEqual(readdirSync(place.at()), [])
  })

test('write: holes of a file of this computer stay holes', async () => {
  await using place = await localPlace()
  const path = place.beside('sparse')
  writeFileSync(path, 'front')
  truncateSync(path, 300 * MiB)
  await write(place.remote, 'file', await unread(place, 'sparse'))
  const { size, blocks } = statSync(place.at('file'))
  assert.equal(size, 300 * MiB)
  assert.ok(blocks * 512 < MiB, `it takes ${blocks} blocks`)
  assert.equal(readFileSync(place.at('file')).subarray(0, 5).toString(), 'front')
})

test('remove: remains of ferry’s own do not keep a folder, anything else does', async () => {
  await using place = await localPlace()
  mkdirSync(place.at('folder'))
  for (const name of ['x.ferry-part', 'x.ferry-part.journal']) writeFileSync(place.at('folder', name), '')
  await place.remote.remove(await look(place.remote, 'folder'))
  assert.deepEqual(readdirSync(place.at()), [])
})

test('setAttributes: not of what has changed since', async () => {
  await using place = await localPlace()
  await write(place.remote, 'file', text('x'))
  const entry = await look(place.remote, 'file')
  writeFileSync(place.at('file'), 'by someone else')
  const { setAttributes } = place.remote.caps
  assert.ok(setAttributes)
  await assert.rejects(setAttributes(entry, { mode: 0o600 }), withCode('E_CONFLICT'))
  symlinkSync('file', place.at('link'))
  const before = lstatSync(place.at('file'))
  await setAttributes(await look(place.remote, 'link'), { mode: 0o600, mtimeNs: 5n })
  assert.equal((await look(place.remote, 'link')).mtimeNs, 5n)
  assert.deepEqual(lstatSync(place.at('file')), before)
  const top = await place.remote.stat('')
  assert.ok(top)
  await setAttributes(top, { mtimeNs: 7n })
  assert.equal(lstatSync(place.at(), { bigint: true }).mtimeNs, 7n)
})
