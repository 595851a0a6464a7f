/** The pane below the list of transfers: the steps, the peers, where it goes, and what went wrong. Pure. */
import type { JobView } from '../../jobs/engine-types.ts'
import type { PeerPicture } from '../../progress/events.ts'
import { stepNames } from '../../progress/steps.ts'
import { shortAddress, shortPeer } from '../../shared/peer-name.ts'
import { escapeText, fitCells } from '../../shared/terminal-text.ts'
import { formatBytes, formatBytesOf, formatElapsed, formatPlural, formatRate } from '../../shared/units.ts'
import type { Board } from '../model/board.ts'
import type { Line, Span } from '../model/line.ts'
import { cutLine, emptyLine, line, rule, span, spread } from '../model/line.ts'
import { selected, transferList } from '../model/lists.ts'
import { jobWord } from '../model/transfer-rows.ts'
import type { TransferRow } from '../model/transfer-rows.ts'
import type { UiState } from '../model/ui-state.ts'

/** Exactly `rows` lines. */
export function transferDetail(state: UiState, board: Board, columns: number, rows: number): Line[] {
  const row = selected('transfers', state, transferList(state, board))
  const job = row && board.jobs.find(({ id }) => id === row.jobId)
  const lines =
    row && job ? [rule(columns, `details: ${row.name}`), ...jobLines(job, row, columns, rows - 1)] : []
  const shown = lines.slice(0, rows).map((each) => cutLine(each, columns))
  while (shown.length < rows) shown.push(emptyLine)
  return shown
}

function jobLines(job: JobView, row: TransferRow, columns: number, rows: number): Line[] {
  const trouble = troubleLines(job, row)
  const facts = [stepLine(job, row, columns), factLine(job), targetLine(job)]
  const room = Math.max(0, rows - facts.length - trouble.length)
  const shownPeers = job.snapshot.peers.slice(
    0,
    job.snapshot.peers.length > room ? Math.max(0, room - 1) : room,
  )
  const peers = shownPeers.map((peer, index) =>
    line(index === 0 ? '  peers   ' : '          ', ...peerSpans(peer)),
  )
  const more = job.snapshot.peers.length - shownPeers.length
  if (more > 0 && room > 0) peers.push(line(`          … ${more} more (3 lists all)`))
  return [...facts.slice(0, 2), ...peers, ...facts.slice(2), ...trouble]
}

function stepLine(job: JobView, row: TransferRow, columns: number): Line {
  const { snapshot, state } = job
  const now = snapshot.stepNumber
  const steps = stepNames(job.kind).flatMap((name, index): Span[] => {
    const number = index + 1
    const isPast = state === 'done' || number < now
    const [mark, tone] = isPast
      ? (['●', 'good'] as const)
      : number === now
        ? state === 'failed' || state === 'cancelled'
          ? (['!', 'bad'] as const)
          : (['◐', 'active'] as const)
        : (['○', 'dim'] as const)
    const shown = number === 6 && (state === 'failed' || state === 'cancelled') ? jobWord(job) : name
    return [span(`${mark} ${shown}  `, tone)]
  })
  const amount =
    row.path === undefined || row.size === undefined
      ? snapshot.bytes.total > 0
        ? formatBytesOf(snapshot.bytes.done, snapshot.bytes.total)
        : ''
      : formatBytesOf(row.done, row.size)
  return spread(line('  steps   ', ...steps), line(amount === '' ? '' : `bytes ${amount} `), columns)
}

function factLine(job: JobView): Line {
  const { limits, attempts, snapshot } = job
  const limit = limits.bytesPerSecond === null ? 'no limit' : `at most ${formatRate(limits.bytesPerSecond)}`
  const had = snapshot.files.had > 0 ? `${formatPlural(snapshot.files.had, 'file')} already here` : ''
  const parts = [
    `for ${formatElapsed(snapshot.elapsedMs)}`,
    limit,
    attempts > 1 ? `run ${attempts}` : '',
    had,
    snapshot.sync ? `${formatBytes(snapshot.sync.savedBytes)} saved` : '',
  ]
  return line(`  job     ${job.id} ${job.kind} · ${parts.filter((part) => part !== '').join(' · ')}`)
}

function targetLine({ from, to, kind }: JobView): Line {
  const source = from.map(escapeText).join(', ')
  if (kind === 'share' || to === null) return line(`  source  ${source}`)
  return line(`  target  ${escapeText(to)}`, span(`  from ${source}`, 'dim'))
}

export function peerSpans(peer: PeerPicture): Span[] {
  const { roundTripMs, state, rate, bytes, message } = peer
  const isConnected = state === 'connected'
  return [
    span(fitCells(shortPeer(peer.peer), 11)),
    span(fitCells(shortAddress(peer.address), 22), 'dim'),
    span(fitCells(isConnected ? '' : state, 11), isConnected ? 'plain' : 'waiting'),
    span((roundTripMs === undefined ? '' : `${Math.round(roundTripMs)} ms`).padStart(8)),
    span((isConnected ? formatRate(rate) : '').padStart(12), 'active'),
    span(formatBytes(bytes).padStart(11)),
    span(message === undefined ? '' : `  ${escapeText(message)}`, 'dim'),
  ]
}

/** What failed, why, and what to do next. */
function troubleLines({ snapshot }: JobView, row: TransferRow): Line[] {
  const failure =
    snapshot.failures.find(({ path }) => path === row.path) ??
    (row.path === undefined ? snapshot.failures[0] : undefined)
  const lines: Line[] = []
  if (snapshot.error) lines.push(...errorLines(snapshot.error.message, snapshot.error.hint))
  else if (failure)
    lines.push(...errorLines(`${failure.path} failed: ${failure.error.message}`, failure.error.hint))
  const warning = snapshot.warnings.at(-1)
  if (lines.length === 0 && warning !== undefined)
    lines.push(line(span(`  ! ${escapeText(warning)}`, 'waiting')))
  return lines
}

function errorLines(message: string, hint: string | undefined): Line[] {
  const said = line(span(`  ! ${escapeText(message)}`, 'bad'))
  return hint === undefined ? [said] : [said, line(`    hint: ${escapeText(hint)}`)]
}
