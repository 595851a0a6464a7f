/** The screens that are a table and nothing else: peers, log, remotes. Pure. */
import type { PeerView } from '../../jobs/engine-types.ts'
import { shortAddress, shortPeer } from '../../shared/peer-name.ts'
import { escapeText } from '../../shared/terminal-text.ts'
import { formatBytes, formatRate } from '../../shared/units.ts'
import type { Board, LogEntry, LogLevel, RemoteRow } from '../model/board.ts'
import type { Layout } from '../model/layout.ts'
import type { Frame, Line, Tone } from '../model/line.ts'
import { column, cutLine, line, rule, span } from '../model/line.ts'
import { cursorOf, logList, peerList, remoteList } from '../model/lists.ts'
import { markerSpans } from '../model/row-line.ts'
import type { UiState } from '../model/ui-state.ts'
import { visibleRows } from '../model/window.ts'
import type { Hint } from './chrome.ts'
import { emptyList } from './first-run.ts'

export const plainHints: readonly Hint[] = [
  ['↑↓', 'move'],
  ['/', 'filter'],
]

const topRule = (layout: Layout, columns: number): Line[] => (layout.size === 'narrow' ? [] : [rule(columns)])

export function drawPeers(state: UiState, board: Board, frame: Frame, layout: Layout): Line[] {
  const { columns } = frame
  const list = peerList(state, board)
  if (board.peers.length === 0)
    return [
      ...topRule(layout, columns),
      ...emptyList(
        ['No peers yet.', 'They show up here when a share is fetched, or a receive finds one.'],
        frame,
      ),
    ]
  const widths = {
    address: Math.max(0, Math.min(40, columns - 68)),
    state: columns < 60 ? 0 : 11,
    trip: columns < 72 ? 0 : 9,
    bytes: columns < 96 ? 0 : 11,
  }
  const wide = columns < 80 ? 0 : 5
  const heading = `  ${column('PEER', 12)}${column('ADDRESS', widths.address)}${column('STATE', widths.state)}${column('TRIP', widths.trip, 'right')}${column('↓', 12, 'right')}${column('↑', 12, 'right')}${column('RECEIVED', widths.bytes, 'right')}${column('SENT', widths.bytes, 'right')}${column('JOBS', wide, 'right')}`
  const cells = (peer: PeerView): string =>
    `${column(shortAddress(peer.address), widths.address)}${column(peer.state, widths.state)}${column(peer.roundTripMs === null ? '–' : `${Math.round(peer.roundTripMs)} ms`, widths.trip, 'right')}${column(rateText(peer.downRate), 12, 'right')}${column(rateText(peer.upRate), 12, 'right')}${column(formatBytes(peer.downBytes), widths.bytes, 'right')}${column(formatBytes(peer.upBytes), widths.bytes, 'right')}${column(String(peer.jobs.length), wide, 'right')}`
  const rows = visibleRows(list, cursorOf('peers', state, list), layout.list).map(({ row, isSelected }) =>
    line(
      ...markerSpans('none', { isSelected, isMarked: false }),
      span(column(shortPeer(row.value.peer), 12), isSelected ? 'bold' : 'plain'),
      span(cells(row.value), row.value.state === 'connected' ? 'plain' : 'dim'),
    ),
  )
  return [...topRule(layout, columns), cutLine(line(span(heading, 'dim')), columns), ...rows].map((each) =>
    cutLine(each, columns),
  )
}

const rateText = (rate: number): string => (rate < 1 ? '–' : formatRate(rate))

const levels: Record<LogLevel, readonly [string, Tone]> = {
  info: [' ', 'plain'],
  good: ['✔', 'good'],
  warning: ['!', 'waiting'],
  error: ['!', 'bad'],
}

export function drawLog(state: UiState, board: Board, frame: Frame, layout: Layout): Line[] {
  const { columns } = frame
  const list = logList(state, board)
  if (list.count === 0)
    return [...topRule(layout, columns), ...emptyList(['Nothing has happened yet.'], frame)]
  const rows = visibleRows(list, cursorOf('log', state, list), layout.list).map(({ row, isSelected }) =>
    cutLine(logLine(row.value, isSelected && state.cursors.log.key !== undefined), columns),
  )
  return [...topRule(layout, columns), ...rows]
}

function logLine({ atMs, level, text }: LogEntry, isSelected: boolean): Line {
  const [mark, tone] = levels[level]
  return line(
    span(isSelected ? '▸' : ' ', 'bold'),
    span(`${new Date(atMs).toTimeString().slice(0, 8)} `, 'dim'),
    span(`${mark} `, tone),
    span(escapeText(text), level === 'error' ? 'bad' : 'plain'),
  )
}

export function drawRemotes(state: UiState, board: Board, frame: Frame, layout: Layout): Line[] {
  const { columns } = frame
  const list = remoteList(state, board)
  if (board.remotes.length === 0)
    return [
      ...topRule(layout, columns),
      ...emptyList(
        [
          'No bucket or server has a name.',
          'From a shell: ferry remote add NAME s3, or: ferry remote add NAME sftp',
        ],
        frame,
      ),
    ]
  const nameCells = Math.max(8, Math.min(24, Math.floor(columns / 3)))
  const heading = line(span(`  ${column('REMOTE', nameCells)}${column('KIND', 7)}PLACE`, 'dim'))
  const rows = visibleRows(list, cursorOf('remotes', state, list), layout.list).map(({ row, isSelected }) =>
    cutLine(remoteLine(row.value, nameCells, isSelected), columns),
  )
  return [...topRule(layout, columns), heading, ...rows]
}

function remoteLine({ name, kind, place }: RemoteRow, nameCells: number, isSelected: boolean): Line {
  return line(
    ...markerSpans('none', { isSelected, isMarked: false }),
    span(column(escapeText(`${name}:`), nameCells), isSelected ? 'bold' : 'plain'),
    span(column(kind, 7), 'dim'),
    escapeText(place),
  )
}
