/** `ferry sync` from folder to folder with real processes: what arrives, what is said, what is never done. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { parseJsonLines, runFerry, startFerry } from '../support/ferry.ts'
import { setStage, type Stage } from '../support/journey.ts'
import { differences, listTree } from '../support/listing.ts'
import { compareUtf8 } from '../../src/shared/paths.ts'
import { controlCharacter, describeExit, type Exit, type RunningProcess } from '../support/process.ts'
import { writeRandomFile } from '../support/random-files.ts'
import { mountTmpfs, tmpfsSkipReason } from '../support/tmpfs.ts'
import { makeZoo } from '../support/zoo.ts'

async function sync(stage: Stage, ...args: readonly string[]): Promise<Exit> {
  return await runFerry(['sync', ...args], { home: stage.senderHome, cwd: stage.path })
}

async function mustSync(stage: Stage, ...args: readonly string[]): Promise<Exit> {
  const exit = await sync(stage, ...args)
  assert.equal(exit.code, 0, describeExit(exit))
  return exit
}

interface SyncSummary {
  readonly exitCode: number
  readonly bytes: { readonly sent: number; readonly saved: number }
  readonly done: Readonly<Record<string, number>>
}

function summaryOf(exit: Exit): SyncSummary {
  const last = parseJsonLines(exit.stdout).at(-1)
  assert.equal(last?.type, 'summary', describeExit(exit))
  return last as unknown as SyncSummary
}

test('the zoo arrives equal, and a second run sends nothing and changes nothing', async () => {
  await using stage = setStage()
  makeZoo(stage.at('zoo'))
  await mustSync(stage, '-a', 'zoo/', 'copy')
  assert.deepEqual(differences(listTree(stage.at('zoo')), listTree(stage.at('copy'))), [])
  const again = summaryOf(await mustSync(stage, '-a', '--json', 'zoo/', 'copy'))
  assert.equal(again.bytes.sent, 0)
  assert.deepEqual(
    Object.entries(again.done).filter(([key, count]) => key !== 'same' && count > 0),
    [],
  )
})

test('a dry run writes nothing, says what the slash means, and tells the bytes to the byte', async () => {
  await using stage = setStage()
  stage.write('src/a', 'a'.repeat(1000))
  stage.write('src/sub/b', 'b'.repeat(234))
  const dry = await mustSync(stage, '-ain', 'src', 'dst')
  assert.ok(!readdirSync(stage.path).includes('dst'))
  assert.match(dry.stderr, /^ {2}Dry run: the folder .* becomes .*dst\/src \(no trailing slash\)$/m)
  const json = summaryOf(await mustSync(stage, '-an', '--json', 'src', 'dst'))
  assert.equal(json.bytes.sent, 1234)
  await mustSync(stage, 'src', 'dst')
  assert.deepEqual(differences(listTree(stage.at('src')), listTree(stage.at('dst', 'src'))), [])
})

const MiB = 1 << 20

/** A sync slow enough to be stopped in the middle; it has sent something when this resolves. */
async function startSlow(stage: Stage): Promise<RunningProcess> {
  const args = ['sync', '-a', '--json', '--bwlimit', '8M', 'src/', 'dst']
  const running = startFerry(args, { home: stage.senderHome, cwd: stage.path })
  await running.waitFor(/"bytes":\{"done":[1-9]\d{6}/)
  return running
}

test('Ctrl-C keeps what was sent, says how to go on, and going on sends only the rest', async () => {
  await using stage = setStage()
  mkdirSync(stage.at('src'))
  writeRandomFile(stage.at('src', 'large.bin'), 24 * MiB, 'stopped')
  await using slow = await startSlow(stage)
  slow.kill('SIGINT')
  const exit = await slow.exit
  assert.equal(exit.code, 130, describeExit(exit))
  assert.ok(!existsSync(stage.at('dst', 'large.bin')), 'nothing half is visible')
  const rest = summaryOf(await mustSync(stage, '-a', '--json', 'src/', 'dst'))
  assert.ok(rest.bytes.sent < 24 * MiB, `${rest.bytes.sent} bytes were sent`)
  assert.deepEqual(differences(listTree(stage.at('src')), listTree(stage.at('dst'))), [])
})

test('Ctrl-C says how far it came and what to do; -P shows progress, --no-progress none', async () => {
  await using stage = setStage()
  mkdirSync(stage.at('src'))
  writeRandomFile(stage.at('src', 'large.bin'), 64 * MiB, 'stopped aloud')
  const args = ['sync', '-aP', '--bwlimit', '8M', '--stats-interval', '1s', 'src/', 'dst']
  await using slow = startFerry(args, { home: stage.senderHome, cwd: stage.path })
  await slow.waitFor(/sync .* [1-9]\d?% /)
  slow.kill('SIGINT')
  const { code, stderr } = await slow.exit
  assert.equal(code, 130)
  assert.match(stderr, /Plan: 2 new, 0 unchanged · 67\.1 MB to send/)
  assert.match(
    stderr,
    /Stopped at \d+%\. [\d.]+ MB was sent and is kept; to go on, run the same command again/,
  )
  const silent = await mustSync(
    stage,
    '-a',
    '--no-progress',
    '--stats-interval',
    '1s',
    '--bwlimit',
    '32M',
    'src/',
    'dst',
  )
  assert.doesNotMatch(silent.stderr, /sync .*%|\d+\/\d+ files/)
})

test('an edited file: the plan says that only what differs is sent, and the sum says how much', async () => {
  await using stage = setStage()
  mkdirSync(stage.at('src'))
  writeRandomFile(stage.at('src', 'large.bin'), 8 * MiB, 'planned')
  const delta = ['-a', '--no-whole-file', '--delta-threshold', '1M', 'src/', 'dst']
  await mustSync(stage, ...delta)
  const content = readFileSync(stage.at('src', 'large.bin'))
  writeFileSync(stage.at('src', 'large.bin'), Buffer.concat([Buffer.from('edited'), content]))
  stage.write('src/new', 'a'.repeat(1000))
  const { stderr } = await mustSync(stage, ...delta)
  assert.match(stderr, /Plan: 1 changed, 1 new, .* · 1\.0 kB and what differs of 8\.4 MB to send/)
  assert.match(stderr, /sent, 8\.\d MB reused \(9\d\.\d% saved\)/)
})

test('kill -9 leaves nothing half, and going on sends only the rest', async () => {
  await using stage = setStage()
  mkdirSync(stage.at('src'))
  writeRandomFile(stage.at('src', 'large.bin'), 24 * MiB, 'killed')
  await using slow = await startSlow(stage)
  slow.kill('SIGKILL')
  await slow.exit
  assert.ok(!existsSync(stage.at('dst', 'large.bin')), 'nothing half is visible')
  const rest = summaryOf(await mustSync(stage, '-a', '--json', 'src/', 'dst'))
  assert.ok(rest.bytes.sent < 24 * MiB, `${rest.bytes.sent} bytes were sent`)
  assert.deepEqual(differences(listTree(stage.at('src')), listTree(stage.at('dst'))), [])
})

test('a full disk is said, keeps what was there, and is no matter once there is room', {
  skip: tmpfsSkipReason,
}, async () => {
  await using stage = setStage()
  mkdirSync(stage.at('src'))
  writeRandomFile(stage.at('src', 'a.bin'), 6 * MiB, 'full')
  using disk = mountTmpfs(stage.at('disk'), 10 * MiB)
  mkdirSync(join(disk.path, 'dst'))
  writeFileSync(join(disk.path, 'dst', 'a.bin'), 'old')
  writeFileSync(join(disk.path, 'ballast'), Buffer.alloc(7 * MiB))
  const full = await sync(stage, '-a', 'src/', 'disk/dst')
  assert.equal(full.code, 7, describeExit(full))
  assert.match(full.stderr, /hint: /)
  assert.equal(readFileSync(join(disk.path, 'dst', 'a.bin'), 'utf8'), 'old')
  rmSync(join(disk.path, 'ballast'))
  await mustSync(stage, '-a', 'src/', 'disk/dst')
  assert.deepEqual(differences(listTree(stage.at('src')), listTree(join(disk.path, 'dst'))), [])
})

test('--delete: never with a missing, empty or partly unreadable source', async () => {
  await using stage = setStage()
  stage.write('dst/a', 'a')
  mkdirSync(stage.at('empty'))
  const missing = await sync(stage, '-a', '--delete', 'nowhere/', 'dst')
  assert.equal(missing.code, 3, describeExit(missing))
  const empty = await sync(stage, '-a', '--delete', 'empty/', 'dst')
  assert.equal(empty.code, 8, describeExit(empty))
  assert.match(empty.stderr, /nothing in the source/)
  stage.write('src/b', 'b')
  // Not valid UTF-8: a name that cannot be told.
  writeFileSync(Buffer.concat([Buffer.from(`${stage.at('src')}/`), Buffer.from([0xff, 0xfe])]), '')
  const partly = await sync(stage, '-a', '--delete', 'src/', 'dst')
  assert.equal(partly.code, 23, describeExit(partly))
  assert.match(partly.stderr, /Nothing was deleted/)
  assert.deepEqual(readdirSync(stage.at('dst')).toSorted(), ['a', 'b'])
})

test('--max-delete: what is above it stays, and the exit code is 25', async () => {
  await using stage = setStage()
  stage.write('src/keep', '')
  for (const name of ['a', 'b', 'c']) stage.write(`dst/${name}`, name)
  const exit = await sync(stage, '-a', '--delete', '--max-delete', '2', 'src/', 'dst')
  assert.equal(exit.code, 25, describeExit(exit))
  assert.equal(readdirSync(stage.at('dst')).length, 2)
})

test('-b and --backup-dir keep what is replaced and deleted', async () => {
  await using stage = setStage()
  stage.write('src/a', 'new content')
  for (const target of ['dst', 'other']) {
    stage.write(`${target}/a`, 'old')
    stage.write(`${target}/gone`, 'gone')
  }
  await mustSync(stage, '-ab', 'src/', 'dst')
  assert.equal(readFileSync(stage.at('dst', 'a~'), 'utf8'), 'old')
  assert.equal(readFileSync(stage.at('dst', 'a'), 'utf8'), 'new content')
  await mustSync(stage, '-a', '--delete', '--backup-dir', 'kept', '--exclude', '/kept', 'src/', 'other')
  assert.equal(readFileSync(stage.at('other', 'kept', 'a'), 'utf8'), 'old')
  assert.equal(readFileSync(stage.at('other', 'kept', 'gone'), 'utf8'), 'gone')
  assert.deepEqual(readdirSync(stage.at('other')).toSorted(), ['a', 'kept'])
})

test('a single file goes into a folder, or gets the name of DST; a folder in itself leaves itself out', async () => {
  await using stage = setStage()
  stage.write('src/a', 'a')
  mkdirSync(stage.at('dst'))
  await mustSync(stage, 'src/a', 'dst')
  await mustSync(stage, 'src/a', 'dst/b')
  assert.deepEqual(readdirSync(stage.at('dst')).toSorted(), ['a', 'b'])
  await mustSync(stage, '-a', 'src', 'src')
  assert.deepEqual(readdirSync(stage.at('src', 'src')), ['a'])
  symlinkSync('src', stage.at('alias'))
  const itself = await sync(stage, '-a', 'src/', 'alias')
  assert.equal(itself.code, 2, describeExit(itself))
  const above = await sync(stage, '-a', '--delete', 'src/src/', 'alias')
  assert.equal(above.code, 2, describeExit(above))
})

test('--json: a plan, an item for each change, and a summary at the end', async () => {
  await using stage = setStage()
  stage.write('src/new\nline', 'abc')
  const lines = parseJsonLines((await mustSync(stage, '-a', '--json', 'src/', 'dst')).stdout)
  assert.ok(lines.every(({ v }) => v === 1))
  const plan = lines.find(({ type }) => type === 'plan')
  assert.deepEqual([plan?.['new'], plan?.['bytes']], [2, 3])
  const items = lines.filter(({ type }) => type === 'item')
  assert.deepEqual(items.map(({ line }) => String(line)).toSorted(compareUtf8), [
    '>f+++++++++ new\nline',
    'cd+++++++++ ./',
  ])
  assert.equal(lines.at(-1)?.type, 'summary')
  const text = await mustSync(stage, '-aii', 'src/', 'dst')
  assert.match(text.stdout, /^\.f {9} ?/m)
  assert.doesNotMatch(text.stdout + text.stderr, controlCharacter)
})

test('options of rsync that are not built are refused by name, and -e says what to do', async () => {
  await using stage = setStage()
  stage.write('src/a', 'a')
  for (const args of [['-H'], ['-z'], ['--inplace'], ['--chmod=u+x'], ['-aH'], ['--link-dest', 'x']]) {
    const exit = await sync(stage, ...args, 'src/', 'dst')
    assert.equal(exit.code, 2, describeExit(exit))
    assert.match(exit.stderr, /not supported yet/)
  }
  const shell = await sync(stage, '-e', 'ssh', 'src/', 'dst')
  assert.equal(shell.code, 2)
  assert.match(shell.stderr, /hint: SFTP is built in/)
  assert.ok(!existsSync(stage.at('dst')))
})

test('--log-file, --stats and --files-from', async () => {
  await using stage = setStage()
  stage.write('src/a', 'a')
  stage.write('src/b', 'b')
  writeFileSync(stage.at('names'), 'a\n')
  const exit = await mustSync(
    stage,
    '-a',
    '--stats',
    '--log-file',
    'log',
    '--files-from',
    'names',
    'src',
    'dst',
  )
  assert.match(exit.stdout, /^Literal data: 1 bytes$/m)
  assert.match(readFileSync(stage.at('log'), 'utf8'), /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[\d+\] >f\+{9} a$/m)
  assert.deepEqual(readdirSync(stage.at('dst')), ['a'])
})
