import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { chunkRecordBytes, writeChunkRecord } from '../../../src/blobs/chunk-records.ts'
import { subChunksOf } from '../../../src/blobs/chunker/sub-chunks.ts'
import { hash } from '../../../src/blobs/hash.ts'
import { packSources, type SourceFile } from '../../../src/blobs/worker/packed-sources.ts'
import { readRanges, recheck, subChunks } from '../../../src/blobs/worker/read-task.ts'
import type { PackedRanges, ReadRangesOutput } from '../../../src/blobs/worker/read-task.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'

const scratch = mkdtempSync(join(tmpdir(), 'ferry-read-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

let count = 0
function source(content: Uint8Array): SourceFile {
  const path = join(scratch, `${count++}`)
  writeFileSync(path, content)
  return { path, size: content.byteLength, mtimeNs: statSync(path, { bigint: true }).mtimeNs }
}

/** Each: file, offset, length. */
const ranges = (...list: [number, number, number][]) => Float64Array.from(list.flat())

/** Reads into memory that is full of something else. */
function read(files: SourceFile[], packed: PackedRanges): { bytes: Uint8Array } & ReadRangesOutput {
  let total = 0
  for (let at = 2; at < packed.length; at += 3) total += packed[at] as number
  const into = new Uint8Array(total).fill(0xee)
  return { ...readRanges({ files: packSources(files), ranges: packed, into }), bytes: into }
}

test('ranges come in the order asked, adjacent, apart, backwards and of several files', () => {
  const contents = [seededBytes(10_000, 1), seededBytes(5000, 2), new Uint8Array(0)]
  const files = contents.map(source)
  const asked: [number, number, number][] = [
    ...([
      [0, 0, 100],
      [0, 100, 50],
      [0, 5000, 5000],
      [0, 7, 1],
    ] as [number, number, number][]),
    ...([
      [1, 0, 5000],
      [2, 0, 0],
      [0, 9999, 1],
    ] as [number, number, number][]),
  ]
  const { bytes, failed } = read(files, ranges(...asked))
  assert.deepEqual(failed, [])
  const expected = asked.map(([file, offset, length]) => contents[file]?.subarray(offset, offset + length))
  assert.deepEqual(Buffer.from(bytes), Buffer.concat(expected as Uint8Array[]))
})

test('a file that changed, shrank, vanished, became a link or is none fails alone', () => {
  const files = [1, 2, 3, 4, 5].map((seed) => source(seededBytes(1000, seed)))
  const [, touched, shrunk, gone, link] = files as [
    SourceFile,
    SourceFile,
    SourceFile,
    SourceFile,
    SourceFile,
  ]
  utimesSync(touched.path, 1, 1)
  writeFileSync(shrunk.path, 'x')
  rmSync(gone.path)
  rmSync(link.path)
  symlinkSync('0', link.path)
  const list = ranges(
    [1, 10, 100],
    [0, 10, 100],
    [2, 10, 100],
    [3, 10, 100],
    [4, 10, 100],
    [-1, 0, 100],
    [0, 10, 100],
  )
  const { bytes, failed } = read(files, list)
  assert.deepEqual(
    failed.map(({ index, reason }) => [index, reason]),
    [...[0, 2, 3, 4].map((index) => [index, 'changed']), [5, 'unknown']],
  )
  assert.deepEqual(Buffer.from(bytes.subarray(0, 100)), Buffer.alloc(100))
  assert.deepEqual(Buffer.from(bytes.subarray(600, 700)), Buffer.from(seededBytes(1000, 1).subarray(10, 110)))
  const again = read([{ ...touched, trusted: true }], ranges([0, 10, 100]))
  assert.deepEqual(again.failed, [])
})

test('a link is followed only when it was shared so', () => {
  const target = source(seededBytes(100))
  const path = join(scratch, 'followed')
  symlinkSync(target.path, path)
  const whole = ranges([0, 0, 100])
  assert.equal(read([{ ...target, path }], whole).failed.length, 1)
  assert.equal(read([{ ...target, path, follow: true }], whole).failed.length, 0)
})

test('a recheck looks at content only, and at the chunks that the ranges touch', () => {
  const content = seededBytes(3000)
  const records = new Uint8Array(3 * chunkRecordBytes)
  for (let index = 0; index < 3; index++)
    writeChunkRecord(records, index, 1000, hash(content.subarray(index * 1000, (index + 1) * 1000)))
  const file = { ...source(content), records }
  utimesSync(file.path, 1, 1)
  const same = (...list: [number, number, number][]): boolean =>
    recheck({ files: [file], ranges: ranges(...list) }).same
  assert.ok(same([0, 0, 3000], [0, 999, 2]))
  content[2999] = 1 ^ (content[2999] as number)
  writeFileSync(file.path, content)
  assert.ok(same([0, 0, 2000]))
  assert.ok(!same([0, 1999, 2]))
  assert.ok(!same([-1, 0, 1]))
  rmSync(file.path)
  assert.ok(!same([0, 0, 1]))
})

test('sub-chunks of a range are those of its bytes', () => {
  const content = seededBytes(50_000)
  const files = packSources([source(content)])
  const { lists } = subChunks({ files, ranges: ranges([0, 1234, 40_000], [0, 49_999, 2]) })
  assert.deepEqual(lists, [subChunksOf(content.subarray(1234, 41_234)), new Uint8Array(0)])
})
