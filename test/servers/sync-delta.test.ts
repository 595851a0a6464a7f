/** What a delta costs when the source is far away: a bucket, or a peer. Each `Ferry` here is another computer. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import test, { after } from 'node:test'
import { createFerry, type Ferry } from '../../src/jobs/ferry.ts'
import type { SyncOptions, SyncResult } from '../../src/jobs/sync/types.ts'
import { patternBytes } from '../support/fake-share.ts'
import { startS3 } from '../support/s3/start-s3.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const s3 = await startS3()
s3.bucket('test')
after(() => s3[Symbol.asyncDispose]())
process.env['AWS_ACCESS_KEY_ID'] = s3.credentials.accessKeyId
process.env['AWS_SECRET_ACCESS_KEY'] = s3.credentials.secretAccessKey

const network = { listen: ['127.0.0.1:0'], dht: false, local: true }
const original = patternBytes(12_000_000, 3)
/** A thousand bytes in front, and ten changed far behind. */
const edited = Buffer.concat([patternBytes(1000, 4), original])
edited.fill(7, 9_000_000, 9_000_010)

const options: SyncOptions = {
  recursive: true,
  times: true,
  perms: true,
  deltaThreshold: 1_000_000,
  s3: { endpoint: s3.endpoint, region: s3.region },
}
const sync = (ferry: Ferry, from: string, to: string, more: SyncOptions = {}): Promise<SyncResult> =>
  ferry.sync(from, to, { ...options, ...more }).result

async function computer(directory: string): Promise<Ferry> {
  return createFerry({ directory, ...network })
}

for (const isForged of [false, true])
  test(`from a bucket, ${isForged ? 'nothing is believed that the object does not vouch for' : 'only what changed is downloaded, on a computer that did not upload it'}`, async () => {
    await using folder = temporaryFolder()
    await using writer = await computer(folder.at('writer'))
    await using reader = await computer(folder.at('reader'))
    const place = `s3://test/${isForged ? 'forged' : 'honest'}`
    mkdirSync(folder.at('from'))
    writeFileSync(folder.at('from', 'disk.img'), original)
    await sync(writer, `${folder.at('from')}/`, place)
    const whole = await sync(reader, `${place}/`, folder.at('to'))
    assert.equal(whole.bytes.sent, original.byteLength)

    writeFileSync(folder.at('from', 'disk.img'), edited)
    const up = await sync(writer, `${folder.at('from')}/`, place)
    assert.deepEqual(
      [up.failed.count, s3.content('test', `${place.slice(10)}/disk.img`).equals(edited)],
      [0, true],
    )
    if (isForged) {
      // Somebody who may write below .ferry/, and nothing else, puts the list of the old version in place of the new one.
      const keys = [...s3.bucket('test').objects.keys()].filter((key) => key.startsWith('forged/.ferry/sig/'))
      for (const key of keys) s3.put('test', key, Buffer.from(s3.content('test', key)).fill(1, 200, 210))
      assert.ok(keys.length > 0)
    }
    const down = await sync(reader, `${place}/`, folder.at('to'))
    assert.ok(readFileSync(folder.at('to', 'disk.img')).equals(edited))
    if (isForged) assert.equal(down.bytes.sent, edited.byteLength)
    else assert.ok(down.bytes.sent < 1_500_000, `${down.bytes.sent} bytes`)
    const again = await sync(reader, `${place}/`, folder.at('to'))
    assert.deepEqual([again.bytes.sent, again.bytes.written], [0, 0])
  })

test('what others wrote in a bucket goes back as a delta, on the computer that downloaded it', async () => {
  await using folder = temporaryFolder()
  await using ferry = await computer(folder.at('home'))
  s3.put('test', 'foreign/disk.img', original)
  await sync(ferry, 's3://test/foreign/', folder.at('here'))
  writeFileSync(folder.at('here', 'disk.img'), edited)
  const back = await sync(ferry, `${folder.at('here')}/`, 's3://test/foreign')
  assert.equal(back.failed.count, 0)
  assert.ok(s3.content('test', 'foreign/disk.img').equals(edited))
  assert.ok(back.bytes.sent <= 7_000_000, `${back.bytes.sent} bytes`)
})

test('from a ticket, only what changed is fetched, and goes to a bucket with no copy here', async () => {
  await using folder = temporaryFolder()
  await using sender = await computer(folder.at('sender'))
  await using ferry = await computer(folder.at('here'))
  mkdirSync(folder.at('tree'))
  for (const [content, most] of [
    [original, original.byteLength],
    [edited, 7_000_000],
  ] as const) {
    writeFileSync(folder.at('tree', 'disk.img'), content)
    writeFileSync(folder.at('tree', 'note.txt'), `${content.byteLength} bytes`)
    const share = sender.share(folder.at('tree'), { once: true, fresh: true })
    const { ticket } = await share.ticket
    const local = await sync(ferry, ticket, folder.at('into'))
    // It was for one download, and it is told that it was that.
    assert.equal((await share.result).ended, 'once')
    assert.equal(local.failed.count, 0)
    assert.ok(readFileSync(folder.at('into', 'tree', 'disk.img')).equals(content))
    if (content === edited) assert.ok(local.bytes.sent < 1_500_000, `${local.bytes.sent} bytes`)

    const second = sender.share(folder.at('tree'), { fresh: true })
    second.result.catch(() => undefined)
    const { failed, bytes } = await sync(ferry, (await second.ticket).ticket, 's3://test/ticket')
    assert.equal(failed.count, 0)
    assert.ok(s3.content('test', 'ticket/tree/disk.img').equals(content))
    assert.ok(bytes.sent <= most + 100, `${bytes.sent} bytes`)
    await second.cancel()
  }
})
