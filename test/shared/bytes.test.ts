import assert from 'node:assert/strict'
import test from 'node:test'
import { concatBytes, equalBytes, toHex } from '../../src/shared/bytes.ts'

test('toHex gives two lower-case digits a byte', () => {
  assert.equal(toHex(Uint8Array.of(0, 15, 255)), '000fff')
})

test('equality looks at views, not at what lies around them', () => {
  const around = Uint8Array.of(9, 1, 2, 9)
  assert.ok(equalBytes(around.subarray(1, 3), Uint8Array.of(1, 2)))
  assert.ok(!equalBytes(Uint8Array.of(1), Uint8Array.of(1, 2)))
})

test('concatBytes joins in order', () => {
  assert.deepEqual(
    concatBytes([Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3)]),
    Uint8Array.of(1, 2, 3),
  )
})
