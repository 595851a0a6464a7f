/** Pins the formats of the chunk index. A change of these bytes needs a new version number. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { hash } from '../../../src/blobs/hash.ts'
import { nameChunkList } from '../../../src/blobs/manifest/nodes.ts'
import {
  decodeIndex,
  decodeIndexId,
  encodeIndex,
  encodeIndexId,
} from '../../../src/sync/index/index-codec.ts'
import { decodeList, encodeList } from '../../../src/sync/index/list-codec.ts'
import { nameOfPath, nameOfVersion } from '../../../src/sync/index/names.ts'
import { createRowTable, type Row } from '../../../src/sync/index/row-table.ts'
import { largeEntry, listOf } from '../../support/index-stage.ts'

interface Vectors {
  readonly id: string
  readonly index: string
  readonly indexId: string
  /** BLAKE3 of the record of a list. */
  readonly list: string
}

const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../../../test/vectors/chunk-index.json'), 'utf8'),
) as Vectors
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

const list = listOf(1)
const large = largeEntry('backup/disk.img', list, '"0123456789abcdef0123456789abcdef-20"')
const rows: Row[] = [
  {
    path: nameOfPath('a.txt'),
    version: nameOfVersion({ version: 'v1', size: 5 }),
    mtimeNs: 1_700_000_000_123_456_789n,
    mode: 0o640,
    chunkSize: 0,
    blob: undefined,
    isOwn: true,
  },
  {
    path: nameOfPath(large.path),
    version: nameOfVersion(large),
    mtimeNs: -1n,
    mode: undefined,
    chunkSize: list.chunkSize,
    blob: nameChunkList(list.records).reference.blob,
    isOwn: false,
  },
  {
    path: nameOfPath('caf\u00e9'),
    version: nameOfVersion({ version: '', size: 0 }),
    mtimeNs: undefined,
    mode: 0o7777,
    chunkSize: 0,
    blob: undefined,
    isOwn: true,
  },
]

test('encodeIndex: an index has the committed bytes, and they tell its rows', () => {
  const table = createRowTable()
  for (const row of rows) table.put(row)
  assert.equal(hex(encodeIndex(table, bytesOf(vectors.id))), vectors.index)
  const told: Row[] = []
  assert.equal(hex(decodeIndex(bytesOf(vectors.index), 3, (row) => told.push(row))), vectors.id)
  assert.deepEqual(told, rows)
})

test('decodeIndex: more rows than are allowed are refused', () => {
  const refuse = (): void => assert.fail('no row is told')
  assert.throws(() => decodeIndex(bytesOf(vectors.index), 2, refuse), { code: 'E_STORE' })
})

test('encodeIndexId: the record of an id has the committed bytes', () => {
  assert.equal(hex(encodeIndexId(bytesOf(vectors.id))), vectors.indexId)
  assert.equal(hex(decodeIndexId(bytesOf(vectors.indexId))), vectors.id)
})

test('encodeList: the record of a chunk list has the committed hash, and tells the list', () => {
  const bytes = encodeList(large, list)
  assert.equal(hex(hash(bytes)), vectors.list)
  assert.deepEqual(decodeList(bytes, large), list)
})

test('createRowTable: rows are replaced, removed and found again among many', () => {
  const table = createRowTable()
  const count = 40_000
  const row = (number: number, version: string): Row => ({
    ...(rows[number % 3] as Row),
    path: nameOfPath(`file ${number}`),
    version: nameOfVersion({ version, size: number }),
  })
  for (let number = 0; number < count; number++) table.put(row(number, 'v1'))
  for (let number = 0; number < count; number += 2) table.put(row(number, 'v2'))
  for (let number = 0; number < count; number += 5) table.remove(table.find(nameOfPath(`file ${number}`)))
  assert.equal(table.size, count - count / 5)
  table.put(row(5, 'v3'))
  for (let number = 0; number < count; number += 7) {
    const place = table.find(nameOfPath(`file ${number}`))
    if (number % 5 === 0) assert.equal(place, -1)
    else assert.deepEqual(table.at(place), row(number, number % 2 === 0 ? 'v2' : 'v1'))
  }
  assert.deepEqual(table.at(table.find(nameOfPath('file 5'))), row(5, 'v3'))
})
