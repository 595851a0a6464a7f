import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { hash } from '../../../src/blobs/hash.ts'
import type { ManifestEntry } from '../../../src/blobs/manifest/entry.ts'
import { createChunkListCheck, leavesTree } from '../../../src/blobs/manifest/entry-rules.ts'
import { createManifestValidator } from '../../../src/blobs/manifest/validate.ts'
import type { ValidatorOptions } from '../../../src/blobs/manifest/validate.ts'
import { FerryError } from '../../../src/shared/errors.ts'
import { directoryEntry, fileEntry, makeRecords, symlinkEntry, treeEntries } from '../../support/manifests.ts'

const refusal = (error: unknown): boolean => error instanceof FerryError && error.code === 'E_MANIFEST'

function validate(entries: readonly ManifestEntry[], options?: ValidatorOptions): void {
  const validator = createManifestValidator(options)
  for (const entry of entries) validator.add(entry)
}

const blob = hash(Buffer.from('blob'))
const hostile: Record<string, readonly ManifestEntry[]> = {
  'same file twice': [fileEntry('a'), fileEntry('a')],
  'same folder twice': [directoryEntry('a'), directoryEntry('a')],
  'out of order': [fileEntry('b'), fileEntry('a')],
  'UTF-16 order instead of UTF-8 order': [fileEntry('😀'), fileEntry('\uffee')],
  'file below no folder': [fileEntry('a/b')],
  'folder below no folder': [directoryEntry('a'), directoryEntry('a/b/c')],
  'content of another folder': [directoryEntry('a'), directoryEntry('b'), fileEntry('a/c')],
  'file and folder': [fileEntry('a'), directoryEntry('a')],
  'file and folder, others between': [fileEntry('a'), fileEntry('a!'), fileEntry('a-b'), directoryEntry('a')],
  'file and folder, nested others between': [
    fileEntry('a'),
    directoryEntry('a-'),
    fileEntry('a-/a'),
    directoryEntry('a'),
  ],
  'file below a file': [fileEntry('a'), fileEntry('a/b')],
  'file below a link': [symlinkEntry('a', '/etc'), fileEntry('a/passwd')],
  'link and folder': [symlinkEntry('a', '/etc'), directoryEntry('a'), fileEntry('a/passwd')],
  'link without target': [symlinkEntry('a', '')],
  'link with NUL': [symlinkEntry('a', 'x\0y')],
  'link with a lone surrogate': [symlinkEntry('a', '\ud800')],
  'link of 4096 bytes': [symlinkEntry('a', 'x'.repeat(4096))],
  setuid: [fileEntry('a', { mode: 0o4755 })],
  setgid: [directoryEntry('a', { mode: 0o2755 })],
  sticky: [directoryEntry('a', { mode: 0o1777 })],
  'mode negative': [fileEntry('a', { mode: -1 })],
  'mode NaN': [fileEntry('a', { mode: Number.NaN })],
  'time 2^63': [fileEntry('a', { mtimeNs: 2n ** 63n })],
  'size -1': [fileEntry('a', { size: -1 })],
  'size 1.5': [fileEntry('a', { size: 1.5 })],
  'size 2^53': [fileEntry('a', { size: 2 ** 53, content: { blob, chunks: 100 } })],
  'size NaN': [fileEntry('a', { size: Number.NaN })],
  'chunk size not a power of two': [fileEntry('a', { chunkSize: 65_537 })],
  'chunk size 0': [fileEntry('a', { chunkSize: 0 })],
  'chunks shorter than size': [fileEntry('a', { size: 10, content: makeRecords([9]) })],
  'chunks longer than size': [fileEntry('a', { size: 10, content: makeRecords([11]) })],
  'no chunks': [fileEntry('a', { size: 10, content: new Uint8Array() })],
  'chunk of length 0': [fileEntry('a', { size: 0, content: makeRecords([0]) })],
  'chunk too long': [fileEntry('a', { size: 262_145, content: makeRecords([262_145]) })],
  'short chunk not last': [fileEntry('a', { size: 20_010, content: makeRecords([10, 20_000]) })],
  'chunks cut': [fileEntry('a', { content: makeRecords([1]).subarray(1) })],
  'list by name though short': [fileEntry('a', { size: 64 * 65_536, content: { blob, chunks: 64 } })],
  'far too many chunks for its size': [
    fileEntry('a', { size: 65_536 * 100, content: { blob, chunks: 401 } }),
  ],
  'far too few chunks for its size': [fileEntry('a', { size: 10 * 2 ** 60, content: { blob, chunks: 65 } })],
  'sizes add up beyond 2^53': Array.from({ length: 600 }, (_, index) =>
    fileEntry(`a${1000 + index}`, { size: 2 ** 44, chunkSize: 2 ** 22, content: { blob, chunks: 2 ** 22 } }),
  ),
}

