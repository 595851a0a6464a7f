/** A ticket as a QR code of half blocks. Upper case, because the code's alphanumeric mode then makes it a third smaller. */
import { encode } from 'uqr'

export interface QrFrame {
  readonly columns: number
  readonly rows: number
  readonly color: boolean
}

export interface QrPicture {
  readonly lines: readonly string[]
  /** What it needs; larger than the terminal means that it was not drawn. */
  readonly columns: number
  readonly rows: number
  readonly fits: boolean
}

// Scanners manage with one square of quiet around, and a ticket of 195 characters then fits 22 rows.
const border = 1
// Black on bright white whatever the theme, because scanners want dark on light.
const [onWhite, reset] = ['\u001b[30;107m', '\u001b[0m']

export function drawQr(text: string, frame: QrFrame): QrPicture {
  const { data, size } = encode(text.toUpperCase(), { ecc: 'L', border })
  const rows = Math.ceil(size / 2)
  const fits = size <= frame.columns && rows <= frame.rows
  if (!fits) return { lines: [], columns: size, rows, fits }
  const isDark = (row: number, column: number): boolean => data[row]?.[column] === true
  const lines: string[] = []
  for (let row = 0; row < size; row += 2) {
    let line = ''
    for (let column = 0; column < size; column++) {
      const top = isDark(row, column)
      const bottom = isDark(row + 1, column)
      // Without colours the light squares are drawn, as most terminals are dark.
      line += frame.color ? half(top, bottom) : half(!top, !bottom && row + 1 < size)
    }
    lines.push(frame.color ? `${onWhite}${line}${reset}` : line)
  }
  return { lines, columns: size, rows, fits }
}

function half(top: boolean, bottom: boolean): string {
  if (top) return bottom ? '█' : '▀'
  return bottom ? '▄' : ' '
}
