/** rsync is the oracle: a plan, itemised, is what `rsync -n -i` says, for each option and for pairs of them. */
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import test from 'node:test'
import { constantFrom, sample, shuffledSubarray, tuple } from 'fast-check'
import { mapBounded } from '../../src/shared/concurrency.ts'
import type { SyncSettings } from '../../src/sync/options.ts'
import { nameLine } from '../../src/sync/plan/itemize.ts'
import { askRsync, disputesOf, linesOf, planFolders } from '../support/plan-against-rsync.ts'
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
import { temporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts'

const skip = requireServer('rsync')
const seeds = [4, 6]

function makeTrees(folder: TemporaryFolder, seed: number): { source: string; destination: string } {
  const source = folder.at(`source-${seed}`)
  const destination = folder.at(`destination-${seed}`)
  mkdirSync(source)
  makeSyncTrees(seed, source, destination)
  return { source, destination }
}

/** Each case with each seed; all differences are told at once. */
async function compareAll(
  cases: readonly SyncCase[],
  withSeeds: readonly number[],
  verbosity = '-i',
): Promise<void> {
  await using folder = temporaryFolder()
  const trees = withSeeds.map((seed) => ({ seed, ...makeTrees(folder, seed) }))
  const wrong: string[] = []
  const runs = trees.flatMap((tree) => cases.map((one) => ({ ...tree, ...one })))
  await mapBounded(
    runs,
    async ({ seed, source, destination, args, settings }) => {
      const full: SyncSettings = { ...noOptions, ...settings }
      const expected = await askRsync([verbosity, ...args], `${source}/`, `${destination}/`)
      const actions = await planFolders(full, source, destination)
      // In a dry run rsync counts what it will not be able to delete.
      if ((full.maxDelete ?? 1000) < 1000 && expected.foundFull) return
      const { paths, deletions: deletionsDiffer } = disputesOf(full, source, destination, actions)
      const actual = linesOf(actions, full, verbosity === '-ii')
      const settled = (line: string): boolean =>
        !(deletionsDiffer && line.startsWith('*')) && !paths.some((path) => line.includes(path))
      if (full.maxDelete !== undefined && deletionsDiffer) return
      const title = `seed ${seed}: rsync ${args.join(' ')}`
      if (expected.lines.length === 0) wrong.push(`${title}: rsync says nothing`)
      wrong.push(
        ...expected.lines
          .filter((line) => settled(line) && !actual.lines.includes(line))
          .map((line) => `${title}: lacks "${line}"`),
        ...actual.lines
          .filter((line) => settled(line) && !expected.lines.includes(line))
          .map((line) => `${title}: has "${line}"`),
      )
      if (actual.lines.filter(settled).length !== expected.lines.filter(settled).length)
        wrong.push(`${title}: another number of lines`)
      if (actual.failed.join('\n') !== expected.failed.join('\n'))
        wrong.push(`${title}: fails ${actual.failed.join(', ')}, not ${expected.failed.join(', ')}`)
    },
    { limit: 3 },
  )
  assert.deepEqual(wrong, [])
}

const alone = [...comparisons, ...deletions, ...backups, ...filters]
const usual = bases[0] as SyncCase

test('planSync: says what rsync says, for every way of preserving', { skip }, async () => {
  await compareAll(bases, seeds)
  await compareAll(bases, seeds.slice(0, 1), '-ii')
})

test('planSync: says what rsync says, for every option alone', { skip }, async () => {
  await compareAll(
    alone.map((one) => combine(usual, one)),
    seeds,
  )
})

test('planSync: says what rsync says, for pairs of options', { skip }, async () => {
  const pair = tuple(
    constantFrom(...bases),
    shuffledSubarray([comparisons, deletions, backups, filters, comparisons], {
      minLength: 2,
      maxLength: 3,
    }).chain((groups) => tuple(...groups.map((group) => constantFrom(...group)))),
  )
  const cases = sample(pair, { seed: 20_261_121, numRuns: 40 })
    .map(([base, options]) => combine(base, ...options))
    .filter(({ settings }) => settings.recursive === true || settings.delete !== true)
  await compareAll(cases, seeds)
})

test('nameLine: the list of -v is that of rsync', { skip }, async () => {
  await using folder = temporaryFolder()
  const { source, destination } = makeTrees(folder, 7)
  const { args, settings } = combine(usual, deletions[0] as SyncCase)
  const full: SyncSettings = { ...noOptions, ...settings }
  const exit = await runProcess('rsync', ['-n', '-v', '-8', ...args, `${source}/`, `${destination}/`])
  const said = exit.stdout.split('\n').slice(1, -4)
  const names = (await planFolders(full, source, destination))
    .map(nameLine)
    .filter((line) => line !== undefined)
  assert.deepEqual(names.sort(), said.filter((line) => !/^(skipping|cannot) /.test(line)).sort())
})
