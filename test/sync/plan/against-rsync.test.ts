/** rsync is the oracle: a plan, itemised, is what `rsync -n -i` says, for each option and for pairs of them. */
import assert from 'node:assert/strict'
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { constantFrom, sample, shuffledSubarray, tuple } from 'fast-check'
import { mapBounded } from '../../../src/shared/concurrency.ts'
import type { SyncSettings } from '../../../src/sync/options.ts'
import type { PlanFacts, SkipAction, SyncAction } from '../../../src/sync/plan-types.ts'
import { itemizeLine, nameLine } from '../../../src/sync/plan/itemize.ts'
import { createKeeps, type Keeps, watchKeeps } from '../../../src/sync/plan/keeps.ts'
import { planSync } from '../../../src/sync/plan/plan-sync.ts'
import { entryOf, listFolder } from '../../support/list-folder.ts'
import { runProcess } from '../../support/process.ts'
import { requireServer } from '../../support/servers.ts'
import {
  backups,
  bases,
  comparisons,
  deletions,
  filters,
  noOptions,
  type SyncCase,
} from '../../support/sync-cases.ts'
import { makeSyncTrees } from '../../support/sync-trees.ts'
import { temporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts'

const skip = requireServer('rsync')
const seeds = [4, 6]

interface Said {
  /** Sorted lines of `-i`, and what is passed over. */
  readonly lines: readonly string[]
  /** Paths that could not be made. */
  readonly failed: readonly string[]
  /** Folders that are not empty were to be deleted. A dry run of rsync counts them as deleted. */
  readonly foundFull: boolean
}

async function askRsync(args: readonly string[], source: string, destination: string): Promise<Said> {
  const exit = await runProcess('rsync', ['-n', '-8', ...args, source, destination], {
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  })
  assert.ok([0, 23, 25].includes(exit.code ?? -1), exit.stderr)
  const lines = exit.stdout.split('\n').filter((line) => line !== '')
  // A dry run says that such a folder is deleted where the real run finds it full.
  const full = new Set(
    [...exit.stdout.matchAll(/^cannot delete non-empty directory: (.*)$/gm)].map(
      ([, path]) => `*deleting   ${path}/`,
    ),
  )
  const failed = [...exit.stderr.matchAll(/^could not make way for new [a-z ]+: (.*)$/gm)]
  return {
    lines: lines
      .filter((line) => /^([<>ch.][fdLDS].{9} |\*deleting |skipping )/.test(line) && !full.has(line))
      .sort(),
    failed: failed.map(([, path]) => path as string).sort(),
    foundFull: full.size > 0,
  }
}

/** What the executor does with `-c`: looks at the content. */
function afterComparing(action: SyncAction, source: string, destination: string): SyncAction {
  if (action.kind !== 'compare') return action
  const same = readFileSync(join(source, action.entry.path)).equals(
    readFileSync(join(destination, action.existing.path)),
  )
  return same ? action.equal : action.different
}

async function plan(settings: SyncSettings, source: string, destination: string): Promise<SyncAction[]> {
  const keeps = createKeeps(settings)
  const watched = watchKeeps(keeps)
  let problems = 0
  const facts: PlanFacts = {
    modes: true,
    timeStepNs: 1n,
    links: true,
    folders: true,
    newModeMask: 0o777 & ~process.umask(),
    top: { source: entryOf(source, ''), existing: entryOf(destination, '') },
    problems: () => problems,
    holdsExcluded: watched.holdsExcluded,
  }
  const batches = planSync(
    listFolder(source, { keeps, followLinks: settings.copyLinks, onProblem: () => void problems++ }),
    listFolder(destination, { keeps: watched.keeps }),
    settings,
    facts,
  )
  const actions: SyncAction[] = []
  for await (const batch of batches)
    actions.push(...batch.map((action) => afterComparing(action, source, destination)))
  return actions
}

function say(
  actions: readonly SyncAction[],
  line: (action: SyncAction) => string | undefined,
): Omit<Said, 'foundFull'> {
  const lines: string[] = []
  const failed: string[] = []
  for (const action of actions) {
    const text = line(action)
    if (text !== undefined) lines.push(text)
    if (action.kind === 'skip' && action.failed) failed.push(action.entry.path)
    else if (action.kind === 'skip' && action.told === 'always') lines.push(action.reason)
  }
  return { lines: lines.sort(), failed: failed.sort() }
}

function makesWay(action: SyncAction): boolean {
  return (action.kind === 'delete' && action.first) || (action.kind === 'skip' && action.failed)
}

/** `--ignore-existing`, and a folder has to go where a file or link is: rsync goes on, through a link even. */
function isFolderOverFile(action: SyncAction): action is SkipAction {
  return action.kind === 'skip' && action.entry.kind === 'directory' && action.told === 'verbose'
}

function combine(...cases: readonly SyncCase[]): SyncCase {
  return {
    args: cases.flatMap(({ args }) => args),
    settings: Object.assign({}, ...cases.map(({ settings }) => settings)) as Partial<SyncSettings>,
  }
}

function makeTrees(folder: TemporaryFolder, seed: number): { source: string; destination: string } {
  const source = folder.at(`source-${seed}`)
  const destination = folder.at(`destination-${seed}`)
  mkdirSync(source)
  makeSyncTrees(seed, source, destination)
  return { source, destination }
}

/**
 * Where the source has something, and the destination something of another kind that a rule excludes: rsync replaces it,
 * ferry does not see it, and does not touch it.
 */
function hiddenKinds(keeps: Keeps, source: string, destination: string): string[] {
  const hidden: string[] = []
  for (const path of readdirSync(destination, { recursive: true, encoding: 'utf8' })) {
    const isFolder = lstatSync(join(destination, path)).isDirectory()
    if (keeps(path, isFolder)) continue
    if (!existsSync(join(source, path))) continue
    const other = lstatSync(join(source, path))
    if (other.isDirectory() !== isFolder) hidden.push(path)
  }
  return hidden
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
      const actions = await plan(full, source, destination)
      // What makes way is deleted at once, so that under a limit other things are left than with rsync.
      if ((full.maxDelete ?? 1000) < 1000 && (expected.foundFull || actions.some(makesWay))) return
      // rsync deletes as it goes, until it meets a problem; ferry deletes nothing then.
      const isWithheld = actions.some((action) => action.kind === 'withheld' && action.why === 'problems')
      const actual = say(actions, (action) => itemizeLine(action, full, verbosity === '-ii'))
      const disputed = [
        ...hiddenKinds(createKeeps(full), source, destination),
        ...(full.ignoreExisting ? actions.filter(isFolderOverFile) : []).map(({ entry }) => entry.path),
      ]
      const settled = (line: string): boolean =>
        !(isWithheld && line.startsWith('*')) && !disputed.some((path) => line.includes(path))
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
  const names = (await plan(full, source, destination)).map(nameLine).filter((line) => line !== undefined)
  assert.deepEqual(names.sort(), said.filter((line) => !/^(skipping|cannot) /.test(line)).sort())
})
