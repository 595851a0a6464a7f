import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test, { after } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { createWorkerPool } from '../../../src/blobs/worker/pool.ts'
import { createThrottle } from '../../../src/shared/throttle.ts'
import { fakeShare, patternBytes, type FakeEntry } from '../../support/fake-share.ts'
import { receiveFake } from '../../support/receive-run.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const pool = createWorkerPool({ size: 2 })
after(() => pool.close())

const large = patternBytes(3_000_000, 1)
const entries: FakeEntry[] = [
  { path: 'top/large.bin', content: large },
  ...Array.from({ length: 60 }, (_, index) => ({
    path: `top/many/${index}`,
    content: patternBytes(20_000, index + 2),
  })),
]

test('receive: a paused one asks for nothing, and for the rest when it goes on', async () => {
  await using folder = temporaryFolder()
  const throttle = createThrottle()
  const begun = Promise.withResolvers<void>()
  const share = fakeShare(entries, {
    beforeRead() {
      throttle.pause()
      begun.resolve()
    },
  })
  const receiving = receiveFake(share, folder.at('into'), pool, { throttle })
  for (let pauses = 0; pauses < 3; pauses++) {
    await begun.promise
    // What was asked for before is still answered and written.
    await wait(20)
    const asked = share.reads.length
    await wait(20)
    assert.equal(share.reads.length, asked)
    throttle.resume()
  }
  const resuming = setInterval(() => throttle.resume(), 1)
  await receiving
  clearInterval(resuming)
  assert.ok(readFileSync(folder.at('into', 'top/large.bin')).equals(large))
})

test('receive: with a rate no more is asked for at once than it allows, and every byte is taken from it', async () => {
  await using folder = temporaryFolder()
  const throttle = createThrottle(40_000_000)
  let taken = 0
  const spied = Object.defineProperties(
    {
      ...throttle,
      take(bytes: number, signal?: AbortSignal) {
        taken += bytes
        return throttle.take(bytes, signal)
      },
    },
    { pieceBytes: { value: 50_000.5 } },
  )
  let largest = 0
  const share = fakeShare(entries, {
    beforeRead: (ranges) =>
      void (largest = Math.max(
        largest,
        ranges.reduce((sum, { length }) => sum + length, 0),
      )),
  })
  await receiveFake(share, folder.at('into'), pool, { throttle: spied })
  assert.ok(readFileSync(folder.at('into', 'top/large.bin')).equals(large))
  assert.equal(taken, share.sent.content)
  assert.ok(largest > 0 && largest <= 50_000, `${largest}`)
})

test('receive: one that is cancelled while it is paused ends at once', async () => {
  await using folder = temporaryFolder()
  const throttle = createThrottle()
  throttle.pause()
  const controller = new AbortController()
  const share = fakeShare(entries)
  const receiving = receiveFake(share, folder.at('into'), pool, { throttle, signal: controller.signal })
  await wait(20)
  controller.abort()
  await assert.rejects(receiving, { code: 'E_CANCELLED' })
  assert.equal(share.reads.length, 0)
})
