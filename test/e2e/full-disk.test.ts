/** Full disks, on small file systems in memory: said before where it can be known, survived where it cannot. */
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { setStage } from '../support/journey.ts'
import { differences, listTree } from '../support/listing.ts'
import { describeExit } from '../support/process.ts'
import { runReceive } from '../support/ferry.ts'
import { writeRandomFile, writeRandomTree } from '../support/random-files.ts'
import { mountTmpfs, tmpfsSkipReason } from '../support/tmpfs.ts'

const MiB = 1 << 20

test('too little room is said before anything is written', { skip: tmpfsSkipReason }, async () => {
  await using stage = setStage()
  writeRandomFile(stage.at('large.bin'), 24 * MiB, 'full')
  using disk = mountTmpfs(stage.at('disk'), 16 * MiB)
  await using share = await stage.share(['large.bin'])
  const exit = await runReceive({ home: stage.receiverHome, ticket: share.ticket, into: disk.path })
  assert.equal(exit.code, 7, describeExit(exit))
  assert.match(exit.stderr, /hint: /)
  assert.equal(listTree(disk.path).size, 1)
})

test('a disk that fills up on the way: a clear error, and the same command finishes once there is room', {
  skip: tmpfsSkipReason,
}, async () => {
  await using stage = setStage()
  // 4,000 files of one byte take a page each on a tmpfs: the sum of their sizes says nothing about it.
  writeRandomTree(stage.at('pages'), { files: 4000, bytesEach: 1, seed: 'full' })
  writeRandomFile(stage.at('pages', 'large.bin'), 2 * MiB, 'full')
  using disk = mountTmpfs(stage.at('disk'), 12 * MiB)
  const ballast = join(disk.path, 'ballast')
  writeFileSync(ballast, Buffer.alloc(4 * MiB))
  await using share = await stage.share(['pages'])
  const options = { home: stage.receiverHome, ticket: share.ticket, into: disk.path }
  const full = await runReceive(options)
  assert.ok(full.code === 7 || full.code === 23, describeExit(full))
  assert.match(full.stderr, /full|space/)
  assert.match(full.stderr, /hint: /)
  rmSync(ballast)
  // 12 MiB are too few for 4,000 pages, so the rest goes where there is room.
  const other = { ...options, into: stage.into }
  const finished = await runReceive(other)
  assert.equal(finished.code, 0, describeExit(finished))
  assert.deepEqual(differences(listTree(stage.at('pages')), listTree(stage.at('into', 'pages'))), [])
})

test('a read-only destination is refused, and nothing is written', { skip: tmpfsSkipReason }, async () => {
  await using stage = setStage()
  stage.write('a.txt', 'a')
  using disk = mountTmpfs(stage.at('disk'), MiB)
  disk.makeReadOnly()
  await using share = await stage.share(['a.txt'])
  const exit = await runReceive({ home: stage.receiverHome, ticket: share.ticket, into: disk.path })
  assert.equal(exit.code, 5, describeExit(exit))
  assert.match(exit.stderr, /read-only/)
})
