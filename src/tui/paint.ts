/** Lines as text for a terminal: the sixteen named colours only, so that the user's theme decides what they look like. */
import type { Line, Tone } from './model/line.ts'

const codes: Record<Tone, readonly [open: string, close: string]> = {
  plain: ['', ''],
  active: ['36', '39'],
  good: ['32', '39'],
  waiting: ['33', '39'],
  bad: ['31', '39'],
  dim: ['2', '22'],
  bold: ['1', '22'],
  cursor: ['7', '27'],
  // Black on bright white whatever the theme, because scanners want dark on light.
  code: ['30;107', '39;49'],
}

/** Without colour what stands out does so by its words and signs; the cursor of a prompt is no colour. */
export function paintLine(line: Line, color: boolean): string {
  let text = ''
  for (const { text: piece, tone } of line) {
    const [open, close] = codes[tone]
    text += open === '' || (!color && tone !== 'cursor') ? piece : `\u001b[${open}m${piece}\u001b[${close}m`
  }
  return text
}
