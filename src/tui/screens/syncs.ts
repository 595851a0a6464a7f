/** The screen of syncs: what goes where, the plan, what was sent and what the destination copied by itself. Pure. */
import type { JobView } from '../../jobs/engine-types.ts'
import type { SyncProgress } from '../../progress/events.ts'
import { escapeText } from '../../shared/terminal-text.ts'
import { formatBytes, formatCount } from '../../shared/units.ts'
import type { Board } from '../model/board.ts'
import type { Layout } from '../model/layout.ts'
import type { Frame, Line, Span } from '../model/line.ts'
import { column, cutLine, emptyLine, line, rule, span } from '../model/line.ts'
import { cursorOf, selected, syncList } from '../model/lists.ts'
import { markerSpans, toneOf } from '../model/row-line.ts'
import { jobWord } from '../model/transfer-rows.ts'
import type { UiState } from '../model/ui-state.ts'
import { visibleRows } from '../model/window.ts'
import type { Hint } from './chrome.ts'
import { emptyList } from './first-run.ts'
import { clock } from './shares.ts'

export const syncHints: readonly Hint[] = [
  ['↑↓', 'move'],
  ['S', 'new sync'],
  ['r', 'run again'],
  ['p', 'pause'],
  ['x', 'cancel'],
  ['/', 'filter'],
]

interface Widths {
  readonly places: number
  readonly last: number
  readonly changed: number
  readonly sent: number
}

function widthsFor(columns: number): Widths {
  const rest = { last: 15, changed: columns < 64 ? 0 : 9, sent: columns < 56 ? 0 : 11 }
  const used = Object.values(rest).reduce((sum, cells) => sum + cells, 2)
  return { places: Math.max(8, columns - used), ...rest }
}

const noCounts: SyncProgress = {
  plan: { new: 0, changed: 0, attributes: 0, same: 0, delete: 0, skipped: 0 },
  planned: false,
  sentBytes: 0,
  copiedBytes: 0,
  savedBytes: 0,
}

const placesOf = ({ from, to }: JobView): string =>
  `${from.map(escapeText).join(', ')} → ${escapeText(to ?? '')}`

export function drawSyncs(state: UiState, board: Board, frame: Frame, layout: Layout): Line[] {
  const { columns } = frame
  const list = syncList(state, board)
  const top = layout.size === 'narrow' ? [] : [rule(columns)]
  if (!board.jobs.some(({ kind }) => kind === 'sync'))
    return [
      ...top,
      ...emptyList(
        ['No sync runs.', 'Press S to set one up: a folder, s3://bucket/prefix or host:path on either side.'],
        frame,
      ),
    ]
  const widths = widthsFor(columns)
  const heading = `  ${column('FROM → TO', widths.places)}${column('LAST RUN', widths.last)}${column('CHANGED', widths.changed, 'right')}${column('SENT', widths.sent, 'right')}`
  const rows = visibleRows(list, cursorOf('syncs', state, list), layout.list).map(({ row, isSelected }) =>
    syncLine(row.value, widths, isSelected),
  )
  while (rows.length < layout.list) rows.push(emptyLine)
  const chosen = selected('syncs', state, list)?.value
  const pane = chosen && layout.detail > 0 ? syncPane(chosen, columns, layout.detail) : []
  return [...top, line(span(heading, 'dim')), ...rows, ...pane]
}

function lastRun(job: JobView): string {
  const { state, snapshot, endedAtMs } = job
  if (state === 'running') return snapshot.files.final ? `running ${snapshot.percent}%` : 'comparing'
  if (endedAtMs === null) return jobWord(job)
  return `${state === 'done' ? '✔' : '!'} ${clock(endedAtMs)}`
}

function syncLine(job: JobView, widths: Widths, isSelected: boolean): Line {
  const { plan, sentBytes } = job.snapshot.sync ?? noCounts
  const changed = plan.new + plan.changed + plan.attributes + plan.delete
  const marker = job.state === 'failed' || job.snapshot.files.failed > 0 ? 'failed' : 'none'
  return line(
    ...markerSpans(marker, { isSelected, isMarked: false }),
    span(column(placesOf(job), widths.places), isSelected ? 'bold' : 'plain'),
    span(column(lastRun(job), widths.last), toneOf({ word: jobWord(job), marker })),
    column(formatCount(changed), widths.changed, 'right'),
    column(formatBytes(sentBytes), widths.sent, 'right'),
  )
}

function syncPane(job: JobView, columns: number, rows: number): Line[] {
  const { snapshot } = job
  const sync = snapshot.sync ?? noCounts
  const { plan, planned, sentBytes, copiedBytes, savedBytes } = sync
  const counts = [
    `${formatCount(plan.changed)} changed`,
    `${formatCount(plan.new)} new`,
    ...(plan.attributes > 0 ? [`${formatCount(plan.attributes)} with another mode or time`] : []),
    `${formatCount(plan.delete)} to delete`,
    `${formatCount(plan.same)} unchanged`,
    ...(plan.skipped > 0 ? [`${formatCount(plan.skipped)} passed over`] : []),
  ]
  const whole = sentBytes + savedBytes
  const saved =
    whole > 0 ? ` (delta saved ${(Math.floor((savedBytes / whole) * 1000) / 10).toFixed(1)}%)` : ''
  const trouble = snapshot.error ?? snapshot.failures[0]?.error
  const lines = [
    rule(columns, placesOf(job)),
    line(` plan     ${counts.join(' · ')}${planned || job.endedAtMs !== null ? '' : ' so far'}`),
    line(` bytes    ${formatBytes(sentBytes)} sent for ${formatBytes(whole)} of files${saved}`),
    ...snapshot.active
      .slice(0, 3)
      .map(({ path }, index) => line(`${index === 0 ? ' file     ' : '          '}${escapeText(path)}`)),
    line(' parts    ', ...partSpans(sentBytes, copiedBytes, Math.max(10, Math.min(40, columns - 54)))),
    ...(trouble ? [emptyLine, line(span(` ! ${escapeText(trouble.message)}`, 'bad'))] : []),
    ...(trouble?.hint === undefined ? [] : [line(`   hint: ${escapeText(trouble.hint)}`)]),
  ]
  const shown = lines.slice(0, rows).map((each) => cutLine(each, columns))
  while (shown.length < rows) shown.push(emptyLine)
  return shown
}

/** What was sent, and what the destination took from its old version, as parts of one bar. */
function partSpans(sent: number, copied: number, cells: number): Span[] {
  const whole = sent + copied
  if (whole === 0) return [span('nothing sent yet', 'dim')]
  // What there is of either is visible.
  const least = (bytes: number): number => (bytes > 0 ? 1 : 0)
  const sentCells = Math.min(cells - least(copied), Math.max(least(sent), Math.round((sent / whole) * cells)))
  return [
    span('█'.repeat(sentCells), 'active'),
    span('▒'.repeat(cells - sentCells), 'good'),
    span('  █ sent  ▒ copied at the destination', 'dim'),
  ]
}
