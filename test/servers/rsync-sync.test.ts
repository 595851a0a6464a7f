/**
 * The same sync by rsync and by ferry, on copies of one tree: afterwards both hold the same, and both have said the same
 * lines, for every option that concerns the result and for pairs of them.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { constantFrom, sample, shuffledSubarray, tuple } from 'fast-check'
import { createFerry } from '../../src/index.ts'
import type { SyncSettings } from '../../src/sync/options.ts'
import { listTree } from '../support/listing.ts'
import { disputesOf, planFolders } from '../support/plan-against-rsync.ts'
import { runProcess } from '../support/process.ts'
import { requireServer } from '../support/servers.ts'
import {
  backups,
  bases,
  combine,
  comparisons,
  deletions,
  filters,
  noOptions,
  type SyncCase,
} from '../support/sync-cases.ts'
import { makeSyncTrees } from '../support/sync-trees.ts'
import { mountTmpfs, tmpfsSkipReason } from '../support/tmpfs.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const skip = requireServer('rsync')

const keptIn = '.kept'

/** Everything in a tree as text, one line a path. Times of this test's own run are all the same: now. */
function describeTree(root: string, startNs: bigint, { backupDir }: SyncSettings): string[] {
  return [...listTree(root)].map(([path, { kind, mode, mtimeNs, size, hash, target }]) => {
    // rsync gives folders of backups the modes of their originals, and does not set the time of the top back.
    const isLoose = backupDir !== undefined && kind === 'directory' && /^\.($|kept)/.test(path)
    const time = isLoose ? '' : mtimeNs >= startNs ? 'now' : String(mtimeNs)
    const bits = kind === 'symlink' || isLoose ? '' : mode.toString(8)
    return [path, kind, bits, time, size, hash?.slice(0, 8), target].join(' ')
  })
}

function onlyIn(a: readonly string[], b: readonly string[]): string[] {
  const known = new Set(b)
  return a.filter((line) => !known.has(line))
}

/** All differences of all cases are told at once. */
async function compareAll(cases: readonly SyncCase[], seed: number): Promise<void> {
  await using folder = temporaryFolder()
  const source = folder.at('source')
  const original = folder.at('original')
  mkdirSync(source)
  makeSyncTrees(seed, source, original)
  await using ferry = createFerry({ directory: folder.at('ferry') })
  // Copies made from now on have older times.
  const startNs = BigInt(Date.now()) * 1_000_000n
  const wrong: string[] = []
  let compared = 0
  for (const [index, { args, settings }] of cases.entries()) {
    const full: SyncSettings = { ...noOptions, ...settings }
    const { paths, deletions: differ } = disputesOf(
      full,
      source,
      original,
      await planFolders(full, source, original),
    )
    if (differ || paths.length > 0) continue
    compared++
    const [theirs, ours] = ['theirs', 'ours'].map((name) => folder.at(String(index), name)) as [
      string,
      string,
    ]
    mkdirSync(folder.at(String(index)))
    for (const copy of [theirs, ours]) assert.equal(spawnSync('cp', ['-a', original, copy]).status, 0)
    const title = `rsync ${args.join(' ')}`

    const exit = await runProcess('rsync', ['-i', '-8', ...args, `${source}/`, theirs], {
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    })
    const theirLines = exit.stdout
      .split('\n')
      .filter((line) => /^([<>ch.][fdLDS].{9} |\*deleting )/.test(line))
    const lines: string[] = []
    const result = await ferry.sync(`${source}/`, ours, {
      ...full,
      onChange: ({ line }) => {
        if (line !== undefined) lines.push(line)
      },
    }).result
    wrong.push(
      ...onlyIn(theirLines, lines).map((line) => `${title}: lacks "${line}"`),
      ...onlyIn(lines, theirLines).map((line) => `${title}: says "${line}"`),
    )
    const [rsynced, ferried] = [describeTree(theirs, startNs, full), describeTree(ours, startNs, full)]
    wrong.push(
      ...onlyIn(rsynced, ferried).map((line) => `${title}: should be ${line}`),
      ...onlyIn(ferried, rsynced).map((line) => `${title}: is        ${line}`),
    )
    const code = result.failed.count > 0 ? 23 : result.keptByMaxDelete > 0 ? 25 : 0
    if (exit.code !== code)
      wrong.push(`${title}: rsync exits with ${exit.code}, ferry has ${code}: ${exit.stderr}`)
  }
  assert.deepEqual(wrong, [])
  assert.ok(compared * 2 >= cases.length, `only ${compared} of ${cases.length} cases could be compared`)
}

