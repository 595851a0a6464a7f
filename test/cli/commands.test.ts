/** The commands on journeys that touch nothing: outputs, JSON lines, exit codes, what reaches the journeys. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { run } from '../../src/cli/run.ts'
import { createFerry } from '../../src/jobs/ferry.ts'
import type { Journeys } from '../../src/jobs/journeys.ts'
import type {
  JobTools,
  ReceiveOptions,
  ShareInput,
  ShareOptions,
  VerifyResult,
} from '../../src/jobs/types.ts'
import { delay } from '../../src/shared/concurrency.ts'
import { FerryError } from '../../src/shared/errors.ts'
import type { FakeIoOptions } from '../support/fake-io.ts'
import { createFakeIo } from '../support/fake-io.ts'
import { fakeJourneys, fakeReceiveResult, fakeShareResult, fakeTicket } from '../support/fake-journeys.ts'

const folder = mkdtempSync(join(tmpdir(), 'ferry-commands-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
  readonly lines: readonly Record<string, unknown>[]
}

async function ferry(
  args: readonly string[],
  journeys: Partial<Journeys> = {},
  options: FakeIoOptions = {},
): Promise<Ran> {
  const io = createFakeIo({ ...options, env: { FERRY_HOME: folder, ...options.env } })
  const code = await run(args, '1.2.3', io, {
    createFerry: (ferryOptions) => createFerry(ferryOptions, fakeJourneys(journeys)),
  })
  const lines = args.includes('--json')
    ? io.written.out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>)
    : []
  return { code, ...io.written, lines }
}

const hasEscape = (text: string): boolean => text.includes('\u001b')

test('share: the ticket alone on stdout, everything else on stderr', async () => {
  const { code, out, err } = await ferry(['share', 'x', '--once'])
  assert.equal(code, 0)
  assert.equal(out, `${fakeTicket}\n`)
  assert.match(err, /Shared {3}Pictures {3}2 files, 3\.0 kB {3}\(1\.0 kB was already known\)/)
  assert.match(err, /✔ 12D3…k9Qe has everything/)
  assert.ok(!hasEscape(err))
  const quiet = await ferry(['share', '-q', 'x', '--once'])
  assert.deepEqual([quiet.code, quiet.out, quiet.err], [0, `${fakeTicket}\n`, ''])
})

test('share: on a terminal the whole command, a live view, and no clearing of the screen', async () => {
  const { out, err } = await ferry(['share', 'x', '--once', '--qr'], {}, { columns: 80, rows: 40 })
  assert.equal(out, `ferry receive ${fakeTicket}\n`)
  assert.ok(err.includes('▄▄▄▄▄▄▄'), 'the corner of a QR code')
  assert.ok(!err.includes('\u001b[2J') && !err.includes('\u001b[H') && !err.includes('\u001b[?1049h'))
  assert.equal(err.includes('\u001b[?25l'), err.includes('\u001b[?25h'), 'a hidden cursor is shown again')
})

test('share: every option reaches the journey', async () => {
  let inputs: readonly ShareInput[] = []
  let options: ShareOptions = {}
  let tools: JobTools | undefined
  const patterns = join(folder, 'patterns')
  writeFileSync(patterns, '# comment\n\n*.log\r\n/build\n')
  const { code } = await ferry(
    `share a b --name n --once --expire 24h --allow p --allow q --include i --exclude e --exclude-from ${patterns} --gitignore
     --follow-symlinks --expand -j 3 --pin --new --bwlimit 100 --listen 127.0.0.1:0 --announce a:1 --no-dht --local --bootstrap b`.split(
      /\s+/,
    ),
    {
      share: async (given, shareOptions, context) => {
        inputs = given
        options = shareOptions
        tools = context.tools
        context.onTicket({ ticket: fakeTicket, name: 'n', root: undefined, addresses: [] })
        return fakeShareResult
      },
    },
  )
  assert.equal(code, 0)
  assert.deepEqual(inputs, ['a', 'b'])
  const { onItem, onWarning, everyItem, ...rest } = options
  assert.ok(onItem && onWarning && everyItem === false)
  assert.deepEqual(rest, {
    name: 'n',
    once: true,
    expireMs: 86_400_000,
    allow: ['p', 'q'],
    include: ['i'],
    exclude: ['e', '*.log', '/build'],
    gitignore: true,
    followSymlinks: true,
    expand: true,
    jobs: 3,
    pin: true,
    fresh: true,
    bytesPerSecond: 102_400,
  })
  assert.deepEqual(tools?.network, {
    listen: ['127.0.0.1:0'],
    announce: ['a:1'],
    bootstrap: ['b'],
    dht: false,
    local: true,
  })
  assert.equal(tools.directory, join(folder, 'data'))
})

test('share: standard input and --text become named content; the environment stands in for options', async () => {
  const seen: string[] = []
  let listen: readonly string[] | undefined
  let jobs: number | undefined
  const share: Journeys['share'] = async ([input], options, { tools }) => {
    if (typeof input !== 'object') throw new Error('not content')
    let text = ''
    for await (const chunk of input.content) text += Buffer.from(chunk).toString()
    seen.push(`${input.name}: ${text}`)
    listen = tools.network.listen
    jobs = options.jobs
    return fakeShareResult
  }
  const env = { FERRY_LISTEN: '127.0.0.1:1, 127.0.0.1:2', FERRY_JOBS: '5' }
  await ferry(['share', '-'], { share }, { stdin: 'piped', env })
  await ferry(['share', '--text', 'hello', '--name', 'note.md'], { share })
  assert.deepEqual(seen, ['stdin: piped', 'note.md: hello'])
  await ferry(['share', '-', '-j', '2'], { share }, { env })
  assert.deepEqual([listen, jobs], [['127.0.0.1:1', '127.0.0.1:2'], 2])
})

test('receive: result lines, and every option reaches the journey', async () => {
  let given: unknown[] = []
  let options: ReceiveOptions = {}
  const { code, out, err } = await ferry(
    `receive T D --overwrite rename --safe-links --only *.jpg --only a -j 9 --timeout 5m --wait --no-seed --order mtime --as tar --limit-rate 2M`.split(
      ' ',
    ),
    {
      receive: async (ticket, into, receiveOptions, context) => {
        given = [ticket, into]
        options = receiveOptions
        return await fakeJourneys().receive(ticket, into, receiveOptions, context)
      },
    },
  )
  assert.deepEqual([code, out, given], [0, '', ['T', 'D']])
  const { onItem, onWarning, confirm, everyItem, ...rest } = options
  assert.ok(onItem && onWarning && confirm && everyItem === false)
  assert.deepEqual(rest, {
    overwrite: 'rename',
    safeLinks: true,
    only: ['*.jpg', 'a'],
    jobs: 9,
    timeoutMs: 300_000,
    wait: true,
    seed: false,
    order: 'mtime',
    as: 'tar',
    output: undefined,
    bytesPerSecond: 2_097_152,
  })
  assert.match(err, /Pictures · 2 files, 3\.0 kB · 9\.0 kB free/)
  assert.match(err, /✔ 2 files, 3\.0 kB in 0\.\d s \(.*\) → into\/Pictures/)
  assert.match(err, /2\.0 kB fetched from 1 peer, 1\.0 kB already here, every chunk verified/)
  const other = await ferry(['get', '-', '-o', 'E'], {}, { stdin: ' T2\n' })
  assert.equal(other.code, 0)
})

test('receive --stdout: the content alone on stdout', async () => {
  const { out } = await ferry(['receive', 'T', '--stdout'], {
    receive: async (_ticket, _into, { output }) => {
      output?.write('content')
      return { ...fakeReceiveResult, destination: undefined, written: [] }
    },
  })
  assert.equal(out, 'content')
})

test('failures of files: listed at the end, exit 23, the rest is done', async () => {
  const receive: Journeys['receive'] = async (_ticket, _into, _options, { progress }) => {
    for (let index = 0; index < 25; index++) {
      progress.failItem(`f${index}\u001b[31m`, { code: 'E_VERIFY', message: 'wrong\nbytes' })
    }
    return {
      ...fakeReceiveResult,
      files: { total: 30, had: 0, failed: 25 },
      failed: { count: 25, first: [] },
    }
  }
  const { code, err } = await ferry(['receive', 'T'], { receive })
  assert.equal(code, 23)
  assert.match(err, /25 files failed:\n {2}! f0\\e\[31m: wrong\\nbytes\n/)
  assert.match(err, /and 5 more/)
  assert.ok(!hasEscape(err))
  const json = await ferry(['receive', 'T', '--json'], { receive })
  assert.equal(json.lines.filter((line) => line['type'] === 'item' && line['phase'] === 'failed').length, 25)
  assert.equal(json.lines.at(-1)?.['exitCode'], 23)
  assert.equal(json.err, '')
})

test('errors of a job: message, hint, exit code by kind; cause with -v, stack with -vv only', async () => {
  const receive: Journeys['receive'] = async () => {
    throw new FerryError('E_UNREACHABLE', 'Cannot find anyone who offers this ticket', {
      hint: 'is it running?',
      cause: new Error('socket said no'),
    })
  }
  const plain = await ferry(['receive', 'T'], { receive })
  assert.deepEqual(
    [plain.code, plain.err],
    [4, 'ferry: Cannot find anyone who offers this ticket\n  hint: is it running?\n'],
  )
  const verbose = await ferry(['receive', 'T', '-v'], { receive })
  assert.match(verbose.err, /cause: socket said no/)
  assert.doesNotMatch(verbose.err, / at /)
  assert.match((await ferry(['receive', 'T', '-vv'], { receive })).err, / at /)
  const json = await ferry(['receive', 'T', '--json'], { receive })
  assert.deepEqual(
    json.lines.slice(-2).map((line) => line['type']),
    ['error', 'summary'],
  )
  assert.equal(json.lines.at(-1)?.['exitCode'], 4)
})

test('--json: schema v1; every line dated and typed, the summary last', async () => {
  for (const args of [
    ['share', 'x', '--once'],
    ['receive', 'T'],
    ['ls', 'T'],
    ['verify', '.', 'T'],
    ['store', 'info'],
    ['store', 'gc'],
    ['store', 'verify'],
  ]) {
    const { code, lines, err } = await ferry([...args, '--json'])
    assert.equal(code, 0, args.join(' '))
    assert.equal(err, '')
    for (const line of lines) {
      assert.equal(line['v'], 1)
      assert.ok(!Number.isNaN(Date.parse(line['ts'] as string)))
      assert.equal(typeof line['type'], 'string')
    }
    assert.equal(lines.filter((line) => line['type'] === 'summary').length, 1)
    const summary = lines.at(-1) as { type: string; ok: boolean; exitCode: number; seconds: number }
    assert.deepEqual([summary.type, summary.ok, summary.exitCode], ['summary', true, 0])
    assert.equal(typeof summary.seconds, 'number')
  }
  const { lines } = await ferry(['receive', 'T', '--json'])
  const summary = lines.at(-1)
  assert.deepEqual(summary?.['files'], { done: 2, total: 2, had: 1, failed: 0 })
  assert.deepEqual(summary?.['bytes'], { total: 3000, fetched: 2000, reused: 1000 })
  const progress = lines.find((line) => line['type'] === 'progress')
  for (const field of [
    'id',
    'kind',
    'step',
    'stepNumber',
    'progress',
    'files',
    'bytes',
    'rate',
    'etaSeconds',
  ]) {
    assert.ok(progress && field in progress, field)
  }
  const ticket = (await ferry(['share', 'x', '--once', '--json'])).lines.find(
    (line) => line['type'] === 'ticket',
  )
  assert.equal(ticket?.['ticket'], fakeTicket)
})

test('ls: names are escaped; --long has mode, size, time', async () => {
  const { out } = await ferry(['ls', 'T', '--long'])
  assert.deepEqual(out.split('\n').slice(0, 3), [
    'drwxr-xr-x            2023-11-14T22:13:20Z  Pictures/',
    '-rw-r--r--    3.0 kB  2023-11-14T22:13:20Z  Pictures/a\\n',
    'lrw-r--r--            2023-11-14T22:13:20Z  Pictures/l -> a',
  ])
  const { lines } = await ferry(['ls', 'T', '--json'])
  assert.equal(lines.find((line) => line['kind'] === 'file')?.['mtimeNs'], '1700000000123456789')
})

test('verify: exit 6 and the names when something differs', async () => {
  const { code, err } = await ferry(['verify', '.', 'T'], {
    verify: async () => ({
      name: 'P',
      files: 2,
      bytes: 10,
      different: 1,
      extra: 0,
      differences: [{ path: 'a', kind: 'content', message: 'the content differs' }],
    }),
  })
  assert.equal(code, 6)
  assert.match(err, /! a: the content differs\n {2}1 difference in 2 files, 10 B/)
})

test('verify: what is extra is told and is no failure', async () => {
  const verify = async (): Promise<VerifyResult> => ({
    name: 'P',
    files: 2,
    bytes: 10,
    different: 0,
    extra: 1,
    differences: [{ path: 'P/x\n', kind: 'extra', message: 'it is not in the ticket' }],
  })
  const { code, err } = await ferry(['verify', '.', 'T'], { verify })
  assert.equal(code, 0)
  assert.match(
    err,
    /\+ P\/x\\n: it is not in the ticket\n {2}1 name here, but not in the ticket\n.*all the same/,
  )
  const { lines } = await ferry(['verify', '.', 'T', '--json'], { verify })
  assert.equal(lines.find(({ type }) => type === 'check')?.['kind'], 'extra')
  assert.deepEqual([lines.at(-1)?.['extra'], lines.at(-1)?.['different']], [1, 0])
})

test('Ctrl-C: gentle, says what is kept and how to go on, exit 130; no ticket in it', async () => {
  const { code, err } = await ferry(['receive', 'T'], {
    async receive(_ticket, _into, _options, { progress, signal }) {
      progress.totals({ files: 1, bytes: 1_000_000, final: true })
      progress.addDone({ files: 0, bytes: 270_000 })
      setImmediate(() => process.emit('SIGINT'))
      await delay(1_000_000, signal)
      return fakeReceiveResult
    },
  })
  assert.equal(code, 130)
  assert.match(err, /Stopping/)
  assert.match(err, /Stopped at 27%\. 270\.0 kB is kept; to go on, run the same command again/)
  const share = await ferry(['share', 'my dir'], {
    async share(_inputs, _options, { signal, onTicket }) {
      onTicket({ ticket: fakeTicket, name: 'x', root: undefined, addresses: [] })
      setImmediate(() => process.emit('SIGTERM'))
      await delay(1_000_000, signal)
      return fakeShareResult
    },
  })
  assert.equal(share.code, 143)
  assert.match(share.err, /The ticket works again when you run: ferry share 'my dir'/)
  assert.ok(!share.err.includes(fakeTicket))
  assert.equal(process.listenerCount('SIGINT'), 0)
})

test('a reader of stdout that goes away ends the listing without a fuss', async () => {
  const io = createFakeIo({ env: { FERRY_HOME: folder } })
  const list: Journeys['list'] = async (_ticket, _options, { onEntries, signal }) => {
    const entry = { path: 'a', kind: 'file', size: 1, mode: 0o644, mtimeNs: 0n } as const
    await onEntries([entry])
    io.stdout.emit('error', Object.assign(new Error('EPIPE'), { code: 'EPIPE' }))
    await delay(1_000_000, signal)
    return { name: '', files: 1, bytes: 1, root: undefined }
  }
  const code = await run(['ls', 'T'], '1', io, {
    createFerry: (options) => createFerry(options, fakeJourneys({ list })),
  })
  assert.deepEqual([code, io.written.err], [141, ''])
})

test('the live view is off: NO_COLOR keeps it, TERM=dumb, CI, --plain, -q and --progress=none do not', async () => {
  const count = async (args: string[], env: Record<string, string> = {}): Promise<string> =>
    (await ferry(['receive', 'T', ...args], {}, { columns: 80, env })).err
  assert.ok(hasEscape(await count([])))
  assert.ok(!(await count([], { NO_COLOR: '1' })).includes('\u001b[3'))
  for (const text of [
    await count([], { TERM: 'dumb' }),
    await count(['--plain'], { NO_COLOR: '1' }),
    await count([], { CI: 'true', NO_COLOR: '1' }),
    await count(['--progress=none', '--color=never']),
    await count(['-q']),
  ]) {
    assert.ok(!hasEscape(text), JSON.stringify(text))
  }
})

test('diff: one line a difference, -v those of mode and time, exit code 6, and its lines of JSON', async () => {
  const plain = await ferry(['diff', 'T1', 'T2'])
  assert.deepEqual([plain.code, plain.out], [6, '+ a\\n  3.0 kB\n! b  other content\n'])
  assert.match(plain.err, /1 added, 0 removed, 1 changed, 1 with another mode or time, 7 the same/)
  assert.match((await ferry(['diff', '-v', 'T1', 'T2'])).out, /^~ c {2}another time$/m)
  const { lines } = await ferry(['diff', '--json', 'T1', 'T2'])
  assert.deepEqual(
    lines.filter(({ type }) => type === 'difference').map(({ kind }) => kind),
    ['added', 'changed', 'attributes'],
  )
  assert.equal((await ferry(['diff', '-', '-'])).code, 2)
})
