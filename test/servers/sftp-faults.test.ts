/** What goes wrong between two computers: lost connections, full disks, half-done replacements, circles. */
import assert from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import test from 'node:test'
import { FerryError } from '../../src/shared/errors.ts'
import { asidePath } from '../../src/sync/remotes/sftp/part-file.ts'
import { memoryContent } from '../support/memory-content.ts'
import { sftpHome } from '../support/sftp-home.ts'
import { sshdSkipReason, startSshd } from '../support/sshd.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { mountTmpfs, tmpfsSkipReason } from '../support/tmpfs.ts'
import {
  assertHolds,
  assertSame,
  listAll,
  look,
  plain,
  someBytes,
  text,
  withCode,
  write,
} from '../sync/remote-suite/place.ts'
import { failingAt } from '../sync/remote-suite/writing.ts'

const skip = sshdSkipReason
const MiB = 1024 * 1024
const withoutExtensions = { sftpOptions: '-P copy-data,posix-rename,fsync,statvfs,limits,lsetstat' }

for (const at of [0.1, 0.5, 0.9, 1])
  test(`write: a connection lost at ${at} of a file is made again, and little is sent twice`, {
    skip,
  }, async () => {
    await using sshd = await startSshd()
    await using proxy = await startTcpProxy(sshd.port)
    await using home = sftpHome(sshd, proxy.port)
    await using folder = temporaryFolder()
    await using remote = await home.open({ path: folder.path })
    const bytes = someBytes(12 * MiB)
    let cuts = 0
    const cut = (): void => {
      if (cuts++ === 0) proxy.cut()
    }
    const content = memoryContent(bytes, {
      // The very last moment: everything is there, and nothing is named.
      confirm: async () => (at === 1 ? cut() : undefined),
    })
    const written = await write(remote, 'folder/file', content, {
      onProgress: ({ sentBytes }) => {
        if (at < 1 && sentBytes >= at * bytes.byteLength) cut()
      },
    })
    assert.ok(cuts > 0)
    assertSame(readFileSync(folder.at('folder', 'file')), bytes)
    assert.deepEqual(readdirSync(folder.at('folder')), ['file'])
    assert.ok(written.sentBytes < bytes.byteLength + 5 * MiB, `sent ${written.sentBytes}`)
    assert.equal((await look(remote, 'folder/file')).version, written.version)
  })

test('assemble: a connection lost half-way is made again', { skip }, async () => {
  await using sshd = await startSshd()
  await using proxy = await startTcpProxy(sshd.port)
  await using home = sftpHome(sshd, proxy.port)
  await using folder = temporaryFolder()
  await using remote = await home.open({ path: folder.path })
  const bytes = someBytes(9 * MiB)
  const { version } = await write(remote, 'file', bytes)
  const made = Buffer.concat([someBytes(2 * MiB), bytes])
  let cuts = 0
  const written = await remote.caps.assemble?.(
    await look(remote, 'file'),
    [
      { kind: 'data', length: 2 * MiB },
      { kind: 'copy', from: 0, length: bytes.byteLength },
    ],
    memoryContent(made),
    {
      ...plain,
      expect: { version },
      onProgress: ({ sentBytes }) => {
        if (sentBytes >= MiB && cuts++ === 0) proxy.cut()
      },
    },
  )
  assert.ok(written && cuts > 0)
  assertSame(readFileSync(folder.at('file')), made)
  assert.deepEqual(readdirSync(folder.path), ['file'])
})

test('open: a connection lost under a reader is made again, unless the file has changed', {
  skip,
}, async () => {
  await using sshd = await startSshd()
  await using proxy = await startTcpProxy(sshd.port)
  await using home = sftpHome(sshd, proxy.port)
  await using folder = temporaryFolder()
  await using remote = await home.open({ path: folder.path })
  const bytes = someBytes(6 * MiB)
  writeFileSync(folder.at('file'), bytes)
  await using content = await remote.open(await look(remote, 'file'))
  const reading = content.read(0, bytes.byteLength)
  await proxy.afterBytesDown(proxy.bytesDown + MiB)
  proxy.cut()
  assertSame(await reading, bytes)
  proxy.cut()
  writeFileSync(folder.at('file'), text('other'))
  await assert.rejects(content.read(0, 1000), withCode('E_CHANGED'))
})

