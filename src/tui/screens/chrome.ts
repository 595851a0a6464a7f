/** What frames every screen: the head with the names of the screens, and the foot with keys, questions and notices. Pure. */
import { formatCount, formatDuration, formatPlural } from '../../shared/units.ts'
import { escapeText, textCells } from '../../shared/terminal-text.ts'
import type { Board } from '../model/board.ts'
import type { ScreenName } from '../model/keys.ts'
import { screenNames } from '../model/keys.ts'
import type { Frame, Line, Span } from '../model/line.ts'
import { cutLine, line, lineCells, span, spread } from '../model/line.ts'
import { sizeOf } from '../model/layout.ts'
import { promptLabels } from '../model/prompt.ts'
import type { Prompt } from '../model/prompt.ts'
import type { Sums } from '../model/sums.ts'
import type { UiState } from '../model/ui-state.ts'

export const screenTitles: Record<ScreenName, string> = {
  transfers: 'Transfers',
  shares: 'Shares',
  peers: 'Peers',
  syncs: 'Syncs',
  log: 'Log',
  remotes: 'Remotes',
}

function linkSpan({ link, status, peers }: Board, room = Infinity): Span {
  if (link === 'reconnecting') return span('reconnecting… ', 'waiting')
  if (link === 'connecting') return span('connecting… ', 'waiting')
  const connected = status?.peers ?? peers.filter(({ state }) => state === 'connected').length
  const text = formatPlural(connected, 'peer')
  return span(textCells(text) + 11 <= room ? `online · ${text} ` : `${text} `, 'good')
}

/** ` ferry  [1 Transfers] 2 Shares …            online · 3 peers`, or the screen's name alone. */
export function headLine({ screen }: UiState, board: Board, { columns, rows }: Frame, sums: Sums): Line {
  if (sizeOf({ columns, rows }) === 'narrow') {
    const left = line(span(' ferry', 'bold'), ` · ${screenTitles[screen]}`)
    const progress = [
      sums.percent === undefined ? '' : `${sums.percent}%`,
      sums.etaMs === undefined ? '' : formatDuration(sums.etaMs),
    ].filter((text) => text !== '')
    const right = progress.length > 0 ? line(`${progress.join(' · ')} `) : line(linkSpan(board))
    return spread(left, board.link === 'connected' ? right : line(linkSpan(board)), columns)
  }
  const names = screenNames.flatMap((name, index): Span[] => {
    const title = `${index + 1} ${screenTitles[name]}`
    return name === screen ? [span(' '), span(`[${title}]`, 'bold')] : [span(` ${title}`)]
  })
  const left = line(span(' ferry ', 'bold'), ...names)
  return spread(left, line(linkSpan(board, columns - lineCells(left))), columns)
}

/** A key and what it does here; the last ones go first when there is no room. */
export type Hint = readonly [key: string, what: string]

const lastHints: readonly Hint[] = [
  ['?', 'help'],
  ['q', 'quit'],
]

/** Help and leaving always stay. */
export function hintLine(hints: readonly Hint[], { columns, rows, unicode }: Frame): Line {
  const keyOf = (key: string): string => (unicode ? key : ({ '⏎': 'Enter', '↑↓': 'jk' }[key] ?? key))
  if (sizeOf({ columns, rows }) === 'narrow')
    return cutLine(line(` ${[...hints, ...lastHints].map(([key]) => keyOf(key)).join(' ')}`), columns)
  const draw = ([key, what]: Hint): Span[] => [span(' '), span(keyOf(key), 'bold'), span(` ${what} `)]
  const last = lastHints.flatMap(draw)
  const shown: Span[] = []
  for (const hint of hints) {
    const next = draw(hint)
    if (lineCells(shown) + lineCells(next) + lineCells(last) > columns) break
    shown.push(...next)
  }
  return [...shown, ...last]
}

/** The last row: a question, what is being typed, what has just happened, or the keys. */
export function footLine(state: UiState, board: Board, frame: Frame, hints: readonly Hint[]): Line {
  const { confirm, prompt, notice, filters, screen, marks } = state
  const { columns } = frame
  if (confirm) {
    const ending = ' [y/N]'
    const question = line(span(` ${escapeText(confirm.question)}`, 'waiting'))
    return [...cutLine(question, columns - ending.length), span(ending, 'bold')]
  }
  if (prompt) return promptLine(prompt, columns)
  if (notice && board.nowMs < notice.untilMs)
    return cutLine(line(span(` ${notice.text}`, notice.tone)), columns)
  const filter = filters[screen]
  if (marks.size > 0) {
    const marked = line(span(` ${formatCount(marks.size)} marked `, 'waiting'))
    return [...marked, ...hintLine(hints.slice(1), { ...frame, columns: columns - lineCells(marked) })]
  }
  if (filter !== '') {
    const shown = cutLine(line(span(` /${escapeText(filter)} `, 'waiting')), Math.floor(columns / 2))
    const clear: Hint = ['Esc', 'clear']
    return [...shown, ...hintLine([clear, ...hints], { ...frame, columns: columns - lineCells(shown) })]
  }
  return hintLine(hints, frame)
}

/** The end of what is typed stays in sight; a cell stands for the cursor. */
function promptLine({ kind, text, at, choices }: Prompt, columns: number): Line {
  const label = ` ${promptLabels[kind]}: `
  const left = escapeText(text.slice(0, at))
  const under = escapeText(/^./su.exec(text.slice(at))?.[0] ?? ' ')
  const right = escapeText(text.slice(at)).slice(under === ' ' && at === text.length ? 0 : under.length)
  const room = Math.max(4, columns - textCells(label) - textCells(under) - 1)
  const shownLeft = endOf(left, room)
  const shown = line(span(label, 'bold'), shownLeft, span(under, 'cursor'), right)
  const names = choices.map((choice) => escapeText(choice.replace(/\/$/, '').split('/').at(-1) ?? choice))
  return cutLine([...shown, ...(names.length > 0 ? [span(`  ${names.join('  ')}`, 'dim')] : [])], columns)
}

function endOf(text: string, cells: number): string {
  let shown = text
  while (textCells(shown) > cells) shown = shown.replace(/^./su, '')
  return shown
}
