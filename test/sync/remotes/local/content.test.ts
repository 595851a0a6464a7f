/** Chunks of local files: cut as they are wanted, remembered, and not cut again. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import test from 'node:test'
import { parseVersionText } from '../../../../src/blobs/fingerprint.ts'
import { totalChunkBytes, writeChunkRecord } from '../../../../src/blobs/chunk-records.ts'
import type { ChunkList } from '../../../../src/sync/source.ts'
import { look, someBytes } from '../../remote-suite/place.ts'
import { localPlace, type LocalPlace } from './place.ts'

async function chunksOf(place: LocalPlace, path: string, chunkSize?: number): Promise<ChunkList> {
  await using content = await place.remote.open(await look(place.remote, path))
  const list = await content.chunks({ chunkSize })
  assert.ok(list)
  return list
}

test('chunks: what was cut is remembered', async () => {
  await using place = await localPlace()
  writeFileSync(place.at('file'), someBytes(300_000))
  const { chunkSize, records } = await chunksOf(place, 'file')
  assert.equal(totalChunkBytes(records), 300_000)
  const row = (await place.context.store()).files.get(place.at('file'))
  assert.equal(row?.chunkSize, chunkSize)
  assert.deepEqual(Buffer.from(row.records), Buffer.from(records))
})

test('chunks: what the index knows of a file that has not changed is believed without reading it', async () => {
  await using place = await localPlace()
  writeFileSync(place.at('file'), someBytes(1000))
  const fingerprint = parseVersionText((await look(place.remote, 'file')).version)
  assert.ok(fingerprint)
  const records = new Uint8Array(36)
  writeChunkRecord(records, 0, 1000, new Uint8Array(32).fill(7))
  const row = { path: place.at('file'), fingerprint, chunkSize: 65_536, records }
  const put = async (indexedAtNs: bigint): Promise<void> =>
    (await place.context.store()).files.putMany([{ ...row, indexedAtNs }])
  await put(fingerprint.ctimeNs + 3_000_000_000n)
  assert.deepEqual(Buffer.from((await chunksOf(place, 'file')).records), Buffer.from(records))
  // Learned in the same moment as it was changed: it may have changed once more.
  await put(fingerprint.ctimeNs)
  assert.notDeepEqual(Buffer.from((await chunksOf(place, 'file')).records), Buffer.from(records))
})

test('chunks: with another average on demand, which the index does not take over', async () => {
  await using place = await localPlace()
  const bytes = someBytes(3_000_000)
  writeFileSync(place.at('file'), bytes)
  const usual = await chunksOf(place, 'file')
  const wanted = await chunksOf(place, 'file', 262_144)
  assert.equal(wanted.chunkSize, 262_144)
  assert.equal(totalChunkBytes(wanted.records), bytes.byteLength)
  assert.ok(wanted.records.byteLength < usual.records.byteLength)
  const row = (await place.context.store()).files.get(place.at('file'))
  assert.equal(row?.chunkSize, usual.chunkSize)
})

test('chunks: of many files at once, and of an empty one', async () => {
  await using place = await localPlace()
  const sizes = Array.from({ length: 60 }, (_, index) => index * 1000)
  for (const size of sizes) writeFileSync(place.at(`${size}`), someBytes(size))
  const lists = await Promise.all(sizes.map((size) => chunksOf(place, `${size}`)))
  assert.deepEqual(
    lists.map(({ records }) => totalChunkBytes(records)),
    sizes,
  )
})
