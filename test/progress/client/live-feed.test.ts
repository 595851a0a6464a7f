import assert from 'node:assert/strict'
import test from 'node:test'
import {
  delaysMs,
  longestDelayMs,
  startLiveFeed,
  type FeedOptions,
  type FeedStatus,
  type LiveFeed,
  type StreamHandlers,
} from '../../../src/progress/client/live-feed.ts'
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts'

interface Stream extends StreamHandlers<number> {
  readonly signal: AbortSignal
  end(error?: Error): void
}

/** A server of which the test plays the part: every stream and every poll waits for what it says. */
interface Stage {
  readonly clock: FakeClock
  readonly feed: LiveFeed
  readonly streams: Stream[]
  readonly events: number[]
  readonly errors: string[]
  readonly states: string[]
  polls: number
  /** What a poll answers. */
  answer: () => number
  settle(): Promise<void>
}

function setStage(options: Partial<FeedOptions<number>> & { readonly hasStreams?: boolean } = {}): Stage {
  const clock = createFakeClock()
  const streams: Stream[] = []
  const events: number[] = []
  const errors: string[] = []
  const states: string[] = []
  const stage = {
    clock,
    streams,
    events,
    errors,
    states,
    polls: 0,
    answer: (): number => 0,
    // Promises that follow each other, a few deep.
    async settle() {
      for (let turn = 0; turn < 10; turn++) await Promise.resolve()
    },
  }
  const stream = (handlers: StreamHandlers<number>, signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      streams.push({
        onOpen: () => handlers.onOpen(),
        onEvent: (event) => handlers.onEvent(event),
        signal,
        end: (error) => (error ? reject(error) : resolve()),
      })
    })
  const feed = startLiveFeed<number>({
    source: {
      stream: options.hasStreams === false ? undefined : stream,
      poll: async () => {
        stage.polls++
        return stage.answer()
      },
    },
    onEvent: (event) => events.push(event),
    onError: (error) => errors.push(error.message),
    onStatus: ({ connection, isPolling }: FeedStatus) => {
      const state = isPolling ? `${connection}, polling` : connection
      if (states.at(-1) !== state) states.push(state)
    },
    isLast: (event) => event === 100,
    clock,
    random: () => 0.5,
    ...options,
  })
  return Object.assign(stage, { feed })
}

/** The newest stream fails. */
async function fail(stage: Stage, error = new Error('refused')): Promise<void> {
  stage.streams.at(-1)?.end(error)
  await stage.settle()
}

test('startLiveFeed: pauses are 1, 2, 4, 8 and 15 s, then it polls each second and tries a stream each 30 s', async () => {
  const stage = setStage()
  for (const [index, pauseMs] of delaysMs.entries()) {
    assert.equal(stage.streams.length, index + 1)
    await fail(stage)
    assert.deepEqual([stage.feed.status.retryInMs, stage.feed.status.isPolling], [pauseMs, false])
    stage.clock.advance(pauseMs - 1)
    assert.equal(stage.streams.length, index + 1)
    stage.clock.advance(1)
  }
  assert.deepEqual(stage.errors, [])
  await fail(stage)
  assert.deepEqual(stage.errors, ['refused'])
  assert.equal(stage.feed.status.isPolling, true)
  assert.equal(stage.polls, 1)
  for (let second = 0; second < 29; second++) {
    stage.clock.advance(1000)
    await stage.settle()
  }
  assert.equal(stage.polls, 30)
  assert.equal(stage.streams.length, 6)
  stage.clock.advance(1000)
  await stage.settle()
  assert.equal(stage.streams.length, 7)
  assert.ok(stage.feed.status.retryInMs === longestDelayMs)
  stage.feed.stop()
})

test('startLiveFeed: a stream that comes up ends the polling', async () => {
  const stage = setStage()
  for (const pauseMs of [...delaysMs, 0]) {
    await fail(stage)
    stage.clock.advance(pauseMs)
  }
  stage.clock.advance(longestDelayMs)
  await stage.settle()
  stage.streams.at(-1)?.onOpen()
  const { polls } = stage
  assert.equal(stage.clock.pending, 0)
  stage.clock.advance(5000)
  await stage.settle()
  assert.equal(stage.polls, polls)
  assert.deepEqual(stage.states, ['reconnecting', 'reconnecting, polling', 'connected'])
  stage.feed.stop()
  assert.equal(stage.clock.pending, 0)
})

