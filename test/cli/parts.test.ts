/** The small parts of the command line: interruption, QR codes, keys, the clipboard. */
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { copyText } from '../../src/cli/clipboard.ts'
import { exitCodes } from '../../src/cli/exit-codes.ts'
import { watchInterrupts } from '../../src/cli/interrupts.ts'
import { watchKeys } from '../../src/cli/keys.ts'
import { shortAddress, shortPeer } from '../../src/shared/peer-name.ts'
import { drawQr } from '../../src/cli/qr.ts'
import { createTerminal } from '../../src/cli/terminal.ts'
import { createFakeIo } from '../support/fake-io.ts'

const plain = { color: 'never', plain: false } as const

test('interrupts: the first is gentle, a second within three seconds is not, the first code counts', () => {
  let nowMs = 0
  const stops: number[] = []
  const exits: number[] = []
  {
    using interrupts = watchInterrupts(
      (code) => stops.push(code),
      (code) => exits.push(code),
      () => nowMs,
    )
    assert.equal(interrupts.exitCode, undefined)
    process.emit('SIGTERM')
    nowMs = 4000
    process.emit('SIGINT')
    assert.deepEqual([stops, exits], [[143, 130], []])
    nowMs = 6000
    interrupts.interrupt()
    assert.deepEqual(exits, [130])
    assert.equal(interrupts.exitCode, exitCodes.terminated)
  }
  assert.deepEqual(
    ['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => process.listenerCount(signal)),
    [0, 0, 0],
  )
})

test('drawQr: the sizes that fit a terminal of 24 rows; too small is said, not drawn', () => {
  const ticket = (length: number): string => `ferry1${'q'.repeat(length - 6)}`
  for (const [length, columns, rows] of [
    [90, 35, 18],
    [150, 39, 20],
    [195, 43, 22],
  ] as const) {
    const picture = drawQr(ticket(length), { columns: 80, rows: 24, color: false })
    assert.deepEqual([picture.columns, picture.rows, picture.fits], [columns, rows, true])
    assert.equal(picture.lines.length, rows)
    for (const line of picture.lines) assert.equal(line.length, columns)
  }
  const small = drawQr(ticket(195), { columns: 80, rows: 21, color: true })
  assert.deepEqual([small.fits, small.lines.length], [false, 0])
  assert.match(drawQr(ticket(90), { columns: 80, rows: 24, color: true }).lines[0] as string, /^\S\[30;107m/)
})

test('keys: nothing is read when standard input is no terminal; raw mode ends with the watch', () => {
  const io = createFakeIo({ columns: 80 })
  const terminal = createTerminal(io, plain)
  const raw: boolean[] = []
  watchKeys(terminal, { q: () => assert.fail() })[Symbol.dispose]()
  assert.equal(io.stdin.listenerCount('data'), 0)
  Object.assign(io.stdin, { isTTY: true, setRawMode: (on: boolean) => raw.push(on) })
  const pressed: string[] = []
  {
    using watch = watchKeys(terminal, { q: () => pressed.push('q'), '\u0003': () => pressed.push('^C') })
    assert.ok(watch)
    for (const key of ['x', 'q', '\u0003']) io.stdin.emit('data', Buffer.from(key))
  }
  io.stdin.emit('data', Buffer.from('q'))
  assert.deepEqual(
    [pressed, raw],
    [
      ['q', '^C'],
      [true, false],
    ],
  )
})

test('copyText: through a program on its standard input, else the terminal, else not at all', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-clip-'))
  const path = process.env['PATH']
  try {
    const taken = join(folder, 'taken')
    writeFileSync(join(folder, 'wl-copy'), `#!/bin/sh\ncat > ${taken}\necho "$@" >> ${taken}\n`)
    chmodSync(join(folder, 'wl-copy'), 0o755)
    process.env['PATH'] = `${folder}:${path}`
    const desktop = createTerminal(createFakeIo({ env: { WAYLAND_DISPLAY: 'w' } }), plain)
    assert.equal(await copyText('secret', desktop), 'wl-copy')
    assert.equal(readFileSync(taken, 'utf8'), 'secret\n')
    const io = createFakeIo({ columns: 80, env: { WAYLAND_DISPLAY: '' } })
    assert.equal(await copyText('secret', createTerminal(io, plain)), 'terminal')
    assert.equal(io.written.err, `\u001b]52;c;${Buffer.from('secret').toString('base64')}\u0007`)
    assert.equal(await copyText('secret', createTerminal(createFakeIo(), plain)), undefined)
  } finally {
    process.env['PATH'] = path
    rmSync(folder, { recursive: true })
  }
})

test('shortPeer and shortAddress: short, escaped, and strange ones whole', () => {
  assert.equal(shortPeer('12D3KooWabcdefghk9Qe'), '12D3…k9Qe')
  assert.equal(shortAddress('/ip4/84.2.10.7/tcp/4001/p2p/12D3KooW'), '84.2.10.7:4001')
  assert.equal(shortAddress('/ip6/fd00::2/tcp/4001'), '[fd00::2]:4001')
  assert.equal(shortAddress('/unix/\u001b[2J'), '/unix/\\e[2J')
})
