import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run } from '../../src/cli/run.ts'
import { createFakeIo } from '../support/fake-io.ts'

test('ferry tui: without a terminal that can show it the exit code is 2, with a way to read the same', async () => {
  const cases = [
    [createFakeIo(), []],
    [createFakeIo({ columns: 80, env: { TERM: 'dumb' } }), []],
    [createFakeIo({ columns: 80 }), ['--plain']],
    [createFakeIo({ columns: 80 }), ['--json']],
  ] as const
  for (const [io, args] of cases) {
    assert.equal(await run(['tui', ...args], '0.0.0', io), 2)
    assert.match(io.written.err, /hint: to read the same in a script: ferry status --json/)
    assert.doesNotMatch(io.written.out + io.written.err, /\[\?1049h/)
  }
})
