import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isTerminal, progressEvent } from '../../src/progress/progress-event.ts'
import { createTracker } from '../../src/progress/tracker.ts'

const finished = (state: 'done' | 'failed' | 'cancelled') => {
  const tracker = createTracker({ id: 't_1', kind: 'share', name: 'Pictures' })
  tracker.sink.totals({ files: 2, bytes: 2_400_000_000, final: true })
  const error = { code: 'E_IO', message: 'Cannot read', hint: 'try again' }
  tracker.finalize(state === 'done' ? { state } : { state, error })
  return { snapshot: tracker.snapshots.current, state, ticket: 'ferry1x' }
}

test('progressEvent: every field, with text for people and numbers for programs', () => {
  const event = progressEvent(finished('done'))
  const { timestamp, ...rest } = event
  assert.match(timestamp, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  assert.deepEqual(rest, {
    transferId: 't_1',
    kind: 'share',
    name: 'Pictures',
    state: 'done',
    step: 'completed',
    stepNumber: 6,
    totalSteps: 6,
    progress: 100,
    fileCount: 2,
    totalSize: '2.40 GB',
    message: 'Shared 2 files (2.40 GB)',
    ticket: 'ferry1x',
    files: { done: 0, total: 2, failed: 0, had: 0, final: true },
    bytes: { done: 0, total: 2_400_000_000, reused: 0, transferred: 0 },
    rate: 0,
    etaSeconds: null,
    peers: 0,
  })
  assert.ok(isTerminal(event))
})

test('progressEvent: an error only when it failed, a ticket only when all is there', () => {
  const failed = progressEvent(finished('failed'))
  assert.deepEqual([failed.error, failed.errorCode, failed.hint], ['Cannot read', 'E_IO', 'try again'])
  assert.ok(!('ticket' in failed))
  const cancelled = progressEvent(finished('cancelled'))
  assert.ok(!('error' in cancelled) && !('ticket' in cancelled))
  const tracker = createTracker({ id: 't_1', kind: 'share', name: '' })
  const facts = { state: 'running', ticket: 'ferry1x' }
  const hashing = progressEvent({ ...facts, snapshot: tracker.snapshots.current })
  assert.ok(!('ticket' in hashing) && !isTerminal(hashing))
  tracker.sink.phase('serve')
  assert.equal(progressEvent({ ...facts, snapshot: tracker.snapshots.current }).ticket, 'ferry1x')
})
