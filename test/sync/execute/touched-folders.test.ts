import assert from 'node:assert/strict'
import test from 'node:test'
import type { TreePath } from '../../../src/shared/paths.ts'
import { createTouchedFolders } from '../../../src/sync/execute/touched-folders.ts'
import type { SyncAction } from '../../../src/sync/plan-types.ts'
import type { SyncEntry } from '../../../src/sync/source.ts'

const entry = (path: string, kind: SyncEntry['kind']): SyncEntry => ({
  path: path as TreePath,
  kind,
  size: 0,
  mtimeNs: 1n,
  mode: 0o755,
  version: 'v',
})
const none = { content: false, size: false, time: false, perms: false }
const same = (path: string): SyncAction => {
  const folder = entry(path, 'directory')
  return { kind: 'same', entry: folder, existing: folder, attributes: { mtimeNs: 1n } }
}
const write = (path: string): SyncAction => ({
  kind: 'write',
  entry: entry(path, 'file'),
  existing: undefined,
  inTheWay: undefined,
  backup: undefined,
  differences: none,
  attributes: {},
})

test('createTouchedFolders: only folders in which something changes are set, deepest first', () => {
  const folders = createTouchedFolders()
  for (const path of ['', 'a', 'a/b', 'a/b/c', 'd']) folders.enter(same(path))
  folders.enter(write('a/b/c/file'))
  folders.enter(write('top'))
  folders.enter({ kind: 'delete', existing: entry('d/gone', 'file'), backup: undefined, first: false })
  assert.deepEqual(
    folders.take().map(({ path }) => path),
    ['a/b/c', 'd', ''],
  )
})

test('createTouchedFolders: a new folder touches the one above it', () => {
  const folders = createTouchedFolders()
  folders.enter(same('a'))
  const made: SyncAction = {
    ...(write('a/new') as SyncAction & { kind: 'write' }),
    kind: 'folder',
    entry: entry('a/new', 'directory'),
  }
  folders.enter(made)
  assert.deepEqual(
    folders.take().map(({ path }) => path),
    ['a/new', 'a'],
  )
})
