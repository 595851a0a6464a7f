import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countDeadBuffers, giveBack, withUsualLimits } from '../../src/shared/dead-buffers.ts'

test('countDeadBuffers: what was used is given back while the event loop has no turn', () => {
  const mebibyte = 1024 * 1024
  let most = 0
  for (let index = 0; index < 256; index++) {
    Buffer.alloc(mebibyte, 1)
    countDeadBuffers(mebibyte)
    most = Math.max(most, process.memoryUsage().arrayBuffers)
  }
  assert.ok(most < 64 * mebibyte, `${most} bytes were kept`)
})

test('giveBack: frees what is a buffer of its own and large, and nothing else', () => {
  const own = new Uint8Array(128 * 1024)
  giveBack(own)
  assert.equal(own.byteLength, 0)
  const whole = new Uint8Array(128 * 1024)
  giveBack(whole.subarray(0, 100 * 1024))
  const small = new Uint8Array(16)
  giveBack(small)
  assert.deepEqual([whole.byteLength, small.byteLength], [128 * 1024, 16])
})

test('withUsualLimits: runs once, whether or not the limits are others', () => {
  let runs = 0
  withUsualLimits(() => runs++)
  countDeadBuffers(1024 * 1024 * 1024)
  withUsualLimits(() => runs++)
  assert.equal(runs, 2)
})