test('list: a server that is gone is told, not taken for an empty place', { skip }, async () => {
  await using sshd = await startSshd()
  const proxy = await startTcpProxy(sshd.port)
  await using home = sftpHome(sshd, proxy.port)
  await using folder = temporaryFolder()
  await using remote = await home.open({ path: folder.path })
  await proxy[Symbol.asyncDispose]()
  await assert.rejects(listAll(remote), withCode('E_UNREACHABLE'))
})

for (const damage of ['none', 'a hole', 'cut short'] as const)
  test(`write: the next run goes on with the part of a killed one (damage: ${damage})`, {
    skip,
  }, async () => {
    await using sshd = await startSshd()
    await using home = sftpHome(sshd)
    await using folder = temporaryFolder()
    const bytes = someBytes(16 * MiB)
    const identity = 'the same one'
    {
      await using remote = await home.open({ path: folder.path })
      const gone = (): Error => new FerryError('E_UNREACHABLE', 'gone')
      const interrupted = { ...failingAt(bytes, bytes.byteLength * 0.9, gone), identity }
      await assert.rejects(write(remote, 'file', interrupted), withCode('E_UNREACHABLE'))
    }
    // A killed process has not written down how far it came, and is not there any more.
    const records = home.folder.at('state', 'sftp')
    const [record] = readdirSync(records)
    const kept = JSON.parse(readFileSync(`${records}/${record}`, 'utf8')) as Record<string, unknown>
    writeFileSync(`${records}/${record}`, JSON.stringify({ ...kept, acknowledged: undefined, pid: 2 ** 30 }))
    const [part] = readdirSync(folder.path)
    assert.match(part as string, /^file\.[0-9a-f]{8}\.ferry-part$/)
    const there = readFileSync(folder.at(part as string))
    if (damage === 'a hole') writeFileSync(folder.at(part as string), there.fill(0, 2 * MiB, 5 * MiB))
    if (damage === 'cut short') truncateSync(folder.at(part as string), 100)

    await using remote = await home.open({ path: folder.path })
    const written = await write(remote, 'file', memoryContent(bytes, { identity }))
    if (damage === 'none') assert.ok(written.resumedBytes > 8 * MiB, `resumed ${written.resumedBytes}`)
    else assert.equal(written.resumedBytes, 0)
    assert.equal(written.sentBytes + written.resumedBytes, bytes.byteLength)
    assertSame(readFileSync(folder.at('file')), bytes)
    assert.deepEqual(readdirSync(folder.path), ['file'])
    assert.deepEqual(readdirSync(records), [])
  })

test('write: a link that someone put in the place of a part is not written through', { skip }, async () => {
  await using sshd = await startSshd()
  await using home = sftpHome(sshd)
  await using folder = temporaryFolder()
  await using remote = await home.open({ path: folder.path })
  writeFileSync(folder.at('precious'), 'untouched')
  symlinkSync('precious', folder.at('file.ferry-part'))
  symlinkSync('precious', folder.at('file'))
  await write(remote, 'file', text('new'))
  assert.equal(readFileSync(folder.at('precious'), 'utf8'), 'untouched')
  assert.equal(readFileSync(folder.at('file'), 'utf8'), 'new')
})

test('write without posix-rename: both half states of a replacement are put right', { skip }, async () => {
  await using sshd = await startSshd(withoutExtensions)
  await using home = sftpHome(sshd)
  await using folder = temporaryFolder()
  await using remote = await home.open({ path: folder.path })
  assert.equal(remote.caps.assemble, undefined)
  const aside = asidePath(folder.at('file'))
  // The old version was set aside, and then everything ended.
  const { version } = await write(remote, 'file', text('old'))
  renameSync(folder.at('file'), aside)
  assert.equal((await look(remote, 'file')).version, version)
  assert.equal(existsSync(aside), false)
  // Both are there: the new one counts.
  writeFileSync(aside, 'older')
  await assertHolds(remote, 'file', text('old'))
  assert.equal(existsSync(aside), false)
  // Writing over a state that nobody has looked at.
  renameSync(folder.at('file'), aside)
  await write(remote, 'file', text('newest'), { expect: { version } })
  assert.deepEqual(readdirSync(folder.path), ['file'])
  await assertHolds(remote, 'file', text('newest'))
})

test('write without copy-data: why a changed file goes whole is said once', { skip }, async () => {
  await using sshd = await startSshd(withoutExtensions)
  await using home = sftpHome(sshd)
  await using folder = temporaryFolder()
  await using remote = await home.open({ path: folder.path })
  for (let round = 0; round < 3; round++) {
    const there = await remote.stat('file')
    await write(remote, 'file', someBytes(MiB), there ? { expect: { version: there.version } } : {})
  }
  assert.equal(home.warnings.filter((warning) => warning.includes('copy-data')).length, 1)
})

