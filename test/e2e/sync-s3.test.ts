/** `ferry sync` to a bucket that is killed, and one that is overtaken by somebody else. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { runFerry, startFerry } from '../support/ferry.ts'
import { setStage } from '../support/journey.ts'
import { describeExit } from '../support/process.ts'
import { createRandomBytes } from '../support/random-files.ts'
import { environmentOf, testBucket } from '../support/s3/open-s3.ts'
import { startS3 } from '../support/s3/start-s3.ts'

const MiB = 1 << 20

test('after kill -9 the parts that were sent are not sent again', async () => {
  await using stage = setStage()
  await using server = await startS3()
  server.bucket(testBucket)
  const content = createRandomBytes('killed upload')(64 * MiB)
  stage.write('src/large.bin', content)
  const args = ['sync', '-a', '--s3-endpoint', server.endpoint, 'src/', `s3://${testBucket}/copy`]
  const options = {
    home: stage.senderHome,
    cwd: stage.path,
    env: environmentOf(server) as Record<string, string>,
  }
  // Three of eight parts get through; the others are never answered.
  server.fault('UploadPart', 4, { kind: 'silence' }, Number.POSITIVE_INFINITY)
  const three = server.answered('UploadPart', 3)
  await using killed = startFerry(args, options)
  await killed.meanwhile(three)
  killed.kill('SIGKILL')
  await killed.exit
  assert.equal(server.bucket(testBucket).objects.size, 0)
  const [upload] = server.bucket(testBucket).uploads.values()
  assert.equal(upload?.parts.size, 3)

  server.heal()
  const before = server.receivedBytes('UploadPart')
  const exit = await runFerry(args, options)
  assert.equal(exit.code, 0, describeExit(exit))
  assert.equal(server.receivedBytes('UploadPart') - before, 40 * MiB)
  assert.equal(Buffer.compare(server.content(testBucket, 'copy/large.bin'), content), 0)
  assert.equal(server.bucket(testBucket).uploads.size, 0)
})

test('what somebody else writes meanwhile is not lost without a word', async () => {
  await using stage = setStage()
  await using server = await startS3()
  server.bucket(testBucket)
  const args = ['sync', '-a', '--s3-endpoint', server.endpoint, 'src/', `s3://${testBucket}/copy`]
  const options = {
    home: stage.senderHome,
    cwd: stage.path,
    env: environmentOf(server) as Record<string, string>,
  }
  stage.write('src/file', 'old')
  const first = await runFerry(args, options)
  assert.equal(first.code, 0, describeExit(first))
  stage.write('src/file', 'ours, and longer')
  const theirs = { kind: 'meanwhile', run: () => void server.put(testBucket, 'copy/file', 'theirs') } as const
  server.fault('PutObject', 1, theirs)
  const refused = await runFerry([...args, '--fail-on-conflict'], options)
  assert.equal(refused.code, 8, describeExit(refused))
  assert.equal(server.content(testBucket, 'copy/file').toString(), 'theirs')
  const replaced = await runFerry(args, options)
  assert.equal(replaced.code, 0, describeExit(replaced))
  assert.equal(server.content(testBucket, 'copy/file').toString(), 'ours, and longer')
})
