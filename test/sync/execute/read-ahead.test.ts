import assert from 'node:assert/strict'
import test from 'node:test'
import { readAhead } from '../../../src/sync/execute/read-ahead.ts'

async function* numbers(count: number, given: number[]): AsyncGenerator<number> {
  for (let number = 0; number < count; number++) {
    given.push(number)
    yield number
  }
}

/** Lets everything that waits for nothing outside go on. */
const settled = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve))

test('readAhead: begins before anybody reads, stops at its limit, and gives all in order', async () => {
  const given: number[] = []
  const reader = readAhead(numbers(10, given), 3)
  await settled()
  assert.deepEqual(given, [0, 1, 2])
  const read: number[] = []
  for await (const number of reader) read.push(number)
  assert.deepEqual(read, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
})

test('readAhead: a failure comes behind what was given before it', async () => {
  const reader = readAhead(
    (async function* failing() {
      yield 1
      throw new Error('broken')
    })(),
    3,
  )
  assert.deepEqual(await reader.next(), { done: false, value: 1 })
  await assert.rejects(reader.next(), /broken/)
})

test('readAhead: whoever returns it ends the producer, read or not', async () => {
  for (const reads of [0, 2]) {
    let isEnded = false
    const reader = readAhead(
      (async function* endless() {
        try {
          for (;;) yield 1
        } finally {
          isEnded = true
        }
      })(),
      3,
    )
    for (let read = 0; read < reads; read++) await reader.next()
    await reader.return()
    assert.ok(isEnded)
  }
})
