/** Which rows of a list are on the screen. Pure; costs the same for ten rows and for a million. */

/** Rows that are made only when they are asked for. */
export interface RowList<Row extends { readonly key: string }> {
  readonly count: number
  /** 0 … count − 1. */
  at(index: number): Row
}

/** What a list remembers between two looks: the row by its key, since rows move, and where it was. */
export interface Cursor {
  readonly key: string | undefined
  readonly index: number
  /** First row on the screen. */
  readonly top: number
}

export const firstRow: Cursor = { key: undefined, index: 0, top: 0 }

/** A row that moved is looked for this far; beyond that the place counts, not the row. */
const searchRows = 2000

/** Where the row of the cursor is now. A row that is gone leaves its place to the next one. */
export function locate<Row extends { readonly key: string }>(list: RowList<Row>, cursor: Cursor): number {
  const last = list.count - 1
  if (last < 0) return 0
  const start = Math.min(Math.max(0, cursor.index), last)
  if (cursor.key === undefined || list.at(start).key === cursor.key) return start
  for (let distance = 1; distance <= searchRows; distance++) {
    const [before, after] = [start - distance, start + distance]
    if (before < 0 && after > last) break
    if (before >= 0 && list.at(before).key === cursor.key) return before
    if (after <= last && list.at(after).key === cursor.key) return after
  }
  return start
}

/** First visible row, moved no more than needed to show row `index`. */
export function scrollTop(top: number, index: number, height: number, count: number): number {
  const max = Math.max(0, count - height)
  if (height <= 0) return 0
  const shown = index < top ? index : index >= top + height ? index - height + 1 : top
  return Math.min(Math.max(0, shown), max)
}

export type Move = 'up' | 'down' | 'page-up' | 'page-down' | 'first' | 'last'

/** The cursor after a move, in a window of `height` rows. */
export function moveCursor<Row extends { readonly key: string }>(
  list: RowList<Row>,
  cursor: Cursor,
  move: Move,
  height: number,
): Cursor {
  if (list.count === 0) return firstRow
  const at = locate(list, cursor)
  const page = Math.max(1, height - 1)
  const steps = { up: -1, down: 1, 'page-up': -page, 'page-down': page, first: -Infinity, last: Infinity }
  const index = Math.min(list.count - 1, Math.max(0, at + steps[move]))
  return { key: list.at(index).key, index, top: scrollTop(cursor.top, index, height, list.count) }
}

export interface Visible<Row> {
  readonly row: Row
  readonly isSelected: boolean
}

/** The rows on the screen; no other row is made. */
export function visibleRows<Row extends { readonly key: string }>(
  list: RowList<Row>,
  cursor: Cursor,
  height: number,
): Visible<Row>[] {
  const selected = locate(list, cursor)
  const top = scrollTop(cursor.top, selected, height, list.count)
  const rows: Visible<Row>[] = []
  for (let index = top; index < Math.min(list.count, top + height); index++)
    rows.push({ row: list.at(index), isSelected: index === selected })
  return rows
}

export function rowsOf<Row extends { readonly key: string }>(rows: readonly Row[]): RowList<Row> {
  return { count: rows.length, at: (index) => rows[index] as Row }
}
