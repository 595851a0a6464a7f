/**
 * Text from outside (file names, peer names, messages of peers) made safe to print: what could move the cursor, change
 * colours, reverse or hide text is written as an escape. Also the width of text in terminal cells, and cutting to it.
 */

// Controls, lone surrogates, line separators, formats (bidi controls, zero-width, tags; the joiner stays, as emoji need
// it), and the letters and marks that are drawn as nothing.
const unsafe =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|(?!\u{200d})\p{Cf}|\u{34f}|[\u{115f}\u{1160}\u{17b4}\u{17b5}\u{3164}\u{ffa0}]|[\u{180b}-\u{180f}]|[\u{e0000}-\u{e0fff}]/gu

const short: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\u001b': '\\e' }

/** The same text with every unsafe character written as an escape such as `\n`, `\x9b` or `\u{202e}`. */
export function escapeText(text: string): string {
  return text.replace(unsafe, (character) => {
    const code = character.codePointAt(0) as number
    return (
      short[character] ??
      (code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`)
    )
  })
}

/** A name in double quotes for a message: escaped, and shortened to `maxCells` cells in the middle. */
export function quoteName(name: string, maxCells = 120): string {
  return `"${cutMiddle(escapeText(name), maxCells)}"`
}

// East Asian Wide and Fullwidth, and emoji that are drawn as pictures.
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{16fe0}-\u{18cff}]|[\u{1aff0}-\u{1b2ff}]|[\u{1f200}-\u{1f2ff}]|[\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u
const zeroWidth = /^(?:\p{Mn}|\p{Me}|\u{200d}|[\u{fe00}-\u{fe0f}])/u

let segmenter: Intl.Segmenter | undefined
// Characters that are one unit and one cell each, and join with nothing: ASCII, Latin, and what screens are drawn with.
const plainOnly = /^[\x20-\x7e\xa1-\xac\xae-\u02ff\u2013\u2014\u2026\u2190-\u2193\u2500-\u259f]*$/

function* graphemes(text: string): Generator<readonly [string, number]> {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' })
  for (const { segment } of segmenter.segment(text)) yield [segment, graphemeCells(segment)]
}

function graphemeCells(segment: string): number {
  if (zeroWidth.test(segment)) return 0
  return wide.test(segment) || segment.includes('\ufe0f') ? 2 : 1
}

/** Number of terminal cells that escaped text takes. */
export function textCells(text: string): number {
  if (plainOnly.test(text)) return text.length
  let cells = 0
  for (const [, width] of graphemes(text)) cells += width
  return cells
}

/** Cuts from the middle, because both the folder and the end of a file name tell something. Never splits a grapheme. */
export function cutMiddle(text: string, maxCells: number, ellipsis = '…'): string {
  if (textCells(text) <= maxCells) return text
  const mark = textCells(ellipsis)
  if (maxCells <= mark) return maxCells <= 0 ? '' : cutEnd(text, maxCells)
  const room = maxCells - mark
  // The end gets the larger half.
  const head = cutEnd(text, Math.floor(room * 0.4))
  const tailRoom = room - textCells(head)
  const tail: string[] = []
  let used = 0
  for (const [segment, width] of [...graphemes(text)].reverse()) {
    if (used + width > tailRoom) break
    tail.unshift(segment)
    used += width
  }
  return head + ellipsis + tail.join('')
}

/** The longest beginning that fits into `maxCells` cells. */
export function cutEnd(text: string, maxCells: number): string {
  if (plainOnly.test(text)) return text.slice(0, Math.max(0, maxCells))
  let cells = 0
  let length = 0
  for (const [segment, width] of graphemes(text)) {
    if (cells + width > maxCells) break
    cells += width
    length += segment.length
  }
  return text.slice(0, length)
}

/** Text cut and filled with spaces to exactly `cells` cells. */
export function fitCells(text: string, cells: number, align: 'left' | 'right' = 'left'): string {
  const cut = cutMiddle(text, cells)
  const padding = ' '.repeat(Math.max(0, cells - textCells(cut)))
  return align === 'left' ? cut + padding : padding + cut
}
