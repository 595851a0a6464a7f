import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createFerry, FerryError } from '../../src/index.ts'
import { fakeJourneys, fakeTicket } from '../support/fake-journeys.ts'

const isCancelled = (error: unknown): boolean => error instanceof FerryError && error.code === 'E_CANCELLED'

test('createFerry: a share tells its ticket and that it is sealed while it runs', async () => {
  await using ferry = createFerry({ directory: '/nonexistent' }, fakeJourneys())
  const job = ferry.share('x')
  assert.equal((await job.ticket).ticket, fakeTicket)
  assert.equal((await job.sealed).files, 2)
  assert.equal(job.progress.current.state, 'running')
  await job.cancel()
  await assert.rejects(job.result, isCancelled)
})

test('createFerry: who waits for a ticket hears of a share that never came to one', async () => {
  const failure = new FerryError('E_NOT_FOUND', 'no')
  await using ferry = createFerry(
    { directory: '/nonexistent' },
    fakeJourneys({
      share: async () => {
        throw failure
      },
    }),
  )
  const job = ferry.share(['x'])
  await assert.rejects(job.ticket, failure)
  await assert.rejects(job.sealed, failure)
})

test('createFerry: closing it stops every job, and no job starts afterwards', async () => {
  const ferry = createFerry(
    { directory: '/nonexistent' },
    fakeJourneys({
      receive: async (_ticket, _into, _options, { tools }) => {
        await tools.store()
        throw new Error('not reached')
      },
    }),
  )
  const share = ferry.share('x')
  await share.ticket
  await ferry[Symbol.asyncDispose]()
  await assert.rejects(share.result, isCancelled)
  await assert.rejects(ferry.receive('T', '.').result, isCancelled)
})

test('createFerry: what could not be opened once is tried again by the next job', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-tools-'))
  try {
    const directory = join(folder, 'data')
    writeFileSync(directory, 'in the way')
    await using ferry = createFerry(
      { directory },
      fakeJourneys({
        storeInfo: async (tools) => {
          await tools.store()
          return await fakeJourneys().storeInfo(tools)
        },
      }),
    )
    await assert.rejects(ferry.store.info(), FerryError)
    rmSync(directory)
    mkdirSync(directory)
    assert.equal((await ferry.store.info()).directory, directory)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
