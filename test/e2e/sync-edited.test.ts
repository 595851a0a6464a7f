/**
 * A large file with 1 MiB more in front and ten changed bytes: what is sent of it to each kind of place, and from a peer. By
 * what the summary says, and, where the server counts, by what it got.
 */
import assert from 'node:assert/strict'
import { closeSync, copyFileSync, mkdirSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import test from 'node:test'
import { setStage, type Stage } from '../support/journey.ts'
import { hashFile } from '../support/listing.ts'
import { createRandomBytes, writeRandomFile } from '../support/random-files.ts'
import { testBucket } from '../support/s3/open-s3.ts'
import { startS3 } from '../support/s3/start-s3.ts'
import { sshdSkipReason, startSshd } from '../support/sshd.ts'
import { bucketPlace, localPlace, type Place, type Summary, sshPlace, sync } from '../support/sync-places.ts'

const MiB = 1 << 20
const fileBytes = 256 * MiB
const mostSent = 3 * MiB
const delta = ['--no-whole-file']

/** The edited version of `old` as `next`. */
function edit(old: string, next: string): void {
  const [from, to] = [openSync(old, 'r'), openSync(next, 'w')]
  const buffer = Buffer.alloc(MiB)
  writeSync(to, createRandomBytes('in front')(MiB))
  for (let length = readSync(from, buffer); length > 0; length = readSync(from, buffer))
    writeSync(to, buffer, 0, length)
  for (let place = 0; place < 10; place++) {
    const at = Math.floor((fileBytes / 10) * (place + 0.5))
    writeSync(to, Buffer.of(place + 1), 0, 1, at)
  }
  closeSync(from)
  closeSync(to)
}

async function sendEdited(
  stage: Stage,
  place: Place,
): Promise<{ readonly first: Summary; edited(): Promise<Summary> }> {
  const args = [...delta, 'src/', place.at('copy')]
  rmSync(stage.at('src'), { recursive: true, force: true })
  mkdirSync(stage.at('src'))
  copyFileSync(stage.at('old'), stage.at('src', 'large.bin'))
  const first = await sync(stage, [place], ...args)
  assert.equal(first.bytes.sent, fileBytes)
  copyFileSync(stage.at('new'), stage.at('src', 'large.bin'))
  return { first, edited: async () => await sync(stage, [place], ...args) }
}

function stageEdit(): Stage {
  const stage = setStage()
  writeRandomFile(stage.at('old'), fileBytes, 'edited')
  edit(stage.at('old'), stage.at('new'))
  return stage
}

test('an edited file to a bucket: 3 MiB at most are uploaded', async () => {
  await using stage = stageEdit()
  await using server = await startS3()
  server.bucket(testBucket)
  const place = bucketPlace(server)
  const { edited } = await sendEdited(stage, place)
  const before = server.receivedBytes()
  const { bytes } = await edited()
  const got = server.receivedBytes() - before
  assert.ok(bytes.sent <= mostSent, `${bytes.sent} bytes were sent`)
  // Chunk list and index go there as well.
  assert.ok(got <= mostSent + MiB, `${got} bytes came`)
  await sync(stage, [place], '-W', `${place.at('copy')}/`, 'back')
  assert.equal(hashFile(stage.at('back', 'large.bin')), hashFile(stage.at('new')))
})

test('an edited file to an SSH server, and to a folder: 3 MiB at most are sent', {
  skip: sshdSkipReason,
}, async () => {
  await using stage = stageEdit()
  await using server = await startSshd()
  for (const place of [sshPlace(stage, server), localPlace]) {
    const { edited } = await sendEdited(stage, place)
    const { bytes } = await edited()
    assert.ok(bytes.sent <= mostSent, `${bytes.sent} bytes were sent`)
    assert.equal(hashFile(stage.at('copy', 'large.bin')), hashFile(stage.at('new')))
    rmSync(stage.at('copy'), { recursive: true })
  }
})

test('an edited file from a ticket: 3 MiB at most are fetched', async () => {
  await using stage = stageEdit()
  mkdirSync(stage.at('share'))
  mkdirSync(stage.at('into', 'share'), { recursive: true })
  copyFileSync(stage.at('old'), stage.at('into', 'share', 'large.bin'))
  copyFileSync(stage.at('new'), stage.at('share', 'large.bin'))
  await using share = await stage.share(['share'])
  const receiver = { ...stage, senderHome: stage.receiverHome }
  const { bytes } = await sync(receiver, [], ...delta, share.ticket, 'into')
  assert.ok(bytes.sent <= mostSent, `${bytes.sent} bytes were fetched`)
  assert.equal(hashFile(stage.at('into', 'share', 'large.bin')), hashFile(stage.at('new')))
})
