import assert from 'node:assert/strict'
import test from 'node:test'
import {
  addSample,
  graphOf,
  niceCeiling,
  seriesWindowMs,
  spanOf,
  topOf,
  type SpeedSeries,
} from '../../../src/web/model/speed-series.ts'

test('addSample: keeps the window and one sample before it', () => {
  let series: SpeedSeries = []
  for (let second = 0; second <= 400; second++)
    series = addSample(series, { atMs: second * 1000, rate: second })
  assert.equal(series.length, seriesWindowMs / 1000 + 2)
  assert.equal(series.at(-1)?.rate, 400)
  assert.deepEqual(addSample(series, { atMs: 10_000_000, rate: 1 }), [{ atMs: 10_000_000, rate: 1 }])
})

test('niceCeiling: is round, and never below', () => {
  assert.deepEqual([0, 1, 3, 7, 42e6, 1e9, 1.1e9].map(niceCeiling), [1, 1, 5, 10, 50e6, 1e9, 2e9])
  assert.equal(topOf([[], [{ atMs: 0, rate: 3 }], [{ atMs: 0, rate: 12 }]]), 20)
})

test('graphOf: the present is at the right edge, the top speed at the top', () => {
  const series = [
    { atMs: 0, rate: 0 },
    { atMs: seriesWindowMs / 2, rate: 50 },
    { atMs: seriesWindowMs, rate: 100 },
  ]
  const frame = { nowMs: seriesWindowMs, spanMs: seriesWindowMs, width: 100, height: 10, top: 100 }
  assert.deepEqual(graphOf(series, frame), {
    line: 'M0 10L50 5L100 0',
    area: 'M0 10L50 5L100 0L100 10L0 10Z',
  })
  assert.deepEqual(graphOf(series.slice(0, 1), frame), { line: '', area: '' })
})

test('spanOf: grows with what there is to show, up to the window', () => {
  const from = (atMs: number): SpeedSeries => [{ atMs, rate: 1 }]
  assert.equal(spanOf([[], []], 5000), 30_000)
  assert.equal(spanOf([from(0), from(20_000)], 31_000), 60_000)
  assert.equal(spanOf([from(0)], 10_000_000), seriesWindowMs)
})
