/** Batches: every call gets its own result, and calls that come together go together. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { createBatches } from '../../../../src/sync/remotes/local/batches.ts'

function setBatches(options: { readonly mostItems?: number; readonly leastItems?: number } = {}): {
  readonly sizes: readonly number[]
  readonly most: () => number
  readonly call: (item: number, bytes: number) => Promise<number>
} {
  const sizes: number[] = []
  let running = 0
  let most = 0
  const call = createBatches<number, number>({
    lanes: 2,
    leastItems: 4,
    mostItems: 100,
    mostBytes: 1000,
    ...options,
    async run(items) {
      sizes.push(items.length)
      most = Math.max(most, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      running--
      if (items.includes(-1)) throw new Error('all of them')
      return items.map((item) => item * 2)
    },
  })
  return { sizes, most: () => most, call }
}

test('createBatches: calls of one moment are shared out among the lanes', async () => {
  const { sizes, most, call } = setBatches()
  const items = Array.from({ length: 20 }, (_, index) => index)
  assert.deepEqual(
    await Promise.all(items.map((item) => call(item, 1))),
    items.map((item) => item * 2),
  )
  assert.deepEqual(sizes, [10, 10])
  assert.equal(most(), 2)
})

test('createBatches: few calls go in one batch, and one alone at once', async () => {
  const { sizes, call } = setBatches()
  await Promise.all([1, 2, 3].map((item) => call(item, 1)))
  await call(4, 1)
  assert.deepEqual(sizes, [3, 1])
})

test('createBatches: no batch is larger than it may be, except for one item', async () => {
  const { sizes, most, call } = setBatches({ mostItems: 6 })
  await Promise.all([...Array(14).keys()].map((item) => call(item, 1)))
  assert.ok(sizes.every((size) => size <= 6))
  const heavy = setBatches()
  await Promise.all([...Array(5).keys()].map((item) => heavy.call(item, 5000)))
  assert.deepEqual(heavy.sizes, [1, 1, 1, 1, 1])
  assert.ok(most() <= 2)
})

test('createBatches: a batch that fails fails its calls, and the next ones work', async () => {
  const { call } = setBatches()
  const both = await Promise.allSettled([call(-1, 1), call(2, 1)])
  assert.deepEqual(
    both.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  assert.equal(await call(3, 1), 6)
})
