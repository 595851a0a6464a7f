import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { walk } from '../../../src/blobs/walk/walk.ts'
import { unpackWalk, type WalkItem } from '../../support/walk-items.ts'
import { walkTree, type WalkOptions, type WalkRoot } from '../../../src/blobs/walk/walk-tree.ts'
import { compareSortKeys } from '../../../src/shared/paths.ts'
import { addStrays, makeZoo, strayNames } from '../../support/zoo.ts'

const scratch = mkdtempSync(join(tmpdir(), 'ferry-walk-'))
after(() => {
  spawnSync('chmod', ['-R', 'u+rwx', scratch])
  rmSync(scratch, { recursive: true, force: true })
})

let count = 0
/** Makes a folder from paths: with a `/` at the end a folder, with ` -> ` a link, otherwise a file. */
function tree(...paths: string[]): string {
  const root = join(scratch, `${count++}`, 'top')
  mkdirSync(root, { recursive: true })
  for (const path of paths) {
    const [name, target] = path.split(' -> ') as [string, string?]
    mkdirSync(join(root, name, name.endsWith('/') ? '.' : '..'), { recursive: true })
    if (target !== undefined) symlinkSync(target, join(root, name))
    else if (!name.endsWith('/')) writeFileSync(join(root, name), name)
  }
  return root
}

/** In batches of one item, so that problems stand where they were met. */
function walkAll(roots: readonly WalkRoot[], options: WalkOptions = {}): WalkItem[] {
  return [...walkTree(roots, options, 1)].flatMap(unpackWalk)
}

function list(root: string, options: WalkOptions = {}): WalkItem[] {
  return walkAll([{ name: 'top', diskPath: root }], options)
}

const shown = (items: readonly WalkItem[]): string[] =>
  items.map((item) => {
    const path = item.path.replace(/^top\/?/, '')
    if (item.kind === 'problem') return `${item.skipped ? 'skipped' : 'failed'} ${path}`
    return item.kind === 'directory' ? `${path}/` : path
  })

test('the order is that of UTF-8 bytes, a folder counting with its slash', () => {
  const names = ['a/x', 'a-b', 'a.b', 'a0', 'B', '\uffee', '🚢', 'é', 'a/', '.h']
  const items = list(tree(...names))
  assert.deepEqual(items, items.toSorted(compareSortKeys as (a: WalkItem, b: WalkItem) => number))
  assert.deepEqual(shown(items), ['/', '.h', 'B', 'a-b', 'a.b', 'a/', 'a/x', 'a0', 'é', '\uffee', '🚢'])
})

test('the zoo: everything is there, in order, and strays are named', async () => {
  const root = join(scratch, 'zoo')
  mkdirSync(root)
  makeZoo(root)
  addStrays(root)
  const items: WalkItem[] = []
  for await (const batch of walk([{ name: 'zoo', diskPath: root }])) items.push(...unpackWalk(batch))
  const problems = items.filter((item) => item.kind === 'problem')
  assert.deepEqual(
    problems.map((item) => item.path).sort(),
    strayNames.map((name) => `zoo/strays/${name}`).sort(),
  )
  assert.ok(problems.every((item) => item.skipped))
  const carried = items.filter((item) => item.kind !== 'problem')
  assert.deepEqual(carried, carried.toSorted(compareSortKeys))
  const found = spawnSync('find', [root, '-printf', '.'], { encoding: 'utf8' }).stdout.length
  assert.equal(carried.length, found - strayNames.length)
  const links = carried.filter((item) => item.kind === 'symlink')
  assert.deepEqual(
    links.map((item) => item.target),
    [
      'nothing-here',
      'target.txt',
      'itself',
      '../../outside-of-the-zoo',
      '/etc/hostname',
      '../sizes/../names/plain.txt',
      '../names',
    ],
  )
  const odd = carried.find((item) => item.path === 'zoo/times/odd-nanoseconds')
  assert.equal(odd?.mtimeNs, 1_700_000_000_123_456_789n)
})

test('links are carried wherever they lead', () => {
  const root = tree('d/f', 'd/in -> f', 'd/gone -> nothing', 'out -> ../x', 'abs -> /etc', 'd/root -> ..')
  assert.deepEqual(shown(list(root)), ['/', 'abs', 'd/', 'd/f', 'd/gone', 'd/in', 'd/root', 'out'])
})

test('--follow-symlinks shares what links point at, without loops', () => {
  const root = tree('d/f', 'd/loop -> ..', 'folder -> d', 'file -> d/f', 'gone -> nothing')
  assert.deepEqual(shown(list(root, { followSymlinks: true })), [
    ...['/', 'd/', 'd/f', 'skipped d/loop', 'file'],
    ...['folder/', 'folder/f', 'skipped folder/loop', 'failed gone'],
  ])
})

test('--follow-symlinks: a link to itself fails alone, and not the folder that it is in', () => {
  const root = tree('a', 'self -> self', 'z')
  assert.deepEqual(shown(list(root, { followSymlinks: true })), ['/', 'a', 'failed self', 'z'])
})

