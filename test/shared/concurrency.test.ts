import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { backoffMs, createSemaphore, delay, mapBounded, retry } from '../../src/shared/concurrency.ts'
import { FerryError } from '../../src/shared/errors.ts'

const codeOf = (error: unknown): string | undefined => (error instanceof FerryError ? error.code : undefined)
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('mapBounded: every item once, never more than the limit under way', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 0, max: 40 }),
      async (limit, count) => {
        let running = 0
        let most = 0
        const seen: number[] = []
        await mapBounded(
          Array.from({ length: count }, (_, index) => index),
          async (item) => {
            most = Math.max(most, ++running)
            await tick()
            seen.push(item)
            running--
          },
          { limit },
        )
        assert.deepEqual(
          seen.toSorted((a, b) => a - b),
          Array.from({ length: count }, (_, index) => index),
        )
        assert.equal(most, Math.min(limit, count))
      },
    ),
    { numRuns: 30 },
  )
})

test('mapBounded: pulls an endless source only when a place is free, and closes it after a failure', async () => {
  let pulled = 0
  let closed = false
  async function* endless(): AsyncGenerator<number> {
    try {
      for (;;) yield pulled++
    } finally {
      closed = true
    }
  }
  const run = mapBounded(
    endless(),
    async (item) => {
      await tick()
      if (item === 10) throw new Error('ten')
    },
    { limit: 3 },
  )
  await assert.rejects(run, /ten/)
  assert.ok(pulled <= 15, `pulled ${pulled}`)
  assert.ok(closed)
})

test('mapBounded: awaits what is under way before it rejects, and stops on abort', async () => {
  const controller = new AbortController()
  let running = 0
  const run = mapBounded(
    Array.from({ length: 100 }, (_, index) => index),
    async (item) => {
      running++
      await tick()
      if (item === 5) controller.abort()
      await tick()
      running--
    },
    { limit: 4, signal: controller.signal },
  )
  await assert.rejects(run, (error) => codeOf(error) === 'E_CANCELLED')
  assert.equal(running, 0)
})

test('createSemaphore: first come first served, weights, and an aborted wait gives its place up', async () => {
  const semaphore = createSemaphore(10)
  const releaseSix = await semaphore.acquire(undefined, 6)
  const controller = new AbortController()
  const waiting = semaphore.acquire(controller.signal, 8)
  const order: string[] = []
  const later = semaphore.acquire(undefined, 3).then((release) => {
    order.push('three')
    return release
  })
  await tick()
  assert.deepEqual(order, [], 'the smaller one must not overtake')
  controller.abort()
  await assert.rejects(waiting, (error) => codeOf(error) === 'E_CANCELLED')
  const releaseThree = await later
  releaseSix()
  releaseSix()
  releaseThree()
  assert.equal(semaphore.available, 10)
  const whole = await semaphore.acquire(undefined, 99)
  assert.equal(semaphore.available, 0)
  whole()
})

test('delay: an abort ends it and leaves no listener', async () => {
  const controller = new AbortController()
  const wait = delay(1_000_000, controller.signal)
  controller.abort()
  await assert.rejects(wait, (error) => codeOf(error) === 'E_CANCELLED')
  await delay(0, new AbortController().signal)
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
})

test('retry: only retryable failures, pauses double up to the cap with jitter around them', async () => {
  const pauses: number[] = []
  const sleep = async (ms: number): Promise<void> => void pauses.push(ms)
  let calls = 0
  const failing = async (): Promise<never> => {
    calls++
    throw new FerryError('E_UNREACHABLE', 'no', { retryable: true })
  }
  await assert.rejects(retry(failing, { attempts: 8, sleep, random: () => 0.5 }), /no/)
  assert.equal(calls, 8)
  assert.deepEqual(pauses, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
  calls = 0
  await assert.rejects(
    retry(
      async () => {
        calls++
        throw new FerryError('E_REFUSED', 'no')
      },
      { sleep },
    ),
  )
  assert.equal(calls, 1)
  assert.equal(await retry(async (attempt) => (attempt < 3 ? failing() : attempt), { sleep }), 3)
  for (const random of [0, 0.3, 0.999]) {
    const ms = backoffMs(2, { random: () => random })
    assert.ok(ms >= 1500 && ms <= 2500, `${ms}`)
  }
})
