/** The screen of shares: what is offered, its ticket, and who is taking it now. Pure. */
import type { JobView, ShareView } from '../../jobs/engine-types.ts'
import { drawBar } from '../../shared/text-layout.ts'
import { escapeText, fitCells } from '../../shared/terminal-text.ts'
import { shortAddress, shortPeer } from '../../shared/peer-name.ts'
import { formatBytes, formatBytesOf, formatCount, formatDuration, formatRate } from '../../shared/units.ts'
import type { Board } from '../model/board.ts'
import type { Layout } from '../model/layout.ts'
import type { Frame, Line, Tone } from '../model/line.ts'
import { column, cutLine, emptyLine, line, rule, span } from '../model/line.ts'
import { cursorOf, selected, shareList } from '../model/lists.ts'
import { markerSpans } from '../model/row-line.ts'
import { floorPercent } from '../model/transfer-rows.ts'
import type { UiState } from '../model/ui-state.ts'
import { visibleRows } from '../model/window.ts'
import type { Hint } from './chrome.ts'
import { emptyList } from './first-run.ts'

export const shareHints: readonly Hint[] = [
  ['↑↓', 'move'],
  ['a', 'add share'],
  ['y', 'copy'],
  ['c', 'QR'],
  ['d', 'stop sharing'],
  ['p', 'pause'],
  ['Y', 'copy command'],
  ['/', 'filter'],
]

interface Widths {
  readonly name: number
  readonly files: number
  readonly size: number
  readonly state: number
  readonly sent: number
  readonly peers: number
}

function widthsFor(columns: number): Widths {
  const rest = {
    files: columns < 56 ? 0 : 10,
    size: columns < 48 ? 0 : 11,
    state: 14,
    sent: columns < 64 ? 0 : 11,
    peers: columns < 72 ? 0 : 6,
  }
  const used = Object.values(rest).reduce((sum, cells) => sum + cells, 2)
  return { name: Math.max(8, columns - used), ...rest }
}

export function drawShares(state: UiState, board: Board, frame: Frame, layout: Layout): Line[] {
  const { columns } = frame
  const list = shareList(state, board)
  const top = layout.size === 'narrow' ? [] : [rule(columns)]
  if (board.shares.length === 0)
    return [...top, ...emptyList(['Nothing is shared.', 'Press a to choose a file or folder.'], frame)]
  const widths = widthsFor(columns)
  const heading = line(
    span(
      `  ${column('SHARE', widths.name)}${column('FILES', widths.files, 'right')}${column('SIZE', widths.size, 'right')}  ${column('STATE', widths.state - 2)}${column('SENT', widths.sent, 'right')}${column('PEERS', widths.peers, 'right')}`,
      'dim',
    ),
  )
  const rows = visibleRows(list, cursorOf('shares', state, list), layout.list).map(({ row, isSelected }) =>
    shareLine(row.value, widths, isSelected),
  )
  while (rows.length < layout.list) rows.push(emptyLine)
  const chosen = selected('shares', state, list)?.value
  const pane = chosen && layout.detail > 0 ? sharePane(chosen, board, columns, layout.detail) : []
  return [...top, heading, ...rows, ...pane]
}

function stateOf({ state, phase, percent }: ShareView): readonly [string, Tone] {
  if (state === 'running' && phase === 'serve') return ['serving', 'good']
  if (state === 'running') return [percent > 0 ? `${phase} ${percent}%` : phase, 'active']
  const words = { interrupted: 'stopped', cancelled: 'stopped' } as Record<string, string>
  return [words[state] ?? state, state === 'failed' ? 'bad' : 'waiting']
}

const connectedOf = ({ peers }: ShareView): number =>
  peers.filter(({ state }) => state === 'connected').length

