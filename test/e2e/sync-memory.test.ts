/** What a ticket takes on its way to a bucket through this computer, which keeps no copy of it. */
import assert from 'node:assert/strict'
import { lstatSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { startFerry } from '../support/ferry.ts'
import { setStage } from '../support/journey.ts'
import { describeExit } from '../support/process.ts'
import { writeRandomFile } from '../support/random-files.ts'
import { testBucket } from '../support/s3/open-s3.ts'
import { startS3 } from '../support/s3/start-s3.ts'
import { bucketPlace } from '../support/sync-places.ts'

const MiB = 1 << 20

/** Bytes on disk of all that lies below a folder, some of which may vanish meanwhile. */
function diskBytes(folder: string): number {
  let bytes = 0
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    const stats = lstatSync(path, { throwIfNoEntry: false })
    bytes += stats?.isDirectory() ? diskBytes(path) : (stats?.blocks ?? 0) * 512
  }
  return bytes
}

test('1 GiB from a ticket to a bucket takes at most 400 MiB of memory and 64 MiB of disk', async () => {
  await using stage = setStage()
  await using server = await startS3()
  server.bucket(testBucket)
  mkdirSync(stage.at('share'))
  writeRandomFile(stage.at('share', 'large.bin'), 1024 * MiB, 'a gigabyte')
  await using share = await stage.share(['share'])
  const place = bucketPlace(server)
  const home = stage.receiverHome
  for (const folder of ['tmp', 'receiver-home']) mkdirSync(stage.at(folder), { recursive: true })
  let mostBytes = 0
  const look = (): void => {
    mostBytes = Math.max(mostBytes, diskBytes(home) + diskBytes(stage.at('tmp')))
  }
  server.fault('UploadPart', 1, { kind: 'meanwhile', run: look }, Number.POSITIVE_INFINITY)
  await using running = startFerry(
    ['sync', '-a', '--no-dht', ...place.args, share.ticket, place.at('copy')],
    { home, cwd: stage.path, env: { ...place.env, TMPDIR: stage.at('tmp') } },
  )
  const exit = await running.exit
  assert.equal(exit.code, 0, describeExit(exit))
  look()
  assert.equal(server.bucket(testBucket).find('copy/share/large.bin').content.length, 1024 * MiB)
  assert.ok(exit.peakRssBytes > 0)
  assert.ok(exit.peakRssBytes <= 400 * MiB, `${Math.round(exit.peakRssBytes / MiB)} MiB of memory`)
  assert.ok(mostBytes <= 64 * MiB, `${Math.round(mostBytes / MiB)} MiB of disk`)
})
