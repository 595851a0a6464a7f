import assert from 'node:assert/strict'
import test from 'node:test'
import type { EngineChange, JobView } from '../../../src/jobs/engine-types.ts'
import { emptyState, reducePage, type PageAction, type PageState } from '../../../src/web/model/page-state.ts'
import { fakeJob } from '../../support/job-views.ts'

const change = (jobs: readonly JobView[], rest: Partial<EngineChange> = {}, atMs = 1000): PageAction => ({
  type: 'change',
  change: { whole: false, jobs, removed: [], ...rest },
  atMs,
})
const after = (...actions: readonly PageAction[]): PageState => actions.reduce(reducePage, emptyState)
const ended = (
  state: 'done' | 'failed' | 'cancelled',
  snapshot: Partial<JobView['snapshot']> = {},
): JobView => fakeJob({ state, endedAtMs: 5000, snapshot })

test('reducePage: a change replaces and adds jobs, and the newest comes first', () => {
  const old = fakeJob({ id: 't_1', createdAtMs: 1 })
  const young = fakeJob({ id: 't_2', createdAtMs: 2 })
  const state = after(
    change([old], { whole: true }),
    change([young]),
    change([fakeJob({ id: 't_1', createdAtMs: 1, snapshot: { percent: 60 } })]),
  )
  assert.deepEqual(
    state.jobs.map(({ id, snapshot }) => [id, snapshot.percent]),
    [
      ['t_2', 50],
      ['t_1', 60],
    ],
  )
  assert.deepEqual(
    after(change([old, young]), change([], { removed: ['t_1'] })).jobs.map(({ id }) => id),
    ['t_2'],
  )
})

test('reducePage: what a whole picture does not hold is gone', () => {
  const state = after(change([fakeJob({ id: 't_1' })]), change([fakeJob({ id: 't_2' })], { whole: true }))
  assert.deepEqual(
    state.jobs.map(({ id }) => id),
    ['t_2'],
  )
})

test('reducePage: an end is news only of what was seen running', () => {
  assert.deepEqual(after(change([ended('done')], { whole: true })).notices, [])
  const states = ['done', 'failed', 'cancelled'] as const
  const told = states.map((state) => {
    const error = { code: 'E_IO', message: 'Cannot write', hint: 'free some space' }
    return after(change([fakeJob()]), change([ended(state, { error })])).notices
  })
  assert.deepEqual(
    told.map(([notice]) => [notice?.tone, notice?.text]),
    [
      ['good', 'Receive of Pictures is complete'],
      ['bad', 'Receive of Pictures failed: Cannot write'],
      ['quiet', 'Receive of Pictures was stopped'],
    ],
  )
  assert.equal(told[1]?.[0]?.hint, 'free some space')
  assert.equal(after(change([fakeJob()]), change([ended('done')]), change([ended('done')])).notices.length, 1)
  // So quick that it was never seen running.
  assert.equal(after(change([], { whole: true }), change([ended('done')])).notices.length, 1)
})

test('reducePage: a dry run is never told as if it had changed something', () => {
  const plan = { new: 1, changed: 0, attributes: 0, same: 0, delete: 0, skipped: 0 }
  const sync = { plan, planned: true, sentBytes: 0, copiedBytes: 0, savedBytes: 0, dryRun: true }
  const job = fakeJob({ kind: 'sync', title: 'site', snapshot: { sync } })
  const { notices } = after(change([job]), change([{ ...job, state: 'done', endedAtMs: 5000 }]))
  assert.equal(notices[0]?.text, 'Dry run of site is complete: nothing was changed')
})

test('reducePage: the step at which something failed is kept', () => {
  const state = after(
    change([fakeJob({ snapshot: { stepNumber: 3 } })]),
    change([ended('failed', { stepNumber: 6 })]),
  )
  assert.equal(state.reached.get('t_1'), 3)
  const again = reducePage(state, change([{ ...ended('failed'), attempts: 2 }]))
  assert.equal(again.reached.get('t_1'), undefined, 'of another run')
  assert.equal(reducePage(state, change([], { removed: ['t_1'] })).reached.size, 0)
})

test('reducePage: notices go by themselves, failures later, and by hand at once', () => {
  const notice = { tone: 'good', text: 'a', atMs: 0 } as const
  const both = after(
    { type: 'notice', notice },
    { type: 'notice', notice: { ...notice, tone: 'bad', text: 'b' } },
  )
  const texts = (state: PageState): string[] => state.notices.map(({ text }) => text)
  assert.deepEqual(texts(reducePage(both, { type: 'tick', atMs: 5999 })), ['a', 'b'])
  assert.deepEqual(texts(reducePage(both, { type: 'tick', atMs: 6000 })), ['b'])
  assert.deepEqual(texts(reducePage(both, { type: 'tick', atMs: 20_000 })), [])
  assert.deepEqual(texts(reducePage(both, { type: 'dismiss', key: both.notices[1]?.key as number })), ['a'])
  const many = after(
    ...Array.from(
      { length: 9 },
      (_, index): PageAction => ({ type: 'notice', notice: { ...notice, text: `${index}` } }),
    ),
  )
  assert.deepEqual(texts(many), ['5', '6', '7', '8'])
})

test('reducePage: each second adds the speed of each running job, and an ended one keeps its line', () => {
  const rates = (state: PageState, key: string): number[] =>
    (state.series.get(key) ?? []).map(({ rate }) => rate)
  const state = after(
    change([
      fakeJob({ snapshot: { rate: 10 } }),
      fakeJob({ id: 't_2', kind: 'share', snapshot: { rate: 4, phase: 'serve' } }),
    ]),
    { type: 'tick', atMs: 1000 },
    change([fakeJob({ state: 'paused', snapshot: { rate: 10 } })]),
    { type: 'tick', atMs: 2000 },
    change([ended('done')]),
    { type: 'tick', atMs: 3000 },
  )
  assert.deepEqual(rates(state, 't_1'), [10, 0])
  assert.deepEqual(rates(state, 'down'), [10, 0, 0])
  assert.deepEqual(rates(state, 'up'), [4, 4, 4])
})

test('reducePage: without a connection nothing is said to be fast', () => {
  const status = { connection: 'disconnected', isPolling: true, failures: 6, retryInMs: 30_000 } as const
  const state = after(
    change([fakeJob()]),
    { type: 'tick', atMs: 1000 },
    { type: 'link', status, atMs: 1500 },
    { type: 'tick', atMs: 2000 },
  )
  assert.equal(state.series.get('t_1')?.length, 1)
  assert.equal(state.retryAtMs, 31_500)
})

test('reducePage: a refusal is kept until something is told again', () => {
  const refused = after({ type: 'refused', message: 'the token is wrong' })
  assert.equal(refused.refusal, 'the token is wrong')
  assert.equal(reducePage(refused, change([], { whole: true })).refusal, undefined)
})
