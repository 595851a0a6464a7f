import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { cutMiddle, escapeText, fitCells, quoteName, textCells } from '../../src/shared/terminal-text.ts'

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
