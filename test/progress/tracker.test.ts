import assert from 'node:assert/strict'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import * as fc from 'fast-check'
import type { ItemEvent, Snapshot } from '../../src/progress/events.ts'
import { maxFailuresKept } from '../../src/progress/events.ts'
import type { Tracker, TrackerOptions } from '../../src/progress/tracker.ts'
import { combinedBytes, createTracker } from '../../src/progress/tracker.ts'
import type { FakeClock } from '../support/fake-clock.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const error = { code: 'E_IO', message: 'broken' }

function setUp(options: Partial<TrackerOptions> = {}): {
  tracker: Tracker
  clock: FakeClock
  now: () => Snapshot
} {
  const clock = createFakeClock()
  const tracker = createTracker({
    id: 't',
    kind: 'receive',
    name: 'x',
    clock,
    wallClock: () => 0,
    ...options,
  })
  return { tracker, clock, now: () => tracker.snapshots.current }
}

test('reporter.bytes-accumulate: items, batches and what is under way add up', () => {
  const { tracker, now } = setUp()
  tracker.sink.totals({ files: 12, bytes: 1000, final: true })
  const a = tracker.sink.beginItem('a', 'fetch', 400)
  const b = tracker.sink.beginItem('b', 'fetch', 100)
  a.bytes(100)
  a.bytes(100)
  b.bytes(60)
  assert.equal(now().bytes.done, 160)
  a.bytes(50)
  assert.equal(now().bytes.done, 160, 'a late report does not take bytes back')
  b.done({ reusedBytes: 30 })
  tracker.sink.addDone({ files: 10, bytes: 500, reusedBytes: 200, hadFiles: 4 })
  assert.equal(now().bytes.done, 700)
  assert.deepEqual(now().files, { done: 11, total: 12, failed: 0, had: 4, final: true })
  assert.deepEqual([now().bytes.reused, now().bytes.transferred], [230, 470])
  a.done()
  assert.equal(now().bytes.done, 1000)
  assert.equal(now().percent, 99, 'never 100 before done')
  tracker.finalize({ state: 'done' })
  assert.equal(now().percent, 100)
})

test('reporter.finalize-clears: no live trackers after the end, also after an abort', () => {
  for (const outcome of [{ state: 'done' } as const, { state: 'cancelled', error } as const]) {
    const { tracker, clock, now } = setUp()
    const items = Array.from({ length: 20 }, (_, index) => tracker.sink.beginItem(`${index}`, 'fetch', 10))
    for (const item of items) item.bytes(5)
    assert.equal(tracker.size, 20)
    tracker.finalize(outcome)
    assert.equal(tracker.size, 0)
    assert.equal(clock.pending, 0)
    const before = now()
    for (const item of items) item.done()
    tracker.sink.beginItem('late', 'fetch', 1).fail(error)
    tracker.sink.addDone({ files: 1, bytes: 1 })
    assert.deepEqual(now(), before)
    assert.equal(tracker.size, 0)
  }
})

test('progress.upload-formula and progress.download-formula: the furthest pass, never above the whole', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.nat(), (copied, hashed, total) => {
      assert.equal(combinedBytes([copied, hashed], total), Math.min(Math.max(copied, hashed), total))
      assert.equal(combinedBytes([copied], total), Math.min(copied, total))
    }),
  )
})

test('percent: monotone, 0 … 99 while running, and still while the total may grow', () => {
  const report = fc.oneof(
    fc.record({ kind: fc.constant('bytes' as const), value: fc.nat(1000) }),
    fc.record({ kind: fc.constant('total' as const), value: fc.nat(5000) }),
    fc.record({ kind: fc.constant('fail' as const), value: fc.nat(1000) }),
  )
  fc.assert(
    fc.property(fc.array(report), (reports) => {
      const { tracker, now } = setUp()
      let before = 0
      let total = 0
      tracker.sink.totals({ files: 1, bytes: 0, final: false })
      assert.equal(now().percent, 0)
      for (const { kind, value } of reports) {
        const item = tracker.sink.beginItem('a', 'fetch', 1000)
        if (kind === 'total') tracker.sink.totals({ files: 1, bytes: (total += value), final: true })
        item.bytes(value)
        if (kind === 'fail') item.fail(error)
        else item.done()
        const { percent, bytes } = now()
        assert.ok(percent >= before && percent <= 99)
        assert.ok(bytes.done <= bytes.total)
        before = percent
      }
    }),
  )
})

test('hash.bar-proportional: half of the bytes is half of the bar', () => {
  const { tracker, now } = setUp({ kind: 'share' })
  tracker.sink.phase('hash')
  tracker.sink.totals({ files: 3, bytes: 10_000, final: true })
  tracker.sink.addDone({ files: 1, bytes: 1000 })
  tracker.sink.beginItem('big', 'hash', 8000).bytes(4000)
  assert.equal(now().percent, 50)
})

