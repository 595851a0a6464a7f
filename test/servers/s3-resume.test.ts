/** Uploads that were interrupted, and what is left of them (95, 96 of the list of faults). */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { FerryError } from '../../src/shared/errors.ts'
import { memoryContent } from '../support/memory-content.ts'
import { createRandomBytes } from '../support/random-files.ts'
import { openS3Place, type S3Place, testBucket } from '../support/s3/open-s3.ts'
import { startS3 } from '../support/s3/start-s3.ts'
import { assertHolds, plain, withCode, write } from '../sync/remote-suite/place.ts'
import { failingAt } from '../sync/remote-suite/writing.ts'

const MiB = 1024 * 1024
const bytes = createRandomBytes('s3 resume')(38 * MiB)
const identity = 'the same one'
const s3 = await startS3()
s3.bucket(testBucket)
after(() => s3[Symbol.asyncDispose]())

/** Sends three of eight parts, one after the other, then loses its source. */
async function interrupt(place: S3Place): Promise<void> {
  const gone = (): Error => new FerryError('E_UNREACHABLE', 'gone')
  await using remote = await place.open({ partsAtOnce: 1 })
  const failing = { ...failingAt(bytes, 15 * MiB, gone), identity }
  await assert.rejects(write(remote, 'file', failing), withCode('E_UNREACHABLE'))
}

test('96: parts that an interrupted run has sent are not sent again', async () => {
  await using place = await openS3Place(s3)
  await interrupt(place)
  const before = s3.receivedBytes('UploadPart')
  await using remote = await place.reopen()
  const written = await write(remote, 'file', memoryContent(bytes, { identity }))
  assert.equal(written.resumedBytes, 15 * MiB)
  assert.equal(written.sentBytes, 23 * MiB)
  assert.equal(s3.receivedBytes('UploadPart') - before, 23 * MiB)
  await assertHolds(remote, 'file', bytes)
  assert.deepEqual(readdirSync(join(place.stateDirectory, 'uploads')), [])
})

test('96: the file about an unfinished upload holds no secret, and a damaged one is passed over', async () => {
  await using place = await openS3Place(s3)
  await interrupt(place)
  const folder = join(place.stateDirectory, 'uploads')
  const [name = ''] = readdirSync(folder)
  const held = readFileSync(join(folder, name), 'utf8')
  assert.ok(!held.includes(s3.credentials.secretAccessKey) && !held.includes(s3.credentials.accessKeyId))
  writeFileSync(join(folder, name), held.slice(0, 50))
  await using remote = await place.reopen()
  assert.equal((await write(remote, 'file', memoryContent(bytes, { identity }))).resumedBytes, 0)
  await assertHolds(remote, 'file', bytes)
})

test('95: an upload that is gone is begun again', async () => {
  for (const moment of ['before', 'meanwhile'] as const) {
    await using place = await openS3Place(s3)
    await interrupt(place)
    const lose = (): void => s3.bucket(testBucket).uploads.clear()
    if (moment === 'before') lose()
    else s3.fault('UploadPart', 1, { kind: 'meanwhile', run: lose })
    await using remote = await place.reopen()
    assert.equal((await write(remote, 'file', memoryContent(bytes, { identity }))).resumedBytes, 0)
    await assertHolds(remote, 'file', bytes)
  }
})

test('96: other times or another mode begin another upload, since they are part of it', async () => {
  await using place = await openS3Place(s3)
  await interrupt(place)
  await using remote = await place.reopen()
  const content = memoryContent(bytes, { identity })
  const attributes = { ...plain.attributes, mode: 0o600 }
  assert.equal((await remote.write('file', content, { attributes })).resumedBytes, 0)
  assert.equal((await remote.stat('file'))?.mode, 0o600)
  assert.equal(s3.bucket(testBucket).uploads.size, 0)
})

test('96: without resuming nothing stays behind', async () => {
  await using place = await openS3Place(s3)
  const gone = (): Error => new FerryError('E_UNREACHABLE', 'gone')
  const failing = failingAt(bytes, 15 * MiB, gone)
  await assert.rejects(write(place.remote, 'file', failing, { resume: false }), withCode('E_UNREACHABLE'))
  assert.equal(s3.bucket(testBucket).uploads.size, 0)
  assert.deepEqual(await place.remote.abandoned?.(), [])
})

test('96: stages that a crash has left are found and removed', async () => {
  await using place = await openS3Place(s3)
  await place.intrude('.ferry/stage/0123', Buffer.from('left'))
  const [left, ...others] = (await place.remote.abandoned?.()) ?? []
  assert.deepEqual(others, [])
  assert.equal(left?.path, '.ferry/stage/0123')
  await left?.remove()
  assert.deepEqual(await place.remote.abandoned?.(), [])
})
