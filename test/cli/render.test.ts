import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { drawBar, fitPieces } from '../../src/shared/text-layout.ts'
import { createLiveRegion } from '../../src/cli/output/live-region.ts'
import type { Frame } from '../../src/cli/output/render.ts'
import { renderJob, renderPlain } from '../../src/cli/output/render.ts'
import { createTerminal } from '../../src/cli/terminal.ts'
import type { Snapshot } from '../../src/progress/events.ts'
import { textCells } from '../../src/shared/terminal-text.ts'
import { createFakeIo } from '../support/fake-io.ts'

const { palette } = createTerminal(createFakeIo(), { color: 'never', plain: false })
const frame = (columns: number, more: Partial<Frame> = {}): Frame => ({
  columns,
  rows: 24,
  unicode: true,
  palette,
  compact: false,
  ...more,
})

const receiving: Snapshot = {
  id: 't',
  kind: 'receive',
  name: 'Pictures',
  state: 'running',
  phase: 'fetch',
  message: 'Fetching 1,530 files (8.40 GB)',
  step: 'fetching',
  stepNumber: 4,
  totalSteps: 6,
  files: { done: 412, total: 1530, failed: 1, had: 200, final: true },
  bytes: { done: 2_310_000_000, total: 8_401_239_112, reused: 1_100_000_000, transferred: 1_210_000_000 },
  percent: 27,
  rate: 42_100_000,
  etaSeconds: 144,
  idleMs: 12,
  active: [
    { path: 'photos/IMG_0412.CR3', phase: 'fetch', done: 37_100_000, total: 48_200_000, rate: 9_100_000 },
    {
      path: 'video/wedding-ceremony-final-cut-v2.mov',
      phase: 'fetch',
      done: 451_000_000,
      total: 4_100_000_000,
      rate: 14_600_000,
    },
    { path: 'photos/evil\u001b[2J\u202ename', phase: 'fetch', done: 0, total: 10, rate: 0 },
  ],
  failures: [],
  warnings: [],
  peers: [],
  startedAtMs: 0,
  atMs: 0,
  elapsedMs: 60_000,
}

const serving: Snapshot = {
  ...receiving,
  kind: 'share',
  phase: 'serve',
  active: [],
  files: { ...receiving.files, failed: 0 },
  peers: [
    {
      peer: '12D3KooWabcdefghk9Qe',
      address: '/ip4/84.2.10.7/tcp/4001/p2p/12D3KooWx',
      state: 'connected',
      bytes: 3_000_000_000,
      rate: 4_100_000,
    },
    {
      peer: '12D3KooWabcdefghZt41',
      address: '192.168.1.20',
      state: 'finished',
      bytes: 8_401_239_112,
      rate: 0,
    },
  ],
}

test('renderJob: receiving at 40, 80, 120 and 200 columns', () => {
  const shown = [40, 80, 120, 200].map((columns) => renderJob(receiving, frame(columns)))
  assert.deepEqual(shown[0], [
    '  ↓ 42.1 MB/s   27%  2.31 of 8.40 GB',
    '    photos…G_0412.CR3   76%    9.1 MB/s',
    '    video/…cut-v2.mov   11%   14.6 MB/s',
    '    photos…{202e}name    0%       0 B/s',
    '  ! 1 file failed',
  ])
  assert.equal(
    shown[1]?.[0],
    '  ↓ 42.1 MB/s  ████▉░░░░░░░░░░░░░   27%  2.31 of 8.40 GB  412/1,530  ETA 2m 24s',
  )
  for (const [index, columns] of [40, 80, 120, 200].entries()) {
    for (const line of shown[index] ?? []) {
      assert.ok(textCells(line) < columns, `${columns}: ${line}`)
      assert.doesNotMatch(line, /\p{Cc}|\u202e/u)
    }
  }
  assert.ok(shown[2]?.[1]?.includes('photos/IMG_0412.CR3'))
})

const syncing: Snapshot = {
  ...receiving,
  kind: 'sync',
  name: 'src → s3://bucket/copy',
  phase: 'upload',
  message: 'Sending 3 files (1.50 GB)',
  step: 'uploading',
  files: { done: 1, total: 3, failed: 0, had: 0, final: true },
  bytes: { done: 900_000_000, total: 1_500_000_000, reused: 0, transferred: 0 },
  percent: 60,
  active: [{ path: 'disk.img', phase: 'copy', done: 880_000_000, total: 1_400_000_000, rate: 42_100_000 }],
  sync: {
    plan: { new: 2, changed: 1, attributes: 0, same: 10, delete: 0, skipped: 0 },
    planned: true,
    sentBytes: 12_100_000,
    copiedBytes: 867_900_000,
    savedBytes: 887_900_000,
  },
}

