import assert from 'node:assert/strict'
import test from 'node:test'
import { encode } from 'cborg'
import * as fc from 'fast-check'
import { createPageFiles } from '../../../src/blobs/manifest/page-files.ts'
import { decodeColumns, decodePage, encodePage } from '../../../src/blobs/manifest/page.ts'
import { maxPageBytes } from '../../../src/blobs/manifest/limits.ts'
import { FerryError } from '../../../src/shared/errors.ts'
import { directoryEntry, fileEntry, symlinkEntry, treeEntries } from '../../support/manifests.ts'

const refusal = (error: unknown): boolean => error instanceof FerryError && error.code === 'E_MANIFEST'

test('decodePage gives back what encodePage took', () => {
  fc.assert(
    fc.property(treeEntries, (entries) => {
      assert.deepEqual(decodePage(encodePage(entries)), entries)
    }),
  )
})

test('what serving needs to know of a file is what its entry says', () => {
  fc.assert(
    fc.property(treeEntries, (entries) => {
      const files = createPageFiles(decodeColumns(encodePage(entries)))
      for (const [index, entry] of entries.entries()) {
        const { path, mtimeNs } = entry
        const expected = entry.kind === 'file' ? { path, size: entry.size, mtimeNs } : undefined
        assert.deepEqual(files.file(index), expected)
      }
      assert.equal(files.file(entries.length), undefined)
    }),
  )
})

test('decodePage gives a FerryError or entries for mutated bytes, and entries have one encoding', () => {
  const change = fc.record({ at: fc.nat(), xor: fc.integer({ min: 1, max: 255 }), cut: fc.boolean() })
  fc.assert(
    fc.property(treeEntries, change, (entries, { at, xor, cut }) => {
      const bytes = encodePage(entries)
      const place = at % bytes.byteLength
      bytes[place] = (bytes[place] as number) ^ xor
      const mutated = cut ? bytes.subarray(0, place) : bytes
      try {
        assert.deepEqual(encodePage(decodePage(mutated)), new Uint8Array(mutated))
      } catch (error) {
        assert.ok(refusal(error), String(error))
      }
    }),
    { numRuns: 2000 },
  )
})

test('decodePage gives a FerryError for arbitrary bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      assert.throws(() => decodePage(bytes), refusal)
    }),
  )
})

test('decodePage refuses pages that no encoder makes', () => {
  const page = (change: (tuple: [number, ...Uint8Array[]]) => unknown): Uint8Array => {
    const tuple: [number, ...Uint8Array[]] = [
      1,
      Uint8Array.of(0, 1, 0x61), // path: shares 0, adds 1
      Uint8Array.of(0), // file
      Uint8Array.of(0xa4, 1),
      new Uint8Array(8),
      Uint8Array.of(0),
      Uint8Array.of(16),
      Uint8Array.of(0),
      new Uint8Array(),
    ]
    return encode(change(tuple) ?? tuple)
  }
  assert.equal(decodePage(page(() => undefined)).length, 1)
  const set = (index: number, bytes: number[]) =>
    page((tuple) => void (tuple[index] = Uint8Array.from(bytes)))
  const cases: Record<string, Uint8Array> = {
    'count too small': page((tuple) => void (tuple[0] = 0)),
    'count too large': page((tuple) => void (tuple[0] = 2)),
    'count over the limit': page((tuple) => void (tuple[0] = 8193)),
    'count negative': page((tuple) => void (tuple[0] = -1)),
    'count a float': page((tuple) => void (tuple[0] = 1.5)),
    'column missing': page((tuple) => tuple.slice(0, 8)),
    'column too many': page((tuple) => [...tuple, new Uint8Array()]),
    'column is a list': page((tuple) => [...tuple.slice(0, 8), []]),
    'no list': encode(1),
    'a map': encode({ __proto__: null, a: 1 }),
    'path shares what is not there': set(1, [1, 1, 0x61]),
    'path too long': set(1, [0, 0x81, 0x20, ...Array.from({ length: 4097 }, () => 0x61)]),
    'varint of two bytes for zero': set(1, [0x80, 0, 1, 0x61]),
    'varint without end': set(
      1,
      Array.from({ length: 12 }, () => 0xff),
    ),
    'path climbs': set(1, [0, 2, 0x2e, 0x2e]),
    'path overlong UTF-8': set(1, [0, 2, 0xc0, 0xaf]),
    'unknown kind': set(2, [3]),
    'bytes left over': set(2, [0, 0]),
    'size over 2^53': set(5, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f]),
    'chunk size 32 KiB': set(6, [15]),
    'chunk size 8 MiB': set(6, [23]),
    'too many chunks': set(7, [65, ...Array.from({ length: 65 * 36 }, () => 1)]),
    'chunks cut short': set(7, [1, 1, 2, 3]),
    'too large': new Uint8Array(maxPageBytes + 1),
    'nested deeply': new Uint8Array(200_000).fill(0x81),
    'trailing byte': Uint8Array.from([...page(() => undefined), 0]),
  }
  for (const [title, bytes] of Object.entries(cases)) assert.throws(() => decodePage(bytes), refusal, title)
  const link = encodePage([symlinkEntry('a', 'x')])
  const target = link.lastIndexOf(0x78)
  link[target] = 0xff
  assert.throws(() => decodePage(link), refusal, 'target not UTF-8')
})

test('paths share as much as they can with the one before', () => {
  const one = encodePage([directoryEntry('abc'), fileEntry('abc/d')])
  const two = encodePage([directoryEntry('xyz'), fileEntry('abc/d')])
  assert.equal(two.byteLength - one.byteLength, 3)
})
