import assert from 'node:assert/strict'
import test from 'node:test'
import { createReadAhead, maxBatchBytes, type SmallFile } from '../../../src/jobs/sync/read-ahead.ts'

interface Stage {
  readonly requests: number[][]
  read(number: number): Promise<Uint8Array>
}

/** Files at every second number; each has its number as content. */
function stage(size = 1): Stage {
  const requests: number[][] = []
  const ahead = createReadAhead<SmallFile>({
    following(number, count) {
      const first = number + (number % 2)
      return Array.from({ length: count }, (_, index) => ({ number: first + index * 2, size })).filter(
        (file) => file.number < 20_000,
      )
    },
    fetch(files) {
      requests.push(files.map(({ number }) => number))
      return files.map(async ({ number }) => Uint8Array.of(number))
    },
  })
  return { requests, read: (number) => ahead.read({ number, size }) }
}

test('createReadAhead: files in their order come in few requests, and each once', async () => {
  const { requests, read } = stage()
  for (let number = 0; number < 20_000; number += 2)
    assert.deepEqual(await read(number), Uint8Array.of(number))
  assert.ok(requests.length < 60, `${requests.length} requests`)
  assert.deepEqual(
    requests.flat(),
    Array.from({ length: 10_000 }, (_, index) => index * 2),
  )
})

test('createReadAhead: several at once, out of order, are served as well', async () => {
  const { requests, read } = stage()
  for (let first = 0; first < 4000; first += 32) {
    const numbers = Array.from({ length: 16 }, (_, index) => first + ((index * 7) % 16) * 2)
    await Promise.all(
      numbers.map(async (number) => assert.deepEqual(await read(number), Uint8Array.of(number))),
    )
  }
  assert.ok(requests.length < 200, `${requests.length} requests`)
  assert.ok(requests.flat().length < 2400, `${requests.flat().length} files fetched`)
})

test('createReadAhead: files far from each other bring nothing along', async () => {
  const { requests, read } = stage()
  for (let number = 0; number < 20_000; number += 200) await read(number)
  assert.ok(requests.every((request) => request.length === 1))
})

test('createReadAhead: a request is not larger than it may be', async () => {
  const size = maxBatchBytes / 4
  const { requests, read } = stage(size)
  for (let number = 0; number < 1000; number += 2) await read(number)
  assert.ok(requests.every((request) => request.length <= 4))
})
