/** Figures of a job as short texts. Pure. */
import type { JobView } from '../../jobs/engine-types.ts'
import type { Snapshot } from '../../progress/events.ts'
import { formatBytes, formatDuration, formatRate } from '../../shared/units.ts'

/** Stands for a figure that is not known. */
export const noFigure = '–'

/** Without a byte for so long, something that runs is said to be stalled. */
export const stalledAfterMs = 10_000

/** Of what runs: the time left, or for how long nothing has moved. */
export function etaText({ state, snapshot }: Pick<JobView, 'state' | 'snapshot'>): string {
  if (state !== 'running' || snapshot.phase === 'serve') return noFigure
  if (isStalled(snapshot)) return `stalled ${formatDuration(snapshot.idleMs)}`
  return snapshot.etaSeconds === undefined ? noFigure : formatDuration(snapshot.etaSeconds * 1000)
}

function isStalled({ phase, idleMs }: Snapshot): boolean {
  return ['fetch', 'upload', 'hash', 'copy'].includes(phase) && idleMs >= stalledAfterMs
}

export function rateText({ state, snapshot }: Pick<JobView, 'state' | 'snapshot'>): string {
  return state === 'running' && snapshot.rate > 0 ? formatRate(snapshot.rate) : noFigure
}

export function connectedPeers({ snapshot }: Pick<JobView, 'snapshot'>): number {
  return snapshot.peers.filter(({ state }) => state === 'connected').length
}

/** Whole percent of a bar; undefined while the total is not known, when there is nothing to be a part of. */
export function barPercent({ state, snapshot }: Pick<JobView, 'state' | 'snapshot'>): number | undefined {
  if (state === 'done') return 100
  if (snapshot.phase === 'serve') return 100
  const isUnknown = snapshot.bytes.total === 0 && snapshot.files.total === 0
  return isUnknown && state === 'running' ? undefined : snapshot.percent
}

export interface Saving {
  readonly label: string
  readonly text: string
}

/** What did not have to travel, and what did. */
export function savingsOf({ kind, snapshot }: Pick<JobView, 'kind' | 'snapshot'>): readonly Saving[] {
  const { bytes, sync } = snapshot
  if (sync)
    return [
      { label: 'Sent', text: formatBytes(sync.sentBytes) },
      { label: 'Copied on the server', text: formatBytes(sync.copiedBytes) },
      { label: 'Saved', text: withPart(sync.savedBytes, sync.savedBytes + sync.sentBytes) },
    ]
  if (kind === 'share')
    return [
      { label: 'Sent', text: formatBytes(bytes.transferred) },
      { label: 'Not read again', text: withPart(bytes.reused, bytes.total) },
    ]
  return [
    { label: 'Fetched', text: formatBytes(bytes.transferred) },
    { label: 'Already here', text: withPart(bytes.reused, bytes.total) },
  ]
}

/** `1.10 GB (13%)`; never 100 % before it is all. */
function withPart(bytes: number, total: number): string {
  return total > 0 && bytes > 0
    ? `${formatBytes(bytes)} (${Math.floor((bytes * 100) / total)}%)`
    : formatBytes(bytes)
}

export interface Totals {
  /** Bytes a second, of all jobs. */
  readonly downRate: number
  readonly upRate: number
  readonly running: number
  /** Of all that run and have an end, in whole percent; undefined when there are none. */
  readonly percent: number | undefined
}

export function totalsOf(jobs: Iterable<JobView>): Totals {
  let downRate = 0
  let upRate = 0
  let running = 0
  let done = 0
  let total = 0
  for (const { kind, state, snapshot } of jobs) {
    if (state !== 'running') continue
    const isServing = snapshot.phase === 'serve'
    if (kind !== 'share') downRate += snapshot.rate
    else if (isServing) upRate += snapshot.rate
    if (isServing) continue
    running++
    done += snapshot.bytes.done
    total += snapshot.bytes.total
  }
  const percent = total > 0 ? Math.min(99, Math.floor((done * 100) / total)) : undefined
  return { downRate, upRate, running, percent }
}

/** The title of the browser's tab. */
export function pageTitle({ running, percent }: Totals): string {
  if (running === 0) return 'ferry'
  return percent === undefined ? `${running} active – ferry` : `${percent}% – ferry`
}

/** Of a day in the user's own time, such as `21 Nov, 07:43`. */
export function momentText(ms: number, locale?: string, timeZone?: string): string {
  return new Intl.DateTimeFormat(locale, {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    timeZone,
  }).format(ms)
}
