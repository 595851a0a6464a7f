import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { createHoldings, decodeHoldings, everything, nothing } from '../../src/node/holdings.ts'
import { FerryError } from '../../src/shared/errors.ts'

const entries = 20
const step = fc.oneof(
  fc.record({ entry: fc.nat(entries + 2) }),
  fc.record({ entry: fc.nat(entries + 2), offset: fc.nat(100), length: fc.integer({ min: 1, max: 30 }) }),
)

test('createHoldings: has exactly what was added, also behind encode and decode', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const holdings = createHoldings(entries)
      const bytes = Array.from({ length: entries }, () => new Set<number>())
      for (const added of steps) {
        if ('offset' in added) {
          holdings.addRange(added)
          for (let at = 0; at < added.length; at++) bytes[added.entry]?.add(added.offset + at)
        } else {
          holdings.addEntry(added.entry)
          for (let at = 0; at < 200; at++) bytes[added.entry]?.add(at)
        }
      }
      const decoded = decodeHoldings(holdings.encode())
      assert.equal(decoded.version, holdings.version)
      for (let entry = 0; entry < entries; entry++)
        for (let offset = 0; offset < 130; offset += 3) {
          const expected = [0, 1, 2, 3, 4].every((at) => bytes[entry]?.has(offset + at))
          const range = { entry, offset, length: 5 }
          assert.equal(holdings.has(range), expected)
          assert.equal(decoded.has(range), expected)
        }
    }),
  )
  assert.equal(everything.has({ entry: 1, offset: 2, length: 3 }), true)
  assert.equal(nothing.has({ entry: 1, offset: 2, length: 3 }), false)
})

test('decodeHoldings: any bytes give holdings or E_PROTOCOL', () => {
  const holdings = createHoldings(9)
  holdings.addRange({ entry: 3, offset: 5, length: 5 })
  holdings.addRange({ entry: 3, offset: 50, length: 5 })
  const good = holdings.encode()
  const mutated = fc.tuple(fc.nat(good.byteLength - 1), fc.nat(255)).map(([at, byte]) => good.with(at, byte))
  const cut = fc.nat(good.byteLength - 1).map((length) => good.slice(0, length))
  fc.assert(
    fc.property(fc.oneof(mutated, cut, fc.uint8Array({ maxLength: 60 })), (bytes) => {
      try {
        decodeHoldings(bytes).has({ entry: 3, offset: 5, length: 1 })
      } catch (error) {
        assert(error instanceof FerryError && error.code === 'E_PROTOCOL')
      }
    }),
  )
})

test('createHoldings: who waits hears of the next change', async () => {
  const holdings = createHoldings(4)
  const change = holdings.changed(holdings.version, new AbortController().signal)
  holdings.addEntry(2)
  await change
  await holdings.changed(holdings.version, AbortSignal.abort())
})
