import assert from 'node:assert/strict'
import { lstatSync, rmSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { createByteColumn } from '../../../src/blobs/byte-column.ts'
import { fingerprintOf } from '../../../src/blobs/fingerprint.ts'
import { hash } from '../../../src/blobs/hash.ts'
import { measureStore } from '../../../src/blobs/store/info.ts'
import { openStore } from '../../../src/blobs/store/open-store.ts'
import type { IndexedFile } from '../../../src/blobs/store/store.ts'
import { verifyStore } from '../../../src/blobs/store/verify.ts'
import { createWorkerPool } from '../../../src/blobs/worker/pool.ts'
import { FerryError } from '../../../src/shared/errors.ts'
import { indexedFile, shareRecord } from '../../support/store-records.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

/** Writes a file of one chunk, and its row. */
function writeIndexed(path: string, content: string): IndexedFile {
  writeFileSync(path, content)
  const column = createByteColumn()
  column.u32(content.length)
  column.bytes(hash(Buffer.from(content)))
  return indexedFile(path, {
    fingerprint: fingerprintOf(lstatSync(path, { bigint: true })),
    records: column.take(),
  })
}

test('verify finds changed and missing files and damaged objects, and forgets them', async () => {
  await using folder = temporaryFolder()
  await using pool = createWorkerPool({ size: 2 })
  using store = openStore(folder.at('store'))
  const files = Array.from({ length: 600 }, (_, index) =>
    writeIndexed(folder.at(`file ${index}`), `content ${index}`),
  )
  store.files.putMany(files)
  writeFileSync(folder.at('file 7'), 'CONTENT 7')
  rmSync(folder.at('file 8'))
  const page = Uint8Array.of(1, 2, 3)
  store.objects.putMany([
    { hash: hash(page), kind: 'page', bytes: page },
    { hash: hash(Uint8Array.of(9)), kind: 'page', bytes: page },
    { hash: hash(Uint8Array.of(8)), kind: 'list', bytes: page },
  ])
  store.shares.put(shareRecord('one'))
  const before = measureStore(store)
  assert.deepEqual(
    { ...before, databaseBytes: 0 },
    {
      databaseBytes: 0,
      files: 600,
      fileBytes: files.reduce((sum, file) => sum + file.fingerprint.size, 0),
      shares: 1,
      manifests: 0,
      objects: 3,
      objectBytes: 9,
    },
  )
  assert.ok(before.databaseBytes > 50_000)

  let last = { files: 0, bytes: 0 }
  const count = await verifyStore(store, pool, { onProgress: (now) => (last = now) })
  assert.deepEqual(count, { files: 600, bytes: before.fileBytes, changed: 1, missing: 1, damagedObjects: 2 })
  assert.deepEqual(last, { files: 600, bytes: before.fileBytes })
  assert.equal(store.files.get(folder.at('file 7')), undefined)
  assert.equal([...store.files.all()].length, 598)
  assert.ok(store.objects.has(hash(page)))
  const again = await verifyStore(store, pool)
  assert.equal(again.changed + again.missing + again.damagedObjects, 0)
  await assert.rejects(
    verifyStore(store, pool, { signal: AbortSignal.abort() }),
    (error) => error instanceof FerryError && error.code === 'E_CANCELLED',
  )
})