test('rate and eta: smoothed over about 15 s, eta only after 3 s, idle time grows', () => {
  const { tracker, clock, now } = setUp()
  tracker.sink.totals({ files: 1, bytes: 100_000_000, final: true })
  const item = tracker.sink.beginItem('a', 'fetch', 100_000_000)
  for (let second = 1; second <= 20; second++) {
    clock.advance(1000)
    item.bytes(second * 1_000_000)
    const { rate, etaSeconds } = now()
    assert.ok(Math.abs(rate - 1_000_000) < 1, `${rate}`)
    assert.equal(etaSeconds, second < 3 ? undefined : 100 - second)
  }
  clock.advance(15_000)
  assert.ok(Math.abs(now().rate - 1_000_000 * Math.exp(-1)) < 150_000, `${now().rate}`)
  assert.equal(now().idleMs, 15_000)
  tracker.finalize({ state: 'cancelled', error })
  assert.equal(now().rate, 20_000_000 / 35, 'the closing figure is the average')
})

test('rate: what was already here is no speed', () => {
  const { tracker, clock, now } = setUp()
  tracker.sink.totals({ files: 2, bytes: 2_000_000, final: true })
  tracker.sink.addDone({ files: 1, bytes: 1_000_000, reusedBytes: 1_000_000, hadFiles: 1 })
  clock.advance(4000)
  assert.deepEqual([now().rate, now().etaSeconds, now().percent], [0, undefined, 50])
  const item = tracker.sink.beginItem('a', 'fetch', 1_000_000)
  clock.advance(1000)
  item.bytes(500_000)
  assert.ok(now().rate > 0 && now().rate < 500_000)
  tracker.finalize({ state: 'done' })
  assert.equal(now().rate, 100_000)
})

test('rate: waiting for a peer does not count as slow work', () => {
  const { tracker, clock, now } = setUp()
  tracker.sink.totals({ files: 1, bytes: 10_000_000, final: true })
  tracker.sink.phase('resolve')
  clock.advance(3_600_000)
  tracker.sink.phase('fetch')
  const item = tracker.sink.beginItem('a', 'fetch', 10_000_000)
  clock.advance(1000)
  item.bytes(1_000_000)
  assert.deepEqual([Math.round(now().rate), now().etaSeconds], [1_000_000, undefined])
  clock.advance(4000)
  item.bytes(5_000_000)
  assert.deepEqual([Math.round(now().rate), now().etaSeconds], [1_000_000, 5])
  tracker.finalize({ state: 'done' })
  assert.equal(now().rate, 1_000_000)
})

test('steps.sequence and steps.messages: six steps, one sentence each', () => {
  const { tracker, now } = setUp()
  const seen: unknown[] = []
  const look = (): void => void seen.push([now().step, now().stepNumber, now().message])
  look()
  tracker.sink.phase('resolve')
  look()
  tracker.sink.phase('connect')
  look()
  tracker.sink.totals({ files: 1530, bytes: 8_401_239_112, final: true })
  tracker.sink.phase('fetch')
  look()
  tracker.sink.phase('verify', 'Checking what came')
  look()
  tracker.finalize({ state: 'done' })
  look()
  assert.deepEqual(seen, [
    ['waiting', 1, 'Waiting'],
    ['resolving', 2, 'Looking for peers'],
    ['connecting', 3, 'Connecting'],
    ['fetching', 4, 'Fetching 1,530 files (8.40 GB)'],
    ['verifying', 5, 'Checking what came'],
    ['completed', 6, 'Received 1,530 files (8.40 GB)'],
  ])
  const failed = setUp()
  failed.tracker.finalize({ state: 'failed', error })
  assert.deepEqual(
    [failed.now().step, failed.now().stepNumber, failed.now().message],
    ['failed', 6, 'Failed to receive x: broken'],
  )
})

test('failures: what was under way when the user stopped has not failed, and keeps its bytes', () => {
  const { tracker, now } = setUp()
  tracker.sink.totals({ files: 2, bytes: 100, final: true })
  const item = tracker.sink.beginItem('a', 'fetch', 100)
  item.bytes(60)
  item.fail({ code: 'E_CANCELLED', message: 'stop' })
  tracker.sink.failItem('b', { code: 'E_CANCELLED', message: 'stop' })
  assert.deepEqual([now().files.failed, now().bytes.done, now().percent, tracker.size], [0, 60, 60, 0])
})

test('failures: all are counted and told, the first thousand are kept', () => {
  const told: ItemEvent[] = []
  const { tracker, now } = setUp({ onItem: (item) => told.push(item) })
  for (let index = 0; index < maxFailuresKept + 50; index++) tracker.sink.failItem(`${index}`, error)
  assert.equal(now().files.failed, maxFailuresKept + 50)
  assert.equal(now().failures.length, maxFailuresKept)
  assert.equal(told.length, maxFailuresKept + 50)
})

