/**
 * The whole window as lines, from what the engine tells and what the user has done. Invariant: exactly as many lines as the
 * window has rows, none wider than its columns. Pure, so that a frame is a value that can be kept and compared.
 */
import type { Board } from '../model/board.ts'
import type { Layout } from '../model/layout.ts'
import { layoutOf } from '../model/layout.ts'
import type { Frame, Line } from '../model/line.ts'
import { cutLine, emptyLine, rule, toAscii } from '../model/line.ts'
import { targetIds } from '../model/lists.ts'
import type { Sums } from '../model/sums.ts'
import { sumJobs } from '../model/sums.ts'
import type { UiState } from '../model/ui-state.ts'
import type { Hint } from './chrome.ts'
import { footLine, headLine } from './chrome.ts'
import type { QrLines } from './overlays.ts'
import { drawCode, drawHelp } from './overlays.ts'
import { drawShares, shareHints } from './shares.ts'
import { drawLog, drawPeers, drawRemotes, plainHints } from './small-screens.ts'
import { drawSyncs, syncHints } from './syncs.ts'
import { drawTransfers, tinyLine, transferHints } from './transfers.ts'

export interface DrawOptions {
  readonly canOpen: boolean
  /** A ticket as a code of half blocks, dark on light, or what it would need. */
  readonly qr: (ticket: string, columns: number, rows: number) => QrLines
}

const closeHints: readonly Hint[] = [['Esc', 'back']]

export function drawScreen(state: UiState, board: Board, frame: Frame, options: DrawOptions): Line[] {
  const isUnicode = frame.unicode && !state.isAscii
  const lines = draw(state, board, { ...frame, unicode: isUnicode }, options)
  return isUnicode ? lines : lines.map(toAscii)
}

function draw(state: UiState, board: Board, frame: Frame, options: DrawOptions): Line[] {
  const { columns, rows } = frame
  const { screen } = state
  const sums = sumJobs(board.jobs)
  const layout = layoutOf(screen, frame, state.detail)
  if (layout.size === 'line') {
    const asks = state.confirm || state.prompt
    return fill([asks ? footLine(state, board, frame, []) : tinyLine(sums, columns)], columns, rows)
  }
  const head = headLine(state, board, frame, sums)
  const framed = (body: readonly Line[], hints: readonly Hint[]): Line[] => [
    ...fill([head, ...body], columns, rows - 2),
    rule(columns),
    cutLine(footLine(state, board, frame, hints), columns),
  ]
  if (state.overlay === 'help')
    return framed(drawHelp(screen, board, frame, state.helpTop, options.canOpen), [
      ['↑↓', 'move'],
      ...closeHints,
    ])
  if (state.overlay === 'qr') {
    const ids = targetIds(state, board)
    const ticket = board.jobs.find(({ id, ticket: its }) => ids.includes(id) && its !== null)?.ticket
    // The code gets the whole window but the foot.
    const code = ticket ? options.qr(ticket, columns, rows - 1) : undefined
    return [
      ...fill(drawCode(code, frame), columns, rows - 1),
      cutLine(footLine(state, board, frame, closeHints), columns),
    ]
  }
  const [body, hints] = bodyOf(state, board, frame, layout, sums, options)
  return framed(body, hints)
}

type Body = readonly [lines: readonly Line[], hints: readonly Hint[]]

function bodyOf(
  state: UiState,
  board: Board,
  frame: Frame,
  layout: Layout,
  sums: Sums,
  { canOpen }: DrawOptions,
): Body {
  const { screen } = state
  if (screen === 'transfers')
    return [drawTransfers(state, board, frame, layout, sums), transferHints(board, canOpen)]
  if (screen === 'shares') return [drawShares(state, board, frame, layout), shareHints]
  if (screen === 'syncs') return [drawSyncs(state, board, frame, layout), syncHints]
  if (screen === 'peers') return [drawPeers(state, board, frame, layout), plainHints]
  if (screen === 'log') return [drawLog(state, board, frame, layout), plainHints]
  return [drawRemotes(state, board, frame, layout), plainHints]
}

function fill(lines: readonly Line[], columns: number, rows: number): Line[] {
  const shown = lines.slice(0, Math.max(0, rows)).map((each) => cutLine(each, columns))
  while (shown.length < rows) shown.push(emptyLine)
  return shown
}
