import assert from 'node:assert/strict'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { run } from '../../src/cli/run.ts'
import { createFerry } from '../../src/jobs/ferry.ts'
import type { Journeys } from '../../src/jobs/journeys.ts'
import { FerryError } from '../../src/shared/errors.ts'
import { createFakeIo, type FakeIoOptions } from '../support/fake-io.ts'
import { fakeJourneys, fakeReceiveResult } from '../support/fake-journeys.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

async function ferry(
  args: readonly string[],
  home: string,
  journeys: Partial<Journeys> = {},
  options: FakeIoOptions = {},
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const io = createFakeIo({
    cwd: home,
    ...options,
    env: { PATH: process.env['PATH'] ?? '', FERRY_HOME: home, ...options.env },
  })
  const code = await run(args, '0', io, {
    createFerry: (given) => createFerry(given, fakeJourneys(journeys)),
  })
  return { code, ...io.written }
}

const escape = '\u001b'
const evil = '"; touch hacked; $(touch hacked) `touch hacked`\u001b]0;x\u0007'

const namedEvil: Partial<Journeys> = {
  receive: async (_ticket, _into, _options, { progress }) => {
    progress.name(evil)
    progress.totals({ files: 2, bytes: 3000, final: true })
    progress.addDone({ files: 2, bytes: 3000 })
    return { ...fakeReceiveResult, destination: '/to here' }
  },
}

test('--on-complete: the command of the user runs with the facts in its environment, and a name is never shell text', async () => {
  await using folder = temporaryFolder()
  const line =
    'printf "%s|" "$FERRY_JOB_KIND" "$FERRY_JOB_NAME" "$FERRY_JOB_STATE" "$FERRY_JOB_FILES" "$FERRY_JOB_BYTES" "$FERRY_JOB_DESTINATION" > facts'
  const { code } = await ferry(
    ['receive', 'T', '--on-complete', line, '--on-failure', 'touch failed'],
    folder.path,
    namedEvil,
  )
  assert.equal(code, 0)
  assert.equal(readFileSync(folder.at('facts'), 'utf8'), `receive|${evil}|done|2|3000|/to here|`)
  assert.ok(!existsSync(folder.at('hacked')) && !existsSync(folder.at('failed')))
})

test('--on-failure: runs in place of --on-complete, with what went wrong; its own failure is said and changes no exit code', async () => {
  await using folder = temporaryFolder()
  const { code, err } = await ferry(
    [
      'receive',
      'T',
      '--on-complete',
      'touch done',
      '--on-failure',
      'printf "%s %s" "$FERRY_JOB_EXIT_CODE" "$FERRY_JOB_ERROR" > facts; exit 9',
    ],
    folder.path,
    {
      receive: async () => {
        throw new FerryError('E_UNREACHABLE', 'nobody is there')
      },
    },
  )
  assert.equal(code, 4)
  assert.equal(readFileSync(folder.at('facts'), 'utf8'), '4 nobody is there')
  assert.ok(!existsSync(folder.at('done')))
  assert.match(err, /--on-failure ended with exit code 9/)
  assert.ok(err.indexOf('nobody is there') < err.indexOf('exit code 9'), 'behind all that was said')
})

test('--on-complete and --on-failure: nothing runs when the user stops the job', async () => {
  await using folder = temporaryFolder()
  const stopped: Partial<Journeys> = {
    receive: async (_ticket, _into, _options, { signal }) => {
      setImmediate(() => process.emit('SIGINT'))
      return await new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error))
      })
    },
  }
  const args = ['receive', 'T', '--on-complete', 'touch ran', '--on-failure', 'touch ran', '--notify']
  const { code, err } = await ferry(args, folder.path, stopped, { columns: 80 })
  assert.equal(code, 130)
  assert.ok(!existsSync(folder.at('ran')))
  assert.ok(!err.includes(`${escape}]`))
})

test('--notify: the terminal is told once, without anything that it could obey', async () => {
  await using folder = temporaryFolder()
  const told = async (env: Record<string, string>): Promise<string> =>
    (await ferry(['receive', 'T', '--notify'], folder.path, namedEvil, { columns: 80, env })).err
  /** What stands in sequences of the operating system command kind. */
  const notices = (err: string): string[] =>
    err
      .split(`${escape}]`)
      .slice(1)
      .map((rest) => rest.split('\u0007', 1)[0] as string)
  const [notice = '', ...more] = notices(await told({}))
  assert.deepEqual(more, [])
  assert.ok(notice.startsWith('9;ferry: Received ", touch hacked'), notice)
  assert.ok(!notice.includes(escape) && !notice.slice(2).includes(';'), notice)
  assert.match(
    notices(await told({ TERM: 'foot' })).join(),
    /^777;notify;Received [^;]*;2 files, 3\.0 kB in [^;]*$/,
  )
  assert.ok((await told({ TMUX: '/tmp/x' })).includes(`${escape}Ptmux;${escape}${escape}]9;`))
})

test('--notify: a desktop is asked by its own program, with markup made harmless; without any way that is said', async () => {
  await using folder = temporaryFolder()
  const program = folder.at('notify-send')
  writeFileSync(program, `#!/bin/sh\nprintf '%s\\n' "$@" > "${folder.at('told')}"\n`)
  chmodSync(program, 0o755)
  const env = { PATH: `${folder.path}:${process.env['PATH']}`, DISPLAY: ':0' }
  const journeys: Partial<Journeys> = {
    receive: async () => {
      throw new FerryError('E_IO', '<b>&')
    },
  }
  const { err } = await ferry(['receive', 'T', '--notify'], folder.path, journeys, { env, columns: 80 })
  assert.ok(!err.includes('\u001b]9;'))
  assert.equal(
    readFileSync(folder.at('told'), 'utf8'),
    '--app-name=ferry\n--\nCould not receive\n&lt;b>&amp;\n',
  )
  assert.match(
    (await ferry(['receive', 'T', '--notify'], folder.path)).err,
    /neither this terminal nor a desktop/,
  )
})

test('--on-complete: refused for what the daemon does', async () => {
  await using folder = temporaryFolder()
  const { code, err } = await ferry(['receive', '-d', 'T', '--on-complete', 'true'], folder.path)
  assert.equal(code, 2)
  assert.match(err, /--on-complete together with --daemon/)
})
