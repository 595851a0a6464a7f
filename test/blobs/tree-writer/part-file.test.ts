import assert from 'node:assert/strict'
import {
  appendFileSync,
  existsSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { basename } from 'node:path'
import test from 'node:test'
import { chunkRecordBytes, writeChunkRecord } from '../../../src/blobs/chunk-records.ts'
import { hash } from '../../../src/blobs/hash.ts'
import { placedCount, placedOffsetAt } from '../../../src/blobs/part-journal.ts'
import { openPart, readOldPart, syncPart } from '../../../src/blobs/tree-writer/part-file.ts'
import { partNames } from '../../../src/blobs/tree-writer/part-names.ts'
import { finishPart } from '../../../src/blobs/worker/finish-part-task.ts'
import { writeChunks } from '../../../src/blobs/worker/write-chunks-task.ts'
import { FerryError } from '../../../src/shared/errors.ts'
import { isReservedName } from '../../../src/shared/paths.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const chunks = [Buffer.alloc(1000, 1), Buffer.alloc(500, 2), Buffer.alloc(2000, 0), Buffer.alloc(7, 3)]
const content = Buffer.concat(chunks)
const mtimeNs = 1_700_000_000_123_456_789n

function recordsOf(buffers: readonly Uint8Array[]): Uint8Array {
  const records = new Uint8Array(buffers.length * chunkRecordBytes)
  buffers.forEach((bytes, index) => writeChunkRecord(records, index, bytes.byteLength, hash(bytes)))
  return records
}

function startOf(index: number): number {
  return chunks.slice(0, index).reduce((sum, chunk) => sum + chunk.byteLength, 0)
}

/** Writes the chunks with these indexes where they belong. */
function put(target: Parameters<typeof writeChunks>[0]['target'], indexes: readonly number[]): number[] {
  const some = indexes.map((index) => chunks[index] as Buffer)
  return writeChunks({
    bytes: Buffer.concat(some),
    records: recordsOf(some),
    target,
    places: Float64Array.from(indexes.flatMap((index, order) => [order, startOf(index)])),
  }).bad
}

test('a file written in pieces and out of order gets its name only at the end', async () => {
  await using folder = temporaryFolder()
  const path = folder.at('file')
  const part = openPart(path, content.byteLength)
  assert.deepEqual(put(part, [3, 1]), [])
  assert.deepEqual(put(part, [0, 2]), [])
  assert.equal(existsSync(path), false)
  const { fingerprint } = finishPart({
    fd: part.fd,
    names: part.names,
    path,
    size: content.byteLength,
    mode: 0o640,
    mtimeNs,
    replaces: undefined,
  })
  part.close()
  assert.deepEqual(readFileSync(path), content)
  const stat = statSync(path, { bigint: true })
  assert.equal(stat.mode & 0o777n, 0o640n)
  assert.equal(stat.mtimeNs, mtimeNs)
  assert.equal(fingerprint.ctimeNs, stat.ctimeNs)
  for (const name of Object.values(part.names)) assert.equal(existsSync(name), false)
})

test('an interrupted part is believed as far as its journal goes', async () => {
  await using folder = temporaryFolder()
  const path = folder.at('file')
  const first = openPart(path, content.byteLength)
  put(first, [1, 2])
  first.close()
  // The process died in the middle of a record.
  appendFileSync(first.names.journal, Buffer.from([1, 1, 0, 9, 9]))
  const second = openPart(path, content.byteLength)
  assert.equal(placedCount(second.trusted), 2)
  assert.deepEqual([placedOffsetAt(second.trusted, 0), placedOffsetAt(second.trusted, 1)], [1000, 1500])
  put(second, [0])
  second.forget([1000])
  second.close()
  const third = openPart(path, content.byteLength)
  assert.deepEqual([placedOffsetAt(third.trusted, 0), placedOffsetAt(third.trusted, 1)], [0, 1500])
  syncPart(third)
  third.close()
})

test('a part that was cut, or has no journal, begins anew', async () => {
  await using folder = temporaryFolder()
  const path = folder.at('file')
  const first = openPart(path, content.byteLength)
  put(first, [0])
  first.close()
  truncateSync(first.names.part, 10)
  const second = openPart(path, content.byteLength)
  assert.equal(placedCount(second.trusted), 0)
  assert.equal(statSync(first.names.part).size, content.byteLength)
  second.close()
})

test('a part begun for another size is set aside and can be copied from', async () => {
  await using folder = temporaryFolder()
  const path = folder.at('file')
  const first = openPart(path, content.byteLength)
  put(first, [0, 1])
  first.close()
  const second = openPart(path, content.byteLength + 1)
  assert.equal(placedCount(second.trusted), 0)
  const old = readOldPart(path, content.byteLength + 1)
  assert.equal(old?.path, first.names.oldPart)
  assert.equal(placedCount(old?.trusted ?? new Uint8Array(0)), 2)
  second.close()
})

test('wrong bytes are told and never written', async () => {
  await using folder = temporaryFolder()
  const part = openPart(folder.at('file'), content.byteLength)
  const bytes = Buffer.concat([chunks[0] as Buffer, chunks[1] as Buffer])
  bytes[1200] = 99
  const outcome = writeChunks({
    bytes,
    records: recordsOf([chunks[0] as Buffer, chunks[1] as Buffer]),
    target: part,
    places: Float64Array.from([0, 0, 1, 1000]),
  })
  assert.deepEqual(outcome.bad, [1])
  assert.equal(
    readFileSync(part.names.part)
      .subarray(1000, 1500)
      .every((byte) => byte === 0),
    true,
  )
  part.close()
  const again = openPart(folder.at('file'), content.byteLength)
  assert.equal(placedCount(again.trusted), 1)
  again.close()
})

test('something foreign under the name of a part is left alone', async () => {
  await using folder = temporaryFolder()
  const path = folder.at('file')
  writeFileSync(folder.at('victim'), 'precious')
  symlinkSync('victim', partNames(path).part)
  assert.throws(
    () => openPart(path, 5),
    (error) => error instanceof FerryError && error.code === 'E_CONFLICT',
  )
  assert.equal(readFileSync(folder.at('victim'), 'utf8'), 'precious')
})

test('a name taken meanwhile is not replaced', async () => {
  await using folder = temporaryFolder()
  const path = folder.at('file')
  const part = openPart(path, content.byteLength)
  put(part, [0, 1, 2, 3])
  writeFileSync(path, 'mine')
  const input = { fd: part.fd, names: part.names, path, size: content.byteLength, mode: 0o600, mtimeNs }
  assert.throws(
    () => finishPart({ ...input, replaces: undefined }),
    (error) => error instanceof FerryError && error.code === 'E_CONFLICT',
  )
  assert.equal(readFileSync(path, 'utf8'), 'mine')
  part.close()
})

test('names of parts are reserved, fit into 255 bytes and differ', () => {
  const longest = ['é'.repeat(127), `${'é'.repeat(126)}x`, '😀'.repeat(63)]
  const all = ['a', ...longest].flatMap((name) => Object.values(partNames(`/x/${name}`)))
  for (const path of all) {
    assert.ok(Buffer.byteLength(basename(path)) <= 255)
    assert.ok(isReservedName(basename(path)))
    assert.ok(basename(path).isWellFormed())
  }
  assert.equal(new Set(all).size, all.length)
})

test('two receives do not write one part', {
  skip: process.platform !== 'linux' && 'needs a native binary',
}, async () => {
  await using folder = temporaryFolder()
  const path = folder.at('file')
  const first = openPart(path, content.byteLength)
  put(first, [0])
  for (const size of [content.byteLength, content.byteLength + 1])
    assert.throws(
      () => openPart(path, size),
      (error) => error instanceof FerryError && error.code === 'E_CONFLICT',
    )
  put(first, [1])
  first.close()
  const second = openPart(path, content.byteLength)
  assert.equal(placedCount(second.trusted), 2)
  second.close()
})
