import assert from 'node:assert/strict'
import test from 'node:test'
import {
  barPercent,
  etaText,
  momentText,
  pageTitle,
  rateText,
  savingsOf,
  totalsOf,
} from '../../../src/web/model/figures.ts'
import { fakeJob } from '../../support/job-views.ts'

test('etaText: tells what is left, that it is stalled, or nothing', () => {
  assert.equal(etaText(fakeJob({ snapshot: { etaSeconds: 144 } })), '2m 24s')
  assert.equal(etaText(fakeJob({ snapshot: { etaSeconds: undefined } })), '–')
  assert.equal(etaText(fakeJob({ snapshot: { idleMs: 12_000 } })), 'stalled 12s')
  assert.equal(
    etaText(fakeJob({ snapshot: { idleMs: 12_000, phase: 'connect', etaSeconds: undefined } })),
    '–',
  )
  assert.equal(etaText(fakeJob({ state: 'paused', snapshot: { idleMs: 60_000 } })), '–')
})

test('rateText: is told only of what runs and moves', () => {
  assert.equal(rateText(fakeJob({ snapshot: { rate: 42_100_000 } })), '42.1 MB/s')
  assert.equal(rateText(fakeJob({ snapshot: { rate: 0 } })), '–')
  assert.equal(rateText(fakeJob({ state: 'done' })), '–')
})

test('barPercent: is unknown without a total, and whole only for what is whole', () => {
  const nothing = { done: 0, total: 0, reused: 0, transferred: 0 }
  const noFiles = { done: 0, total: 0, failed: 0, had: 0, final: false }
  assert.equal(barPercent(fakeJob({ snapshot: { bytes: nothing, files: noFiles, percent: 0 } })), undefined)
  assert.equal(barPercent(fakeJob({ snapshot: { percent: 99 } })), 99)
  assert.equal(barPercent(fakeJob({ state: 'done', snapshot: { percent: 100 } })), 100)
  assert.equal(barPercent(fakeJob({ kind: 'share', snapshot: { phase: 'serve', percent: 99 } })), 100)
  assert.equal(barPercent(fakeJob({ state: 'failed', snapshot: { percent: 64 } })), 64)
})

test('savingsOf: a receive has things already here, a sync has them copied on the server', () => {
  assert.deepEqual(savingsOf(fakeJob()), [
    { label: 'Fetched', text: '900 B' },
    { label: 'Already here', text: '600 B (20%)' },
  ])
  const plan = { new: 0, changed: 1, attributes: 0, same: 7, delete: 0, skipped: 0 }
  const sync = {
    plan,
    planned: true,
    sentBytes: 12_100_000,
    copiedBytes: 1_400_000_000,
    savedBytes: 1_400_000_000,
  }
  assert.deepEqual(
    savingsOf(fakeJob({ kind: 'sync', snapshot: { sync } })).map(({ text }) => text),
    ['12.1 MB', '1.40 GB', '1.40 GB (99%)'],
  )
})

test('totalsOf: adds the speeds as the daemon does, and never is at 100 % while something runs', () => {
  const jobs = [
    fakeJob({
      id: 't_1',
      snapshot: { rate: 10, bytes: { done: 3000, total: 3000, reused: 0, transferred: 3000 } },
    }),
    fakeJob({ id: 't_2', kind: 'share', snapshot: { rate: 5, phase: 'serve' } }),
    fakeJob({
      id: 't_3',
      kind: 'share',
      snapshot: { rate: 7, phase: 'hash', bytes: { done: 0, total: 0, reused: 0, transferred: 0 } },
    }),
    fakeJob({ id: 't_4', state: 'paused', snapshot: { rate: 100 } }),
  ]
  const totals = totalsOf(jobs)
  assert.deepEqual(totals, { downRate: 10, upRate: 5, running: 2, percent: 99 })
  assert.equal(pageTitle(totals), '99% – ferry')
  assert.equal(pageTitle(totalsOf([])), 'ferry')
})

test('momentText: is a day and a time in words of the reader', () => {
  assert.equal(momentText(Date.UTC(2026, 10, 21, 7, 43), 'en-GB', 'UTC'), '21 Nov, 07:43')
})
