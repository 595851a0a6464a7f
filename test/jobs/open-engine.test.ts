import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resumeInterrupted } from '../../src/jobs/engine.ts'
import { createFerry } from '../../src/jobs/ferry.ts'
import { openEngine } from '../../src/jobs/open-engine.ts'
import { fakeJourneys } from '../support/fake-journeys.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

test('openEngine: one a data directory, and the next goes on where it ended', async () => {
  await using folder = temporaryFolder()
  await using ferry = createFerry({ directory: folder.at('data') }, fakeJourneys())
  const options = { ferry, version: '1' }
  const first = openEngine(options)
  assert.throws(() => openEngine(options), {
    code: 'E_CONFLICT',
    message: new RegExp(`process ${process.pid} does already`),
  })
  const { id } = await first.start({ kind: 'share', paths: ['/a'] })
  await first[Symbol.asyncDispose]()
  await using second = openEngine(options)
  await resumeInterrupted(second)
  const view = await second.get(id)
  assert.deepEqual([view.state, view.attempts], ['running', 2])
})