test('include, exclude and .gitignore', () => {
  const root = tree(
    'a.txt',
    'b.log',
    'd/a.txt',
    'd/keep.log',
    'd/deep/b.log',
    'node_modules/m/x',
    'empty/',
    '.git/config',
  )
  const without = ['/', '.git/', '.git/config', 'a.txt', 'd/', 'd/a.txt', 'd/deep/', 'empty/']
  assert.deepEqual(shown(list(root, { exclude: ['*.log', 'node_modules/'] })), without)
  assert.deepEqual(shown(list(root, { include: ['*.txt'] })), ['/', 'a.txt', 'd/', 'd/a.txt'])
  assert.deepEqual(shown(list(root, { include: ['d/'], exclude: ['*.log', '!keep.log'] })), [
    ...['/', 'd/', 'd/a.txt', 'd/keep.log'],
  ])
  writeFileSync(join(root, '.gitignore'), '*.log\nnode_modules/\n')
  writeFileSync(join(root, 'd', '.gitignore'), '!keep.log\n')
  assert.deepEqual(shown(list(root, { gitignore: true })), [
    ...['/', '.gitignore', 'a.txt', 'd/', 'd/.gitignore', 'd/a.txt', 'd/deep/', 'd/keep.log', 'empty/'],
  ])
})

test('a file shared by itself may be excluded by its name only', () => {
  const root = [{ name: 'other.txt', diskPath: join(tree('a.txt'), 'a.txt') }]
  assert.deepEqual(
    walkAll(root).map((item) => item.path),
    ['other.txt'],
  )
  assert.deepEqual(walkAll(root, { exclude: ['*.txt'] }), [])
})

test('several top-level names are sorted', () => {
  const root = tree('x/f', 'x.y')
  const roots = ['x', 'x.y'].map((name) => ({ name, diskPath: join(root, name) }))
  assert.deepEqual(
    walkAll(roots).map((item) => item.path),
    ['x.y', 'x', 'x/f'],
  )
})

test("leftovers of a receive and ferry's own folder are left out", () => {
  const root = tree('a', 'a.ferry-part', 'a.ferry-part.journal', 'data/store')
  assert.deepEqual(shown(list(root, { leaveOut: [join(root, 'data')] })), ['/', 'a'])
  const alias = join(root, '..', 'alias')
  symlinkSync(root, alias)
  assert.deepEqual(shown(list(root, { leaveOut: [join(alias, 'data')] })), ['/', 'a'])
})

test('names that are not UTF-8 are refused by name, also beside a real replacement character', () => {
  const root = tree('good', 'real\ufffd')
  writeFileSync(Buffer.concat([Buffer.from(`${root}/bad`), Buffer.of(0xff, 0xfe)]), 'x')
  assert.deepEqual(shown(list(root)), ['/', 'failed bad\ufffd\ufffd', 'good', 'real\ufffd'])
})

test('what cannot be read is named, and the others go on', () => {
  const root = tree('a', 'closed/x', 'z')
  assert.deepEqual(shown(walkAll([{ name: 'top', diskPath: join(root, 'nothing') }])), ['failed '])
  if (process.getuid?.() === 0) return
  chmodSync(join(root, 'closed'), 0)
  assert.deepEqual(shown(list(root)), ['/', 'a', 'failed closed', 'z'])
})

test('paths deeper than a manifest allows are named', () => {
  const root = tree(`${'d/'.repeat(300)}f`)
  const problems = list(root).filter((item) => item.kind === 'problem')
  assert.equal(problems.length, 1)
  assert.match(problems[0]?.error.message ?? '', /deeper than/)
})

test('sockets are passed over', async () => {
  const root = tree('a')
  const server = createServer().listen(join(root, 's'))
  await new Promise((resolve) => server.once('listening', resolve))
  assert.deepEqual(shown(list(root)), ['/', 'a', 'skipped s'])
  server.close()
})

test('a large tree, which is walked in a thread, gives what a small one would', async () => {
  const root = tree(...Array.from({ length: 700 }, (_, index) => `${index % 7}/${index}`))
  const roots = [{ name: 'top', diskPath: root }]
  const items: WalkItem[] = []
  for await (const batch of walk(roots)) items.push(...unpackWalk(batch))
  assert.deepEqual(items, walkAll(roots))
})

test('a walk that is left early or cancelled ends its thread', async () => {
  const roots = [{ name: 'top', diskPath: tree(...Array.from({ length: 300 }, (_, index) => `${index}`)) }]
  for await (const batch of walk(roots)) {
    assert.equal(unpackWalk(batch).length, 301)
    break
  }
  const signal = AbortSignal.abort()
  await assert.rejects(walk(roots, { signal }).next(), { code: 'E_CANCELLED' })
  await assert.rejects(walk(roots, { exclude: ['x'.repeat(2000)] }).next(), { code: 'E_USAGE' })
})
