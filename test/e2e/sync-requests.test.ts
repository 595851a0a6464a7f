/** What a sync of a bucket in which nothing changed asks for. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { setStage } from '../support/journey.ts'
import { writeRandomTree } from '../support/random-files.ts'
import { testBucket } from '../support/s3/open-s3.ts'
import { startS3 } from '../support/s3/start-s3.ts'
import { bucketPlace, sync } from '../support/sync-places.ts'

test('10,000 unchanged objects take 13 requests, here and on a computer that never saw them', async () => {
  await using stage = setStage()
  await using server = await startS3()
  server.bucket(testBucket)
  const place = bucketPlace(server)
  writeRandomTree(stage.at('src'), { files: 10_000, bytesEach: 16, seed: 'requests' })
  await sync(stage, [place], 'src/', place.at('copy'))
  for (const senderHome of [stage.senderHome, stage.receiverHome]) {
    const before = server.requests.length
    const { bytes, done } = await sync({ ...stage, senderHome }, [place], 'src/', place.at('copy'))
    assert.deepEqual([bytes.sent, done['same']], [0, 10_000])
    const asked = server.requests.slice(before).map(({ operation }) => operation)
    assert.ok(asked.length <= 13, asked.join(', '))
    assert.ok(!asked.includes('HeadObject'))
  }
})