test('renderJob, renderPlain: a sync tells what is sent, what is copied there and what that saves', () => {
  const [head, saved, item, ...more] = renderJob(syncing, frame(100))
  assert.match(head ?? '', /Sending .*60%.*1\/3/)
  assert.equal(saved?.trim(), '12.1 MB sent, 867.9 MB copied there, 887.9 MB saved')
  assert.match(item ?? '', /^ {4}disk\.img .*62%/)
  assert.deepEqual(more, [])
  for (const columns of [20, 40, 80])
    for (const line of renderJob(syncing, frame(columns))) assert.ok(textCells(line) < columns, line)
  assert.match(renderPlain(syncing), /60% .*12\.1 MB sent, 867\.9 MB copied there, 887\.9 MB saved/)
  const { sync, ...others } = syncing
  assert.ok(sync)
  const unsaved = { ...others, sync: { ...sync, copiedBytes: 0, savedBytes: 0 } }
  assert.equal(renderJob(unsaved, frame(100)).length, 2)
  assert.doesNotMatch(renderPlain(unsaved), /saved/)
  assert.equal(renderJob(syncing, frame(100, { compact: true })).length, 1)
})

test('renderJob: serving, waiting, stalled, unknown total, compact, ASCII', () => {
  assert.match(renderJob({ ...serving, peers: [] }, frame(80)).join(), /Waiting for someone to connect…$/)
  const rows = renderJob(serving, frame(120))
  assert.equal(rows.length, 2)
  assert.equal(rows[1], '    12D3…k9Qe (84.2.10.7:4001)   4.1 MB/s   3.00 of 8.40 GB   35%   ETA 21m 57s')
  assert.match(renderJob({ ...receiving, idleMs: 12_000 }, frame(80))[0] as string, /stalled 12s/)
  const growing = { ...receiving, files: { ...receiving.files, final: false } }
  assert.doesNotMatch(renderJob(growing, frame(80))[0] as string, /%|ETA/)
  assert.equal(renderJob(receiving, frame(80, { compact: true })).length, 1)
  for (const line of renderJob(receiving, frame(80, { unicode: false })))
    assert.match(line, /^[\x20-\x7e…]*$/)
  const asked = { ...receiving, bytes: { done: 0, total: 0, reused: 0, transferred: 0 }, elapsedMs: 4000 }
  assert.match(
    renderJob(
      { ...asked, files: { ...asked.files, done: 0 }, message: 'Looking for peers', phase: 'resolve' },
      frame(80),
    )[0] as string,
    /Looking for peers 4s$/,
  )
})

test('renderJob: fits any terminal whatever the numbers are', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 250 }),
      fc.integer({ min: 1, max: 60 }),
      fc.nat(Number.MAX_SAFE_INTEGER),
      fc.nat(Number.MAX_SAFE_INTEGER),
      fc.string({ unit: 'grapheme' }),
      fc.boolean(),
      (columns, rows, done, total, path, share) => {
        const base = share ? serving : receiving
        const snapshot: Snapshot = {
          ...base,
          bytes: { ...base.bytes, done: Math.min(done, total), total },
          active: [{ path, phase: 'fetch', done: 1, total: 2, rate: done }],
        }
        const lines = renderJob(snapshot, frame(columns, { rows }))
        assert.ok(lines.length <= Math.max(1, rows - 2))
        for (const line of lines)
          assert.ok(textCells(line) <= Math.max(8, columns - 1), `${columns}: ${line}`)
      },
    ),
  )
})

test('renderPlain: one line without control characters', () => {
  assert.equal(
    renderPlain(receiving),
    'receive Pictures 27% 2.31 of 8.40 GB 412/1530 files 42.1 MB/s eta 2m 24s 1 failed',
  )
  assert.equal(
    renderPlain({ ...serving, etaSeconds: undefined }),
    'share Pictures serving to 1 peer 1.21 GB sent 42.1 MB/s',
  )
  assert.match(renderPlain({ ...receiving, name: 'a\nb' }), /receive a\\nb /)
})

test('drawBar: never full before the whole, exact width', () => {
  assert.equal(drawBar(0.27, 10, true), '██▋░░░░░░░')
  assert.equal(drawBar(0.27, 10, false), '##--------')
  assert.equal(drawBar(1, 4, true), '████')
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat(50),
      fc.boolean(),
      (part, cells, unicode) => {
        const bar = drawBar(part, cells, unicode)
        assert.equal(textCells(bar), cells)
        if (part < 1 && cells > 0) assert.notEqual(bar, '█'.repeat(cells))
      },
    ),
  )
})

test('fitPieces: drops the least important first and keeps the order', () => {
  const pieces = [
    { text: 'aaa', drop: 2 },
    { text: 'bbb', drop: 0 },
    { text: 'ccc', drop: 1 },
  ]
  assert.equal(fitPieces(pieces, 20), 'aaa  bbb  ccc')
  assert.equal(fitPieces(pieces, 9), 'bbb  ccc')
  assert.equal(fitPieces(pieces, 4), 'bbb')
})

test('live region: moves up exactly over what it drew, also when a narrower window has wrapped it', () => {
  const io = createFakeIo({ columns: 20 })
  const terminal = createTerminal(io, { color: 'never', plain: false })
  const region = createLiveRegion(terminal)
  region.draw(['one', 'two'])
  region.draw(['three'])
  assert.ok(io.written.err.endsWith('\r\u001b[2Athree\u001b[K\n\u001b[J'))
  region.draw(['x'.repeat(19)])
  Object.assign(io.stderr, { columns: 10 })
  region.print('note\n')
  assert.ok(io.written.err.includes('\r\u001b[2A\u001b[Jnote\n'))
  region.close()
  assert.ok(io.written.err.endsWith('\u001b[J\u001b[?25h'))
})
