import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import test from 'node:test'
import { run } from '../../src/cli/run.ts'
import { createFakeIo } from '../support/fake-io.ts'
import { createFerry } from '../../src/jobs/ferry.ts'
import { fakeJourneys } from '../support/fake-journeys.ts'
import { FerryError } from '../../src/shared/errors.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const stamp = /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[\d+\] /

test('--log-file: failures, warnings and the end, one line each, behind what is there already', async () => {
  await using folder = temporaryFolder()
  const log = folder.at('log')
  for (let count = 0; count < 2; count++) {
    const io = createFakeIo({ env: { FERRY_HOME: folder.path } })
    await run(['receive', 'T', folder.at('into'), '--log-file', log], '0', io, {
      createFerry: (options) =>
        createFerry(
          options,
          fakeJourneys({
            receive: async (_ticket, _into, _options, { progress }) => {
              progress.warn('look\nhere')
              progress.beginItem('a\u001b[2J', 'fetch', 5).fail({ code: 'E_IO', message: 'gone' })
              throw new FerryError('E_UNREACHABLE', 'nobody is there')
            },
          }),
        ),
    })
  }
  const lines = readFileSync(log, 'utf8').split('\n').filter(Boolean)
  for (const line of lines) assert.match(line, stamp)
  const texts = lines.map((line) => line.replace(stamp, ''))
  assert.deepEqual(texts.slice(0, 3), [
    'warning: look\\nhere',
    'failed a\\e[2J: gone',
    'error: nobody is there',
  ])
  assert.match(texts[3] ?? '', /^receive: 0 files done, 1 failed, 0 B transferred, exit code 4$/)
  assert.equal(texts.length, 8)
  assert.equal(statSync(log).mode & 0o777, 0o600)
})

test('--log-file: one that cannot be written is said before anything is done', async () => {
  const io = createFakeIo({ env: { FERRY_HOME: '/nonexistent' } })
  const code = await run(['receive', 'T', '--log-file', '/nonexistent/log'], '0', io)
  assert.equal(code, 3)
  assert.match(io.written.err, /Cannot write the log file "\/nonexistent\/log": it does not exist/)
})
