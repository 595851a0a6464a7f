import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { unpackFingerprint } from '../../../src/blobs/fingerprint.ts'
import { chunkRecordBytes, writeChunkRecord } from '../../../src/blobs/chunk-records.ts'
import { hash } from '../../../src/blobs/hash.ts'
import { isFresh } from '../../../src/blobs/store/is-fresh.ts'
import { openMemoryStore } from '../../../src/blobs/store/memory-store.ts'
import { partNames } from '../../../src/blobs/tree-writer/part-names.ts'
import { writeFiles, type WriteFilesInput } from '../../../src/blobs/worker/write-files-task.ts'
import { indexRows } from '../../../src/blobs/worker/index-rows-task.ts'
import { compareFiles, inspectPath } from '../../../src/blobs/worker/inspect-files-tasks.ts'
import { copyChunks } from '../../../src/blobs/worker/copy-chunks-task.ts'
import { openPart } from '../../../src/blobs/tree-writer/part-file.ts'
import { mountTmpfs, tmpfsSkipReason } from '../../support/tmpfs.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const mtimeNs = -1_000_000_001n

function recordsOf(...buffers: readonly Uint8Array[]): Uint8Array {
  const records = new Uint8Array(buffers.length * chunkRecordBytes)
  buffers.forEach((bytes, index) => writeChunkRecord(records, index, bytes.byteLength, hash(bytes)))
  return records
}

function batch(
  contents: readonly (readonly [path: string, bytes: Uint8Array])[],
  mode = 0o644,
): WriteFilesInput {
  let end = 0
  const starts = contents.map(([, bytes]) => (end += bytes.byteLength) - bytes.byteLength)
  return {
    bytes: Buffer.concat(contents.map(([, bytes]) => bytes)),
    files: {
      paths: contents.map(([path]) => path).join('\0'),
      records: recordsOf(...contents.map(([, bytes]) => bytes).filter((bytes) => bytes.byteLength > 0)),
      counts: Uint32Array.from(contents, ([, bytes]) => Math.min(1, bytes.byteLength)),
      starts: Float64Array.from(starts),
      modes: new Uint16Array(contents.length).fill(mode),
      mtimes: new BigInt64Array(contents.length).fill(mtimeNs),
      copies: new Map(),
      replaced: new Map(),
    },
  }
}

test('writeFiles writes what matches and tells what does not', async () => {
  await using folder = temporaryFolder()
  const input = batch([
    [folder.at('a'), Buffer.from('alpha')],
    [folder.at('b'), Buffer.from('beta')],
    [folder.at('missing', 'c'), Buffer.from('gamma')],
    [folder.at('d'), Buffer.from('delta')],
  ])
  input.bytes[6] = 0
  writeFileSync(partNames(folder.at('d')).part, 'left by an interrupted run, and longer')
  const { fingerprints, bad, failures } = writeFiles(input)
  assert.deepEqual(bad, [1])
  assert.deepEqual([...failures.keys()], [2])
  assert.deepEqual(readdirSync(folder.path).sort(), ['a', 'd'])
  assert.equal(readFileSync(folder.at('d'), 'utf8'), 'delta')
  assert.equal(statSync(folder.at('a'), { bigint: true }).mtimeNs, mtimeNs)
  const found = inspectPath(folder.at('a'))
  assert.deepEqual(found.kind === 'file' && found.fingerprint, unpackFingerprint(fingerprints, 0))
  assert.equal(unpackFingerprint(fingerprints, 1).inode, 0n)
})

test('files get their exact modes whatever the umask, and however many share a folder', async () => {
  await using folder = temporaryFolder()
  const before = process.umask(0o077)
  try {
    for (const mode of [0o777, 0o664, 0o600, 0o444, 0o000])
      writeFiles(
        batch(
          ['1', '2'].map((number) => [folder.at(`${mode}-${number}`), Buffer.from('x')]),
          mode,
        ),
      )
    for (const name of readdirSync(folder.path))
      assert.equal(statSync(folder.at(name)).mode & 0o7777, Number.parseInt(name, 10), name)
  } finally {
    process.umask(before)
  }
  assert.equal(readdirSync(folder.path).length, 10)
})

