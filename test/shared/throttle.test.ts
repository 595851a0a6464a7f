import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { FerryError } from '../../src/shared/errors.ts'
import { createThrottle, minBytesPerSecond } from '../../src/shared/throttle.ts'
import { createFakeClock } from '../support/fake-clock.ts'

/** Lets everything run that waits for nothing but its turn. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('createThrottle: without a rate everything passes at once, at no cost', () => {
  const throttle = createThrottle()
  assert.equal(throttle.take(1e12), undefined)
  assert.equal(throttle.pieceBytes, Number.POSITIVE_INFINITY)
})

test('createThrottle: over ten seconds no more passes than the rate allows, and no less than a piece below it', async () => {
  for (const pieceBytes of [1000, 64 * 1024, 1024 * 1024]) {
    const clock = createFakeClock()
    const rate = 1000 * 1024
    const throttle = createThrottle(rate, clock)
    let passed = 0
    const lanes = { areOver: false }
    const lane = async (): Promise<void> => {
      while (!lanes.areOver) {
        await throttle.take(pieceBytes)
        passed += pieceBytes
      }
    }
    for (let count = 0; count < 4; count++) void lane()
    for (let ms = 0; ms < 10_000; ms += 1) {
      clock.advance(1)
      await settle()
    }
    lanes.areOver = true
    const allowed = rate * 10
    assert.ok(passed <= allowed, `${passed} of ${allowed} in pieces of ${pieceBytes}`)
    assert.ok(passed >= (allowed - pieceBytes) * 0.95, `${passed} of ${allowed} in pieces of ${pieceBytes}`)
  }
})

test('createThrottle: time in which nothing was wanted is not saved up', async () => {
  const clock = createFakeClock()
  const throttle = createThrottle(10_000, clock)
  clock.advance(60_000)
  let passed = false
  void throttle.take(10_000)?.then(() => (passed = true))
  clock.advance(999)
  await settle()
  assert.equal(passed, false)
  clock.advance(1)
  await settle()
  assert.equal(passed, true)
})

test('createThrottle: a new rate acts on those who wait, and none lets all pass', async () => {
  const clock = createFakeClock()
  const throttle = createThrottle(minBytesPerSecond, clock)
  const passed: number[] = []
  for (const id of [1, 2, 3]) void throttle.take(1_000_000)?.then(() => passed.push(id))
  throttle.setRate(1_000_000)
  clock.advance(1000)
  await settle()
  assert.deepEqual(passed, [1])
  throttle.setRate(undefined)
  await settle()
  assert.deepEqual(passed, [1, 2, 3])
  assert.equal(clock.pending, 0)
})

test('createThrottle: nothing passes while paused, and all of it after', async () => {
  const throttle = createThrottle()
  throttle.pause()
  let passed = 0
  const pass = async (bytes: number): Promise<void> => {
    await throttle.take(bytes)
    passed++
  }
  const waiting = [pass(0), pass(5)]
  await settle()
  assert.equal(passed, 0)
  throttle.resume()
  await Promise.all(waiting)
  assert.equal(passed, 2)
})

test('createThrottle: who is cancelled leaves the queue to the others and no listener behind', async () => {
  const clock = createFakeClock()
  const throttle = createThrottle(10_000, clock)
  const controller = new AbortController()
  const first = throttle.take(1_000_000, controller.signal)
  const second = throttle.take(10_000)
  controller.abort()
  await assert.rejects(first as Promise<void>, { code: 'E_CANCELLED' })
  clock.advance(1000)
  await second
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
  await assert.rejects(throttle.take(1, controller.signal) as Promise<void>, { code: 'E_CANCELLED' })
})

test('createThrottle: a rate too slow for any link is refused', () => {
  for (const rate of [0, -1, Number.NaN, minBytesPerSecond - 1, Number.POSITIVE_INFINITY])
    assert.throws(() => createThrottle(rate), FerryError)
  const throttle = createThrottle(minBytesPerSecond)
  assert.throws(() => throttle.setRate(1), { code: 'E_USAGE' })
  assert.equal(throttle.bytesPerSecond, minBytesPerSecond)
})