for (const [title, options, code] of [
  ['with statvfs', {}, 'E_NO_SPACE'],
  ['without statvfs', withoutExtensions, 'E_IO'],
] as const)
  test(`write: a full disk ${title} is ${code}, and nothing is left`, {
    skip: skip || tmpfsSkipReason,
  }, async () => {
    await using sshd = await startSshd(options)
    await using home = sftpHome(sshd)
    await using folder = temporaryFolder()
    using disk = mountTmpfs(folder.at('disk'), MiB)
    await using remote = await home.open({ path: disk.path })
    await assert.rejects(write(remote, 'file', someBytes(3 * MiB)), (error) => {
      assert.match(String(error), /disk is full/)
      return withCode(code)(error)
    })
    assert.deepEqual(readdirSync(disk.path), [])
    await write(remote, 'file', someBytes(1000))
  })

test('write: a server that only reads says so', { skip }, async () => {
  await using sshd = await startSshd({ sftpOptions: '-R' })
  await using home = sftpHome(sshd)
  await using folder = temporaryFolder()
  await using remote = await home.open({ path: folder.path })
  await assert.rejects(write(remote, 'file', text('x')), withCode('E_PERMISSION'))
  await assert.rejects(write(remote, 'a/b/file', text('x')), withCode('E_PERMISSION'))
  assert.deepEqual((await listAll(remote)).entries, [])
})

test('list: links are not gone through, and with -L never in a circle', { skip }, async () => {
  await using sshd = await startSshd()
  await using home = sftpHome(sshd)
  await using folder = temporaryFolder()
  mkdirSync(folder.at('a', 'b'), { recursive: true })
  writeFileSync(folder.at('a', 'file'), 'x')
  symlinkSync('../..', folder.at('a', 'b', 'up'))
  symlinkSync('self', folder.at('self'))
  await using remote = await home.open({ path: folder.path })
  const listed = await listAll(remote)
  assert.deepEqual(
    listed.entries.map(({ path }) => path),
    ['a', 'a/b', 'a/b/up', 'a/file', 'self'],
  )
  const followed = await listAll(remote, { followLinks: true })
  assert.deepEqual(
    followed.entries.map(({ path }) => path),
    ['a', 'a/b', 'a/file'],
  )
  assert.deepEqual(
    followed.problems.map(({ path }) => path),
    ['a/b/up', 'self'],
  )
})

test('list: a name that is not UTF-8 is a problem, and the others are told', { skip }, async () => {
  await using sshd = await startSshd()
  await using home = sftpHome(sshd)
  await using folder = temporaryFolder()
  writeFileSync(Buffer.concat([Buffer.from(`${folder.path}/bad-`), Buffer.from([0xff, 0xfe])]), 'x')
  writeFileSync(folder.at('good'), 'x')
  await using remote = await home.open({ path: folder.path })
  const { entries, problems } = await listAll(remote)
  assert.deepEqual(
    entries.map(({ path }) => path),
    ['good'],
  )
  assert.equal(problems.length, 1)
  assert.match(String(problems[0]?.error), /not valid UTF-8/)
})

test('openSftpRemote: a path without a slash in front is below the home folder', { skip }, async () => {
  await using sshd = await startSshd()
  await using home = sftpHome(sshd)
  await using remote = await home.open({ path: 'no such folder here' })
  await assert.rejects(listAll(remote), withCode('E_NOT_FOUND'))
  assert.match(remote.url, /^sftp:\/\/[^/]+\/.+\/no such folder here$/)
})

test('list: with -x a folder on another file system is told and not gone into', {
  skip: skip || tmpfsSkipReason,
}, async () => {
  await using sshd = await startSshd()
  await using home = sftpHome(sshd)
  await using folder = temporaryFolder()
  using disk = mountTmpfs(folder.at('mounted'), MiB)
  writeFileSync(`${disk.path}/inside`, 'x')
  mkdirSync(folder.at('plain'))
  writeFileSync(folder.at('plain', 'file'), 'x')
  await using remote = await home.open({ path: folder.path })
  const { entries } = await listAll(remote, { oneFileSystem: true })
  assert.deepEqual(
    entries.map(({ path }) => path),
    ['mounted', 'plain', 'plain/file'],
  )
})