test('peers: absolute per connection, summed over reconnects, bounded', () => {
  const { tracker, now } = setUp({ kind: 'share' })
  const peer = { peer: 'p', address: 'a', state: 'connected' } as const
  tracker.sink.phase('serve')
  tracker.sink.peer({ ...peer, bytes: 100 })
  tracker.sink.peer({ ...peer, bytes: 300 })
  tracker.sink.peer({ ...peer, bytes: 50 })
  assert.equal(now().bytes.transferred, 350)
  for (let index = 0; index < 1000; index++) {
    tracker.sink.peer({ peer: `${index}`, address: 'a', state: 'finished', bytes: 1 })
  }
  assert.equal(now().bytes.transferred, 1350)
  assert.ok(now().peers.length <= 256)
  assert.ok(now().peers.some((each) => each.peer === 'p'))
})

test('snapshots: a reader that is slow gets the newest and always the terminal one', async () => {
  const { tracker } = setUp()
  tracker.sink.totals({ files: 100, bytes: 0, final: true })
  const seen: Snapshot[] = []
  const reading = (async () => {
    for await (const snapshot of tracker.snapshots) {
      seen.push(snapshot)
      await new Promise((resolve) => setImmediate(resolve))
    }
  })()
  for (let index = 0; index < 100; index++) tracker.sink.beginItem(`${index}`, 'fetch', 0).done()
  tracker.finalize({ state: 'done' })
  await reading
  assert.ok(seen.length <= 3, `${seen.length} pictures`)
  assert.equal(seen.at(-1)?.state, 'done')
  const late: Snapshot[] = []
  for await (const snapshot of tracker.snapshots) late.push(snapshot)
  assert.deepEqual(
    late.map((snapshot) => snapshot.state),
    ['done'],
  )
})

test('reporter.burst: 100,000 reports leave the event loop free', async () => {
  const tracker = createTracker({ id: 't', kind: 'receive', name: '' })
  const lag = monitorEventLoopDelay({ resolution: 5 })
  lag.enable()
  const reading = (async () => {
    for await (const snapshot of tracker.snapshots) assert.equal(snapshot.id, 't')
  })()
  for (let burst = 0; burst < 100; burst++) {
    for (let index = 0; index < 1000; index++) {
      const item = tracker.sink.beginItem('a', 'fetch', 10)
      item.bytes(5)
      item.done()
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
  tracker.finalize({ state: 'done' })
  await reading
  lag.disable()
  assert.equal(tracker.snapshots.current.bytes.done, 1_000_000)
  // Generous against a busy machine; a loop that is not given back would show seconds.
  assert.ok(lag.percentile(99) / 1e6 < 250, `p99 ${lag.percentile(99) / 1e6} ms`)
})

test('tracker.threads: reports of eight workers add up exactly', async () => {
  const tracker = createTracker({ id: 't', kind: 'share', name: '' })
  const source = `const { parentPort } = require('node:worker_threads')
    for (let batch = 0; batch < 100; batch++) parentPort.postMessage({ files: 1000, bytes: 3000 })`
  await Promise.all(
    Array.from({ length: 8 }, () => {
      const worker = new Worker(source, { eval: true })
      worker.on('message', (counts: { files: number; bytes: number }) => tracker.sink.addDone(counts))
      return new Promise((resolve, reject) => worker.on('exit', resolve).on('error', reject))
    }),
  )
  assert.equal(tracker.snapshots.current.files.done, 800_000)
  assert.equal(tracker.snapshots.current.bytes.done, 2_400_000)
})

test('tracker: what is compared moves, but counts for nothing until it is known to be the same', () => {
  const { tracker } = setUp()
  tracker.sink.totals({ files: 1, bytes: 100, final: true })
  const item = tracker.sink.beginItem('a', 'fetch', 100)
  item.bytes(90, 'compare')
  const compared = tracker.snapshots.current
  assert.deepEqual([compared.bytes.done, compared.percent, compared.active[0]?.done], [0, 0, 90])
  item.bytes(40, 'fetch')
  assert.equal(tracker.snapshots.current.bytes.done, 40)
})

test('tracker: a step before the job is shown but never counted, and whoever wants every item hears of small files', () => {
  const told: string[] = []
  const onItem = ({ path, phase }: ItemEvent): void => void told.push(`${phase} ${path}`)
  for (const everyItem of [false, true]) {
    const tracker = createTracker({ id: 't', kind: 'share', name: '', onItem, everyItem })
    assert.equal(tracker.sink.tellItem !== undefined, everyItem)
    const step = tracker.sink.beginStep('in.zip', 'write', 100)
    step.bytes(60)
    const { active, bytes, files } = tracker.snapshots.current
    assert.deepEqual([active[0]?.done, bytes.done, files.done], [60, 0, 0])
    step.done()
    tracker.sink.tellItem?.({ path: 'small', phase: 'had-it', bytes: 1 })
    tracker.finalize({ state: 'done' })
    assert.deepEqual([tracker.size, tracker.snapshots.current.bytes.done], [0, 0])
  }
  assert.deepEqual(told, ['had-it small'])
})
