/** What can be told only by comparing two pictures of a job: files that have ended, and what is worth a line of the log. Pure. */
import type { JobView } from '../jobs/engine-types.ts'
import { formatBytes, formatElapsed, formatPlural } from '../shared/units.ts'
import type { EndedFile, LogLevel } from './model/board.ts'

/** Of a job; older ones are not shown. */
const maxEnded = 100

export interface LogLine {
  readonly level: LogLevel
  readonly text: string
}

const isSameRun = (before: JobView, now: JobView): boolean =>
  before.attempts === now.attempts && before.startedAtMs === now.startedAtMs

/**
 * Files that were under way in the last picture and are not in this one, and did not fail. What began and ended between two
 * pictures was never seen. A job that stops lets go of files that have not ended: then nothing is added.
 */
export function endedFiles(
  before: JobView | undefined,
  now: JobView,
  ended: readonly EndedFile[],
): readonly EndedFile[] {
  if (!before || !isSameRun(before, now)) return []
  if (now.state !== 'running' && now.state !== 'done') return ended
  const still = new Set(now.snapshot.active.map(({ path }) => path))
  const gone = before.snapshot.active.filter(({ path }) => !still.has(path))
  if (gone.length === 0) return ended
  const failed = new Set(now.snapshot.failures.map(({ path }) => path))
  const added = gone
    .filter(({ path }) => !failed.has(path))
    .map(({ path, total }): EndedFile => ({ path, bytes: total }))
  const names = new Set(added.map(({ path }) => path))
  return [...added.toReversed(), ...ended.filter(({ path }) => !names.has(path))].slice(0, maxEnded)
}

const verbs = { share: 'share', receive: 'receive', sync: 'sync' } as const

/** At the first sight of a job only how it stands is told. */
export function logLines(before: JobView | undefined, now: JobView): LogLine[] {
  const lines: LogLine[] = []
  const { snapshot, state, title, kind } = now
  const name = `${verbs[kind]} ${title}`
  const isNewRun = before !== undefined && before.attempts !== now.attempts
  if (!before || isNewRun) {
    if (state === 'running')
      lines.push({ level: 'info', text: `${name}: ${isNewRun ? 'runs again' : 'runs'}` })
  }
  const known = before && !isNewRun ? before.snapshot : undefined
  for (const { path, error } of snapshot.failures.slice(known?.failures.length ?? 0))
    lines.push({ level: 'error', text: `${name}: ${path} failed: ${error.message}` })
  for (const warning of snapshot.warnings.slice(known?.warnings.length ?? 0))
    lines.push({ level: 'warning', text: `${name}: ${warning}` })
  if (before?.state !== state || isNewRun) lines.push(...stateLines(now, before, name))
  if (known && known.phase !== 'serve' && snapshot.phase === 'serve' && state === 'running')
    lines.push({ level: 'good', text: `${name}: everything is hashed and served` })
  return lines
}

function stateLines({ state, snapshot }: JobView, before: JobView | undefined, name: string): LogLine[] {
  const { error, elapsedMs, files, bytes } = snapshot
  if (state === 'done') {
    const amount = `${formatPlural(files.done, 'file')}, ${formatBytes(bytes.total)} in ${formatElapsed(elapsedMs)}`
    return [{ level: files.failed > 0 ? 'warning' : 'good', text: `${name}: done, ${amount}` }]
  }
  if (state === 'failed') {
    const hint = error?.hint === undefined ? '' : ` (${error.hint})`
    return [{ level: 'error', text: `${name}: ${error?.message ?? 'failed'}${hint}` }]
  }
  if (state === 'running')
    return before?.state === 'paused' ? [{ level: 'info', text: `${name}: goes on` }] : []
  const words = { paused: 'paused', cancelled: 'stopped', interrupted: 'was interrupted' }
  return [{ level: 'info', text: `${name}: ${words[state]}` }]
}
