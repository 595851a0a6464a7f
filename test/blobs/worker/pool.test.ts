import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { lstatSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { fingerprintFields, fingerprintOf, packFingerprint } from '../../../src/blobs/fingerprint.ts'
import { createMovedBytes, readMovedBytes, watchMovedBytes } from '../../../src/blobs/worker/moved-bytes.ts'
import { packSources } from '../../../src/blobs/worker/packed-sources.ts'
import { createWorkerPool, type WorkerPool } from '../../../src/blobs/worker/pool.ts'
import { FerryError, isSystemError } from '../../../src/shared/errors.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'

const scratch = mkdtempSync(join(tmpdir(), 'ferry-pool-'))
after(() => rmSync(scratch, { recursive: true, force: true }))
const path = join(scratch, 'file')
writeFileSync(
  path,
  Uint8Array.from({ length: 256 }, (_, index) => index),
)

/** Reads one byte of the file in a worker. */
async function readByte(pool: WorkerPool, offset: number): Promise<number | undefined> {
  const files = packSources([{ path, size: 256, mtimeNs: 0n, trusted: true }])
  const into = new Uint8Array(new SharedArrayBuffer(1))
  await pool.run('readRanges', { files, ranges: Float64Array.of(0, offset, 1), into })
  return into[0]
}

const regionOf = (file: string) => ({
  ...{ path: file, fingerprint: new BigInt64Array(5), chunkSize: 65_536 },
  ...{ from: 0, until: 1 },
})

test('many tasks at once all get their own answer', async () => {
  await using pool = createWorkerPool({ size: 2 })
  const offsets = Array.from({ length: 200 }, (_, index) => index)
  assert.deepEqual(await Promise.all(offsets.map((offset) => readByte(pool, offset))), offsets)
})

test('given buffers are moved, not copied', async () => {
  await using pool = createWorkerPool({ size: 1 })
  const input = regionOf(path)
  const refused = assert.rejects(pool.run('cutRegion', input, [input.fingerprint.buffer]), {
    code: 'E_CHANGED',
  })
  assert.equal(input.fingerprint.byteLength, 0)
  await refused
})

test('a task that is at it for long tells how many bytes it has gone through', async () => {
  await using pool = createWorkerPool({ size: 1 })
  const large = join(scratch, 'large')
  writeFileSync(large, seededBytes(3_000_000, 1))
  const stats = lstatSync(large, { bigint: true })
  const fingerprint = new BigInt64Array(fingerprintFields)
  packFingerprint(fingerprint, 0, fingerprintOf(stats))
  const moved = createMovedBytes()
  const input = { path: large, fingerprint, chunkSize: 65_536, from: 0, until: 3_000_000, moved }
  const { records } = await pool.run('cutRegion', input)
  assert.equal(readMovedBytes(moved), 3_000_000)
  const told = Promise.withResolvers<number>()
  using watching = watchMovedBytes(told.resolve, moved)
  assert.equal(watching.moved, moved)
  assert.equal(await told.promise, 3_000_000)
  await pool.run('compareFiles', { files: [{ path: large, records }], moved })
  assert.equal(readMovedBytes(moved), 6_000_000)
})

test('an error crosses with its code, message, hint and cause', async () => {
  await using pool = createWorkerPool({ size: 1 })
  await assert.rejects(pool.run('cutRegion', regionOf('/nowhere/at all')), (error) => {
    assert.ok(error instanceof FerryError)
    assert.equal(error.code, 'E_NOT_FOUND')
    assert.equal(error.message, 'Cannot read "/nowhere/at all": it does not exist')
    assert.ok(isSystemError(error.cause) && error.cause.code === 'ENOENT')
    return true
  })
  await assert.rejects(pool.run('cutRegion', regionOf(path)), (error) => {
    assert.ok(error instanceof FerryError && error.retryable)
    assert.equal(error.hint, 'try again when nothing writes to it')
    return true
  })
})

test('closing rejects what is under way and what comes later', async () => {
  const pool = createWorkerPool({ size: 1 })
  const underWay = assert.rejects(readByte(pool, 0), { code: 'E_CANCELLED' })
  await pool.close()
  await underWay
  await assert.rejects(readByte(pool, 0), { code: 'E_CANCELLED' })
  await pool.close()
})

test('a pool with work keeps the process alive, an idle one does not', () => {
  const script = `
    const { createWorkerPool } = await import(${JSON.stringify(new URL('../../../src/blobs/worker/pool.js', import.meta.url).href)})
    const { same } = await createWorkerPool().run('recheck', { files: [], ranges: new Float64Array(0) })
    console.log(same)`
  const child = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  assert.equal(child.stdout, 'true\n', child.stderr)
  assert.equal(child.status, 0)
})
