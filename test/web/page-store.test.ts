import assert from 'node:assert/strict'
import test from 'node:test'
import type { EngineChange } from '../../src/jobs/engine-types.ts'
import type { StreamHandlers } from '../../src/progress/client/live-feed.ts'
import { parseChange } from '../../src/web/server/api.ts'
import { createPageStore, hiddenPollMs } from '../../src/web/server/page-store.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { fakeJob } from '../support/job-views.ts'

const whole: EngineChange = { whole: true, jobs: [fakeJob()], removed: [] }

/** Promises that follow each other, a few deep. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
}

test('createPageStore: a page that nobody sees gives its stream back and asks now and then', async () => {
  const clock = createFakeClock()
  const streams: { readonly handlers: StreamHandlers<EngineChange>; readonly signal: AbortSignal }[] = []
  let polls = 0
  const store = createPageStore({
    clock,
    now: clock.now,
    source: {
      stream: (handlers, signal) => new Promise(() => streams.push({ handlers, signal })),
      async poll() {
        polls++
        return whole
      },
    },
  })
  store.follow(false)
  streams[0]?.handlers.onOpen()
  streams[0]?.handlers.onEvent(whole)
  assert.deepEqual([store.getState().link.connection, store.getState().jobs.length], ['connected', 1])

  store.follow(true)
  assert.equal(streams[0]?.signal.aborted, true)
  for (let turn = 0; turn < 4; turn++) {
    await settle()
    clock.advance(hiddenPollMs)
  }
  assert.deepEqual([streams.length, polls], [1, 5], 'at once, and then each time')

  store.follow(false)
  await settle()
  assert.equal(streams.length, 2)
  store.stop()
  assert.deepEqual([streams[1]?.signal.aborted, clock.pending], [true, 0])
})

test('createPageStore: what the server refuses for good is kept as the reason', async () => {
  const clock = createFakeClock()
  const refusal = Object.assign(new Error('the token is missing or wrong'), { permanent: true })
  const refuse = (): Promise<never> => Promise.reject(refusal)
  const store = createPageStore({ clock, now: clock.now, source: { stream: refuse, poll: refuse } })
  store.follow(false)
  await settle()
  assert.equal(store.getState().refusal, 'the token is missing or wrong')
  store.stop()
})

test('parseChange: a poll is a whole picture, a stream tells changes', () => {
  const job = fakeJob()
  assert.deepEqual(parseChange(JSON.stringify([job])), { whole: true, jobs: [job], removed: [] })
  const change = { whole: false, jobs: [], removed: ['t_1'] }
  assert.deepEqual(parseChange(JSON.stringify(change)), change)
  assert.throws(() => parseChange('<html>'))
})
