/** A file on an SSH server that somebody replaced without a trace in size and time: nothing wrong is put together from it. */
import assert from 'node:assert/strict'
import { readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { setStage, type Stage } from '../support/journey.ts'
import { describeExit } from '../support/process.ts'
import { createRandomBytes } from '../support/random-files.ts'
import { sshdSkipReason, startSshd } from '../support/sshd.ts'
import { changed, runSync, sync, sshPlace } from '../support/sync-places.ts'

const MiB = 1 << 20
const delta = ['--no-whole-file', '--delta-threshold', '1M']

/** Other bytes in `name` from `start` on, in front of which all stays; size and time stay too. */
function replaceUnseen(stage: Stage, name: string, start: number): Buffer {
  const { atime, mtime, size } = statSync(stage.at(name))
  const bytes = readFileSync(stage.at(name))
  createRandomBytes('somebody else')(size - start).copy(bytes, start)
  writeFileSync(stage.at(name), bytes)
  utimesSync(stage.at(name), atime, mtime)
  return bytes
}

test('what is copied there is looked at before, and a file that is another one is sent whole', {
  skip: sshdSkipReason,
}, async () => {
  await using stage = setStage()
  await using server = await startSshd()
  const place = sshPlace(stage, server)
  const large = createRandomBytes('weak')(12 * MiB)
  stage.write('src/large.bin', large)
  await sync(stage, [place], ...delta, 'src/', place.at('there'))
  // The last of what would be copied is always looked at.
  replaceUnseen(stage, 'there/large.bin', 11 * MiB)
  stage.write('src/large.bin', Buffer.concat([Buffer.from('in front'), large]))
  const exit = await runSync(stage, [place], ...delta, 'src/', place.at('there'))
  assert.equal(exit.code, 0, describeExit(exit))
  assert.match(exit.stderr, /"large\.bin" is not what was remembered of it/)
  assert.ok(readFileSync(stage.at('there', 'large.bin')).equals(readFileSync(stage.at('src', 'large.bin'))))
  // What is remembered from now on is right again.
  stage.write('src/large.bin', Buffer.concat([Buffer.from('and again'), large]))
  const again = await sync(stage, [place], ...delta, 'src/', place.at('there'))
  assert.ok(again.bytes.sent < 2 * MiB, `${again.bytes.sent} bytes were sent`)
  assert.ok(readFileSync(stage.at('there', 'large.bin')).equals(readFileSync(stage.at('src', 'large.bin'))))
})

test('-c believes no list that was remembered by size and time', { skip: sshdSkipReason }, async () => {
  await using stage = setStage()
  await using server = await startSshd()
  const place = sshPlace(stage, server)
  const large = createRandomBytes('weak')(6 * MiB)
  stage.write('src/large.bin', large)
  await sync(stage, [place], ...delta, 'src/', place.at('there'))
  replaceUnseen(stage, 'there/large.bin', 3 * MiB)
  assert.deepEqual(changed(await sync(stage, [place], ...delta, 'src/', place.at('there'))), [])
  const checked = await sync(stage, [place], '-c', ...delta, 'src/', place.at('there'))
  assert.equal(checked.bytes.sent, 6 * MiB)
  assert.ok(readFileSync(stage.at('there', 'large.bin')).equals(large))
})

test('as a source, its remembered chunks are looked at too', { skip: sshdSkipReason }, async () => {
  await using stage = setStage()
  await using server = await startSshd()
  const place = sshPlace(stage, server)
  const large = createRandomBytes('weak')(12 * MiB)
  stage.write('src/large.bin', large)
  await sync(stage, [place], ...delta, 'src/', place.at('there'))
  const theirs = replaceUnseen(stage, 'there/large.bin', 10 * MiB)
  stage.write('back/large.bin', Buffer.concat([Buffer.from('here edited'), large]))
  const exit = await runSync(stage, [place], ...delta, `${place.at('there')}/`, 'back')
  assert.equal(exit.code, 0, describeExit(exit))
  assert.match(exit.stderr, /"large\.bin" is not what was remembered of it/)
  assert.ok(readFileSync(stage.at('back', 'large.bin')).equals(theirs))
})
