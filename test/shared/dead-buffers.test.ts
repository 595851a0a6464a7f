import assert from 'node:assert/strict'
import { test } from 'node:test'
import { countDeadBuffers } from '../../src/shared/dead-buffers.ts'

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
