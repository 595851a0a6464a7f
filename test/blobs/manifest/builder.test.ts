import assert from 'node:assert/strict'
import test from 'node:test'
import { encode } from 'cborg'
import * as fc from 'fast-check'
import { hash } from '../../../src/blobs/hash.ts'
import { createManifestBuilder } from '../../../src/blobs/manifest/builder.ts'
import type { BuiltManifest } from '../../../src/blobs/manifest/builder.ts'
import type { ManifestEntry } from '../../../src/blobs/manifest/entry.ts'
import { maxPageBytes } from '../../../src/blobs/manifest/limits.ts'
import { createPageEncoder, decodePage, encodePath } from '../../../src/blobs/manifest/page.ts'
import { openManifest } from '../../../src/blobs/manifest/reader.ts'
import { decodeRoot } from '../../../src/blobs/manifest/root.ts'
import { FerryError } from '../../../src/shared/errors.ts'
import { maxPathBytes } from '../../../src/shared/paths.ts'
import { directoryEntry, fileEntry, makeRecords, symlinkEntry, treeEntries } from '../../support/manifests.ts'

const key = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

interface Built extends BuiltManifest {
  readonly objects: Map<string, Uint8Array>
}

function build(entries: Iterable<ManifestEntry>): Built {
  const objects = new Map<string, Uint8Array>()
  const builder = createManifestBuilder((page) => objects.set(key(page.hash), page.bytes))
  for (const entry of entries) builder.push(entry)
  const built = builder.finish()
  objects.set(key(built.root), built.rootObject)
  return { ...built, objects }
}

function open(built: Built): ReturnType<typeof openManifest> {
  return openManifest({ get: (name) => built.objects.get(key(name)) }, built.root)
}

function* manyFiles(count: number): Generator<ManifestEntry> {
  yield directoryEntry('d')
  for (let index = 0; index < count; index++) yield fileEntry(`d/${String(index).padStart(8, '0')}.txt`)
}

test('a manifest reads back as it was built, by entry and in order', () => {
  const entries = [...manyFiles(5000)]
  const built = build(entries)
  const manifest = open(built)
  assert.deepEqual(manifest.totals, { entries: 5001, files: 5000, bytes: 5000 })
  assert.ok(manifest.pageCount > 3)
  assert.deepEqual(
    [...manifest.entries()].map(({ entry }) => entry),
    entries,
  )
  for (const number of [0, 1, 700, 2500, 4999, 5000])
    assert.deepEqual(manifest.entry(number), entries[number])
  assert.deepEqual(
    [...manifest.entries(4990)].map(({ number }) => number),
    Array.from({ length: 11 }, (_, index) => 4990 + index),
  )
  assert.throws(() => manifest.entry(5001), FerryError)
  for (let page = 0; page < manifest.pageCount; page++) {
    const info = manifest.page(page)
    const bytes = built.objects.get(key(info.hash)) as Uint8Array
    assert.equal(bytes.byteLength, info.bytes)
    assert.equal(decodePage(bytes).length, info.entries)
    assert.ok(info.bytes <= maxPageBytes)
  }
})

/** Built from pages of `step` entries each. */
function buildFromPages(entries: readonly ManifestEntry[], step: number): Built {
  const objects = new Map<string, Uint8Array>()
  const builder = createManifestBuilder((page) => objects.set(key(page.hash), page.bytes))
  const encoder = createPageEncoder()
  const path = Buffer.alloc(maxPathBytes)
  for (let at = 0; at < entries.length; at += step) {
    for (const entry of entries.slice(at, at + step)) encoder.add(entry, path, encodePath(entry.path, path))
    builder.pushPage(encoder.takeColumns())
  }
  const built = builder.finish()
  objects.set(key(built.root), built.rootObject)
  return { ...built, objects }
}

test('entries that come encoded give the pages that they give one by one', () => {
  const large = { blob: hash(Buffer.from('large')), chunks: 100 }
  const lengths = Array.from({ length: 64 }, () => 65_536)
  const entries = [
    ...manyFiles(9000),
    ...Array.from({ length: 300 }, (_, index) =>
      index % 3 === 0
        ? symlinkEntry(`e${index}`.padEnd(2000, 'é'), 'x'.repeat(3000))
        : fileEntry(`e${index}`, {
            size: 64 * 65_536,
            content: index % 3 === 1 ? large : makeRecords(lengths),
          }),
    ),
  ]
  const expected = build(entries)
  for (const step of [1, 7, 512, 8192, entries.length])
    assert.deepEqual(buildFromPages(entries, step), expected)
  fc.assert(
    fc.property(treeEntries, fc.integer({ min: 1, max: 50 }), (tree, step) => {
      assert.deepEqual(buildFromPages(tree, step), build(tree))
    }),
    { numRuns: 30 },
  )
})

test('an empty manifest has no pages', () => {
  const manifest = open(build([]))
  assert.equal(manifest.pageCount, 0)
  assert.deepEqual([...manifest.entries()], [])
})

