/** What only some remotes can do: a test without the ability passes by finding that it is not there. */
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Remote } from '../../../src/sync/remote.ts'
import {
  assertHolds,
  listAll,
  listFiles,
  look,
  plain,
  readBack,
  someBytes,
  someTime,
  text,
  withCode,
  write,
  type Suite,
} from './place.ts'

type Ability = {
  [Name in keyof Remote['caps']]-?: NonNullable<Remote['caps'][Name]> extends (...args: never) => unknown
    ? Name
    : never
}[keyof Remote['caps']]

/** The function, bound to nothing; undefined when the remote does not have it. */
const ability = <Name extends Ability>(remote: Remote, name: Name): Remote['caps'][Name] => remote.caps[name]

export function testAbilities({ name, open }: Suite): void {
  test(`${name}: folders are made with those above them, and removed when they are empty`, async () => {
    await using place = await open()
    const { remote } = place
    const makeFolder = ability(remote, 'makeFolder')
    if (!makeFolder) return
    await makeFolder('a/b/c')
    await makeFolder('a/b/c')
    const { entries } = await listAll(remote)
    assert.deepEqual(
      entries.map(({ path, kind, size }) => [path, kind, size]),
      [
        ['a', 'directory', 0],
        ['a/b', 'directory', 0],
        ['a/b/c', 'directory', 0],
      ],
    )
    await assert.rejects(remote.remove(await look(remote, 'a/b')), withCode('E_CONFLICT'))
    await remote.remove(await look(remote, 'a/b/c'))
    await remote.remove(await look(remote, 'a/b'))
    assert.deepEqual(
      (await listAll(remote)).entries.map(({ path }) => path),
      ['a'],
    )
  })

  test(`${name}: a file in the way of a folder, or a folder in the way of a file, is a conflict`, async () => {
    await using place = await open()
    const { remote } = place
    const makeFolder = ability(remote, 'makeFolder')
    if (!makeFolder) return
    await write(remote, 'file', text('stays'))
    await makeFolder('folder/inside')
    await assert.rejects(makeFolder('file'), withCode('E_CONFLICT'))
    await assert.rejects(write(remote, 'file/below', text('x')), withCode('E_CONFLICT'))
    await assert.rejects(write(remote, 'folder', text('x')), withCode('E_CONFLICT'))
    await assertHolds(remote, 'file', text('stays'))
    assert.equal((await look(remote, 'folder/inside')).kind, 'directory')
  })

  test(`${name}: links are told as links, and followed only on demand`, async () => {
    await using place = await open()
    const { remote } = place
    const writeLink = ability(remote, 'writeLink')
    if (!writeLink) return
    await write(remote, 'folder/file', text('content'))
    const targets = { dangling: 'no/where', 'to file': 'folder/file', 'to folder': 'folder', odd: 'ü 🚢/%"' }
    for (const [path, target] of Object.entries(targets)) {
      const { version } = await writeLink(path, target, plain)
      const entry = await look(remote, path)
      assert.deepEqual([entry.kind, entry.target, entry.size], ['symlink', target, 0])
      assert.equal(entry.version, version)
    }
    const links = (await listAll(remote)).entries.filter(({ kind }) => kind === 'symlink')
    assert.deepEqual(Object.fromEntries(links.map(({ path, target }) => [path, target])), targets)
    const followed = await listAll(remote, { followLinks: true })
    assert.deepEqual(
      followed.entries.filter(({ kind }) => kind === 'file').map(({ path, size }) => [path, size]),
      [
        ['folder/file', 7],
        ['to file', 7],
        ['to folder/file', 7],
      ],
    )
    assert.deepEqual(
      followed.problems.map(({ path }) => path),
      ['dangling', 'odd'],
    )
    const toFile = followed.entries.find(({ path }) => path === 'to file')
    assert.ok(toFile)
    await using content = await remote.open(toFile)
    assert.deepEqual(await content.read(0, 7), text('content'))
    await content.confirm()
  })

  test(`${name}: a link is replaced, removed and given times without its target being touched`, async () => {
    await using place = await open()
    const { remote } = place
    const writeLink = ability(remote, 'writeLink')
    if (!writeLink) return
    await write(remote, 'target', text('untouched'))
    const before = await look(remote, 'target')
    await writeLink('link', 'target', { ...plain, expect: 'absent' })
    await assert.rejects(writeLink('link', 'other', { ...plain, expect: 'absent' }), withCode('E_CONFLICT'))
    await writeLink('link', 'target', plain)
    await remote.caps.setAttributes?.(await look(remote, 'link'), { mtimeNs: 1_000_000_000n })
    await write(remote, 'link', text('a file now'))
    assert.equal((await look(remote, 'link')).kind, 'file')
    await writeLink('link', 'target', plain)
    assert.equal((await look(remote, 'link')).kind, 'symlink')
    await remote.remove(await look(remote, 'link'))
    assert.deepEqual(await look(remote, 'target'), before)
  })

  test(`${name}: nothing is written through a link to a folder`, async () => {
    await using place = await open()
    const { remote } = place
    const writeLink = ability(remote, 'writeLink')
    if (!writeLink) return
    await write(remote, 'real/file', text('untouched'))
    await writeLink('alias', 'real', plain)
    await assert.rejects(write(remote, 'alias/file', text('x')), withCode('E_CONFLICT'))
    await assert.rejects(write(remote, 'alias/new/file', text('x')), withCode('E_CONFLICT'))
    await assert.rejects(writeLink('alias/link', 'x', plain), withCode('E_CONFLICT'))
    if (remote.caps.makeFolder)
      await assert.rejects(remote.caps.makeFolder('alias/folder'), withCode('E_CONFLICT'))
    assert.deepEqual(await listFiles(remote), ['alias', 'real/file'])
    await assertHolds(remote, 'real/file', text('untouched'))
  })

  test(`${name}: times and modes are set without the content being written`, async () => {
    await using place = await open()
    const { remote } = place
    const setAttributes = ability(remote, 'setAttributes')
    if (!setAttributes) return
    const bytes = someBytes(1000)
    await write(remote, 'folder/file', bytes)
    const mtimeNs = 1_234_567_890_000_000_000n
    for (const path of ['folder/file', ...(remote.caps.makeFolder ? ['folder'] : [])]) {
      const mode = path === 'folder' ? 0o750 : 0o600
      const version = await setAttributes(await look(remote, path), { mtimeNs, mode })
      const entry = await look(remote, path)
      assert.equal(entry.mtimeNs, mtimeNs)
      if (remote.caps.modes) assert.equal(entry.mode, mode)
      assert.equal(entry.version, version)
    }
    await setAttributes(await look(remote, 'folder/file'), { mode: 0o644 })
    const entry = await look(remote, 'folder/file')
    assert.equal(entry.mtimeNs, mtimeNs)
    if (remote.caps.modes) assert.equal(entry.mode, 0o644)
    await assertHolds(remote, 'folder/file', bytes)
  })

  test(`${name}: a file is moved within the place, over another one too`, async () => {
    await using place = await open()
    const { remote } = place
    const rename = ability(remote, 'rename')
    if (!rename) return
    const bytes = someBytes(5000)
    await write(remote, 'a/file', bytes)
    await rename('a/file', 'backup/2026/a/file~')
    assert.deepEqual(await listFiles(remote), ['backup/2026/a/file~'])
    await assertHolds(remote, 'backup/2026/a/file~', bytes)
    const { mtimeNs } = await look(remote, 'backup/2026/a/file~')
    assert.equal((mtimeNs ?? 0n) / remote.caps.timeStepNs, someTime / remote.caps.timeStepNs)
    await write(remote, 'a/file', text('newer'))
    await rename('a/file', 'backup/2026/a/file~')
    await assertHolds(remote, 'backup/2026/a/file~', text('newer'))
    await assert.rejects(rename('a/nothing', 'b'), withCode('E_NOT_FOUND'))
  })

  test(`${name}: a file is kept under a second name, which stays when the first is replaced`, async () => {
    await using place = await open()
    const { remote } = place
    const duplicate = ability(remote, 'duplicate')
    if (!duplicate) return
    const bytes = someBytes(5000)
    const { version } = await write(remote, 'a/file', bytes)
    await write(remote, 'kept/a/file~', text('an older one'))
    const stale = await look(remote, 'a/file')
    const now = await duplicate(stale, 'kept/a/file~')
    // Again, as after a break between the two steps.
    const again = await duplicate({ ...stale, version: now ?? '' }, 'kept/a/file~')
    assert.ok(again !== undefined)
    assert.equal((await look(remote, 'a/file')).version, again)
    await write(remote, 'a/file', text('newer'), { expect: { version: again } })
    await assertHolds(remote, 'a/file', text('newer'))
    await assertHolds(remote, 'kept/a/file~', bytes)
    const { mtimeNs } = await look(remote, 'kept/a/file~')
    assert.equal((mtimeNs ?? 0n) / remote.caps.timeStepNs, someTime / remote.caps.timeStepNs)
    await assert.rejects(duplicate({ ...stale, version }, 'other'), withCode('E_CONFLICT'))
    assert.equal(await remote.stat('other'), undefined)
  })

  test(`${name}: records are kept beside the data and never listed`, async () => {
    await using place = await open()
    const { records } = place.remote.caps
    if (!records) return
    assert.equal(await records.read('index', 1000), undefined)
    await records.write('index', text('one'))
    await records.write('index', text('two, longer'))
    await records.write('lists/0a1b', someBytes(100_000))
    await records.write('lists/0a1c', text('x'))
    await write(place.remote, 'data', text('data'))
    await using remote = await place.reopen()
    const reopened = remote.caps.records
    assert.ok(reopened)
    assert.deepEqual(await reopened.read('index', 1000), text('two, longer'))
    await assert.rejects(reopened.read('lists/0a1b', 99_999), withCode('E_STORE'))
    assert.equal((await reopened.read('lists/0a1b', 100_000))?.byteLength, 100_000)
    assert.deepEqual((await reopened.list('lists/')).toSorted(), ['lists/0a1b', 'lists/0a1c'])
    assert.deepEqual(await listFiles(remote), ['data'])
    await reopened.remove('lists/0a1c')
    await reopened.remove('lists/0a1c')
    assert.deepEqual(await reopened.list('lists/'), ['lists/0a1b'])
    assert.deepEqual(await readBack(remote, 'data'), text('data'))
  })
}
