/** The scripts that judge progress: what is right passes, and each thing that is wrong is named. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import test from 'node:test'
import { progressEvent } from '../../src/progress/progress-event.ts'
import { createTracker } from '../../src/progress/tracker.ts'
import { projectFolder } from '../support/ferry.ts'

function runScript(name: string, input: string, args: readonly string[] = []): string {
  const script = join(projectFolder, 'scripts', name)
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    input,
    encoding: 'utf8',
  })
  return `${status}: ${stdout}${stderr}`
}

interface Line {
  readonly atMs: number
  readonly bytes: number
  readonly percent: number
  readonly step?: string
}

function linesOf(points: readonly Line[], summary: object = { ok: true, exitCode: 0 }): string {
  const progress = points.map(({ atMs, bytes, percent, step = 'fetching' }) => ({
    v: 1,
    ts: new Date(1_700_000_000_000 + atMs).toISOString(),
    type: 'progress',
    id: 't',
    step,
    progress: percent,
    files: { done: 0 },
    bytes: { done: bytes, transferred: bytes },
  }))
  return [...progress, { v: 1, type: 'summary', ...summary }]
    .map((line) => `${JSON.stringify(line)}\n`)
    .join('')
}

const good: readonly Line[] = [
  { atMs: 0, bytes: 0, percent: 0 },
  { atMs: 9000, bytes: 10, percent: 10 },
  { atMs: 9900, bytes: 90, percent: 90 },
  { atMs: 9950, bytes: 100, percent: 100, step: 'completed' },
]

test('assert-progress: steady progress passes, a wait before the first byte too', () => {
  assert.match(
    runScript('assert-progress.mjs', linesOf(good)),
    /^0: 4 lines of progress, the widest gap 900 ms/,
  )
})

test('assert-progress: silence, falling counters, an early 100 percent and a missing summary are named', () => {
  const [first, second, third] = good as [Line, Line, Line]
  const judged = (points: readonly Line[], args: readonly string[] = []): string =>
    runScript('assert-progress.mjs', linesOf(points), args)
  assert.match(judged(good, ['--max-gap-ms', '800']), /^1: .*nothing was told for 900 ms while bytes moved/)
  assert.match(judged([first, second, { ...third, bytes: 9 }]), /^1: .*bytes\.done falls from 10 to 9/)
  assert.match(judged([first, second, { ...third, percent: 9 }]), /^1: .*the percentage falls/)
  assert.match(judged([first, { ...second, percent: 100 }]), /^1: .*100 % before it is done/)
  assert.match(judged(good, ['--min-lines', '5']), /^1: 4 lines of progress, not 5/)
  assert.match(runScript('assert-progress.mjs', '{"type":"progress'), /^1: line 1 is not JSON/)
  assert.match(runScript('assert-progress.mjs', linesOf(good, { ok: false, exitCode: 4 })), /exit code 4/)
})

test('validate-event: events as they are made pass, by poll and as a stream; others are named', () => {
  const tracker = createTracker({ id: 't_1', kind: 'receive', name: 'a' })
  tracker.sink.totals({ files: 1, bytes: 10, final: true })
  const running = progressEvent({ snapshot: tracker.snapshots.current, state: 'running', ticket: null })
  tracker.finalize({ state: 'failed', error: { code: 'E_IO', message: 'gone', hint: 'look' } })
  const failed = progressEvent({ snapshot: tracker.snapshots.current, state: 'failed', ticket: null })
  const script = 'validate-event.mjs'
  assert.match(runScript(script, JSON.stringify([running, failed])), /^0: 2 events are/)
  assert.match(
    runScript(script, `id: 1\nevent: progress\ndata: ${JSON.stringify(running)}\n\n`),
    /^0: 1 event is/,
  )
  assert.match(runScript(script, JSON.stringify({ ...running, progress: 101 })), /^1: event 1: progress: /)
  assert.match(
    runScript(script, JSON.stringify({ ...running, error: 'x' })),
    /an error belongs to what failed/,
  )
  assert.match(
    runScript(script, JSON.stringify({ ...running, timestamp: undefined })),
    /event 1: timestamp: /,
  )
  assert.match(runScript(script, '[]'), /^1: no event/)
})