test('a page that is missing says so', () => {
  const built = build(manyFiles(10))
  built.objects.delete(key(decodeRoot(built.rootObject).page(0).hash))
  assert.throws(
    () => open(built).entry(0),
    (error) => error instanceof FerryError && error.code === 'E_NOT_FOUND',
  )
})

test('a changed, added or removed entry changes its own page and at most the next', () => {
  const entries = [...manyFiles(20_000)]
  const before = build(entries)
  const variants: Record<string, ManifestEntry[]> = {
    changed: entries.with(10_000, fileEntry(String(entries[10_000]?.path), { mode: 0o600 })),
    added: entries.toSpliced(10_000, 0, fileEntry('d/00009998.txz')),
    removed: entries.toSpliced(10_000, 1),
  }
  for (const [title, variant] of Object.entries(variants)) {
    const after = build(variant)
    const fresh = [...after.objects.keys()].filter((name) => !before.objects.has(name))
    assert.ok(fresh.length <= 3, `${title}: ${fresh.length - 1} pages`)
  }
})

test('pages stay within their limit for the largest entries', () => {
  const entries = Array.from({ length: 200 }, (_, index) => {
    const name = `${String(index).padStart(4, '0')}${'x'.repeat(240)}`
    return index % 2 === 0
      ? symlinkEntry(name, 't'.repeat(4095))
      : fileEntry(name, {
          size: 64 * 262_144,
          content: makeRecords(Array.from({ length: 64 }, () => 262_144)),
        })
  })
  const built = build(entries)
  for (const { entry, number } of open(built).entries()) assert.deepEqual(entry, entries[number])
})

test('decodeRoot gives a FerryError or a root for mutated bytes', () => {
  const change = fc.record({ at: fc.nat(), xor: fc.integer({ min: 1, max: 255 }), cut: fc.boolean() })
  const { rootObject } = build(manyFiles(3000))
  fc.assert(
    fc.property(change, ({ at, xor, cut }) => {
      const bytes = rootObject.slice()
      const place = at % bytes.byteLength
      bytes[place] = (bytes[place] as number) ^ xor
      try {
        decodeRoot(cut ? bytes.subarray(0, place) : bytes)
      } catch (error) {
        assert.ok(error instanceof FerryError && error.code === 'E_MANIFEST', String(error))
      }
    }),
    { numRuns: 1000 },
  )
})

test('decodeRoot refuses what disagrees with itself or breaks a limit', () => {
  const page = (entries: number, bytes: number): Uint8Array => {
    const item = Buffer.alloc(40, 1)
    item.writeUInt32LE(entries, 32)
    item.writeUInt32LE(bytes, 36)
    return item
  }
  const table = (...pages: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(pages))
  const whole = [1, [2, 1, 5], table(page(1, 50), page(1, 60))]
  assert.equal(decodeRoot(encode(whole)).pageBytes, 110)
  const cases: Record<string, unknown> = {
    'newer version': [2, [2, 1, 5], whole[2]],
    'version 0': [0, [2, 1, 5], whole[2]],
    'an item too many': [...whole, 0],
    'no totals': [1, 5, whole[2]],
    'totals too short': [1, [2, 1], whole[2]],
    'totals negative': [1, [2, -1, 5], whole[2]],
    'totals a float': [1, [2, 1, 5.5], whole[2]],
    'totals beyond 2^53': [1, [2, 1, 2n ** 53n], whole[2]],
    'more files than entries': [1, [2, 3, 5], whole[2]],
    'more entries in pages': [1, [1, 1, 5], whole[2]],
    'fewer entries in pages': [1, [3, 1, 5], whole[2]],
    'too many entries': [1, [50_000_001, 1, 5], whole[2]],
    'table cut': [1, [2, 1, 5], (whole[2] as Uint8Array).subarray(1)],
    'table of text': [1, [2, 1, 5], 'x'.repeat(80)],
    'empty page': [1, [1, 1, 5], table(page(1, 50), page(0, 60))],
    'page without bytes': [1, [2, 1, 5], table(page(1, 50), page(1, 0))],
    'page too long': [1, [2, 1, 5], table(page(1, 50), page(1, maxPageBytes + 1))],
    'page with too many entries': [1, [8193, 1, 5], table(page(8193, 50))],
  }
  for (const [title, value] of Object.entries(cases))
    assert.throws(
      () => decodeRoot(encode(value)),
      (error) => error instanceof FerryError && error.code === 'E_MANIFEST',
      title,
    )
})

test('equal trees have equal roots', () => {
  fc.assert(
    fc.property(treeEntries, (entries) => {
      const built = build(entries)
      assert.deepEqual(build(entries).root, built.root)
      assert.deepEqual(built.root, hash(built.rootObject))
      assert.deepEqual(
        [...open(built).entries()].map(({ entry }) => entry),
        entries,
      )
    }),
    { numRuns: 50 },
  )
})
