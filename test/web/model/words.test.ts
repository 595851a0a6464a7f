import assert from 'node:assert/strict'
import test from 'node:test'
import type { Phase } from '../../../src/progress/events.ts'
import { stepOf } from '../../../src/progress/steps.ts'
import { connectionWords } from '../../../src/web/model/connection.ts'
import { describeStep, phaseWord, stateWord, stepDots, titleOf } from '../../../src/web/model/words.ts'
import { fakeJob } from '../../support/job-views.ts'

const phases: readonly Phase[] = [
  'queued',
  'scan',
  'compare',
  'hash',
  'resolve',
  'connect',
  'manifest',
  'fetch',
  'verify',
  'write',
  'upload',
  'copy',
  'delete',
  'serve',
]

test('stepDots: every kind of job stands, in every phase, on a dot of its own words', () => {
  for (const kind of ['share', 'receive', 'sync'] as const)
    for (const phase of phases) {
      const { step, stepNumber } = stepOf(kind, phase, 'running')
      const dots = stepDots(kind, step, stepNumber)
      assert.equal(dots.length, 6)
      const current = dots.filter(({ state }) => state === 'current')
      assert.deepEqual(
        current.map(({ label }) => label),
        [describeStep(step).label],
        `${kind} ${phase}`,
      )
      assert.notEqual(describeStep(step).description, '')
    }
})

test('stepDots: the sixth is named for the end', () => {
  const ends = ['completed', 'failed', 'cancelled'].map((step) => stepDots('receive', step, 6).at(-1))
  assert.deepEqual(
    ends,
    ['Completed', 'Failed', 'Stopped'].map((label) => ({ label, state: 'current' })),
  )
  assert.ok(
    stepDots('receive', 'completed', 6)
      .slice(0, 5)
      .every(({ state }) => state === 'past'),
  )
})

test('stepDots: what did not end well has gone through those steps only that were seen', () => {
  const states = (reached?: number): string[] =>
    stepDots('receive', 'failed', 6, reached).map(({ state }) => state)
  assert.deepEqual(states(3), ['past', 'past', 'past', 'ahead', 'ahead', 'current'])
  assert.deepEqual(states(), ['ahead', 'ahead', 'ahead', 'ahead', 'ahead', 'current'])
})

test('titleOf: a sync is told by the last parts of its places', () => {
  const sync = (title: string): string => titleOf(fakeJob({ kind: 'sync', title }))
  assert.equal(sync('/home/me/site/ → /mnt/nas/copy'), 'site → copy')
  assert.equal(sync('/home/me/site → s3://bucket/site'), 'site → s3://bucket/site')
  assert.equal(sync('/ → ~/a'), '/ → a')
  assert.equal(sync('nightly'), 'nightly')
  assert.equal(titleOf(fakeJob({ title: '/a → /b' })), '/a → /b')
})

test('stateWord: tells every state in a word, beside the colour', () => {
  assert.deepEqual(stateWord(fakeJob()), { word: 'fetching', tone: 'active' })
  const words = (['paused', 'interrupted', 'done', 'failed', 'cancelled'] as const).map((state) =>
    stateWord(fakeJob({ state })),
  )
  assert.deepEqual(
    words.map(({ word }) => word),
    ['paused', 'interrupted', 'done', 'failed', 'stopped'],
  )
  assert.deepEqual(
    words.map(({ tone }) => tone),
    ['held', 'held', 'good', 'bad', 'quiet'],
  )
  assert.equal(new Set(phases.map(phaseWord)).size, phases.length)
})

test('connectionWords: live, reconnecting in some seconds, polling, or no connection', () => {
  const link = { connection: 'connected', isPolling: false, failures: 0, retryInMs: undefined } as const
  const words = (state: Partial<Parameters<typeof connectionWords>[0]>): string =>
    connectionWords({ link, retryAtMs: undefined, nowMs: 1000, ...state }).text
  assert.equal(words({}), 'live')
  assert.equal(words({ link: { ...link, connection: 'reconnecting' } }), 'connecting')
  assert.equal(
    words({ link: { ...link, connection: 'reconnecting' }, retryAtMs: 4600 }),
    'reconnecting in 4 s',
  )
  assert.equal(words({ link: { ...link, connection: 'reconnecting' }, retryAtMs: 1000 }), 'reconnecting…')
  assert.equal(
    words({ link: { ...link, connection: 'reconnecting', isPolling: true }, retryAtMs: 9000 }),
    'polling',
  )
  assert.equal(
    words({ link: { ...link, connection: 'disconnected', isPolling: true }, retryAtMs: 9000 }),
    'no connection, trying in 8 s',
  )
  assert.equal(words({ link: { ...link, connection: 'idle' } }), 'not connected')
})
