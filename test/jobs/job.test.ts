import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { createJob } from '../../src/jobs/job.ts'
import { delay } from '../../src/shared/concurrency.ts'
import { FerryError } from '../../src/shared/errors.ts'

const untilAborted = ({ signal }: { signal: AbortSignal }): Promise<void> => delay(1_000_000, signal)
const isCancelled = (error: unknown): boolean => error instanceof FerryError && error.code === 'E_CANCELLED'

test('createJob: the result, and a terminal snapshot for every reader', async () => {
  const job = createJob('receive', 'x', async ({ progress }) => {
    progress.totals({ files: 1, bytes: 5, final: true })
    progress.addDone({ files: 1, bytes: 5 })
    return 42
  })
  assert.equal(await job.result, 42)
  const states: string[] = []
  for await (const { state, percent } of job.progress) states.push(`${state} ${percent}`)
  assert.deepEqual(states, ['done 100'])
})

test('createJob: cancel waits until the run has cleaned up, and rejects the result with E_CANCELLED', async () => {
  let cleaned = false
  const job = createJob('receive', 'x', async (context) => {
    try {
      await untilAborted(context)
    } finally {
      await Promise.resolve()
      cleaned = true
    }
  })
  await job.cancel('enough')
  assert.ok(cleaned)
  await assert.rejects(job.result, (error) => isCancelled(error) && (error as Error).message === 'enough')
  assert.equal(job.progress.current.state, 'cancelled')
})

test('createJob: a signal that is or becomes aborted stops it; what the run throws then counts as the stop', async () => {
  await assert.rejects(
    createJob('list', '', untilAborted, { signal: AbortSignal.abort() }).result,
    isCancelled,
  )
  const controller = new AbortController()
  const job = createJob(
    'list',
    '',
    async ({ signal }) => {
      await untilAborted({ signal }).catch(() => undefined)
      throw new Error('socket closed')
    },
    { signal: controller.signal },
  )
  controller.abort()
  await assert.rejects(job.result, isCancelled)
  assert.equal(getEventListeners(controller.signal, 'abort').length, 0)
})

test('createJob: any failure becomes a FerryError and stands in the terminal snapshot', async () => {
  const job = createJob('verify', '', async () => {
    throw new TypeError('oops')
  })
  await assert.rejects(job.result, (error) => error instanceof FerryError && error.code === 'E_INTERNAL')
  assert.equal(job.progress.current.state, 'failed')
  assert.equal(job.progress.current.error?.code, 'E_INTERNAL')
})

test('createJob: await using stops it', async () => {
  let signal: AbortSignal | undefined
  {
    await using job = createJob('receive', '', async (context) => {
      signal = context.signal
      await untilAborted(context)
    })
    assert.equal(job.progress.current.state, 'running')
  }
  assert.ok(signal?.aborted)
})
