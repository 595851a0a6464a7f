import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import {
  cutEnd,
  cutMiddle,
  escapeText,
  fitCells,
  quoteName,
  textCells,
} from '../../src/shared/terminal-text.ts'

test('escapeText: nothing that moves, colours, reverses or hides text gets through', () => {
  const table: [string, string][] = [
    ['a.txt', 'a.txt'],
    ['a\nb', 'a\\nb'],
    ['\u001b[31mred', '\\e[31mred'],
    ['\u009b2J', '\\x9b2J'],
    ['\u007f', '\\x7f'],
    ['a\u202egnp.exe', 'a\\u{202e}gnp.exe'],
    ['a\u200bb', 'a\\u{200b}b'],
    ['\ufeffx', '\\u{feff}x'],
    ['\ud800', '\\u{d800}'],
    ['\u{e0041}', '\\u{e0041}'],
    ['é 日本 👨‍👩‍👧', 'é 日本 👨‍👩‍👧'],
  ]
  for (const [raw, safe] of table) assert.equal(escapeText(raw), safe)
})

test('escapeText: any text becomes free of controls and of unpaired halves', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const safe = escapeText(text)
      assert.doesNotMatch(safe, /[\p{Cc}\p{Cs}]/u)
      assert.equal(escapeText(safe), safe)
    }),
  )
})

test('cutMiddle: never wider than asked, keeps the end of a name', () => {
  assert.equal(cutMiddle('photos/2026/IMG_0412.CR3', 16), 'photos…_0412.CR3')
  assert.equal(cutMiddle('short', 5), 'short')
  assert.equal(cutMiddle('longer', 1), 'l')
  assert.equal(cutMiddle('longer', 0), '')
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 0, max: 40 }), (text, cells) => {
      const safe = escapeText(text)
      assert.ok(textCells(cutMiddle(safe, cells)) <= cells)
      assert.equal(textCells(fitCells(safe, cells)), cells)
    }),
  )
})

test('textCells: wide, combining and joined characters', () => {
  assert.equal(textCells('日本'), 4)
  assert.equal(textCells('e\u0301'), 1)
  assert.equal(textCells('👨‍👩‍👧'), 2)
  assert.equal(quoteName('a"b\n'), '"a"b\\n"')
})

test('textCells: what is measured without looking at graphemes is as wide as one by one', () => {
  const ranges = [
    [0x20, 0x7e],
    [0xa1, 0x2ff],
    [0x2013, 0x2014],
    [0x2026, 0x2026],
    [0x2190, 0x2193],
    [0x2500, 0x259f],
  ] as const
  for (const [first, last] of ranges)
    for (let code = first; code <= last; code++) {
      const text = String.fromCharCode(code)
      if (/\p{C}/u.test(text)) continue
      // Beside a wide character each one is looked at.
      assert.equal(textCells(`写${text}`) - 2, textCells(text), code.toString(16))
      assert.equal(cutEnd(`${text}b`, textCells(text)), text, code.toString(16))
    }
})