test('startLiveFeed: a stream that was up for ten seconds had not failed', async () => {
  const stage = setStage()
  await fail(stage)
  stage.clock.advance(1000)
  stage.streams.at(-1)?.onOpen()
  stage.clock.advance(9_999)
  await fail(stage)
  assert.equal(stage.feed.status.retryInMs, 2000)
  stage.clock.advance(2000)
  stage.streams.at(-1)?.onOpen()
  stage.clock.advance(10_000)
  await fail(stage)
  assert.equal(stage.feed.status.retryInMs, 1000)
  stage.feed.stop()
})

test('startLiveFeed: pauses are spread by a fifth, and none is longer than 30 s', async () => {
  for (const [random, expected] of [
    [0, 800],
    [1, 1200],
  ] as const) {
    const stage = setStage({ random: () => random })
    await fail(stage)
    assert.equal(stage.feed.status.retryInMs, expected)
    stage.feed.stop()
  }
})

test('startLiveFeed: where no stream can be had it polls from the beginning', async () => {
  const stage = setStage({ hasStreams: false, pollIntervalMs: 250 })
  await stage.settle()
  stage.answer = () => stage.polls
  for (let count = 0; count < 4; count++) {
    stage.clock.advance(250)
    await stage.settle()
  }
  assert.deepEqual(stage.events, [0, 2, 3, 4, 5])
  assert.equal(stage.polls, 5)
  stage.feed.stop()
  assert.equal(stage.clock.pending, 0)
})

test('startLiveFeed: polls that fail are told as disconnected, and as reconnecting when they work again', async () => {
  const stage = setStage({ hasStreams: false })
  await stage.settle()
  stage.answer = () => {
    throw new Error('down')
  }
  stage.clock.advance(1000)
  await stage.settle()
  assert.equal(stage.feed.status.connection, 'disconnected')
  stage.answer = () => 7
  stage.clock.advance(1000)
  await stage.settle()
  assert.equal(stage.feed.status.connection, 'reconnecting')
  assert.equal(stage.events.at(-1), 7)
  stage.feed.stop()
})

test('startLiveFeed: nothing is polled while nobody looks', async () => {
  let hidden = true
  const stage = setStage({ hasStreams: false, isHidden: () => hidden })
  stage.clock.advance(3000)
  await stage.settle()
  assert.equal(stage.polls, 0)
  hidden = false
  stage.clock.advance(1000)
  await stage.settle()
  assert.equal(stage.polls, 1)
  stage.feed.stop()
})

test('startLiveFeed: behind the last event nothing is open, set or told', async () => {
  const stage = setStage()
  const [stream] = stage.streams as [Stream]
  stream.onOpen()
  stream.onEvent(50)
  stream.onEvent(100)
  stream.onEvent(60)
  assert.deepEqual(stage.events, [50, 100])
  assert.ok(stream.signal.aborted)
  await fail(stage)
  assert.equal(stage.clock.pending, 0)
  assert.equal(stage.feed.status.connection, 'idle')
  assert.deepEqual(stage.errors, [])
})

test('startLiveFeed: a refusal for good ends it and is told once', async () => {
  const stage = setStage()
  await fail(stage, Object.assign(new Error('no such transfer'), { permanent: true }))
  assert.deepEqual(stage.errors, ['no such transfer'])
  assert.equal(stage.feed.status.connection, 'disconnected')
  assert.equal(stage.clock.pending, 0)
})

test('startLiveFeed: after stop nothing is told, whatever still comes', async () => {
  const stage = setStage()
  const [stream] = stage.streams as [Stream]
  stream.onOpen()
  stage.feed.stop()
  stage.feed.stop()
  stream.onEvent(1)
  stream.onOpen()
  await fail(stage)
  assert.deepEqual(stage.events, [])
  assert.deepEqual(stage.states, ['reconnecting', 'connected', 'idle'])
  assert.equal(stage.clock.pending, 0)
})

test('startLiveFeed: a server that ends the stream without a last event is sought again', async () => {
  const stage = setStage()
  stage.streams[0]?.onOpen()
  stage.streams[0]?.end()
  await stage.settle()
  stage.clock.advance(1000)
  assert.equal(stage.streams.length, 2)
  stage.feed.stop()
})
