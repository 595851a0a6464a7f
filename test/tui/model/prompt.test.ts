import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sparkline as sparklineText } from '../../../src/tui/model/sparkline.ts'
import { line, lineText, rule, spread, toAscii, wrapText } from '../../../src/tui/model/line.ts'
import {
  cleanTicket,
  completePrompt,
  editPrompt,
  looksLikeTicket,
  openPrompt,
  pasteInto,
  syncPlace,
} from '../../../src/tui/model/prompt.ts'
import { commandOf, keysOf } from '../../../src/tui/model/keys.ts'
import type { InkKey } from '../../../src/tui/model/keys.ts'
import { fakeTicket } from '../../support/fake-journeys.ts'

const typed = (keys: readonly string[], start = ''): string => {
  let prompt = openPrompt('share', start)
  for (const key of keys) prompt = editPrompt(prompt, key)
  return `${prompt.text.slice(0, prompt.at)}|${prompt.text.slice(prompt.at)}`
}

test('editPrompt: typing, moving and deleting, by whole characters', () => {
  const table: readonly (readonly [readonly string[], string, string])[] = [
    [['a', 'b'], '', 'ab|'],
    [['left', 'x'], 'ab', 'ax|b'],
    [['backspace'], 'a😀', 'a|'],
    [['left', 'delete'], 'a😀', 'a|'],
    [['delete'], 'ab', 'a|'],
    [['home', 'right', 'x'], 'ab', 'ax|b'],
    [['ctrl-a', 'ctrl-e'], 'ab', 'ab|'],
    [['ctrl-u'], 'ab', '|'],
    [['ctrl-w'], '/home/me/pics', '/home/me/|'],
    [['ctrl-w', 'ctrl-w'], '/home/me/pics', '/home/|'],
    [['backspace', 'left', 'right'], '', '|'],
    [['\u0001', 'page-up', 'ctrl-x'], 'ab', 'ab|'],
  ]
  for (const [keys, start, expected] of table) assert.equal(typed(keys, start), expected, keys.join(' '))
})

test('pasteInto: line breaks and controls do not get in', () => {
  const { text } = pasteInto(openPrompt('share'), ' /a\r\nb\u001b[31m \n')
  assert.equal(text, '/a b[31m')
})

test('completePrompt: goes as far as all choices agree, and shows several', () => {
  const one = completePrompt(openPrompt('share', 'pi'), ['pics/'])
  assert.deepEqual([one.text, one.choices], ['pics/', []])
  const two = completePrompt(openPrompt('share', 'p'), ['pics/', 'pictures.zip'])
  assert.deepEqual([two.text, two.choices.length], ['pic', 2])
  assert.equal(completePrompt(openPrompt('share', 'x'), []).text, 'x')
})

test('cleanTicket: takes it out of whatever was pasted around it', () => {
  for (const text of [
    fakeTicket,
    `ferry receive ${fakeTicket}`,
    `  ${fakeTicket.toUpperCase()}\n`,
    `ferry:${fakeTicket}`,
    `${fakeTicket.slice(0, 15)}\n${fakeTicket.slice(15)}`,
  ])
    assert.equal(cleanTicket(text), fakeTicket, text)
  assert.equal(looksLikeTicket(`x ${fakeTicket}`), true)
  assert.equal(looksLikeTicket('ferry1abc'), false)
})

test('syncPlace: local paths become absolute and keep their last slash; all else stays', () => {
  const absolute = (path: string): string => `/home/me/${path.replace(/\/$/, '')}`
  for (const [text, expected] of [
    ['site', '/home/me/site'],
    ['site/', '/home/me/site/'],
    ['s3://b/p', 's3://b/p'],
    ['box:srv', 'box:srv'],
    ['me@host:x', 'me@host:x'],
    [fakeTicket, fakeTicket],
  ] as const)
    assert.equal(syncPlace(text, absolute), expected)
})

const noKey: InkKey = {
  upArrow: false,
  downArrow: false,
  leftArrow: false,
  rightArrow: false,
  pageDown: false,
  pageUp: false,
  home: false,
  end: false,
  return: false,
  escape: false,
  ctrl: false,
  shift: false,
  tab: false,
  backspace: false,
  delete: false,
  meta: false,
}

test('keysOf: keys that were typed fast come one by one', () => {
  assert.deepEqual(keysOf('jjp', noKey), ['j', 'j', 'p'])
  assert.deepEqual(keysOf('', { ...noKey, upArrow: true }), ['up'])
  assert.deepEqual(keysOf('', { ...noKey, tab: true, shift: true }), ['shift-tab'])
  assert.deepEqual(keysOf('c', { ...noKey, ctrl: true }), ['ctrl-c'])
  assert.deepEqual(keysOf('x', { ...noKey, meta: true }), [])
})

test('commandOf: a key does on a screen what that screen knows, and everywhere the same for moving', () => {
  assert.deepEqual(commandOf('shares', 'd'), { do: 'stop-share' })
  assert.equal(commandOf('transfers', 'd'), undefined)
  assert.equal(commandOf('log', 'p'), undefined)
  for (const screen of ['transfers', 'log', 'peers'] as const)
    assert.deepEqual(commandOf(screen, 'k'), { do: 'move', move: 'up' })
})

test('line: cuts, fills and rules to the cell', () => {
  assert.equal(lineText(spread(line('left'), line('right'), 12)), 'left   right')
  assert.equal(lineText(spread(line('left'), line('right'), 9)), 'left')
  assert.equal(lineText(rule(12, 'a title')), '── a title ─')
  assert.deepEqual(wrapText('one two three', 8), ['one two', 'three'])
  assert.equal(lineText(toAscii(line('▸ ↓ é 写 █░ …'))), '> v ? ?? #- ~')
})

test('sparkline: the newest value is at the end, the highest one is full, and what moves is visible', () => {
  assert.deepEqual(sparklineText([0, 1, 50, 100], 6, 1), ['  ▁▁▄█'])
  assert.deepEqual(sparklineText([100, 50], 2, 2), ['█ ', '██'])
  assert.deepEqual(sparklineText([], 3, 1), ['   '])
  assert.deepEqual(sparklineText([0, 0], 2, 1), ['▁▁'])
})
