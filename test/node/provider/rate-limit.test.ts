import assert from 'node:assert/strict'
import test from 'node:test'
import { createRateLimit } from '../../../src/node/provider/rate-limit.ts'

test('createRateLimit: a second’s worth passes at once, what is beyond it waits, and a pause pays it back', async () => {
  let nowMs = 0
  const limit = createRateLimit(10, () => nowMs)
  const never = AbortSignal.abort()
  const { signal } = new AbortController()
  for (let count = 0; count < 10; count++) await limit.take(1, signal)
  // An aborted signal ends a wait at once, which shows that there is one.
  await assert.rejects(limit.take(1, never), { code: 'E_CANCELLED' })
  nowMs = 1_200
  await limit.take(10, never)
  await assert.rejects(limit.take(5, never), { code: 'E_CANCELLED' })
})
