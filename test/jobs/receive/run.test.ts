import assert from 'node:assert/strict'
import test from 'node:test'
import { batchBytes, batchBytesOf } from '../../../src/jobs/receive/run.ts'
import { createThrottle } from '../../../src/shared/throttle.ts'

test('batchBytesOf: with a rate a batch takes no longer than a piece, so that content flows', () => {
  const throttle = createThrottle()
  assert.equal(batchBytesOf({ throttle }), batchBytes)
  throttle.setRate(1_000_000)
  assert.equal(batchBytesOf({ throttle }), 250_000)
  throttle.setRate(100_000_000)
  assert.equal(batchBytesOf({ throttle }), batchBytes)
})