const usual = bases[0] as SyncCase

/** Beside its original only, or in a folder of the destination. */
const keptBackups: readonly SyncCase[] = [
  ...backups.filter(({ settings }) => settings.backupDir === undefined),
  {
    args: ['-b', `--backup-dir=${keptIn}`, '--suffix=.old'],
    settings: { backup: true, backupDir: keptIn, suffix: '.old' },
  },
]

test('ferry sync: every way of preserving gives what rsync gives', { skip }, async () => {
  await compareAll(bases, 21)
})

test('ferry sync: every option alone gives what it gives with rsync', { skip }, async () => {
  await compareAll(
    [...comparisons, ...deletions, ...keptBackups, ...filters].map((one) => combine(usual, one)),
    22,
  )
})

test('ferry sync: pairs of options give what they give with rsync', { skip }, async () => {
  const pair = tuple(
    constantFrom(...bases),
    shuffledSubarray([comparisons, deletions, keptBackups, filters, comparisons], {
      minLength: 2,
      maxLength: 2,
    }).chain((groups) => tuple(...groups.map((group) => constantFrom(...group)))),
  )
  const cases = sample(pair, { seed: 118, numRuns: 40 })
    .map(([base, options]) => combine(base, ...options))
    .filter(({ settings }) => settings.recursive === true || settings.delete !== true)
  await compareAll(cases, 23)
})

test('ferry sync: --files-from gives what it gives with rsync', { skip }, async () => {
  await using lists = temporaryFolder()
  const list = lists.at('list')
  const names = ['sub/alpha.txt', 'build', 'x/', 'keep me', 'not there', 'beta.o']
  writeFileSync(list, `${names.join('\n')}\n`)
  const { args, settings } = usual
  const withoutRecursion = args.map((arg) => arg.replace('r', ''))
  const withRecursion = args
  await compareAll(
    [
      {
        args: [...withoutRecursion, `--files-from=${list}`],
        settings: { ...settings, recursive: false, filesFrom: names },
      },
      {
        args: [...withRecursion, `--files-from=${list}`, '--delete'],
        settings: { ...settings, recursive: true, filesFrom: names, delete: true },
      },
    ],
    24,
  )
})

test('ferry sync: -x goes into no other file system, as rsync', {
  skip: skip || tmpfsSkipReason,
}, async () => {
  await using folder = temporaryFolder()
  const write = (...names: string[]): void => {
    mkdirSync(folder.at(...names.slice(0, -1)), { recursive: true })
    writeFileSync(folder.at(...names), 'content')
  }
  write('source', 'a', 'b')
  using mounted = mountTmpfs(folder.at('source', 'mounted'), 1 << 20)
  writeFileSync(join(mounted.path, 'inside'), 'not taken')
  for (const path of ['a', 'mounted', '.'])
    utimesSync(folder.at('source', path), 1_600_000_000, 1_600_000_000)
  for (const copy of ['theirs', 'ours']) write(copy, 'mounted', 'old')
  const { args, settings } = combine(usual, {
    args: ['-x', '--delete'],
    settings: { delete: true, oneFileSystem: true },
  })
  const startNs = BigInt(Date.now()) * 1_000_000n
  const exit = await runProcess('rsync', ['-i', ...args, `${folder.at('source')}/`, folder.at('theirs')])
  assert.equal(exit.code, 0, exit.stderr)
  const full: SyncSettings = { ...noOptions, ...settings }
  await using ferry = createFerry({ directory: folder.at('ferry') })
  const lines: string[] = []
  await ferry.sync(`${folder.at('source')}/`, folder.at('ours'), {
    ...full,
    onChange: ({ line }) => void (line !== undefined && lines.push(line)),
  }).result
  assert.deepEqual(lines.sort(), exit.stdout.split('\n').filter(Boolean).sort())
  assert.deepEqual(
    describeTree(folder.at('ours'), startNs, full),
    describeTree(folder.at('theirs'), startNs, full),
  )
})
