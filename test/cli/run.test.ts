import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { commands, suggestCommand } from '../../src/cli/command-table.ts'
import { exitCodeTexts } from '../../src/cli/exit-codes.ts'
import { mainHelp } from '../../src/cli/help-text.ts'
import { run, splitArgs } from '../../src/cli/run.ts'
import { dropPastedCommand } from '../../src/cli/ticket-input.ts'
import type { FakeIoOptions } from '../support/fake-io.ts'
import { createFakeIo } from '../support/fake-io.ts'

const folder = mkdtempSync(join(tmpdir(), 'ferry-cli-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

async function ferry(
  args: readonly string[],
  options: FakeIoOptions = {},
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const io = createFakeIo({ ...options, env: { FERRY_HOME: folder, ...options.env } })
  const code = await run(args, '1.2.3', io)
  return { code, ...io.written }
}

test('help: names every command, and every command has its own', async () => {
  for (const { name, aliases } of commands) {
    if (name !== 'help') assert.match(mainHelp, new RegExp(`^  ${name} `, 'm'), name)
    for (const word of [name, ...aliases]) {
      const { code, out } = await ferry([word, '--help'])
      assert.equal(code, 0)
      assert.match(out, /^Usage: ferry /)
      assert.doesNotMatch(out, /undefined/)
      assert.equal((await ferry(['help', word])).code, 0)
    }
  }
  assert.ok(mainHelp.split('\n').every((line) => line.length <= 80))
  const none = await ferry([])
  assert.deepEqual([none.code, none.out], [0, mainHelp])
})

test('help: topics exist, and list every exit code', async () => {
  for (const topic of ['exit-codes', 'files', 'environment']) {
    const { code, out } = await ferry(['help', topic])
    assert.equal(code, 0)
    assert.ok(out.length > 100)
  }
  const { out } = await ferry(['help', 'exit-codes'])
  for (const [code] of exitCodeTexts) assert.ok(out.includes(String(code)))
  assert.equal((await ferry(['help', 'nothing'])).code, 2)
})

test('a wrong command line is exit 2, says what was probably meant, and does nothing', async () => {
  const table: [string[], RegExp][] = [
    [['shar', 'x'], /unknown command shar \(did you mean share\?\)/],
    [['xyzzy'], /unknown command xyzzy\n/],
    [['share', '--progres', 'x'], /unknown option --progres \(did you mean --progress\?\)/],
    [['share', '--nothing', 'x'], /unknown option --nothing/],
    [['share'], /Nothing to share/],
    [['share', '-', 'x'], /standard input together/],
    [['share', '--text', 'a', 'x'], /--text and paths/],
    [['share', 'x', '--expire', 'soon'], /Cannot read "soon" as a duration/],
    [['share', 'x', '-j', '0'], /Cannot use "0" as a number of files/],
    [['share', 'x', '--exclude-from', '/nonexistent/file'], /Cannot read the patterns/],
    [['receive'], /missing required argument/],
    [['receive', 'a', 'b', 'c'], /more than one folder/],
    [['receive', 'a', 'b', '-o', 'c'], /more than one folder/],
    [['receive', 'a', '--overwrite', 'ask'], /Allowed choices/],
    [['receive', 'a', '--stdout', '--json'], /standard output/],
    [['verify', 'a'], /missing required argument/],
    [['doctor', 'a'], /too many arguments/],
    [['store', 'inf'], /unknown command inf \(did you mean info\?\)/],
    [['completion', 'tcsh'], /Allowed choices/],
    [['--nope'], /unknown option --nope/],
  ]
  for (const [args, pattern] of table) {
    const { code, out, err } = await ferry(args)
    assert.match(err, pattern, args.join(' '))
    assert.equal(code, args.includes('--exclude-from') ? 3 : 2, args.join(' '))
    assert.match(err, /^ferry: /)
    if (!args.includes('--json')) assert.equal(out, '')
  }
})

test('--json: a usage error ends in a summary line too', async () => {
  const { code, out } = await ferry(['share', '--json'])
  const lines = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  assert.deepEqual(
    lines.map((line) => line['type']),
    ['error', 'summary'],
  )
  assert.equal(lines[1]?.['exitCode'], code)
  assert.equal(lines[1]?.['ok'], false)
})

test('splitArgs: global options may stand before the command', () => {
  assert.deepEqual(splitArgs(['-v', '--color', 'never', 'share', 'x']), {
    name: 'share',
    rest: ['-v', '--color', 'never', 'x'],
  })
  assert.deepEqual(splitArgs(['--json']), { name: undefined, rest: ['--json'] })
  assert.equal(suggestCommand('recieve'), 'receive')
  assert.equal(suggestCommand('zzz'), undefined)
})

test('ticket input: pasted commands, files, standard input, and too much of it', async () => {
  assert.deepEqual(dropPastedCommand(['ferry', 'receive', 'T', 'D']), ['T', 'D'])
  assert.deepEqual(dropPastedCommand(['T', 'receive']), ['T', 'receive'])
  const file = join(folder, 'ticket.txt')
  writeFileSync(file, 'x'.repeat(5000))
  for (const [args, stdin] of [
    [['receive', file], ''],
    [['receive', '-'], 'x'.repeat(5000)],
  ] as const) {
    const { code, err } = await ferry([...args], { stdin })
    assert.equal(code, 2)
    assert.match(err, /more than 4096 bytes/)
  }
})

test('doctor: every check, as text and as JSON', async () => {
  const text = await ferry(['doctor', '--no-dht', '--listen', '127.0.0.1:0'])
  for (const name of ['node', 'store', 'identity', 'space', 'listen', 'addresses', 'discovery', 'clock']) {
    assert.match(text.out, new RegExp(`^. ${name} `, 'm'))
  }
  assert.equal(text.code, 0, text.out)
  const { out } = await ferry(['doctor', '--json', '--listen', 'nonsense::1:1:1'])
  const lines = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; name?: string; state?: string; exitCode?: number })
  assert.equal(lines.find((line) => line.name === 'listen')?.state, 'failed')
  assert.equal(lines.at(-1)?.type, 'summary')
  assert.equal(lines.at(-1)?.exitCode, 1)
})

test('completion: scripts that their shells accept', async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, out } = await ferry(['completion', shell])
    assert.equal(code, 0)
    assert.match(out, /overwrite/)
    const check = spawnSync(shell, ['-n'], { input: out })
    // zsh and fish are not on every machine.
    if (check.error === undefined) assert.equal(check.status, 0, check.stderr.toString())
  }
})

test('main: version and help load nothing else; an old Node is refused in plain words', () => {
  const main = resolve(import.meta.dirname, '..', '..', 'src', 'cli', 'main.js')
  const trace = (args: string[]): { out: string; loaded: string } => {
    const { stdout, stderr } = spawnSync(process.execPath, [main, ...args], {
      env: { ...process.env, NODE_DEBUG: 'esm' },
      encoding: 'utf8',
    })
    return { out: stdout, loaded: stderr }
  }
  for (const args of [['--version'], ['--help']]) {
    const { out, loaded } = trace(args)
    assert.ok(out.length > 0)
    assert.doesNotMatch(loaded, /commander|run\.js/)
  }
  const old = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `Object.defineProperty(process.versions, 'node', { value: '20.19.0' }); process.argv = ['', '', 'share']; await import(${JSON.stringify(main)})`,
    ],
    { encoding: 'utf8' },
  )
  assert.equal(old.status, 2)
  assert.match(old.stderr, /^ferry: Node\.js 24 or newer is needed, this is 20\.19\.0\n {2}hint: /)
})
