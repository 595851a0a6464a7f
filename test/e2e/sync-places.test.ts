/** `ferry sync` between a folder, a bucket, an SSH server and a ticket, with real processes and servers. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { setStage, type Stage } from '../support/journey.ts'
import { differences, listTree, type Aspect } from '../support/listing.ts'
import { createRandomBytes, writeRandomTree } from '../support/random-files.ts'
import { testBucket } from '../support/s3/open-s3.ts'
import { startS3 } from '../support/s3/start-s3.ts'
import { sshdSkipReason, startSshd } from '../support/sshd.ts'
import { bucketPlace, changed, type Place, sshPlace, sync, type Summary } from '../support/sync-places.ts'

const MiB = 1 << 20

/** Up, again, edited with a small delta, down again. */
async function roundTrip(stage: Stage, place: Place, aspects: readonly Aspect[]): Promise<void> {
  writeRandomTree(stage.at('src', 'small'), { files: 40, bytesEach: 3000, seed: 'places' })
  const large = createRandomBytes('large')(12 * MiB)
  stage.write('src/large.bin', large)
  const delta = ['--no-whole-file', '--delta-threshold', '1M']
  const first = await sync(stage, [place], ...delta, 'src/', place.at('copy'))
  assert.equal(first.bytes.sent, 12 * MiB + 40 * 3000)
  const again = await sync(stage, [place], ...delta, '--delete', 'src/', place.at('copy'))
  assert.equal(again.bytes.sent, 0)
  assert.deepEqual(changed(again), [])
  stage.write(
    'src/large.bin',
    Buffer.concat([large.subarray(0, 7 * MiB), Buffer.from('edited'), large.subarray(7 * MiB)]),
  )
  const dry = await sync(stage, [place], ...delta, '-n', 'src/', place.at('copy'))
  const edited = await sync(stage, [place], ...delta, 'src/', place.at('copy'))
  assert.deepEqual([dry.bytes.sent, dry.bytes.saved], [edited.bytes.sent, edited.bytes.saved])
  assert.ok(edited.bytes.sent < 2 * MiB, `${edited.bytes.sent} bytes were sent`)
  await sync(stage, [place], `${place.at('copy')}/`, 'back')
  assert.deepEqual(differences(listTree(stage.at('src')), listTree(stage.at('back')), aspects), [])
}

test('a bucket: up, nothing the second time, a delta, and down again', async () => {
  await using stage = setStage()
  await using server = await startS3()
  server.bucket(testBucket)
  const place = bucketPlace(server)
  await roundTrip(stage, place, ['kind', 'size', 'hash'])
})

test('an SSH server: up, nothing the second time, a delta, and down again', {
  skip: sshdSkipReason,
}, async () => {
  await using stage = setStage()
  await using server = await startSshd()
  const place = sshPlace(stage, server)
  await roundTrip(stage, place, ['kind', 'mode', 'size', 'hash'])
})

test('a ticket: what it offers goes to a folder, and other things there stay', async () => {
  await using stage = setStage()
  stage.write('data/a.txt', 'a')
  stage.write('data/sub/b.bin', createRandomBytes('ticket')(3 * MiB))
  await using share = await stage.share(['data'])
  mkdirSync(stage.at('into', 'data'), { recursive: true })
  writeFileSync(stage.at('into', 'other'), 'stays')
  writeFileSync(stage.at('into', 'data', 'extra'), 'goes')
  const run = async (): Promise<Summary> => await sync(stage, [], '--delete', share.ticket, 'into')
  const first = await run()
  assert.equal(first.bytes.sent, 3 * MiB + 1)
  assert.equal((await run()).bytes.sent, 0)
  stage.assertArrived('data')
  assert.equal(readFileSync(stage.at('into', 'other'), 'utf8'), 'stays')
})
