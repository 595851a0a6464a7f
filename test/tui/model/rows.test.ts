import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseFilter, matches, noFilter } from '../../../src/tui/model/filter.ts'
import { lineCells, lineText } from '../../../src/tui/model/line.ts'
import { columnsFor, headingLine, rowLine, speedText } from '../../../src/tui/model/row-line.ts'
import { nextLimit } from '../../../src/tui/model/rate-steps.ts'
import { sumJobs } from '../../../src/tui/model/sums.ts'
import { floorPercent, jobWord, transferRows } from '../../../src/tui/model/transfer-rows.ts'
import type { RowChoice } from '../../../src/tui/model/transfer-rows.ts'
import { busyBoard, fakeJob, fakeSnapshot } from '../../support/fake-board.ts'

const plain: RowChoice = { filter: noFilter, sort: 'order', reverse: false, failedOnly: false }
const namesOf = (choice: Partial<RowChoice>): string[] => {
  const list = transferRows(busyBoard, { ...plain, ...choice })
  return Array.from({ length: list.count }, (_, index) => list.at(index).name)
}

test('columnsFor: columns go in the order files, peers, time left, bar, size, phase', () => {
  const shown = (width: number): string[] =>
    Object.entries(columnsFor(width))
      .filter(([, cells]) => cells > 0)
      .map(([name]) => name)
  const all = ['name', 'phase', 'bar', 'percent', 'size', 'speed', 'eta', 'peers', 'files']
  const table: readonly (readonly [number, readonly string[]])[] = [
    [110, []],
    [109, ['files']],
    [99, ['files', 'peers']],
    [71, ['files', 'peers', 'eta']],
    [63, ['files', 'peers', 'eta', 'bar']],
    [55, ['files', 'peers', 'eta', 'bar', 'size']],
    [47, ['files', 'peers', 'eta', 'bar', 'size', 'phase']],
  ]
  for (const [width, gone] of table)
    assert.deepEqual(
      shown(width),
      all.filter((name) => !gone.includes(name)),
      String(width),
    )
})

test('rowLine: every row and the heading fill the width exactly, at any width', () => {
  const list = transferRows(busyBoard, plain)
  for (let width = 40; width <= 220; width++) {
    const columns = columnsFor(width)
    assert.equal(lineCells(headingLine(columns, 'speed', true)), width)
    for (let index = 0; index < list.count; index++) {
      const row = rowLine(list.at(index), columns, { isSelected: index % 2 === 0, isMarked: index % 3 === 0 })
      assert.equal(lineCells(row), width, `${width}: ${lineText(row)}`)
    }
  }
})

test('rowLine: names from outside cannot steer the terminal', () => {
  const list = transferRows(busyBoard, plain)
  const texts = Array.from({ length: list.count }, (_, index) =>
    lineText(rowLine(list.at(index), columnsFor(200), { isSelected: false, isMarked: false })),
  )
  assert.ok(texts.some((text) => text.includes('\\u{202e}') && text.includes('\\e[2J')))
  for (const text of texts) assert.doesNotMatch(text, /[\p{Cc}\p{Cf}]/u)
})

test('transferRows: a job is followed by its files: under way, failed, just ended', () => {
  const names = namesOf({})
  assert.equal(names[0], 'Pictures')
  assert.equal(names[7], 'photos/2026/IMG_0398.CR3')
  assert.deepEqual(names.slice(8, 11), [
    'photos/2026/IMG_0411.CR3',
    'photos/2026/IMG_0410.CR3',
    'photos-2026',
  ])
})

test('transferRows: a million failed files cost nothing until they are looked at', () => {
  const failures = Array.from({ length: 1_000_000 }, () => ({
    path: 'a',
    error: { code: 'E_IO', message: 'no' },
  }))
  const jobs = [fakeJob(), fakeJob({ snapshot: fakeSnapshot({ id: 't_2', failures }) })]
  const list = transferRows({ jobs, ended: new Map() }, plain)
  assert.equal(list.count, 1_000_002)
  assert.equal(list.at(1).jobId, 't_2')
  assert.equal(list.at(1_000_001).word, 'failed')
})

