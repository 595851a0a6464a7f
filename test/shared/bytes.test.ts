import assert from 'node:assert/strict'
import test from 'node:test'
import { compareBytes, concatBytes, equalBytes, fromHex, toHex } from '../../src/shared/bytes.ts'

test('hexadecimal text goes both ways', () => {
  assert.equal(toHex(Uint8Array.of(0, 15, 255)), '000fff')
  assert.deepEqual(fromHex('000FfF'), Uint8Array.of(0, 15, 255))
  for (const bad of ['0', 'gg', '0x00', ' 00']) assert.throws(() => fromHex(bad), { code: 'E_INTERNAL' })
})

test('equality and order look at views, not at what lies around them', () => {
  const around = Uint8Array.of(9, 1, 2, 9)
  assert.ok(equalBytes(around.subarray(1, 3), Uint8Array.of(1, 2)))
  assert.ok(!equalBytes(Uint8Array.of(1), Uint8Array.of(1, 2)))
  assert.ok(compareBytes(Uint8Array.of(1), Uint8Array.of(1, 0)) < 0)
  assert.ok(compareBytes(Uint8Array.of(200), Uint8Array.of(100)) > 0)
})

test('concatBytes joins in order', () => {
  assert.deepEqual(
    concatBytes([Uint8Array.of(1), new Uint8Array(0), Uint8Array.of(2, 3)]),
    Uint8Array.of(1, 2, 3),
  )
})
