/** Keys, pastes and sizes, from the terminal through Ink to what is asked of the engine. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { busyBoard, emptyBoard, fakeJob, fakeSnapshot } from '../support/fake-board.ts'
import { fakeTicket } from '../support/fake-journeys.ts'
import { showTui } from '../support/show-tui.ts'

const normal = { columns: 80, rows: 24 }

test('keys: p pauses the selected job, and x stops it only after y', async () => {
  await using tui = await showTui({ board: busyBoard, ...normal })
  await tui.press('p')
  assert.deepEqual(tui.fake.calls, [['pause', 't_1']])
  await tui.press('x')
  assert.match(await tui.screen(), /Stop "Pictures"\? What has arrived is kept\. \[y\/N\]/)
  await tui.press('n')
  assert.equal(tui.fake.calls.length, 1)
  await tui.press('xy')
  assert.deepEqual(tui.fake.calls.at(-1), ['cancel', 't_1'])
})

test('keys: an action applies to all marked rows, once a job', async () => {
  await using tui = await showTui({ board: busyBoard, ...normal })
  await tui.press('   ')
  assert.match(await tui.screen(), /3 marked/)
  await tui.press('/sync\r')
  await tui.press('p')
  assert.deepEqual(tui.fake.calls, [['pause', 't_1']])
})

test('keys: p lets a paused job go on, and r runs again what has ended', async () => {
  const paused = fakeJob({ state: 'paused', canPause: false, canResume: true })
  const ended = fakeJob({
    snapshot: fakeSnapshot({ id: 't_9', state: 'failed', name: 'Old' }),
    endedAtMs: 1,
    createdAtMs: 0,
    canPause: false,
    canCancel: false,
    canRetry: true,
  })
  await using tui = await showTui({ board: { ...emptyBoard, jobs: [paused, ended] }, ...normal })
  await tui.press('pGr')
  assert.deepEqual(tui.fake.calls, [
    ['resume', 't_1'],
    ['retry', 't_9'],
  ])
})

test('keys: n asks for a ticket and a folder, and cleans what was typed', async () => {
  await using tui = await showTui({ board: emptyBoard, ...normal })
  await tui.press('n')
  tui.terminal.paste(` ferry receive ${fakeTicket.toUpperCase()}\n`)
  await tui.press('\r')
  assert.match(await tui.screen(), /Write into the folder: \/home\/me/)
  await tui.press('/in')
  await tui.press('\r')
  assert.deepEqual(tui.fake.calls, [['start', { kind: 'receive', ticket: fakeTicket, into: '/home/me/in' }]])
})

test('keys: a ticket that is pasted on any screen begins a receive; other text does nothing', async () => {
  await using tui = await showTui({ board: emptyBoard, ...normal })
  tui.terminal.paste('pxq')
  await tui.screen()
  assert.deepEqual(tui.fake.calls, [])
  tui.terminal.paste(fakeTicket)
  assert.match(await tui.screen(), /Write into the folder/)
})

test('keys: a and S start shares and syncs with absolute local paths', async () => {
  await using tui = await showTui({ board: emptyBoard, ...normal })
  await tui.press('apics/2026\r')
  await tui.press('Ssite/\rs3://bucket/site\r')
  const specs = tui.fake.calls.map(([, spec]) => spec)
  assert.deepEqual(specs[0], { kind: 'share', paths: ['/home/me/pics/2026'] })
  assert.partialDeepStrictEqual(specs[1], { kind: 'sync', from: '/home/me/site/', to: 's3://bucket/site' })
})

test('keys: minus sets a limit below the speed, plus raises it', async () => {
  await using tui = await showTui({ board: busyBoard, ...normal })
  await tui.press('-')
  assert.deepEqual(tui.fake.calls, [['setLimits', 't_1', { bytesPerSecond: 20_000_000 }]])
})

test('keys: y copies the ticket and Y the whole command; a receive has neither', async () => {
  const copied: string[] = []
  const copy = (text: string): Promise<string> => Promise.resolve(String(copied.push(text)))
  await using tui = await showTui({ board: busyBoard, ...normal, copy })
  await tui.press('y')
  assert.match(await tui.screen(), /Only a share has a ticket/)
  await tui.press('2yY')
  assert.deepEqual(copied, [fakeTicket, `ferry receive ${fakeTicket}`])
})

test('keys: what the engine refuses is told in the last row and in the log, and nothing ends', async () => {
  await using tui = await showTui({ board: busyBoard, ...normal })
  tui.fake.failNext('Cannot pause job t_1: it is done')
  await tui.press('p')
  assert.match(await tui.screen(), /Cannot pause job t_1: it is done/)
  await tui.press('5')
  assert.match(await tui.screen(), /! Cannot pause job t_1/)
})

test('keys: q leaves at once, and asks when work would end with it', async () => {
  await using daemon = await showTui({ board: busyBoard, ...normal })
  await daemon.press('q')
  assert.equal(await daemon.end, 'left')
  await using own = await showTui({ board: { ...busyBoard, isPrivate: true }, ...normal })
  await own.press('q')
  assert.match(await own.screen(), /Leave and stop 3 jobs\?/)
  await own.press('y')
  assert.equal(await own.end, 'left')
})

test('keys: Ctrl-C leaves gently; the terminal is given back as it was', async () => {
  await using tui = await showTui({ board: busyBoard, ...normal })
  tui.terminal.type('\u0003')
  assert.equal(await tui.end, 'left')
  const { written } = tui.terminal
  assert.ok(written.includes('\u001b[?1049h'))
  assert.ok(written.lastIndexOf('\u001b[?1049l') > written.lastIndexOf('\u001b[?1049h'))
  assert.ok(written.lastIndexOf('\u001b[?25h') > written.lastIndexOf('\u001b[?25l'))
})

test('resize: another size is another layout at once, without a wrapped or left-over row', async () => {
  await using tui = await showTui({ board: busyBoard, ...normal })
  for (const [columns, rows, pattern] of [
    [120, 40, /details: Pictures/],
    [40, 10, /^ ferry · Transfers/],
    [30, 6, /^ferry 36%/],
    [200, 50, /peak/],
    [80, 24, /\[1 Transfers\]/],
  ] as const) {
    tui.terminal.resize(columns, rows)
    await tui.pass(1200)
    const resized = await tui.screen()
    assert.match(resized, pattern)
    await using fresh = await showTui({ board: busyBoard, columns, rows })
    await fresh.pass(1200)
    const steady = (shown: string): string => shown.replaceAll(/[▁▂▃▄▅▆▇█ ]+/g, ' ')
    assert.equal(steady(resized), steady(await fresh.screen()), `${columns}x${rows}`)
  }
})

test('open-tui: while a transfer runs the screen is never erased as a whole', async () => {
  await using tui = await showTui({ board: busyBoard, ...normal })
  const [job] = busyBoard.jobs
  assert.ok(job)
  for (let percent = 27; percent < 60; percent++) {
    const { bytes, active } = job.snapshot
    const done = Math.round((bytes.total * percent) / 100)
    const files = active.map((file) => ({
      ...file,
      done: Math.min(file.total, file.done + percent * 10_000),
    }))
    tui.fake.tell({
      jobs: [{ ...job, snapshot: { ...job.snapshot, percent, bytes: { ...bytes, done }, active: files } }],
    })
    await tui.pass(200)
    await tui.screen()
  }
  await tui.until(/59%/)
  for (const erase of ['J', '0J', '1J', '2J', '3J'])
    assert.ok(!tui.terminal.written.includes(`\u001b[${erase}`), erase)
  // Only what changed is written: far less than 33 whole screens.
  assert.ok(tui.terminal.written.length < 33 * 80 * 24, `${tui.terminal.written.length} characters`)
})
