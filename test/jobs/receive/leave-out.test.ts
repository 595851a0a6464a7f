import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import test, { after } from 'node:test'
import { createWorkerPool } from '../../../src/blobs/worker/pool.ts'
import { createFileChoice } from '../../../src/shared/file-choice.ts'
import { createPartLedger } from '../../../src/shared/part-ledger.ts'
import { fakeShare, patternBytes, type FakeEntry } from '../../support/fake-share.ts'
import { receiveFake } from '../../support/receive-run.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const pool = createWorkerPool({ size: 2 })
after(() => pool.close())

const large = patternBytes(9_000_000, 1)
const entries: FakeEntry[] = [
  { path: 'top/large.bin', content: large },
  ...Array.from({ length: 60 }, (_, index) => ({
    path: `top/many/${index}`,
    content: patternBytes(20_000, index + 2),
  })),
]

/** Leaves the files out at the first read of content. */
async function leavingOut(paths: readonly string[], partial: 'keep' | 'delete') {
  const folder = temporaryFolder()
  const files = createFileChoice()
  const parts = createPartLedger()
  const share = fakeShare(entries, {
    beforeRead() {
      files.leaveOut(paths.map((path) => ({ path, partial })))
    },
  })
  const result = await receiveFake(share, folder.at('into'), pool, { files, parts })
  return { folder, files, parts, ...result }
}

test('receive: a large file that is left out under way stops, keeps its part, and the others arrive', async () => {
  const { folder, parts, tally, progress } = await leavingOut(['top/large.bin'], 'keep')
  await using _ = folder
  assert.ok(!existsSync(folder.at('into', 'top/large.bin')))
  assert.ok(existsSync(folder.at('into', 'top/large.bin.ferry-part')))
  assert.deepEqual(parts.list(), [folder.at('into', 'top/large.bin')])
  for (const { path, content } of entries.slice(1))
    assert.ok(readFileSync(folder.at('into', path)).equals(content as Uint8Array), path)
  assert.equal(tally.files.failed, 0)
  assert.equal(progress.done.files, entries.length)
  // What is kept is of use to the run that takes the file up again.
  await receiveFake(fakeShare(entries), folder.at('into'), pool, { parts })
  assert.ok(readFileSync(folder.at('into', 'top/large.bin')).equals(large))
  assert.deepEqual(parts.list(), [])
})

test('receive: what has arrived of a file that is left out goes when that is wanted', async () => {
  const { folder, parts } = await leavingOut(['top/large.bin'], 'delete')
  await using _ = folder
  for (const end of ['', '.ferry-part', '.ferry-part.journal'])
    assert.ok(!existsSync(folder.at('into', `top/large.bin${end}`)), end)
  assert.deepEqual(parts.list(), [])
})

test('receive: a folder of small files is left out, from the beginning and under way', async () => {
  await using folder = temporaryFolder()
  const before = createFileChoice({ leftOut: [{ path: 'top/many' }] })
  const { tally } = await receiveFake(fakeShare(entries), folder.at('into'), pool, { files: before })
  assert.ok(!existsSync(folder.at('into', 'top/many')))
  assert.ok(readFileSync(folder.at('into', 'top/large.bin')).equals(large))
  assert.deepEqual([tally.files.total, tally.files.failed], [entries.length, 0])
  const meanwhile = await leavingOut(['top/many/7', 'top/many/8'], 'keep')
  await using _ = meanwhile.folder
  const there = entries.filter(({ path }) => existsSync(meanwhile.folder.at('into', path)))
  assert.equal(there.length, entries.length - 2)
  assert.equal(meanwhile.progress.done.files, entries.length)
})

test('receive: a file that differs and is left out is not in the way', async () => {
  await using folder = temporaryFolder()
  await receiveFake(fakeShare([{ path: 'top/many/7', content: large }]), folder.at('into'), pool)
  await assert.rejects(receiveFake(fakeShare(entries), folder.at('into'), pool), { code: 'E_CONFLICT' })
  const files = createFileChoice({ leftOut: [{ path: 'top/many/7' }] })
  await receiveFake(fakeShare(entries), folder.at('into'), pool, { files })
  assert.ok(readFileSync(folder.at('into', 'top/many/7')).equals(large))
})
