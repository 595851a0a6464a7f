import assert from 'node:assert/strict'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import test from 'node:test'
import { createExtraFinder } from '../../../src/jobs/verify/find-extras.ts'
import { createFerry } from '../../../src/jobs/ferry.ts'
import { serveFake } from '../../support/fake-owner.ts'
import { fakeShare, type FakeEntry } from '../../support/fake-share.ts'
import { temporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts'

const wanted: FakeEntry[] = [
  { path: 'top/a', content: Buffer.from('a') },
  { path: 'top/a-b/deep/file', content: Buffer.from('deep') },
  { path: 'top/a.txt', content: Buffer.from('text') },
  { path: 'top/empty' },
  { path: 'top/file here', content: Buffer.from('f') },
  { path: 'top/folder here/inside', content: Buffer.from('f') },
  { path: 'top/linked/inside', content: Buffer.from('f') },
  { path: 'top.single', content: Buffer.from('single') },
]

function write(folder: TemporaryFolder, ...paths: readonly string[]): void {
  for (const path of paths) {
    mkdirSync(dirname(folder.at(path)), { recursive: true })
    writeFileSync(folder.at(path), '')
  }
}

function extrasIn(folder: TemporaryFolder): string[] {
  const finder = createExtraFinder((path) => folder.at(path))
  const found = fakeShare(wanted).entries.flatMap((entry) => [...finder.take(entry)])
  return [...found, ...finder.finish()].toSorted()
}

test('what lies in the folders of a manifest without being in it is found, folders with all they hold', async () => {
  await using folder = temporaryFolder()
  assert.deepEqual(extrasIn(folder), [], 'nothing is there at all')
  write(folder, 'top/a', 'top/a-b/deep/file', 'top.single', 'elsewhere/x', 'other')
  assert.deepEqual(extrasIn(folder), [])
  write(folder, 'top/A', 'top/a-b/deep/file2', 'top/a-b/x', 'top/empty/more/and more', 'top/z')
  assert.deepEqual(extrasIn(folder), [
    'top/A',
    'top/a-b/deep/file2',
    'top/a-b/x',
    'top/empty/more',
    'top/empty/more/and more',
    'top/z',
  ])
})

test('what is of another kind is not extra, and nothing is looked for behind links', async () => {
  await using folder = temporaryFolder()
  write(folder, 'top/file here/x', 'top/folder here', 'elsewhere/x')
  symlinkSync(folder.at('elsewhere'), folder.at('top', 'linked'))
  symlinkSync(folder.at('elsewhere'), folder.at('top', 'extra link'))
  assert.deepEqual(extrasIn(folder), ['top/extra link'])
})

test('verify tells what is extra apart from what is different', async () => {
  await using folder = temporaryFolder()
  await using owner = await serveFake(fakeShare(wanted))
  await using ferry = createFerry({ directory: folder.at('home'), listen: ['127.0.0.1:0'], dht: false })
  const into = folder.at('into')
  await ferry.receive(owner.ticket, into).result
  write(folder, 'into/top/new.txt', 'into/top/more/new.txt', 'into/beside')
  const whole = await ferry.verify(into, owner.ticket).result
  assert.deepEqual([whole.different, whole.extra], [0, 3])
  assert.deepEqual(whole.differences.map(({ path, kind }) => `${kind} ${path}`).toSorted(), [
    'extra top/more',
    'extra top/more/new.txt',
    'extra top/new.txt',
  ])
  write(folder, 'into/top/a.txt')
  const some = await ferry.verify(into, owner.ticket, { only: ['top/*.txt'] }).result
  assert.deepEqual(
    some.differences.map(({ path, kind }) => `${kind} ${path}`),
    ['content top/a.txt', 'extra top/new.txt'],
  )
  assert.deepEqual([some.files, some.different, some.extra], [1, 1, 1])
})
