/** Lists of the daemon as lines for people. Pure; names from outside are escaped. */
import type { HistoryRow, JobView, PeerView, ShareView } from '../../jobs/engine-types.ts'
import { cutMiddle, escapeText } from '../../shared/terminal-text.ts'
import { formatBytes, formatCount, formatElapsed, formatRate } from '../../shared/units.ts'

/** Rows under headings, as wide as they need; the column `wide` gives way. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  columns: number,
  wide: number,
): string {
  if (rows.length === 0) return ''
  const all = [headings, ...rows]
  const widths = headings.map((_, index) => Math.max(...all.map((row) => row[index]?.length ?? 0)))
  const spare = columns - widths.reduce((sum, width) => sum + width + 2, 0)
  const width = widths[wide] as number
  if (spare < 0) widths[wide] = Math.max(12, width + spare)
  return all
    .map((row) =>
      row
        .map((cell, index) => {
          const room = widths[index] as number
          return (index === wide ? cutMiddle(cell, room) : cell).padEnd(room)
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
    .concat('\n')
}

const time = (ms: number): string => new Date(ms).toLocaleString('sv-SE').slice(0, 16)

export function jobTable(jobs: readonly JobView[], columns: number): string {
  const rows = jobs.map(({ id, kind, state, title, snapshot: { percent, bytes, rate, phase } }) => [
    id,
    kind,
    state === 'running' ? phase : state,
    phase === 'serve' && state === 'running' ? '' : `${percent}%`,
    formatBytes(bytes.total),
    state === 'running' && rate > 0 ? formatRate(rate) : '',
    escapeText(title),
  ])
  return table(['ID', 'KIND', 'STATE', 'DONE', 'SIZE', 'SPEED', 'NAME'], rows, columns, 6)
}

export function shareTable(shares: readonly ShareView[], columns: number): string {
  const rows = shares.map(({ id, name, state, phase, percent, files, bytes, sentBytes, peers }) => [
    id,
    formatCount(files),
    formatBytes(bytes),
    state !== 'running' ? state : phase === 'serve' ? 'serving' : `${phase} ${percent}%`,
    formatBytes(sentBytes),
    String(peers.filter((peer) => peer.state === 'connected').length),
    escapeText(name),
  ])
  return table(['ID', 'FILES', 'SIZE', 'STATE', 'SENT', 'PEERS', 'NAME'], rows, columns, 6)
}

export function peerTable(peers: readonly PeerView[], columns: number): string {
  const rows = peers.map(({ peer, address, state, roundTripMs, downRate, upRate, downBytes, upBytes }) => [
    peer,
    state,
    roundTripMs === null ? '' : `${Math.round(roundTripMs)} ms`,
    formatRate(downRate),
    formatRate(upRate),
    formatBytes(downBytes + upBytes),
    escapeText(address),
  ])
  return table(['PEER', 'STATE', 'RTT', 'DOWN', 'UP', 'BYTES', 'ADDRESS'], rows, columns, 6)
}

export function historyTable(rows: readonly HistoryRow[], columns: number): string {
  const lines = rows.map((row) => [
    time(row.endedAtMs),
    row.id,
    row.kind,
    row.failedFiles > 0 ? `${row.outcome}, ${formatCount(row.failedFiles)} failed` : row.outcome,
    formatBytes(row.bytes),
    formatElapsed(row.endedAtMs - row.startedAtMs),
    escapeText(row.title),
  ])
  return table(['ENDED', 'ID', 'KIND', 'OUTCOME', 'SIZE', 'TOOK', 'NAME'], lines, columns, 6)
}
