import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { FerryError } from '../../src/shared/errors.ts'
import {
  compareSortKeys,
  compareUtf8,
  foldName,
  maxPathDepth,
  parentPath,
  parseTreePath,
  portabilityProblem,
} from '../../src/shared/paths.ts'

const refused: readonly (readonly [string, string | Uint8Array])[] = [
  ['empty', ''],
  ['dot', '.'],
  ['dot dot', '..'],
  ['up first', '../x'],
  ['up in the middle', 'a/../../x'],
  ['up at the end', 'a/..'],
  ['dot in the middle', 'a/./b'],
  ['absolute', '/etc/x'],
  ['two slashes first', '//server/x'],
  ['two slashes in the middle', 'a//b'],
  ['slash at the end', 'a/'],
  ['UNC', '\\\\server\\x'],
  ['drive, relative', 'C:x'],
  ['drive, absolute', 'C:\\x'],
  ['NT namespace', '\\??\\C:\\x'],
  ['verbatim', '\\\\?\\'],
  ['up by backslash', 'a\\..\\b'],
  ['up by backslash, first', '..\\b'],
  ['NUL', 'a\0b'],
  ['lone surrogate', 'a\ud800b'],
  ['invalid UTF-8', Uint8Array.of(0x61, 0xff)],
  ['cut UTF-8', Uint8Array.of(0x61, 0xe2, 0x82)],
  ['overlong slash', Uint8Array.of(0x61, 0xc0, 0xaf)],
  ['surrogate as UTF-8', Uint8Array.of(0xed, 0xa0, 0x80)],
  ['name of 256 bytes', 'x'.repeat(256)],
  ['name of 255 four-byte characters', '😀'.repeat(255)],
  ['path of 4097 bytes', `${'abcdefg/'.repeat(512)}x`],
  ['path of 1 MiB of bytes', new Uint8Array(1 << 20).fill(0x61)],
  ['too deep', Array.from({ length: maxPathDepth + 1 }, () => 'a').join('/')],
  ['part file', 'a/b.ferry-part'],
  ['part file, other case', 'a/b.FERRY-Part'],
  ['journal', 'b.ferry-part.journal'],
]

test('parseTreePath refuses what could escape or break a manifest', () => {
  for (const [title, path] of refused) {
    assert.throws(
      () => parseTreePath(path),
      (error) => error instanceof FerryError && error.code === 'E_MANIFEST' && error.message.length < 500,
      title,
    )
  }
})

test('parseTreePath lets every other POSIX name travel', () => {
  const names = [
    'a',
    '-rf',
    ' ',
    'a b',
    'a ',
    'a.',
    '...',
    '..a',
    'a\nb',
    '\x1b[31m',
    'é',
    'e\u0301',
    '😀',
    '👩‍👧',
    'b/..c',
    'x/C:y',
    'con',
    'dev-disk\\x2dby',
    '__proto__',
    'constructor',
    '.ferry',
    '\ufeffbom',
    '\u202egpj.exe',
    'x'.repeat(255),
    '😀'.repeat(63),
    Array.from({ length: maxPathDepth }, () => 'a').join('/'),
  ]
  for (const name of names) {
    assert.equal(parseTreePath(name), name)
    assert.equal(parseTreePath(Buffer.from(name)), name)
  }
})

test('parseTreePath gives a FerryError or the same text for any input', () => {
  const piece = fc.constantFrom('a', '.', '..', '/', '\\', ':', '\0', '\ud800', '😀', 'C', '')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const text = pieces.join('')
      try {
        const path = parseTreePath(text)
        assert.equal(path, text)
        for (const part of path.split(/[/\\]/)) assert.ok(part !== '' && part !== '.' && part !== '..')
      } catch (error) {
        assert.ok(error instanceof FerryError)
      }
    }),
  )
})

test('portabilityProblem names what Windows cannot hold, and only that', () => {
  const bad = [
    'CON',
    'con.txt',
    'x/NUL',
    'COM1.log',
    'COM¹',
    'LPT9',
    'CLOCK$',
    'CONIN$',
    'COM1 ',
    'a.',
    'a ',
    'xx:b',
    'a?',
    'a\nb',
    'a\\b',
  ]
  for (const name of bad) assert.notEqual(portabilityProblem(parseTreePath(name)), undefined, name)
  const good = ['console', 'com10', 'a.con', 'x/-rf', '.gitignore', 'é']
  for (const name of good) assert.equal(portabilityProblem(parseTreePath(name)), undefined, name)
})

test('compareUtf8 is the order of the encoded bytes', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 6 })
  fc.assert(
    fc.property(text, text, (a, b) => {
      assert.equal(Math.sign(compareUtf8(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)))
    }),
  )
  assert.ok(compareUtf8('\uffee', '😀') < 0)
})

test('compareSortKeys puts a folder directly before its content', () => {
  const sorted = [
    { kind: 'file', path: 'a!' },
    { kind: 'directory', path: 'a' },
    { kind: 'file', path: 'a/b' },
    { kind: 'file', path: 'a0' },
  ]
  assert.deepEqual([...sorted].reverse().sort(compareSortKeys), sorted)
})

test('foldName joins what a folding file system joins', () => {
  const same: [string, string][] = [
    ['README', 'readme'],
    ['ß', 'SS'],
    ['ﬁ', 'FI'],
    ['ı', 'I'],
    ['é', 'E\u0301'],
    ['각', '\u1100\u1161\u11a8'],
  ]
  for (const [a, b] of same) assert.equal(foldName(a), foldName(b), a)
  assert.notEqual(foldName('a'), foldName('b'))
})

test('parentPath is empty at the top', () => {
  assert.equal(parentPath('a'), '')
  assert.equal(parentPath('a/b/c'), 'a/b')
})
