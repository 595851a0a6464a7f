/** The screen of transfers: sums, a curve of the speed, and the list of jobs with their files. Pure. */
import { drawBar } from '../../shared/text-layout.ts'
import {
  formatBytes,
  formatBytesOf,
  formatCount,
  formatDuration,
  formatPlural,
  formatRate,
} from '../../shared/units.ts'
import type { Board } from '../model/board.ts'
import type { Layout } from '../model/layout.ts'
import type { Frame, Line } from '../model/line.ts'
import { emptyLine, line, lineCells, rule, span, spread } from '../model/line.ts'
import { cursorOf, transferList } from '../model/lists.ts'
import { columnsFor, headingLine, rowLine } from '../model/row-line.ts'
import { sparkline } from '../model/sparkline.ts'
import type { Sums } from '../model/sums.ts'
import type { UiState } from '../model/ui-state.ts'
import { visibleRows } from '../model/window.ts'
import type { Hint } from './chrome.ts'
import { emptyTransfers } from './first-run.ts'
import { transferDetail } from './transfer-detail.ts'

export function transferHints(board: Board, canOpen: boolean): readonly Hint[] {
  if (board.jobs.length === 0)
    return [
      ['a', 'share'],
      ['n', 'receive'],
      ['S', 'sync'],
    ]
  return [
    ['↑↓', 'move'],
    ['⏎', 'details'],
    ['p', 'pause'],
    ['x', 'cancel'],
    ['/', 'filter'],
    ['s', 'sort'],
    ['n', 'new'],
    ['r', 'retry'],
    ['space', 'mark'],
    ['y', 'copy ticket'],
    ['+', 'faster'],
    ['-', 'slower'],
    ...(canOpen ? ([['o', 'open folder']] as const) : []),
  ]
}

/** Everything between the head and the rule above the foot. */
export function drawTransfers(
  state: UiState,
  board: Board,
  frame: Frame,
  layout: Layout,
  sums: Sums,
): Line[] {
  const { columns } = frame
  if (board.jobs.length === 0) return [rule(columns), ...emptyTransfers(board, frame)]
  const head =
    layout.size === 'tall'
      ? tallHead(board, columns, sums)
      : layout.size === 'narrow'
        ? [narrowSums(sums, columns), rule(columns)]
        : normalHead(board, columns, sums)
  const list = transferList(state, board)
  const widths = columnsFor(columns)
  const heading = layout.size === 'narrow' ? [] : [headingLine(widths, state.sort, state.reverse)]
  const rows = visibleRows(list, cursorOf('transfers', state, list), layout.list).map(({ row, isSelected }) =>
    rowLine(row, widths, { isSelected, isMarked: state.marks.has(row.key) }),
  )
  if (list.count === 0) rows.push(line(span('  Nothing fits the filter; Esc clears it', 'dim')))
  while (rows.length < layout.list) rows.push(emptyLine)
  const detail = layout.detail > 0 ? transferDetail(state, board, columns, layout.detail) : []
  return [...head, ...heading, ...rows.slice(0, layout.list), ...detail]
}

function speedSpans(sums: Sums): Line {
  return line(' ', span(`↓ ${formatRate(sums.down)}`, sums.down >= 1 ? 'active' : 'plain'))
}

function upSpans(sums: Sums): Line {
  return line('  ', span(`↑ ${formatRate(sums.up)}`, sums.up >= 1 ? 'active' : 'plain'))
}

function amountText({ bytes, etaMs }: Sums, files = ''): string {
  const parts = [
    bytes.total > 0 ? formatBytesOf(bytes.done, bytes.total) : '',
    files,
    etaMs === undefined ? '' : `ETA ${formatDuration(etaMs)}`,
  ]
  return parts.filter((part) => part !== '').join(' · ')
}

function filesText({ files }: Sums): string {
  return files.total > 0 ? `${formatCount(files.done)} of ${formatPlural(files.total, 'file')}` : ''
}

