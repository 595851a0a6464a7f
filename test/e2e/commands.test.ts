/** The smaller commands, output for scripts, and every command line that the README shows. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import {
  commandsInMarkdown,
  parseJsonLines,
  projectFolder,
  runFerry,
  startFerry,
  startShare,
} from '../support/ferry.ts'
import { setStage } from '../support/journey.ts'
import { controlCharacter, describeExit } from '../support/process.ts'
import { createRandomBytes } from '../support/random-files.ts'

test('--version, --help, and no arguments', async () => {
  await using stage = setStage()
  const options = { home: stage.senderHome }
  const manifest = JSON.parse(readFileSync(join(projectFolder, 'package.json'), 'utf8')) as {
    version: string
  }
  const version = await runFerry(['--version'], options)
  assert.equal(version.stdout.trim().split(' ').at(-1), manifest.version)
  for (const args of [['--help'], ['share', '--help'], ['receive', '--help'], ['help', 'exit-codes']]) {
    const help = await runFerry(args, options)
    assert.equal(help.code, 0, describeExit(help))
    assert.match(help.stdout, /\S/)
    assert.ok(
      help.stdout.split('\n').every((line) => line.length <= 80),
      `${args.join(' ')} fits 80 columns`,
    )
  }
})

test('a file goes from standard input to standard output', async () => {
  await using stage = setStage()
  const content = createRandomBytes('stdin')(3_000_000)
  await using share = startFerry(['share', '--no-dht', '--name', 'piped.bin', '-'], {
    home: stage.senderHome,
    input: content,
  })
  const ticket = (await share.waitFor(/(ferry1[a-z0-9]+)\s*\n/))[1] as string
  const pieces: Buffer[] = []
  const receive = await runFerry(['receive', '--no-dht', '--stdout', ticket], {
    home: stage.receiverHome,
    onStdout: (bytes) => pieces.push(bytes),
  })
  assert.equal(receive.code, 0, describeExit(receive))
  assert.ok(Buffer.concat(pieces).equals(content))
})

test('ls, verify and --only', async () => {
  await using stage = setStage()
  stage.write('data/a.txt', 'aa')
  stage.write('data/sub/b.txt', 'bbb')
  stage.write('data/sub/new\nline \u001b[31m', '')
  await using share = await stage.share(['data'])
  const options = { home: stage.receiverHome }
  const ls = await runFerry(['ls', share.ticket], options)
  assert.equal(ls.code, 0, describeExit(ls))
  assert.match(ls.stdout, /a\.txt/)
  assert.match(ls.stdout, /sub\/b\.txt|b\.txt/)
  assert.doesNotMatch(ls.stdout, controlCharacter, 'names from outside are escaped')

  await stage.mustReceive(share.ticket, ['--only', '**/*.txt'])
  const verify = async () => await runFerry(['verify', stage.into, share.ticket], options)
  const incomplete = await verify()
  assert.equal(incomplete.code, 6, describeExit(incomplete))
  await stage.mustReceive(share.ticket)
  const complete = await verify()
  assert.equal(complete.code, 0, describeExit(complete))
  writeFileSync(stage.at('into', 'data', 'a.txt'), 'ab')
  const changed = await verify()
  assert.equal(changed.code, 6, describeExit(changed))
  assert.match(changed.stdout + changed.stderr, /a\.txt/)
})

test('store info, gc and verify; doctor', async () => {
  await using stage = setStage()
  stage.write('a.txt', 'a')
  await stage.ticketOf(['a.txt'])
  for (const args of [
    ['store', 'info'],
    ['store', 'verify'],
    ['store', 'gc'],
    ['doctor', '--no-dht'],
  ]) {
    const exit = await runFerry(args, { home: stage.senderHome })
    assert.equal(exit.code, 0, `${args.join(' ')}: ${describeExit(exit)}`)
    assert.match(exit.stdout + exit.stderr, /\S/)
  }
})

test('--json writes nothing but lines of schema 1, ending with a summary', async () => {
  await using stage = setStage()
  stage.write('a.txt', 'a')
  const share = await startShare({
    home: stage.senderHome,
    paths: [stage.at('a.txt')],
    args: ['--json', '--once'],
  })
  const receive = await stage.receive(share.ticket)
  const shared = await share.exit
  for (const exit of [receive, shared]) {
    const lines = parseJsonLines(exit.stdout)
    assert.ok(lines.every((line) => line.v === 1 && typeof line.type === 'string'))
    assert.equal(lines.at(-1)?.type, 'summary', describeExit(exit))
    assert.equal(lines.filter((line) => line.type === 'summary').length, 1)
  }
  assert.ok(parseJsonLines(shared.stdout).some((line) => line.type === 'ticket'))
})

test('standard error of a pipe has no control characters and no colours', async () => {
  await using stage = setStage()
  stage.write('a.txt', 'a')
  await using share = await stage.share(['a.txt'])
  const exit = await stage.receive(share.ticket)
  assert.doesNotMatch(share.stderr + exit.stderr, controlCharacter)
})

test('every command of the README and of the guides is one that ferry knows', async () => {
  await using stage = setStage()
  const commands = ['README.md', 'docs/config.md', 'docs/sync.md', 'docs/daemon.md'].flatMap(
    commandsInMarkdown,
  )
  assert.ok(commands.length >= 15, 'they show commands')
  for (const command of commands) {
    const args = command
      .replace(/^(npx )?ferry /, '')
      .replaceAll(/["']/g, '')
      .split(/\s+/)
    // --help parses everything before it and runs nothing.
    const exit = await runFerry([...args, '--help'], { home: stage.senderHome })
    assert.equal(exit.code, 0, `${command}: ${describeExit(exit)}`)
  }
})

test('the exit codes of the README are those of the help', async () => {
  await using stage = setStage()
  const help = await runFerry(['help', 'exit-codes'], { home: stage.senderHome })
  const readme = readFileSync(join(projectFolder, 'README.md'), 'utf8')
  const rows = [...readme.matchAll(/^\| (\d[\d, ]*) \| (.*) \|$/gm)]
  assert.ok(rows.length >= 12)
  for (const [, code, meaning] of rows) {
    const line = help.stdout.split('\n').find((text) => text.trim().startsWith(`${code} `))
    assert.ok(line?.includes(meaning as string), `${code}: ${meaning}`)
  }
})
