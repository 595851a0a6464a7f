import assert from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import test from 'node:test'
import { openDestination } from '../../../src/blobs/tree-writer/destination.ts'
import { createFolders } from '../../../src/blobs/tree-writer/folders.ts'
import { decideOverwrite, numberedName } from '../../../src/blobs/tree-writer/overwrite.ts'
import { inspectPath } from '../../../src/blobs/worker/inspect-files-tasks.ts'
import { FerryError, type ErrorCode } from '../../../src/shared/errors.ts'
import type { TreePath } from '../../../src/shared/paths.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const isRoot = process.getuid?.() === 0

function refuses(code: ErrorCode, action: () => unknown): void {
  assert.throws(
    action,
    (error) => error instanceof FerryError && error.code === code && error.message.length > 20,
  )
}

test('a destination is looked at without a trace, and made when asked', async () => {
  await using folder = temporaryFolder()
  const destination = openDestination(folder.at('a', 'b'))
  assert.equal(destination.isNew, true)
  assert.equal(existsSync(folder.at('a')), false)
  assert.ok((destination.freeBytes() ?? 1) > 0)
  destination.create()
  destination.check()
  assert.ok(statSync(folder.at('a', 'b')).isDirectory())
})

test('a destination behind a link is the folder itself', async () => {
  await using folder = temporaryFolder()
  mkdirSync(folder.at('real'))
  symlinkSync('real', folder.at('link'))
  assert.equal(openDestination(folder.at('link', 'x')).root, `${realpathSync(folder.at('real'))}/x`)
})

test('what is no folder is refused', async () => {
  await using folder = temporaryFolder()
  writeFileSync(folder.at('file'), '')
  symlinkSync('nowhere', folder.at('dangling'))
  refuses('E_CONFLICT', () => openDestination(folder.at('file')))
  refuses('E_CONFLICT', () => openDestination(folder.at('file', 'below')))
  refuses('E_CONFLICT', () => openDestination(folder.at('dangling')))
  refuses('E_USAGE', () => openDestination(''))
  refuses('E_USAGE', () => openDestination('a\0b'))
})

test('a folder that may not be written is refused', {
  skip: isRoot && 'root may write everywhere',
}, async () => {
  await using folder = temporaryFolder()
  mkdirSync(folder.at('closed'), { mode: 0o500 })
  refuses('E_PERMISSION', () => openDestination(folder.at('closed')))
})

test('a destination that is removed or replaced is noticed', async () => {
  await using folder = temporaryFolder()
  const destination = openDestination(folder.at('into'))
  destination.create()
  renameSync(folder.at('into'), folder.at('elsewhere'))
  refuses('E_CONFLICT', () => destination.check())
  mkdirSync(folder.at('into'))
  refuses('E_CONFLICT', () => destination.check())
})

test('folders are never reached through links', async () => {
  await using folder = temporaryFolder()
  mkdirSync(folder.at('victim'))
  mkdirSync(folder.at('into'))
  symlinkSync(folder.at('victim'), folder.at('into', 'trap'))
  writeFileSync(folder.at('into', 'file'), '')
  const folders = createFolders(folder.at('into'), false)
  refuses('E_CONFLICT', () => folders.ensure('trap'))
  refuses('E_CONFLICT', () => folders.ensure('trap/below'))
  refuses('E_CONFLICT', () => folders.ensure('file/below'))
  assert.equal(folders.ensure('new/below'), true)
  assert.deepEqual(readdirSync(folder.at('victim')), [])
})

test('folders get mode and time at the end, deepest first', async () => {
  await using folder = temporaryFolder()
  mkdirSync(folder.at('into'))
  const folders = createFolders(folder.at('into'), true)
  const entry = (path: string, mode: number, mtimeNs: bigint) =>
    ({ kind: 'directory', path: path as TreePath, mode, mtimeNs }) as const
  for (const one of [entry('a', 0o555, 5n), entry('a/b', 0o500, 1_000_000_007n)]) {
    folders.keep(one)
    folders.ensure(one.path)
  }
  folders.keep(entry('never-made', 0o700, 0n))
  writeFileSync(folder.at('into', 'a', 'b', 'file'), '')
  assert.deepEqual(folders.finish(), [])
  const stat = (name: string) => statSync(folder.at('into', name), { bigint: true })
  assert.deepEqual([stat('a').mode & 0o777n, stat('a').mtimeNs], [0o555n, 5n])
  assert.deepEqual([stat('a/b').mode & 0o777n, stat('a/b').mtimeNs], [0o500n, 1_000_000_007n])
})

test('decideOverwrite', async () => {
  await using folder = temporaryFolder()
  writeFileSync(folder.at('file'), 'x')
  const there = inspectPath(folder.at('file'))
  assert.ok(there.kind === 'file')
  const { mtimeNs } = there.fingerprint
  const table = [
    ['never', there, mtimeNs, 'conflict'],
    ['always', there, mtimeNs, 'replace'],
    ['newer', there, mtimeNs, 'keep'],
    ['newer', there, mtimeNs + 1n, 'replace'],
    ['rename', there, mtimeNs, 'rename'],
    ['never', { kind: 'none' }, 0n, 'write'],
    ['always', { kind: 'directory' }, 0n, 'conflict'],
    ['newer', { kind: 'other' }, 0n, 'conflict'],
    ['rename', { kind: 'directory' }, 0n, 'rename'],
  ] as const
  for (const [policy, existing, time, expected] of table)
    assert.equal(decideOverwrite(existing, policy, time), expected)
})

test('numberedName', () => {
  assert.equal(numberedName('photo.jpg', 2), 'photo (2).jpg')
  assert.equal(numberedName('archive.tar.gz', 1), 'archive.tar (1).gz')
  assert.equal(numberedName('.profile', 1), '.profile (1)')
  assert.equal(numberedName('README', 3), 'README (3)')
})
