/**
 * The live view of a job as lines: a headline with bar, speed and time left, below it what is under way. Pure: a
 * snapshot and the size of the terminal in, lines out, none wider than the terminal.
 */
import type { PeerPicture, Phase, Snapshot } from '../../progress/events.ts'
import { cutEnd, cutMiddle, escapeText, fitCells, textCells } from '../../shared/terminal-text.ts'
import {
  formatBytes,
  formatBytesOf,
  formatCount,
  formatDuration,
  formatPlural,
  formatRate,
} from '../../shared/units.ts'
import type { Palette } from '../terminal.ts'
import type { Piece } from '../../shared/text-layout.ts'
import { drawBar, fitPieces, spinner } from '../../shared/text-layout.ts'
import { shortAddress, shortPeer } from '../../shared/peer-name.ts'

export interface Frame {
  readonly columns: number
  readonly rows: number
  readonly unicode: boolean
  readonly palette: Palette
  /** Headline only. */
  readonly compact: boolean
}

/** Files or peers shown below the headline; more than that is a list, not a glance. */
const maxRows = 6
const barCells = { min: 10, max: 30 }
/** A short break is normal; after this it is said. */
const stalledAfterMs = 10_000
const indent = '  '

export function renderJob(snapshot: Snapshot, frame: Frame): string[] {
  // The last cell stays empty: some terminals wrap as soon as it is filled.
  const columns = Math.max(8, frame.columns - 1)
  const lines =
    // A share that is held back is of another phase, but at the same step.
    snapshot.kind === 'share' && (snapshot.phase === 'serve' || snapshot.stepNumber === 5)
      ? serving(snapshot, frame, columns)
      : [
          headline(snapshot, frame, columns),
          ...(frame.compact ? [] : [...savings(snapshot, columns), ...activeRows(snapshot, frame, columns)]),
        ]
  const failed = snapshot.files.failed
  if (failed > 0 && !frame.compact) {
    lines.push(frame.palette.bad(cutEnd(`${indent}! ${formatPlural(failed, 'file')} failed`, columns)))
  }
  // A region higher than the window could not be redrawn in place.
  return lines.slice(0, Math.max(1, frame.rows - 2))
}

function headline(snapshot: Snapshot, frame: Frame, columns: number): string {
  const { files, bytes, percent, rate, kind } = snapshot
  const { palette, unicode } = frame
  const moving = bytes.done > 0 || files.done > 0
  const mark = spinner(snapshot.elapsedMs, unicode)
  if (!moving) {
    const waited = snapshot.elapsedMs >= 3000 ? ` ${formatDuration(snapshot.elapsedMs)}` : ''
    return cutEnd(`${indent}${mark} ${escapeText(snapshot.message)}${waited}`, columns)
  }
  const stalled = snapshot.idleMs >= stalledAfterMs && kind !== 'share'
  const arrow = kind === 'receive' ? (unicode ? '↓ ' : '') : ''
  const paused = snapshot.state === 'paused'
  const speed = paused
    ? 'paused'
    : stalled
      ? `stalled ${formatDuration(snapshot.idleMs)}`
      : `${arrow}${formatRate(rate)}`
  const lead = kind === 'receive' ? speed : verbOf(snapshot)
  const pieces: Piece[] = [
    { text: lead, drop: 1, paint: stalled || paused ? palette.waiting : palette.active },
  ]
  const known = files.final && bytes.total > 0
  const eta = snapshot.etaSeconds
  const rest: Piece[] = known
    ? [
        { text: `${percent}%`.padStart(4), drop: 0, paint: palette.bold },
        { text: formatBytesOf(bytes.done, bytes.total), drop: 3 },
        { text: `${formatCount(files.done)}/${formatCount(files.total)}`, drop: 4 },
        { text: kind === 'receive' ? '' : speed, drop: 2 },
        { text: eta === undefined || stalled || paused ? '' : `ETA ${formatDuration(eta * 1000)}`, drop: 5 },
      ]
    : [
        { text: formatBytes(bytes.done), drop: 0 },
        { text: formatPlural(files.done, 'file'), drop: 3 },
        { text: kind === 'receive' ? '' : speed, drop: 2 },
      ]
  const room = columns - indent.length
  if (!known) return indent + fitPieces([{ text: mark, drop: 6 }, ...pieces, ...rest], room)
  const text = fitPieces(
    [...pieces, ...rest].map(({ text: piece, drop }) => ({ text: piece, drop })),
    room,
  )
  const free = room - textCells(text) - 2
  if (free >= barCells.min) {
    const bar = drawBar(
      bytes.done >= bytes.total ? 0.99 : bytes.done / bytes.total,
      Math.min(free, barCells.max),
      unicode,
    )
    pieces.push({ text: bar, drop: 1, paint: palette.active })
  }
  return indent + fitPieces([...pieces, ...rest], room)
}

/** What went to the destination of a sync, what it copied by itself, and what that saved; once there is any of it. */
function savings({ sync }: Snapshot, columns: number): string[] {
  const text = savingsText(sync)
  return text === '' ? [] : [cutEnd(`${indent}${indent}${text}`, columns)]
}

function savingsText(sync: Snapshot['sync']): string {
  if (!sync || sync.savedBytes === 0) return ''
  const { sentBytes, copiedBytes, savedBytes } = sync
  const copied = copiedBytes > 0 ? `, ${formatBytes(copiedBytes)} copied there` : ''
  return `${formatBytes(sentBytes)} sent${copied}, ${formatBytes(savedBytes)} saved`
}

