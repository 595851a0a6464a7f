/** A large file and many small ones, one sender with three receivers, and receivers that begin before hashing ends. */
import assert from 'node:assert/strict'
import { truncateSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { runReceive } from '../support/ferry.ts'
import { setStage } from '../support/journey.ts'
import { differences, listTree } from '../support/listing.ts'
import { describeExit } from '../support/process.ts'
import { writeRandomFile, writeRandomTree } from '../support/random-files.ts'

const MiB = 1 << 20

test('256 MiB of random bytes arrive equal', async () => {
  await using stage = setStage()
  writeRandomFile(stage.at('large.bin'), 256 * MiB, 'large')
  await using share = await stage.share(['large.bin'])
  const summary = await stage.mustReceive(share.ticket)
  stage.assertArrived('large.bin')
  assert.equal(summary.bytes.fetched, 256 * MiB)
})

test('10,000 files of 16 KiB arrive equal', async () => {
  await using stage = setStage()
  writeRandomTree(stage.at('many'), { files: 10_000, bytesEach: 16_384, seed: 'many' })
  await using share = await stage.share(['many'])
  const summary = await stage.mustReceive(share.ticket)
  stage.assertArrived('many')
  assert.equal(summary.files.done, 10_000)
})

test('three receivers at once', async () => {
  await using stage = setStage()
  writeRandomFile(stage.at('data.bin'), 64 * MiB, 'three')
  await using share = await stage.share(['data.bin'])
  const source = listTree(stage.at('data.bin'))
  const receivers = ['a', 'b', 'c'].map(async (name) => {
    const into = stage.at(`into-${name}`)
    const exit = await runReceive({ home: stage.at(`home-${name}`), ticket: share.ticket, into })
    assert.equal(exit.code, 0, describeExit(exit))
    assert.deepEqual(differences(source, listTree(stage.at(`into-${name}`, 'data.bin'))), [])
  })
  await Promise.all(receivers)
})

test('a receiver starts while the sender still hashes', async () => {
  await using stage = setStage()
  // Hashing takes a while; the small file in front has long arrived by then.
  stage.write('live/a-small-file', 'first')
  stage.write('live/sparse', '')
  truncateSync(stage.at('live', 'sparse'), 1024 * MiB)
  await using share = await stage.share(['live'], ['--json'])
  const receive = stage.startReceive(share.ticket)
  const exit = await receive.exit
  assert.equal(exit.code, 0, describeExit(exit))
  const [source, result] = [stage.at('live'), stage.at('into', 'live')].map((path) => listTree(path))
  assert.deepEqual(differences(source as never, result as never), [])
})

test('a receiver that waits from before the sender starts', async () => {
  await using stage = setStage()
  stage.write('late.txt', 'better late')
  const ticket = await stage.ticketOf(['late.txt'])
  const receive = stage.startReceive(ticket, ['--wait', '--json'])
  // It has found nobody when it says that it waits.
  await receive.waitFor(/wait|nobody|looking/i)
  await using share = await stage.share(['late.txt'])
  assert.equal(share.ticket, ticket)
  const exit = await receive.exit
  assert.equal(exit.code, 0, describeExit(exit))
  stage.assertArrived('late.txt')
})

test('the same files under other names are fetched once', async () => {
  await using stage = setStage()
  writeRandomFile(stage.at('one.bin'), 8 * MiB, 'twice')
  stage.write('twins/.keep', '')
  for (const name of ['a', 'b', 'c']) writeRandomFile(stage.at('twins', name), 8 * MiB, 'twice')
  writeFileSync(stage.at('twins', 'zeros'), Buffer.alloc(8 * MiB))
  await using share = await stage.share(['twins'])
  const summary = await stage.mustReceive(share.ticket)
  stage.assertArrived('twins')
  assert.ok(summary.bytes.fetched < 10 * MiB, `${summary.bytes.fetched} bytes were fetched`)
})
