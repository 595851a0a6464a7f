/** Pieces of a line, and which of them are left out when the terminal is narrow. Pure. */
import { cutEnd, textCells } from './terminal-text.ts'

export interface Piece {
  readonly text: string
  /** The piece with the highest number goes first when there is no room. */
  readonly drop: number
  /** Applied after measuring. */
  readonly paint?: (text: string) => string
}

/** Joins the pieces that fit into `columns` cells, in their order. */
export function fitPieces(pieces: readonly Piece[], columns: number, gap = '  '): string {
  let kept = pieces.filter((piece) => piece.text !== '')
  const cellsOf = (list: readonly Piece[]): number =>
    list.reduce((sum, piece) => sum + textCells(piece.text), 0) + Math.max(0, list.length - 1) * gap.length
  while (kept.length > 1 && cellsOf(kept) > columns) {
    const highest = Math.max(...kept.map((piece) => piece.drop))
    kept = kept.filter((piece) => piece.drop !== highest || piece.drop === 0)
    if (kept.every((piece) => piece.drop === 0)) break
  }
  const [only] = kept
  if (only && kept.length === 1) kept = [{ ...only, text: cutEnd(only.text, Math.max(0, columns)) }]
  return kept.map((piece) => (piece.paint ?? ((text: string) => text))(piece.text)).join(gap)
}

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/** A bar of `cells` cells, filled to `part` of 1; never full before `part` is 1. */
export function drawBar(part: number, cells: number, unicode: boolean): string {
  const share = Math.max(0, Math.min(1, part))
  if (!unicode) {
    const full = Math.floor(share * cells)
    return '#'.repeat(full) + '-'.repeat(cells - full)
  }
  const steps = Math.floor(share * cells * 8)
  const full = Math.floor(steps / 8)
  const partial = eighths[steps % 8] as string
  return '█'.repeat(full) + partial + '░'.repeat(cells - full - (partial === '' ? 0 : 1))
}

const dots = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const strokes = ['|', '/', '-', '\\']

/** The picture of a spinner after so many milliseconds; it turns with time, not with reports. */
export function spinner(elapsedMs: number, unicode: boolean): string {
  const frames = unicode ? dots : strokes
  return frames[Math.floor(elapsedMs / 100) % frames.length] as string
}