test('files have rows for the index unless they were touched since, or not written at all', async () => {
  await using folder = temporaryFolder()
  const names = ['same', 'touched', 'gone', 'unwritten']
  const input = batch(names.map((name) => [folder.at(name), Buffer.from(name)]))
  input.bytes[input.bytes.byteLength - 1] = 0
  const { fingerprints } = writeFiles(input)
  writeFileSync(folder.at('touched'), 'TOUCHED')
  rmSync(folder.at('gone'))
  writeFileSync(folder.at('unwritten'), 'by someone else')
  const { paths, records, counts } = input.files
  const chunkSizes = new Uint32Array(names.length).fill(65_536)
  const files = { paths, fingerprints, chunkSizes, records, counts }
  const index = openMemoryStore().files
  index.putRows([{ ...indexRows({ files, writtenAtNs: undefined }), paths: paths.split('\0') }])
  const [row, ...others] = [...index.all()]
  assert.deepEqual(others, [])
  assert.equal(row?.path, folder.at('same'))
  assert.deepEqual(row.fingerprint, unpackFingerprint(fingerprints, 0))
  assert.deepEqual(row.records, recordsOf(Buffer.from('same')))
  assert.ok(isFresh(row, row.fingerprint))
})

test('an empty file needs no bytes', async () => {
  await using folder = temporaryFolder()
  writeFiles(batch([[folder.at('empty'), Buffer.alloc(0)]]))
  assert.equal(statSync(folder.at('empty')).size, 0)
})

test('neither a taken name nor a link under the name of a part is written through', async () => {
  await using folder = temporaryFolder()
  writeFileSync(folder.at('victim'), 'precious')
  writeFileSync(folder.at('taken'), 'mine')
  symlinkSync('victim', partNames(folder.at('trap')).part)
  const { failures } = writeFiles(
    batch([
      [folder.at('taken'), Buffer.from('x')],
      [folder.at('trap'), Buffer.from('y')],
    ]),
  )
  assert.deepEqual(
    [...failures.values()].map(({ code }) => code),
    ['E_CONFLICT', 'E_CONFLICT'],
  )
  assert.equal(readFileSync(folder.at('victim'), 'utf8'), 'precious')
  assert.equal(readFileSync(folder.at('taken'), 'utf8'), 'mine')
})

test('a full disk leaves nothing under a final name', { skip: tmpfsSkipReason }, async () => {
  await using folder = temporaryFolder()
  using disk = mountTmpfs(folder.at('disk'), 1024 * 1024)
  assert.ok(disk)
  const big = Buffer.alloc(700_000, 5)
  const { failures } = writeFiles(
    batch([
      [folder.at('disk', 'one'), big],
      [folder.at('disk', 'two'), big],
      [folder.at('disk', 'three'), Buffer.from('small')],
    ]),
  )
  assert.deepEqual(
    [...failures].map(([index, { code }]) => [index, code]),
    [[1, 'E_NO_SPACE']],
  )
  assert.deepEqual(readdirSync(folder.at('disk')).sort(), ['one', 'three'])
})

test('compareFiles tells equal from different', async () => {
  await using folder = temporaryFolder()
  const content = Buffer.from('some content')
  writeFileSync(folder.at('same'), content)
  writeFileSync(folder.at('longer'), Buffer.concat([content, content]))
  writeFileSync(folder.at('shorter'), content.subarray(1))
  writeFileSync(folder.at('other'), Buffer.from('same content'))
  const records = recordsOf(content.subarray(0, 5), content.subarray(5))
  const { equal } = compareFiles({
    files: ['same', 'longer', 'shorter', 'other', 'missing'].map((name) => ({
      path: folder.at(name),
      records,
    })),
  })
  assert.deepEqual(equal.map(Boolean), [true, false, false, false, false])
})

test('copyChunks copies what still matches and tells the rest', async () => {
  await using folder = temporaryFolder()
  const chunks = [Buffer.alloc(5000, 1), Buffer.alloc(6000, 2), Buffer.alloc(7000, 3)]
  writeFileSync(
    folder.at('old'),
    Buffer.concat([chunks[2] as Buffer, chunks[0] as Buffer, Buffer.alloc(6000, 9)]),
  )
  const part = openPart(folder.at('new'), 18_000)
  const outcome = copyChunks({
    source: { paths: [folder.at('missing'), folder.at('old')] },
    records: recordsOf(...chunks),
    places: Float64Array.from([7000, 0, 12_000, 5000, 0, 11_000]),
    target: part,
  })
  assert.deepEqual(outcome, { bad: [1], writtenBytes: 12_000 })
  part.close()
  const written = readFileSync(part.names.part)
  assert.deepEqual(written.subarray(0, 5000), chunks[0])
  assert.deepEqual(written.subarray(11_000), chunks[2])
  assert.equal(existsSync(folder.at('new')), false)
})
