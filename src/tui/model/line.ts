/**
 * A line of a screen: pieces of text with a meaning each, without any terminal code. Everything that is drawn is made of
 * these, so that screens are plain functions and colours are decided in one place. Text from outside is escaped before it
 * gets here.
 */
import { cutEnd, cutMiddle, fitCells, textCells } from '../../shared/terminal-text.ts'

/** What a piece means; `paint.ts` knows the colours. `code` is drawn dark on light whatever the theme. */
export type Tone = 'plain' | 'active' | 'good' | 'waiting' | 'bad' | 'dim' | 'bold' | 'cursor' | 'code'

export interface Span {
  readonly text: string
  readonly tone: Tone
}

export type Line = readonly Span[]

/** What is drawn on. */
export interface Frame {
  readonly columns: number
  readonly rows: number
  readonly unicode: boolean
}

export const emptyLine: Line = []

export function span(text: string, tone: Tone = 'plain'): Span {
  return { text, tone }
}

export function line(...parts: readonly (string | Span)[]): Line {
  return parts.map((part) => (typeof part === 'string' ? span(part) : part)).filter(({ text }) => text !== '')
}

export function lineCells(spans: Line): number {
  return spans.reduce((cells, { text }) => cells + textCells(text), 0)
}

export function lineText(spans: Line): string {
  return spans.map(({ text }) => text).join('')
}

/** The beginning of a line that fits into `columns` cells. */
export function cutLine(spans: Line, columns: number): Line {
  const kept: Span[] = []
  let left = columns
  for (const piece of spans) {
    if (left <= 0) break
    const text = cutEnd(piece.text, left)
    left -= textCells(text)
    if (text !== '') kept.push({ ...piece, text })
  }
  return kept
}

/** `left` at the beginning and `right` at the end of `columns` cells. What has no room: `right` as a whole, then the end of `left`. */
export function spread(left: Line, right: Line, columns: number): Line {
  const room = columns - lineCells(left) - lineCells(right)
  if (room < 1) return cutLine(left, columns)
  return [...left, span(' '.repeat(room)), ...right]
}

/** A rule over the whole width, with a title in it. */
export function rule(columns: number, title = ''): Line {
  if (title === '') return line(span('─'.repeat(columns), 'dim'))
  const shown = cutMiddle(title, Math.max(1, columns - 5))
  return line(
    span('── ', 'dim'),
    span(shown, 'bold'),
    span(` ${'─'.repeat(Math.max(0, columns - 4 - textCells(shown)))}`, 'dim'),
  )
}

/** Text in a column of exactly `cells` cells; the last cell before the next column stays free. */
export function column(text: string, cells: number, align: 'left' | 'right' = 'left'): string {
  if (cells <= 1) return ' '.repeat(Math.max(0, cells))
  return align === 'left' ? `${fitCells(text, cells - 1)} ` : ` ${fitCells(text, cells - 1, 'right')}`
}

/** Words in lines of at most `columns` cells; a word that is longer is cut. */
export function wrapText(text: string, columns: number): string[] {
  const lines: string[] = []
  let now = ''
  for (const word of text.split(' ')) {
    const next = now === '' ? word : `${now} ${word}`
    if (textCells(next) <= columns) now = next
    else {
      if (now !== '') lines.push(now)
      now = cutMiddle(word, columns)
    }
  }
  if (now !== '') lines.push(now)
  return lines
}

const plainGlyphs: Readonly<Record<string, string>> = {
  ...{
    '█': '#',
    '▓': '+',
    '▒': '=',
    '░': '-',
    '▏': '-',
    '▎': '-',
    '▍': '-',
    '▌': '-',
    '▋': '-',
    '▊': '-',
    '▉': '-',
  },
  ...{ '▁': '_', '▂': '.', '▃': ',', '▄': '-', '▅': '=', '▆': '+', '▇': '*' },
  ...{ '▸': '>', '✔': '*', '•': '+', '●': '*', '◐': 'o', '○': '.', '▾': 'v', '▴': '^' },
  ...{ '↓': 'v', '↑': '^', '⇄': '=', '→': '>', '–': '-', '·': '-', '─': '-', '…': '~', '⏎': '=' },
}

/** The same line in ASCII alone and of the same width, for terminals that show nothing else. */
export function toAscii(spans: Line): Line {
  return spans.map(({ text, tone }) => ({ text: asciiOf(text), tone }))
}

function asciiOf(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text
  let plain = ''
  for (const { segment } of new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text))
    plain += /^[\x20-\x7e]$/.test(segment)
      ? segment
      : (plainGlyphs[segment] ?? '?'.repeat(textCells(segment)))
  return plain
}
