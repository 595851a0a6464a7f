import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  firstRow,
  locate,
  moveCursor,
  rowsOf,
  scrollTop,
  visibleRows,
} from '../../../src/tui/model/window.ts'

const million = 1_000_000

/** Counts the rows that are made. */
function countingList(count: number): {
  made: number
  list: { count: number; at(index: number): { key: string } }
} {
  const counter = {
    made: 0,
    list: {
      count,
      at(index: number) {
        counter.made++
        return { key: `row ${index}` }
      },
    },
  }
  return counter
}

test('visibleRows: of a million rows only those on the screen are made', () => {
  const counter = countingList(million)
  const cursor = moveCursor(counter.list, firstRow, 'last', 40)
  counter.made = 0
  const rows = visibleRows(counter.list, cursor, 40)
  assert.equal(rows.length, 40)
  assert.equal(rows.at(-1)?.row.key, `row ${million - 1}`)
  assert.equal(rows.at(-1)?.isSelected, true)
  assert.ok(counter.made <= 45, `${counter.made} rows were made`)
})

test('locate: follows a row that has moved, and stays at its place when it is gone', () => {
  const list = rowsOf([{ key: 'c' }, { key: 'a' }, { key: 'b' }])
  assert.equal(locate(list, { key: 'a', index: 0, top: 0 }), 1)
  assert.equal(locate(list, { key: 'gone', index: 2, top: 0 }), 2)
  assert.equal(locate(list, { key: 'gone', index: 9, top: 0 }), 2)
  assert.equal(locate(rowsOf([]), { key: 'a', index: 3, top: 0 }), 0)
})

test('locate: a row that is far away in a long list is not looked for', () => {
  const counter = countingList(million)
  assert.equal(locate(counter.list, { key: 'row 900000', index: 5, top: 0 }), 5)
  assert.ok(counter.made < 10_000)
})

test('scrollTop: moves no more than needed', () => {
  assert.equal(scrollTop(0, 5, 10, 100), 0)
  assert.equal(scrollTop(0, 10, 10, 100), 1)
  assert.equal(scrollTop(50, 20, 10, 100), 20)
  assert.equal(scrollTop(95, 99, 10, 100), 90)
  assert.equal(scrollTop(3, 2, 10, 5), 0)
  assert.equal(scrollTop(3, 2, 0, 5), 0)
})

test('moveCursor: by rows and pages, never beyond the ends', () => {
  const list = rowsOf(Array.from({ length: 100 }, (_, index) => ({ key: String(index) })))
  const down = moveCursor(list, firstRow, 'down', 10)
  assert.deepEqual(down, { key: '1', index: 1, top: 0 })
  assert.equal(moveCursor(list, down, 'page-down', 10).index, 10)
  assert.equal(moveCursor(list, down, 'page-up', 10).index, 0)
  assert.deepEqual(moveCursor(list, firstRow, 'last', 10), { key: '99', index: 99, top: 90 })
  assert.equal(moveCursor(rowsOf([]), down, 'down', 10), firstRow)
})
