import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { setTimeout as after } from 'node:timers/promises'
import { minBytesPerSecond } from '../../../src/shared/throttle.ts'
import { createThrottle, type Throttle } from '../../../src/shared/throttle.ts'
import { testHost, testProvider, testSession } from '../../support/hosts.ts'
import { memoryOffer } from '../../support/memory-offer.ts'

const content = randomBytes(3_000_000)
const whole = [
  { entry: 0, offset: 0, length: 1_500_000 },
  { entry: 0, offset: 1_500_000, length: 1_500_000 },
]

/** Counts what is taken, in which pieces. */
function spied(throttle: Throttle): { readonly throttle: Throttle; readonly taken: number[] } {
  const taken: number[] = []
  return {
    taken,
    throttle: {
      ...throttle,
      take(bytes, signal) {
        if (bytes > 0) taken.push(bytes)
        return throttle.take(bytes, signal)
      },
    },
  }
}

test('createProvider: all content passes the throttle of its share, over lanes and without, in pieces of its rate', async () => {
  for (const lanes of [true, false]) {
    const { throttle, taken } = spied(createThrottle(100_000_000))
    const slow = Object.defineProperty({ ...throttle }, 'pieceBytes', { value: 100_000 })
    await using served = await testProvider({
      host: { encrypters: lanes ? 'tls-first' : 'noise-only' },
    })
    const offer = { ...memoryOffer({ owner: served.host.identity, files: [content] }), throttle: slow }
    await using offered = served.provider.offer(offer)
    await using receiver = await testHost()
    await using session = await testSession(receiver, served, offer.secret)
    for (const range of whole) {
      const { bytes } = await session.read([range])
      assert.ok(content.subarray(range.offset, range.offset + range.length).equals(bytes))
    }
    assert.equal(
      taken.reduce((sum, bytes) => sum + bytes, 0),
      content.byteLength,
    )
    assert.equal(Math.max(...taken), 100_000)
    assert.equal(offered.sessions, 1)
  }
})

test('createProvider: a paused share gives no content and all else, and keeps its links beyond the time of silence', async () => {
  const progressWindowMs = 40
  const throttle = createThrottle()
  await using served = await testProvider({ timing: { progressWindowMs } })
  const offer = { ...memoryOffer({ owner: served.host.identity, files: [content] }), throttle }
  await using offered = served.provider.offer(offer)
  await using receiver = await testHost()
  await using session = await testSession(receiver, served, offer.secret)
  throttle.pause()
  let answers = 0
  const reads = whole.map((range) => session.read([range]).then(() => answers++))
  assert.ok(Buffer.from(await session.root()).equals(offer.rootBytes))
  await after(progressWindowMs * 5)
  assert.deepEqual([answers, offer.reads, offered.sessions], [0, 0, 1])
  throttle.resume()
  await Promise.all(reads)
  assert.equal(answers, whole.length)
})

test('createProvider: an answer that is held back in its middle is not taken for a receiver that does not read', async () => {
  const progressWindowMs = 40
  const throttle = createThrottle(minBytesPerSecond)
  await using served = await testProvider({ timing: { progressWindowMs } })
  const offer = { ...memoryOffer({ owner: served.host.identity, files: [content] }), throttle }
  await using offered = served.provider.offer(offer)
  await using receiver = await testHost()
  await using session = await testSession(receiver, served, offer.secret)
  const reading = session.read([whole[0] as (typeof whole)[number]])
  await after(progressWindowMs * 5)
  assert.equal(offered.sessions, 1)
  throttle.setRate(undefined)
  assert.equal((await reading).bytes.byteLength, 1_500_000)
})

test('createProvider: a receiver that gives up leaves the queue of a paused share', async () => {
  const throttle = createThrottle()
  await using served = await testProvider()
  const offer = { ...memoryOffer({ owner: served.host.identity, files: [content] }), throttle }
  await using offered = served.provider.offer(offer)
  await using receiver = await testHost()
  await using session = await testSession(receiver, served, offer.secret)
  throttle.pause()
  const giveUp = new AbortController()
  const reading = session.read([whole[0] as (typeof whole)[number]], { signal: giveUp.signal })
  giveUp.abort()
  await assert.rejects(reading, { code: 'E_CANCELLED' })
  throttle.resume()
  assert.equal(offered.sessions, 1)
  assert.equal((await session.read([whole[1] as (typeof whole)[number]])).bytes.byteLength, 1_500_000)
})
