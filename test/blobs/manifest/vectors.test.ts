/** Pins the manifest format. A change of these bytes is a change of the format and needs a new version number. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { createManifestBuilder } from '../../../src/blobs/manifest/builder.ts'
import type { ManifestEntry } from '../../../src/blobs/manifest/entry.ts'
import { nameChunkList } from '../../../src/blobs/manifest/nodes.ts'
import { decodePage, encodePage } from '../../../src/blobs/manifest/page.ts'
import { directoryEntry, fileEntry, makeRecords, symlinkEntry } from '../../support/manifests.ts'

interface Vectors {
  readonly page: string
  readonly emptyRootObject: string
  readonly emptyRoot: string
  readonly large: { readonly pages: number; readonly root: string }
  readonly nodeList: string
  readonly blob: string
}

const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../../test/vectors/manifest.json'), 'utf8'),
) as Vectors
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

const list = makeRecords(Array.from({ length: 200 }, (_, index) => 65_536 + index))
const named = nameChunkList(list)
const entries: ManifestEntry[] = [
  directoryEntry('Photos', { mtimeNs: 1_700_000_000_000_000_001n }),
  fileEntry('Photos/a', { size: 0, mode: 0o600 }),
  fileEntry('Photos/a b.jpg', { size: 3 }),
  fileEntry('Photos/caf\u00e9', { size: 200 * 65_536 + 19_900, content: named.reference }),
  symlinkEntry('Photos/link', '../Photos/a'),
]

test('a page has the committed bytes', () => {
  assert.equal(hex(encodePage(entries)), vectors.page)
  assert.deepEqual(decodePage(new Uint8Array(Buffer.from(vectors.page, 'hex'))), entries)
})

test('manifests have the committed roots', () => {
  const empty = createManifestBuilder(() => assert.fail('no page')).finish()
  assert.equal(hex(empty.rootObject), vectors.emptyRootObject)
  assert.equal(hex(empty.root), vectors.emptyRoot)

  let pages = 0
  const builder = createManifestBuilder(() => pages++)
  for (let index = 0; index < 5000; index++) builder.push(fileEntry(`file ${String(index).padStart(5, '0')}`))
  assert.equal(hex(builder.finish().root), vectors.large.root)
  assert.equal(pages, vectors.large.pages)
})

test('a chunk list has the committed nodes and name', () => {
  assert.equal(hex(named.nodes), vectors.nodeList)
  assert.equal(hex(named.reference.blob), vectors.blob)
})
