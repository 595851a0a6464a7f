import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endedFiles, logLines } from '../../src/tui/watch-jobs.ts'
import { fakeJob, fakeSnapshot } from '../support/fake-board.ts'

const file = (path: string): { path: string; phase: 'fetch'; done: number; total: number; rate: number } => ({
  path,
  phase: 'fetch',
  done: 1,
  total: 10,
  rate: 1,
})
const failure = (path: string): { path: string; error: { code: string; message: string } } => ({
  path,
  error: { code: 'E_IO', message: 'it broke' },
})
const before = fakeJob({ snapshot: fakeSnapshot({ active: [file('a'), file('b'), file('c')] }) })

test('endedFiles: what was under way and is not has ended, unless it failed', () => {
  const now = fakeJob({ snapshot: fakeSnapshot({ active: [file('c')], failures: [failure('b')] }) })
  assert.deepEqual(endedFiles(before, now, [{ path: 'old', bytes: 1 }]), [
    { path: 'a', bytes: 10 },
    { path: 'old', bytes: 1 },
  ])
})

test('endedFiles: a job that is stopped lets go of files that have not ended', () => {
  for (const state of ['cancelled', 'failed', 'paused'] as const) {
    const now = fakeJob({ state, snapshot: fakeSnapshot({ state, active: [] }) })
    assert.deepEqual(endedFiles(before, now, []), [], state)
  }
})

test('endedFiles: another run begins with none', () => {
  const now = fakeJob({ attempts: 2, snapshot: fakeSnapshot({ active: [] }) })
  assert.deepEqual(endedFiles(before, now, [{ path: 'old', bytes: 1 }]), [])
})

test('logLines: each failure once, and how it ended', () => {
  const first = fakeJob({ snapshot: fakeSnapshot({ failures: [failure('a')] }) })
  const second = fakeJob({ snapshot: fakeSnapshot({ failures: [failure('a'), failure('b')] }) })
  assert.deepEqual(
    logLines(first, second).map(({ text }) => text),
    ['receive Pictures: b failed: it broke'],
  )
  const end = fakeJob({
    state: 'failed',
    snapshot: fakeSnapshot({
      state: 'failed',
      error: { code: 'E_IO', message: 'Cannot do it', hint: 'try' },
    }),
  })
  assert.deepEqual(logLines(second, end).at(-1), {
    level: 'error',
    text: 'receive Pictures: Cannot do it (try)',
  })
  assert.deepEqual(logLines(end, end), [])
})

test('logLines: pause, going on and running again are told', () => {
  const paused = fakeJob({ state: 'paused' })
  const texts = (from: typeof paused, to: typeof paused): string[] =>
    logLines(from, to).map(({ text }) => text)
  assert.deepEqual(texts(fakeJob(), paused), ['receive Pictures: paused'])
  assert.deepEqual(texts(paused, fakeJob()), ['receive Pictures: goes on'])
  assert.deepEqual(texts(fakeJob({ state: 'cancelled' }), fakeJob({ attempts: 2 })), [
    'receive Pictures: runs again',
  ])
})
