import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { sealedNumber } from '../../../src/jobs/receive/receive-live.ts'
import { liveNumber } from '../../../src/jobs/sync/sealed-share.ts'

test('liveNumber: it turns back what sealedNumber says', () => {
  const dropped = fc.uniqueArray(fc.nat({ max: 40 })).map((numbers) => numbers.sort((a, b) => a - b))
  fc.assert(
    fc.property(dropped, fc.nat({ max: 60 }), (numbers, sealed) => {
      assert.equal(sealedNumber(liveNumber(sealed, numbers), numbers), sealed)
    }),
  )
})
