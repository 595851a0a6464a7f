import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import test from 'node:test'
import { createWorkerPool } from '../../../src/blobs/worker/pool.ts'
import { FerryError, isSystemError } from '../../../src/shared/errors.ts'

test('buffers are moved both ways, not copied', async () => {
  await using pool = createWorkerPool({ size: 1 })
  const bytes = Uint8Array.of(1, 2, 3).buffer
  const output = await pool.run('echo', { bytes }, [bytes])
  assert.equal(bytes.byteLength, 0)
  assert.deepEqual(new Uint8Array(output.bytes), Uint8Array.of(1, 2, 3))
})

test('many tasks at once all get their own answer', async () => {
  await using pool = createWorkerPool({ size: 2 })
  const answers = await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      const output = await pool.run('echo', { bytes: Uint32Array.of(index).buffer })
      return new Uint32Array(output.bytes)[0]
    }),
  )
  assert.deepEqual(
    answers,
    answers.map((_, index) => index),
  )
})

test('an error crosses with its code, message and cause', async () => {
  await using pool = createWorkerPool({ size: 1 })
  await assert.rejects(pool.run('fail', { path: '/nowhere/at all' }), (error) => {
    assert.ok(error instanceof FerryError)
    assert.equal(error.code, 'E_NOT_FOUND')
    assert.match(error.message, /^Cannot run the task fail: it does not exist$/)
    assert.ok(isSystemError(error.cause) && error.cause.code === 'ENOENT')
    return true
  })
  await assert.rejects(pool.run('fail', { path: '/' }), { code: 'E_INTERNAL' })
})

test('closing rejects what is under way and what comes later', async () => {
  const pool = createWorkerPool({ size: 1 })
  const underWay = assert.rejects(pool.run('echo', { bytes: new ArrayBuffer(1) }), { code: 'E_CANCELLED' })
  await pool.close()
  await underWay
  await assert.rejects(pool.run('echo', { bytes: new ArrayBuffer(1) }), { code: 'E_CANCELLED' })
  await pool.close()
})

test('a pool with work keeps the process alive, an idle one does not', () => {
  const script = `
    const { createWorkerPool } = await import(${JSON.stringify(new URL('../../../src/blobs/worker/pool.js', import.meta.url).href)})
    const { bytes } = await createWorkerPool().run('echo', { bytes: new ArrayBuffer(7) })
    console.log(bytes.byteLength)`
  const child = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  assert.equal(child.stdout, '7\n', child.stderr)
  assert.equal(child.status, 0)
})