const syncVerbs: Partial<Record<Phase, string>> = { upload: 'Sending', delete: 'Deleting' }

function verbOf(snapshot: Snapshot): string {
  if (snapshot.kind === 'share') return snapshot.phase === 'scan' ? 'Scanning' : 'Reading'
  if (snapshot.kind === 'sync') return syncVerbs[snapshot.phase] ?? 'Comparing'
  return snapshot.kind === 'gc' ? 'Cleaning' : 'Checking'
}

function activeRows(snapshot: Snapshot, frame: Frame, columns: number): string[] {
  const room = Math.max(0, Math.min(maxRows, frame.rows - 6))
  const shown = snapshot.active.slice(0, room)
  const rows = shown.map((item) => {
    const percent = item.total > 0 ? `${Math.min(99, Math.floor((item.done / item.total) * 100))}%` : ''
    const numbers = fitPieces(
      [
        { text: percent.padStart(4), drop: 0 },
        { text: columns < 56 ? '' : formatBytes(item.total).padStart(9), drop: 3 },
        { text: columns < 34 ? '' : formatRate(item.rate).padStart(10), drop: 2 },
      ],
      columns,
    )
    const nameCells = Math.max(4, Math.min(60, columns - 6 - textCells(numbers)))
    return cutEnd(`    ${fitCells(escapeText(item.path), nameCells)}  ${numbers}`, columns)
  })
  const more = snapshot.active.length - shown.length
  if (more > 0 && room > 0) rows.push(`    ${frame.unicode ? '…' : '...'} ${more} more`)
  return rows
}

function serving(snapshot: Snapshot, frame: Frame, columns: number): string[] {
  const connected = snapshot.peers.filter((peer) => peer.state === 'connected' || peer.state === 'connecting')
  const mark = spinner(snapshot.elapsedMs, frame.unicode)
  if (snapshot.state === 'paused') return [cutEnd(`${indent}Paused: nothing is sent`, columns)]
  if (connected.length === 0) {
    return [cutEnd(`${indent}${mark} Waiting for someone to connect${frame.unicode ? '…' : '...'}`, columns)]
  }
  const head = fitPieces(
    [
      {
        text: `${frame.unicode ? '↑' : 'up'} ${formatRate(snapshot.rate)}`,
        drop: 0,
        paint: frame.palette.active,
      },
      { text: `to ${formatPlural(connected.length, 'peer')}`, drop: 1 },
      { text: `${formatBytes(snapshot.bytes.transferred)} sent`, drop: 2 },
    ],
    columns - indent.length,
  )
  if (frame.compact) return [indent + head]
  const room = Math.max(0, Math.min(maxRows, frame.rows - 6))
  const rows = connected.slice(0, room).map((peer) => peerRow(peer, snapshot.bytes.total, columns))
  if (connected.length > room && room > 0) rows.push(`    ${connected.length - room} more`)
  return [indent + head, ...rows]
}

function peerRow(peer: PeerPicture, total: number, columns: number): string {
  const part = total > 0 ? Math.min(99, Math.floor((peer.bytes / total) * 100)) : 0
  const left = total - peer.bytes
  const name = columns < 60 ? shortPeer(peer.peer) : `${shortPeer(peer.peer)} (${shortAddress(peer.address)})`
  return `    ${fitPieces(
    [
      { text: cutMiddle(name, Math.max(11, columns - 50)), drop: 0 },
      { text: formatRate(peer.rate), drop: 1 },
      {
        text: total > 0 ? formatBytesOf(Math.min(peer.bytes, total), total) : formatBytes(peer.bytes),
        drop: 3,
      },
      { text: total > 0 ? `${part}%` : '', drop: 2 },
      { text: peer.rate > 1 && left > 0 ? `ETA ${formatDuration((left / peer.rate) * 1000)}` : '', drop: 4 },
    ],
    columns - 4,
    '   ',
  )}`
}

/** One line for logs: `14:02:31 receive Pictures 27% 2.31 of 8.40 GB 412/1530 files 42.1 MB/s eta 2m 24s`. */
export function renderPlain(snapshot: Snapshot): string {
  const { files, bytes, kind } = snapshot
  const known = files.final && bytes.total > 0
  const amount =
    kind === 'share' && snapshot.phase === 'serve'
      ? [
          `serving to ${formatPlural(snapshot.peers.filter((peer) => peer.state === 'connected').length, 'peer')}`,
          `${formatBytes(bytes.transferred)} sent`,
        ]
      : bytes.done === 0 && files.done === 0
        ? [escapeText(snapshot.message)]
        : known
          ? [
              `${snapshot.percent}%`,
              formatBytesOf(bytes.done, bytes.total),
              `${files.done}/${files.total} files`,
            ]
          : [formatBytes(bytes.done), formatPlural(files.done, 'file')]
  return [
    kind,
    escapeText(snapshot.name),
    ...amount,
    bytes.done > 0 && snapshot.rate >= 1 ? formatRate(snapshot.rate) : '',
    savingsText(snapshot.sync),
    snapshot.etaSeconds === undefined ? '' : `eta ${formatDuration(snapshot.etaSeconds * 1000)}`,
    files.failed > 0 ? `${files.failed} failed` : '',
  ]
    .filter((part) => part !== '')
    .join(' ')
}
