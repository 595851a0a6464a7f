/** What lies over a screen: the help of that screen, and a ticket as a QR code. Pure. */
import { escapeText } from '../../shared/terminal-text.ts'
import type { Board } from '../model/board.ts'
import type { Frame, Line } from '../model/line.ts'
import { cutLine, emptyLine, line, rule, span, wrapText } from '../model/line.ts'
import type { ScreenName } from '../model/keys.ts'
import { screenTitles } from './chrome.ts'

type Keys = readonly (readonly [string, string])[]

const jobKeys: Keys = [
  ['p', 'pause; go on with what is paused or was stopped'],
  ['x', 'stop (asks first; what has arrived is kept)'],
  ['r', 'run again what has ended; files that are here stay'],
  ['+ -', 'raise or lower the limit of its speed'],
]
const ticketKeys: Keys = [
  ['y Y', 'copy the ticket; the whole command'],
  ['c', 'show the ticket as a QR code'],
]
const ownKeys: Record<ScreenName, Keys> = {
  transfers: [
    ['Enter', 'open or close the details'],
    ['space', 'mark; keys then act on all marked'],
    ...jobKeys,
    ...ticketKeys,
    ['s R', 'sort by the next column; reverse'],
    ['e', 'only what has failed'],
  ],
  shares: [...ticketKeys, ['d', 'stop sharing and forget it (asks first)'], ...jobKeys],
  peers: [],
  syncs: jobKeys,
  log: [['G', 'newest line, and stay there']],
  remotes: [],
}
const openKeys: Keys = [['o', 'open the folder it is written into']]
const allKeys: Keys = [
  ['1-6 Tab', 'screens'],
  ['up down', 'move; also j k, PgUp PgDn, g G'],
  ['/', 'filter: words, phase:failed, peer:12D3 (Esc clears)'],
  ['a', 'share a file or folder'],
  ['n', 'receive: paste a ticket (pasting it anywhere does, too)'],
  ['S', 'sync a folder, bucket or server'],
  ['t', 'draw with ASCII characters, or not'],
  ['Ctrl-L', 'draw everything again'],
  ['Ctrl-Z', 'to the shell; fg comes back'],
  ['q', 'leave'],
]
const glossary: Keys = [
  ['ticket', 'text that lets whoever has it fetch a share'],
  ['already here', 'bytes that did not have to be fetched'],
  ['saved', 'bytes that a sync did not have to send'],
  ['chunk', 'a piece of a file, named by the hash of its bytes'],
]

export function helpLines(screen: ScreenName, { places }: Board, columns: number, canOpen: boolean): Line[] {
  const [indent, keyCells] = columns < 60 ? [1, 10] : [3, 14]
  const table = (keys: Keys): Line[] =>
    keys.flatMap(([key, what]) =>
      wrapText(what, Math.max(8, columns - indent - keyCells)).map((text, index) =>
        line(' '.repeat(indent), span((index === 0 ? key : '').padEnd(keyCells), 'bold'), text),
      ),
    )
  const titled = (title: string, keys: Keys): Line[] =>
    keys.length === 0 ? [] : [line(span(` ${title}`, 'active')), ...table(keys), emptyLine]
  const own = ownKeys[screen]
  return [
    ...titled(
      screenTitles[screen],
      canOpen && screen !== 'log' && own.length > 1 ? [...own, ...openKeys] : own,
    ),
    ...titled('Everywhere', allKeys),
    ...titled('Words', glossary),
    ...titled('Files', [
      ['settings', escapeText(places.config)],
      ['data', escapeText(places.data)],
      ['log', escapeText(places.log)],
    ]),
  ]
}

export function drawHelp(
  screen: ScreenName,
  board: Board,
  frame: Frame,
  top: number,
  canOpen: boolean,
): Line[] {
  const { columns, rows } = frame
  const lines = helpLines(screen, board, columns, canOpen)
  const room = Math.max(0, rows - 4)
  const first = Math.min(top, Math.max(0, lines.length - room))
  return [rule(columns), ...lines.slice(first, first + room).map((each) => cutLine(each, columns))]
}

/** A picture that `drawQr` of the command line has made, without its colours. */
export interface QrLines {
  readonly lines: readonly string[]
  readonly rows: number
  readonly fits: boolean
}

export function drawCode(qr: QrLines | undefined, { columns, rows, unicode }: Frame): Line[] {
  const say = (text: string): Line[] => [rule(columns), emptyLine, cutLine(line(`  ${text}`), columns)]
  if (!qr) return say('This share has no ticket yet.')
  if (!unicode) return say('A code cannot be drawn in ASCII; press t, or run: ferry share --qr')
  if (!qr.fits)
    return say(
      `The window is too small for the code (needs ${qr.rows} rows); enlarge it, or run: ferry share --qr`,
    )
  const left = Math.max(0, Math.floor((columns - (qr.lines[0]?.length ?? 0)) / 2))
  const above = Math.max(0, Math.floor((rows - 2 - qr.lines.length) / 2))
  return [
    ...Array.from({ length: above }, () => emptyLine),
    ...qr.lines.map((text) => line(' '.repeat(left), span(text, 'code'))),
  ]
}