function shareLine(share: ShareView, widths: Widths, isSelected: boolean): Line {
  const [word, tone] = stateOf(share)
  return line(
    ...markerSpans(share.state === 'failed' ? 'failed' : 'none', { isSelected, isMarked: false }),
    span(column(escapeText(share.name), widths.name), isSelected ? 'bold' : 'plain'),
    column(formatCount(share.files), widths.files, 'right'),
    column(formatBytes(share.bytes), widths.size, 'right'),
    '  ',
    span(column(word, widths.state - 2), tone),
    column(formatBytes(share.sentBytes), widths.sent, 'right'),
    column(String(connectedOf(share)), widths.peers, 'right'),
  )
}

function sharePane(share: ShareView, board: Board, columns: number, rows: number): Line[] {
  const job = board.jobs.find(({ id }) => id === share.id)
  const lines = [
    rule(columns, escapeText(share.name)),
    ...ticketLines(share),
    line(` created  ${clock(share.createdAtMs)} · ${factsOf(share, job, board.nowMs)}`),
    emptyLine,
    ...sendingLines(share, columns, Math.max(0, rows - 5)),
  ]
  const shown = lines.slice(0, rows).map((each) => cutLine(each, columns))
  while (shown.length < rows) shown.push(emptyLine)
  return shown
}

/** Enough to tell it from others; the whole one goes to the clipboard, not to whoever looks at the screen. */
export const shortTicket = (ticket: string): string =>
  ticket.length <= 24 ? ticket : `${ticket.slice(0, 12)}…${ticket.slice(-5)}`

function ticketLines({ ticket }: ShareView): Line[] {
  if (ticket === null) return [line(' ticket   comes in a moment')]
  const keys = (key: string, what: string): string => `${key} ${what}`
  return [
    line(
      ` ticket   ${shortTicket(ticket)}   `,
      span(`(${keys('y', 'copy ticket')} · ${keys('Y', 'copy command')} · ${keys('c', 'QR code')})`, 'dim'),
    ),
    line(` command  ferry receive ${shortTicket(ticket)}`),
  ]
}

function factsOf({ expiresAtMs, once, peers }: ShareView, job: JobView | undefined, nowMs: number): string {
  const expires =
    expiresAtMs === null ? 'expires never' : `expires in ${formatDuration(Math.max(0, expiresAtMs - nowMs))}`
  const served = new Set(peers.map(({ peer }) => peer)).size
  const limit = job?.limits.bytesPerSecond ?? null
  const parts = [
    expires,
    once ? 'ends after one full download' : '',
    served > 0 ? `served to ${served} peer${served === 1 ? '' : 's'}` : 'nobody has come yet',
    limit === null ? '' : `at most ${formatRate(limit)}`,
  ]
  return parts.filter((part) => part !== '').join(' · ')
}

function sendingLines(share: ShareView, columns: number, rows: number): Line[] {
  const now = share.peers.filter(({ state }) => state === 'connected')
  if (now.length === 0)
    return [line(span(' Waiting for a peer… on the other computer: ferry receive, and the ticket', 'dim'))]
  const shown = now.slice(0, Math.max(0, now.length > rows - 1 ? rows - 2 : rows - 1))
  const more = now.length - shown.length
  return [
    line(span(' NOW SENDING', 'dim')),
    ...shown.map(({ peer, address, rate, bytes }) => {
      const percent = floorPercent(Math.min(bytes, share.bytes), share.bytes)
      return line(
        `   ${fitCells(shortPeer(peer), 11)}${fitCells(shortAddress(address), 22)}`,
        span(formatRate(rate).padStart(11), 'active'),
        `   ${formatBytesOf(Math.min(bytes, share.bytes), share.bytes)}  ${percent}%`,
        columns >= 100 ? span(`  ${drawBar(percent / 100, 20, true)}`, 'active') : '',
      )
    }),
    ...(more > 0 ? [line(`   … ${more} more`)] : []),
  ]
}

/** `14:02`, in the zone of whoever looks. */
export function clock(atMs: number): string {
  return new Date(atMs).toTimeString().slice(0, 5)
}
