/**
 * A few lines at the end of stderr that are redrawn in place, with permanent lines printed above them. Nothing but these
 * lines is ever touched: no full-screen clears, no alternate screen, so that the scrollback stays as it was.
 */
import { stripVTControlCharacters } from 'node:util'
import { textCells } from '../../shared/terminal-text.ts'
import type { Terminal } from '../terminal.ts'

export interface LiveRegion {
  /** Shows these lines in place of the last ones. Each must fit into a row. */
  draw(lines: readonly string[]): void
  /** Prints finished text (ended lines) above the region. */
  print(text: string): void
  /** Removes the lines and shows the cursor again; whatever is printed afterwards stands in their place. */
  close(): void
}

const hideCursor = '\u001b[?25l'
const showCursor = '\u001b[?25h'
const clearBelow = '\u001b[J'
const clearToEnd = '\u001b[K'

export function createLiveRegion(terminal: Terminal): LiveRegion {
  let drawn: readonly string[] = []
  let cursorHidden = false

  /** Back to the first cell of the region. A window that became narrower has wrapped its lines. */
  function home(): string {
    const columns = Math.max(1, terminal.columns)
    let rows = 0
    for (const line of drawn)
      rows += Math.max(1, Math.ceil(textCells(stripVTControlCharacters(line)) / columns))
    return rows === 0 ? '' : `\r\u001b[${rows}A`
  }

  const erase = (): string => (drawn.length > 0 ? home() + clearBelow : '')

  // Whatever ends the process, the user gets the cursor back.
  const restore = (): void => terminal.err(showCursor)

  function frame(lines: readonly string[]): string {
    return lines.map((line) => `${line}${clearToEnd}\n`).join('')
  }

  return {
    draw(lines): void {
      const start = cursorHidden ? '' : hideCursor
      if (!cursorHidden) process.once('exit', restore)
      cursorHidden = true
      // One write a frame, so that a terminal never shows half of it.
      terminal.err(start + home() + frame(lines) + clearBelow)
      drawn = lines
    },
    print(text): void {
      terminal.err(erase() + text + frame(drawn))
    },
    close(): void {
      terminal.err(erase() + (cursorHidden ? showCursor : ''))
      process.off('exit', restore)
      drawn = []
      cursorHidden = false
    },
  }
}
