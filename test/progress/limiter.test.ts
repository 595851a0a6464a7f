import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLimiter } from '../../src/progress/limiter.ts'
import { createFakeClock } from '../support/fake-clock.ts'

test('limiter.interval: 10,000 changes in one second come out at most 11 times, the last one included', () => {
  const clock = createFakeClock()
  let value = 0
  const seen: number[] = []
  const limiter = createLimiter(() => seen.push(value), clock)
  for (value = 1; value <= 10_000; value++) {
    limiter.changed()
    clock.advance(0.1)
  }
  value = 10_000
  clock.advance(200)
  assert.ok(seen.length <= 11, `${seen.length} emissions`)
  assert.equal(seen.at(-1), 10_000)
})

test('limiter.force-on-done: a forced emission does not wait for the interval', () => {
  const clock = createFakeClock()
  let emitted = 0
  const limiter = createLimiter(() => emitted++, clock)
  limiter.changed()
  limiter.changed()
  assert.equal(emitted, 1)
  limiter.force()
  assert.equal(emitted, 2)
  assert.equal(clock.pending, 0, 'the forced one stands for the pending one')
})

test('limiter.close: leaves no timer and emits nothing more', () => {
  const clock = createFakeClock()
  let emitted = 0
  const limiter = createLimiter(() => emitted++, clock)
  limiter.changed()
  limiter.changed()
  limiter.close()
  limiter.force()
  limiter.changed()
  clock.advance(1000)
  assert.equal(emitted, 1)
  assert.equal(clock.pending, 0)
})
