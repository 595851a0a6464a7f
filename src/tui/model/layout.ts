/** How the rows of a window are dealt out. Pure; the screens draw by it, and moving by pages counts by it. */
import type { Frame } from './line.ts'
import type { ScreenName } from './keys.ts'

export type Size = 'line' | 'narrow' | 'normal' | 'tall'

export interface Layout {
  readonly size: Size
  /** Rows of the list. */
  readonly list: number
  /** Rows of the pane below it, its rule included; 0: none. */
  readonly detail: number
}

/** Below 40x8 there is no list; below 60x16 what is not needed goes; from 100x32 there is room for a curve. */
export function sizeOf({ columns, rows }: Pick<Frame, 'columns' | 'rows'>): Size {
  if (columns < 40 || rows < 8) return 'line'
  if (columns < 60 || rows < 16) return 'narrow'
  return columns >= 100 && rows >= 32 ? 'tall' : 'normal'
}

/** Rows that are always taken: head, headings, rules and foot. */
const fixedRows: Record<ScreenName, Record<Size, number>> = {
  transfers: { line: 0, narrow: 5, normal: 7, tall: 10 },
  shares: { line: 0, narrow: 4, normal: 5, tall: 5 },
  peers: { line: 0, narrow: 4, normal: 5, tall: 5 },
  syncs: { line: 0, narrow: 4, normal: 5, tall: 5 },
  log: { line: 0, narrow: 3, normal: 4, tall: 4 },
  remotes: { line: 0, narrow: 4, normal: 5, tall: 5 },
}

const transfersDetail: Record<Size, number> = { line: 0, narrow: 0, normal: 8, tall: 12 }
/** Lists of shares and syncs keep at least so many rows. */
const minListRows = 5
const maxPaneRows = 14

/** The pane of transfers is open in tall windows unless the user closed it; those of shares and syncs where they fit. */
export function layoutOf(
  screen: ScreenName,
  frame: Pick<Frame, 'columns' | 'rows'>,
  detail: boolean | undefined,
): Layout {
  const size = sizeOf(frame)
  const room = Math.max(0, frame.rows - fixedRows[screen][size])
  if (size === 'line') return { size, list: 0, detail: 0 }
  if (screen === 'transfers') {
    const isOpen = detail ?? size === 'tall'
    // A narrow window shows one or the other.
    if (size === 'narrow') return { size, list: isOpen ? 0 : room, detail: isOpen ? room : 0 }
    const pane = isOpen ? transfersDetail[size] : 0
    return { size, list: room - pane, detail: pane }
  }
  if (screen === 'shares' || screen === 'syncs') {
    if (size === 'narrow') return { size, list: detail ? 0 : room, detail: detail ? room : 0 }
    const pane = Math.min(maxPaneRows, room - minListRows)
    return { size, list: room - pane, detail: pane }
  }
  return { size, list: room, detail: 0 }
}
