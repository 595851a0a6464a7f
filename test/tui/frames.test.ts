/**
 * Every screen at every size, drawn through Ink into a terminal emulator and compared with what is kept in `frames/`. To
 * keep them anew: `FERRY_WRITE_FRAMES=1 node --test dist/test/tui/frames.test.js`, then look at what git shows.
 */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { busyBoard, emptyBoard } from '../support/fake-board.ts'
import { projectFolder } from '../support/ferry.ts'
import { showTui } from '../support/show-tui.ts'

process.env['TZ'] = 'UTC'
const folder = join(projectFolder, 'test', 'tui', 'frames')
const isWriting = process.env['FERRY_WRITE_FRAMES'] === '1'

const sizes = [
  [40, 10],
  [80, 24],
  [120, 40],
  [200, 50],
] as const

/** What is shown, and the keys that lead there. */
const views = {
  transfers: [busyBoard, ''],
  'transfers-detail': [busyBoard, 'jjjjjjj\r'],
  'transfers-failed': [busyBoard, 'e'],
  'transfers-filter': [busyBoard, '/phase:fetch img\r'],
  'transfers-sorted': [busyBoard, 'sss'],
  'first-run': [emptyBoard, ''],
  shares: [busyBoard, '2'],
  'shares-empty': [emptyBoard, '2'],
  peers: [busyBoard, '3'],
  'peers-empty': [emptyBoard, '3'],
  syncs: [busyBoard, '4'],
  'syncs-failed': [busyBoard, '4j'],
  'syncs-empty': [emptyBoard, '4'],
  log: [busyBoard, '5'],
  remotes: [busyBoard, '6'],
  'remotes-empty': [emptyBoard, '6'],
  help: [busyBoard, '?'],
  'qr-code': [busyBoard, '2c'],
  confirm: [busyBoard, 'x'],
  prompt: [busyBoard, 'a'],
} as const

function compare(name: string, shown: string): void {
  const path = join(folder, `${name}.txt`)
  if (isWriting) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(path, shown)
  }
  assert.ok(existsSync(path), `${path} is missing: keep it with FERRY_WRITE_FRAMES=1`)
  assert.equal(shown, readFileSync(path, 'utf8'), name)
}

for (const [columns, rows] of sizes)
  test(`frames: every screen at ${columns}x${rows} is as it was kept`, async () => {
    for (const [name, [board, keys]] of Object.entries(views)) {
      await using tui = await showTui({ board, columns, rows, withHistory: name === 'transfers' })
      await tui.press(keys)
      compare(`${name}-${columns}x${rows}`, await tui.screen())
    }
  })

test('frames: without Unicode everything is ASCII, and the columns stay where they are', async () => {
  await using tui = await showTui({ board: busyBoard, columns: 80, rows: 24, unicode: false })
  const shown = await tui.screen()
  assert.match(shown, /^[\x20-\x7e\n]*$/)
  compare('transfers-ascii-80x24', shown)
  await using detailed = await showTui({ board: busyBoard, columns: 120, rows: 40, unicode: false })
  await detailed.press('2')
  compare('shares-ascii-120x40', await detailed.screen())
})

test('frames: smaller than 40x8 there is one line', async () => {
  await using tui = await showTui({ board: busyBoard, columns: 36, rows: 7 })
  compare('tiny-36x7', await tui.screen())
})
