import assert from 'node:assert/strict'
import test from 'node:test'
import { createSlabPool, slabHeadBytes } from '../../src/shared/slabs.ts'

test('a slab that was given back is lent again, and never twice at once', () => {
  const pool = createSlabPool(1 << 20)
  const first = pool.lend(100_000)
  const second = pool.lend(100_000)
  assert.notEqual(first.bytes.buffer, second.bytes.buffer)
  assert.equal(first.bytes.byteOffset, slabHeadBytes)
  first.release()
  first.release()
  const third = pool.lend(120_000)
  assert.equal(third.bytes.buffer, first.bytes.buffer)
  assert.equal(third.bytes.byteLength, 120_000)
  assert.notEqual(pool.lend(100_000).bytes.buffer, first.bytes.buffer)
})

test('no more is kept than was said, and what is kept fits', () => {
  const pool = createSlabPool(200_000)
  const slabs = [pool.lend(100_000), pool.lend(100_000)]
  for (const { release } of slabs) release()
  assert.equal(pool.lend(100_000).bytes.buffer, slabs[0]?.bytes.buffer)
  assert.notEqual(pool.lend(100_000).bytes.buffer, slabs[1]?.bytes.buffer)
  for (const length of [0, 1, 65_536, 65_537, 3_000_000])
    assert.equal(pool.lend(length).bytes.byteLength, length)
})
