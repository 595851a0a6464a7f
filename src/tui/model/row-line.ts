/** One row of the list of transfers as a line, and the heading above it. Columns go in a fixed order as the width falls. */
import { drawBar } from '../../shared/text-layout.ts'
import { formatBytes, formatCount, formatDuration, formatRate } from '../../shared/units.ts'
import type { Line, Span, Tone } from './line.ts'
import { column, line, span } from './line.ts'
import type { SortKey, TransferRow } from './transfer-rows.ts'

/** Cells of each column, the gap before or behind it included; 0: left out. */
export interface Columns {
  readonly name: number
  readonly phase: number
  readonly bar: number
  readonly percent: number
  readonly size: number
  readonly speed: number
  readonly eta: number
  readonly peers: number
  readonly files: number
}

const markerCells = 2

/** Files go below 110 cells, peers below 100, time left below 72, the bar below 64, size below 56, the phase below 48. */
export function columnsFor(width: number): Columns {
  const rest = {
    phase: width < 48 ? 0 : 8,
    bar: width < 64 ? 0 : width < 100 ? 10 : 20,
    percent: 5,
    size: width < 56 ? 0 : 10,
    speed: width < 48 ? 11 : 12,
    eta: width < 72 ? 0 : 8,
    peers: width < 100 ? 0 : 6,
    files: width < 110 ? 0 : 14,
  }
  const used = Object.values(rest).reduce((sum, cells) => sum + cells, markerCells)
  return { name: Math.max(4, width - used), ...rest }
}

export function headingLine(columns: Columns, sort: SortKey, reverse: boolean): Line {
  const titled = (title: string, key: SortKey): string =>
    sort === key ? `${title}${reverse ? '▴' : '▾'}` : title
  const { bar, percent } = columns
  const progress = bar > 0 ? column('PROGRESS', bar + percent) : ' '.repeat(percent)
  return line(
    span(
      ' '.repeat(markerCells) +
        column(titled('NAME', 'name'), columns.name) +
        column(titled('PHASE', 'phase'), columns.phase) +
        progress +
        column(titled('SIZE', 'size'), columns.size, 'right') +
        column(titled('SPEED', 'speed'), columns.speed, 'right') +
        column(titled('ETA', 'eta'), columns.eta, 'right') +
        column('PEERS', columns.peers, 'right') +
        column('FILES', columns.files, 'right'),
      'dim',
    ),
  )
}

const waitingWords = ['paused', 'stopped', 'queued', 'skipped']

export function toneOf({ word, marker }: Pick<TransferRow, 'word' | 'marker'>): Tone {
  if (word === 'failed') return 'bad'
  if (word === 'done' || marker === 'had') return 'good'
  if (word === 'queued') return 'dim'
  return waitingWords.includes(word) ? 'waiting' : 'active'
}

const markers: Record<TransferRow['marker'], readonly [string, Tone]> = {
  none: [' ', 'plain'],
  failed: ['!', 'bad'],
  done: ['✔', 'good'],
  had: ['=', 'good'],
}

const arrows: Record<TransferRow['kind'], string> = { share: '↑', receive: '↓', sync: '⇄' }

export interface RowLook {
  readonly isSelected: boolean
  readonly isMarked: boolean
}

/** Two cells: where the cursor is, or what became of it; then the mark, or what became of the selected one. */
export function markerSpans(marker: TransferRow['marker'], { isSelected, isMarked }: RowLook): Span[] {
  const [sign, tone] = markers[marker]
  const first = isSelected ? span('▸', 'bold') : span(sign, tone)
  const second = isMarked ? span('•', 'waiting') : span(isSelected ? sign : ' ', tone)
  return [first, second]
}

export function speedText({
  rate,
  stalledMs,
  kind,
}: Pick<TransferRow, 'rate' | 'stalledMs' | 'kind'>): string {
  if (stalledMs !== undefined && kind !== 'share') return `stalled ${formatDuration(stalledMs)}`
  return rate === undefined || rate < 1 ? '–' : formatRate(rate)
}

export function rowLine(row: TransferRow, columns: Columns, look: RowLook): Line {
  const { bar, percent } = columns
  const isJob = row.path === undefined
  const tone = toneOf(row)
  const title = isJob ? `${arrows[row.kind]} ${row.name}` : `  ${row.name}`
  const part = row.percent === 100 ? 1 : row.size ? Math.min(0.99, row.done / row.size) : 0
  const amount = row.percent === undefined ? '' : `${row.percent}%`
  const size = row.size === undefined ? (row.done > 0 ? formatBytes(row.done) : '–') : formatBytes(row.size)
  const { files, peers } = row
  const isActive = tone === 'active' && row.word !== 'serving'
  return line(
    ...markerSpans(row.marker, look),
    span(
      column(title, columns.name),
      look.isSelected || isJob ? 'bold' : row.word === 'queued' ? 'dim' : 'plain',
    ),
    span(column(row.word, columns.phase), tone),
    // Without a total there is nothing to fill.
    span(
      bar === 0
        ? ''
        : row.percent === undefined
          ? (isActive ? '·' : ' ').repeat(bar)
          : drawBar(part, bar, true),
      tone,
    ),
    span(column(amount, percent + 1, 'right').slice(1)),
    span(column(size, columns.size, 'right'), 'plain'),
    span(column(speedText(row), columns.speed, 'right'), row.stalledMs === undefined ? 'plain' : 'waiting'),
    span(column(row.etaMs === undefined ? '–' : formatDuration(row.etaMs), columns.eta, 'right')),
    span(column(peers === undefined ? '' : String(peers), columns.peers, 'right')),
    span(
      column(files ? `${formatCount(files.done)}/${formatCount(files.total)}` : '', columns.files, 'right'),
    ),
  )
}