function stateSpans({ active, files }: Sums, first: string): Line {
  const queued = Math.max(0, files.total - files.done - files.failed - active)
  const parts = [
    first,
    active > 0 ? `${formatCount(active)} active` : '',
    first === '' && queued > 0 ? `${formatCount(queued)} queued` : '',
  ].filter((part) => part !== '')
  const text = parts.join(' · ')
  const failed = files.failed > 0 ? `${text === '' ? '' : ' · '}${formatCount(files.failed)} failed` : ''
  return line(' ', text, span(failed, 'bad'))
}

function reusedText({ bytes }: Sums, withPart: boolean): string {
  if (bytes.reused === 0) return ''
  const part = withPart && bytes.total > 0 ? ` (${Math.floor((bytes.reused / bytes.total) * 100)}%)` : ''
  return `already here: ${formatBytes(bytes.reused)}${part} `
}

function barLine({ percent, bytes, works }: Sums, columns: number): Line {
  const cells = Math.max(1, columns - 7)
  if (works === 0) return emptyLine
  if (percent === undefined) return line(' ', span('·'.repeat(cells), 'dim'))
  return line(
    ' ',
    span(drawBar(Math.min(0.99, bytes.done / bytes.total), cells, true), 'active'),
    span(`${percent}%`.padStart(5), 'bold'),
  )
}

function normalHead(board: Board, columns: number, sums: Sums): Line[] {
  const right = line(`${amountText(sums)} `)
  const [left, up] = [speedSpans(sums), upSpans(sums)]
  const free = columns - lineCells(left) - lineCells(up) - lineCells(right) - 3
  const curve = free >= 4 ? sparkline(rateCurve(board, sums), Math.min(free, 20))[0] : ''
  const speeds = line(...left, ' ', span(curve ?? '', 'active'), ...up)
  return [
    spread(speeds, right, columns),
    barLine(sums, columns),
    spread(stateSpans(sums, filesText(sums)), line(reusedText(sums, false)), columns),
  ]
}

/** Of the way that more is going. */
function rateCurve({ rates }: Board, { down, up }: Sums): readonly number[] {
  const sum = (values: readonly number[]): number => values.reduce((whole, value) => whole + value, 0)
  return down > up || sum(rates.down) >= sum(rates.up) ? rates.down : rates.up
}

function tallHead(board: Board, columns: number, sums: Sums): Line[] {
  const { peakDown } = board.rates
  const peak = peakDown >= 1 ? line(`  peak ${formatRate(peakDown)}`) : []
  const speeds = line(...speedSpans(sums), ...peak, '  ', ...upSpans(sums))
  const curve = sparkline(rateCurve(board, sums), columns - 4, 2)
  return [
    rule(columns),
    spread(speeds, line(`${amountText(sums, filesText(sums))} `), columns),
    ...curve.map((text) => line('  ', span(text, 'active'))),
    barLine(sums, columns),
    spread(stateSpans(sums, ''), line(reusedText(sums, true)), columns),
  ]
}

function narrowSums(sums: Sums, columns: number): Line {
  const { files } = sums
  const counts = files.total > 0 ? `  ${formatCount(files.done)}/${formatCount(files.total)}` : ''
  const failed = files.failed > 0 ? `  ! ${formatCount(files.failed)} failed` : ''
  const speeds = sums.down >= 1 || sums.up < 1 ? speedSpans(sums) : upSpans(sums).slice(1)
  const start = sums.down >= 1 || sums.up < 1 ? speeds : [span(' '), ...speeds]
  return spread([...start, span(counts), span(failed, 'bad')], [], columns)
}

/** All there is when the window is smaller than 40x8. */
export function tinyLine(sums: Sums, columns: number): Line {
  const parts = [
    'ferry',
    sums.percent === undefined ? '' : `${sums.percent}%`,
    formatRate(Math.max(sums.down, sums.up)),
    sums.etaMs === undefined ? '' : formatDuration(sums.etaMs),
  ]
  const text = parts.filter((part) => part !== '').join(' ')
  return line(`${text} – enlarge for the list`.slice(0, Math.max(0, columns)))
}