test('a hostile manifest is refused', () => {
  for (const [title, entries] of Object.entries(hostile))
    assert.throws(() => validate(entries), refusal, title)
})

test('a legal manifest is accepted', () => {
  validate([])
  validate([fileEntry('a', { size: 0 })])
  validate([directoryEntry('a')])
  validate([fileEntry('README'), fileEntry('readme')])
  validate([fileEntry('e\u0301'), fileEntry('é')])
  validate([fileEntry('a'), fileEntry('a!'), directoryEntry('a-'), fileEntry('a-/a'), fileEntry('a0')])
  validate([fileEntry('__proto__'), fileEntry('constructor'), fileEntry('toString')])
  validate([symlinkEntry('a', '/etc'), symlinkEntry('b', '../../x'), symlinkEntry('c', 'c')])
  validate([fileEntry('a', { size: 65_536 * 100, chunkSize: 65_536, content: { blob, chunks: 100 } })])
  fc.assert(fc.property(treeEntries, (entries) => validate(entries)))
})

test('any swap or repetition of entries is refused', () => {
  fc.assert(
    fc.property(treeEntries, fc.nat(), fc.nat(), (entries, a, b) => {
      fc.pre(entries.length > 1)
      const left = a % entries.length
      const right = b % entries.length
      const changed = [...entries]
      if (left === right) changed.splice(left, 0, entries[left] as ManifestEntry)
      else [changed[left], changed[right]] = [changed[right] as ManifestEntry, changed[left] as ManifestEntry]
      assert.throws(() => validate(changed), refusal)
    }),
  )
})

test('names that a folding destination takes for one are refused there', () => {
  const pairs = [
    ['README', 'readme'],
    ['SS', 'ß'],
    ['e\u0301', 'é'],
    ['FI', 'ﬁ'],
  ]
  for (const pair of pairs) {
    const entries = pair.map((name) => fileEntry(name))
    validate(entries)
    assert.throws(() => validate(entries, { foldsNames: true }), refusal, pair[0])
  }
  assert.throws(
    () => validate([directoryEntry('A'), fileEntry('A/x'), directoryEntry('a')], { foldsNames: true }),
    refusal,
  )
  validate([directoryEntry('A'), fileEntry('A/x'), directoryEntry('B'), fileEntry('B/x')], {
    foldsNames: true,
  })
  const many = Array.from({ length: 10_000 }, (_, index) => fileEntry(`file ${10_000 + index}`))
  validate(many, { foldsNames: true })
  assert.throws(() => validate([fileEntry('FILE 12345'), ...many], { foldsNames: true }), refusal)
})

test('Windows names are refused for Windows only', () => {
  validate([fileEntry('con')])
  assert.throws(() => validate([fileEntry('con')], { windowsNames: true }), refusal)
})

test('links that leave the tree are refused where the receiver asks for it', () => {
  const out: [string, string][] = [
    ['a', '/etc'],
    ['a', '..'],
    ['a/b', '../..'],
    ['a/b', 'c/../../../d'],
    ['a', 'C:x'],
    ['a', '..\\x'],
  ]
  for (const [path, target] of out) assert.ok(leavesTree(path, target), target)
  const within: [string, string][] = [
    ['a', 'b'],
    ['a/b', '../c'],
    ['a/b', '..'],
    ['a/b/c', './../../d//e'],
  ]
  for (const [path, target] of within) assert.ok(!leavesTree(path, target), target)
  validate([symlinkEntry('a', '/etc'), symlinkEntry('b', '../out')])
})

test('counts and totals are held against the root object', () => {
  const validator = createManifestValidator({ maxEntries: 2 })
  validator.add(directoryEntry('a'))
  validator.add(fileEntry('a/b', { size: 5 }))
  validator.end({ entries: 2, files: 1, bytes: 5 })
  assert.throws(() => validator.end({ entries: 2, files: 1, bytes: 6 }), refusal)
  assert.throws(() => validator.end({ entries: 2, files: 2, bytes: 5 }), refusal)
  assert.throws(() => validator.add(fileEntry('b')), refusal)
})

test('chunks that follow later are checked as they come', () => {
  const open = fileEntry('a', { size: 40_000, content: new Uint8Array() })
  const validator = createManifestValidator()
  validator.add(open, true)
  assert.throws(() => createManifestValidator().add(fileEntry('a'), true), refusal)
  const check = createChunkListCheck(open)
  check.push(makeRecords([20_000]))
  assert.throws(() => check.end(), refusal)
  check.push(makeRecords([20_000]))
  check.end()
  assert.throws(() => check.push(makeRecords([1])), refusal)
})
