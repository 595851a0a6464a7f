/** Broken off at any moment, the same command again finishes, and what had arrived is not sent a second time. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import test from 'node:test'
import { startReceive } from '../support/ferry.ts'
import { setStage, startProxiedPort, type Stage } from '../support/journey.ts'
import { describeExit } from '../support/process.ts'
import { writeRandomFile, writeRandomTree } from '../support/random-files.ts'

const MiB = 1 << 20
const sizeBytes = 96 * MiB

/**
 * What may cross the wire above the size of the content: 8 MiB that were under way to the receiver, 8 MiB that were
 * written and not yet recorded, and 2 % for framing, encryption and chunk lists.
 */
function mostBytes(breaks: number): number {
  return sizeBytes * 1.02 + breaks * 16 * MiB
}

/** One large file and 640 small ones. */
function writeSource(stage: Stage): void {
  writeRandomTree(stage.at('data', 'small'), { files: 640, bytesEach: 51_200, seed: 'resume' })
  writeRandomFile(stage.at('data', 'large.bin'), sizeBytes - 640 * 51_200, 'resume')
}

function assertNothingLeftOver(stage: Stage): void {
  const left = readdirSync(stage.into, { recursive: true, encoding: 'utf8' })
  assert.deepEqual(
    left.filter((name) => name.includes('.ferry-part')),
    [],
  )
}

test('kill -9 of the receiver at several moments', async () => {
  await using stage = setStage()
  writeSource(stage)
  await using proxy = await startProxiedPort()
  await using share = await stage.share(['data'], proxy.shareArgs)
  const moments = [1 * MiB, 20 * MiB, 55 * MiB, 80 * MiB]
  for (const moment of moments) {
    const receive = stage.startReceive(share.ticket)
    await receive.meanwhile(proxy.afterBytesDown(moment))
    await receive[Symbol.asyncDispose]()
  }
  await stage.mustReceive(share.ticket)
  stage.assertArrived('data')
  assertNothingLeftOver(stage)
  assert.ok(proxy.bytesDown < mostBytes(moments.length), `${proxy.bytesDown} bytes came down`)
})

test('kill -9 of the sender at several moments, while the receiver waits for it', async () => {
  await using stage = setStage()
  writeSource(stage)
  await using proxy = await startProxiedPort()
  let share = await stage.share(['data'], proxy.shareArgs)
  const { ticket } = share
  const receive = stage.startReceive(ticket, ['--wait'])
  const moments = [2 * MiB, 30 * MiB, 70 * MiB]
  for (const moment of moments) {
    await receive.meanwhile(proxy.afterBytesDown(moment))
    await share[Symbol.asyncDispose]()
    share = await stage.share(['data'], proxy.shareArgs)
    assert.equal(share.ticket, ticket)
  }
  const exit = await receive.exit
  await share[Symbol.asyncDispose]()
  assert.equal(exit.code, 0, describeExit(exit))
  stage.assertArrived('data')
  assert.ok(proxy.bytesDown < mostBytes(moments.length), `${proxy.bytesDown} bytes came down`)
})

test('a link that is cut, and one that spoils a byte, are dialled again', async () => {
  await using stage = setStage()
  writeSource(stage)
  await using proxy = await startProxiedPort()
  await using share = await stage.share(['data'], proxy.shareArgs)
  proxy.flipDown(10 * MiB)
  const receive = stage.startReceive(share.ticket)
  await receive.meanwhile(proxy.afterBytesDown(50 * MiB))
  proxy.cut()
  const exit = await receive.exit
  assert.equal(exit.code, 0, describeExit(exit))
  stage.assertArrived('data')
  assert.ok(proxy.connections >= 3, `${proxy.connections} connections`)
  assert.ok(proxy.bytesDown < mostBytes(2), `${proxy.bytesDown} bytes came down`)
})

test('Ctrl-C of the receiver says how to go on, and going on works', async () => {
  await using stage = setStage()
  writeSource(stage)
  await using proxy = await startProxiedPort()
  await using share = await stage.share(['data'], proxy.shareArgs)
  const receive = startReceive({ home: stage.receiverHome, ticket: share.ticket, into: stage.into })
  await receive.meanwhile(proxy.afterBytesDown(30 * MiB))
  receive.kill('SIGINT')
  const exit = await receive.exit
  assert.equal(exit.code, 130, describeExit(exit))
  assert.match(exit.stderr, /same command again/)
  await stage.mustReceive(share.ticket)
  stage.assertArrived('data')
  assert.ok(proxy.bytesDown < mostBytes(1), `${proxy.bytesDown} bytes came down`)
})
