/** The suite of all remotes against a real S3 server, which knows nothing of our own one. */
import assert from 'node:assert/strict'
import test, { after, before } from 'node:test'
import { memoryContent } from '../support/memory-content.ts'
import { createRandomBytes } from '../support/random-files.ts'
import { openS3Place } from '../support/s3/open-s3.ts'
import { type RgwServer, rgwSkipReason, startRgw } from '../support/s3/rgw.ts'
import { testRemote } from '../sync/remote-suite.ts'
import { assertHolds } from '../sync/remote-suite/place.ts'

let server: RgwServer | undefined

const place = (): ReturnType<typeof openS3Place> => {
  assert.ok(server, 'the server did not start')
  return openS3Place(server)
}

if (rgwSkipReason === false) {
  before(async () => {
    server = await startRgw()
  })
  after(() => server?.[Symbol.asyncDispose]())
  testRemote('openS3Remote at Ceph', place)
}

const MiB = 1024 * 1024

test('assembleObject at Ceph: staged parts make the new version, and only what is new is sent', {
  skip: rgwSkipReason,
}, async () => {
  await using at = await place()
  const { remote } = at
  const next = createRandomBytes('rgw stages')
  const old = next(40 * MiB)
  await at.intrude('file', old)
  const entry = await remote.stat('file')
  assert.ok(entry && remote.caps.assemble)
  const inFront = next(300_000)
  const segments = [
    { kind: 'data', length: inFront.byteLength },
    { kind: 'copy', from: 0, length: 20 * MiB },
    { kind: 'data', length: 1 },
    { kind: 'copy', from: 20 * MiB + 1, length: 3 * MiB },
    { kind: 'data', length: 2 },
    { kind: 'copy', from: 23 * MiB + 3, length: 17 * MiB - 3 },
    { kind: 'data', length: 5 },
  ] as const
  const made = Buffer.concat([
    inFront,
    old.subarray(0, 20 * MiB),
    Buffer.from('!'),
    old.subarray(20 * MiB + 1, 23 * MiB + 1),
    Buffer.from('??'),
    old.subarray(23 * MiB + 3),
    Buffer.from('ended'),
  ])
  await using content = memoryContent(made)
  const written = await remote.caps.assemble(entry, segments, content, { attributes: { mode: 0o644 } })
  assert.equal(written.sentBytes, inFront.byteLength + 8)
  await assertHolds(remote, 'file', made)
  assert.deepEqual(await remote.abandoned?.(), [])
})