test('transferRows: filters keep the job of a file that fits', () => {
  assert.deepEqual(namesOf({ failedOnly: true }), [
    'Pictures',
    'photos/2026/IMG_0398.CR3',
    '/home/me/db.img → box:db.img',
  ])
  assert.deepEqual(namesOf({ filter: parseFilter('phase:verify') }), ['Pictures', 'photos/2026/IMG_0414.CR3'])
  assert.deepEqual(namesOf({ filter: parseFilter('bundle') }), [
    '/home/me/site → s3://my-bucket/site',
    'assets/bundle.img',
  ])
  assert.deepEqual(namesOf({ filter: parseFilter('peer:none') }), [])
  assert.ok(namesOf({ filter: parseFilter('peer:zt41 photos') }).includes('photos-2026'))
})

test('transferRows: sorts jobs, and the files of each, and back', () => {
  const sizes = namesOf({ sort: 'size' })
  assert.deepEqual(sizes.slice(0, 2), ['Pictures', 'video/wedding-ceremony-final-cut-v2.mov'])
  assert.equal(namesOf({ sort: 'name' })[0], '/home/me/db.img → box:db.img')
  assert.equal(namesOf({ sort: 'name', reverse: true })[0], 'photos-2026')
})

test('matches: all words, any case; an unfinished phase: holds for everything', () => {
  const row = { text: 'Photos/IMG_1.CR3', phase: 'fetch', peers: ['12D3KooWZt41'] }
  for (const [filter, expected] of [
    ['img photos', true],
    ['img video', false],
    ['phase:', true],
    ['phase:fe IMG', true],
    ['phase:done', false],
    ['peer:ZT41', true],
    ['peer:', true],
    ['peer:xyz', false],
    ['', true],
  ] as const)
    assert.equal(matches(parseFilter(filter), row), expected, filter)
})

test('floorPercent: rounded down, and never 100', () => {
  assert.deepEqual(
    [floorPercent(0, 0), floorPercent(999, 1000), floorPercent(1000, 1000), floorPercent(5, 9)],
    [0, 99, 99, 55],
  )
})

test('jobWord: a word for every state', () => {
  const word = (state: Parameters<typeof jobWord>[0]['state'], phase = fakeSnapshot().phase): string =>
    jobWord({ state, snapshot: fakeSnapshot({ phase }) })
  assert.equal(word('running'), 'fetch')
  assert.equal(word('running', 'serve'), 'serving')
  assert.equal(word('running', 'had-it'), 'had it')
  assert.deepEqual(
    (['paused', 'interrupted', 'cancelled', 'done', 'failed'] as const).map((state) => word(state)),
    ['paused', 'stopped', 'stopped', 'done', 'failed'],
  )
})

test('speedText: says how long nothing has moved', () => {
  assert.equal(speedText({ rate: 9_100_000, stalledMs: undefined, kind: 'receive' }), '9.1 MB/s')
  assert.equal(speedText({ rate: 0.2, stalledMs: undefined, kind: 'receive' }), '–')
  assert.equal(speedText({ rate: 0, stalledMs: 12_000, kind: 'receive' }), 'stalled 12s')
})

test('sumJobs: a share that is served has a speed, but no end to wait for', () => {
  const sums = sumJobs(busyBoard.jobs)
  assert.equal(sums.down, 42_100_000)
  assert.equal(sums.up, 4_400_000)
  assert.equal(sums.bytes.total, 11_300_000_000)
  assert.equal(sums.percent, 36)
  assert.equal(sums.etaMs, 144_000)
  const unknown = fakeJob({
    snapshot: fakeSnapshot({ files: { done: 1, total: 2, failed: 0, had: 0, final: false } }),
  })
  assert.equal(sumJobs([unknown]).percent, undefined)
  assert.equal(sumJobs([]).works, 0)
})

test('nextLimit: the first step down is below the present speed, the last one up is no limit', () => {
  assert.equal(nextLimit(null, false, 42_000_000), 20_000_000)
  assert.equal(nextLimit(null, false, 0), 500_000_000)
  assert.equal(nextLimit(20_000_000, false, 0), 10_000_000)
  assert.equal(nextLimit(50_000, false, 0), 50_000)
  assert.equal(nextLimit(200_000_000, true, 0), 500_000_000)
  assert.equal(nextLimit(500_000_000, true, 0), null)
  assert.equal(nextLimit(null, true, 0), null)
})
