/** rsync as the oracle of plans: what it would do, in lines, and what a plan of the same says. */
import assert from 'node:assert/strict'
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SyncSettings } from '../../src/sync/options.ts'
import { itemizeLine } from '../../src/sync/plan/itemize.ts'
import { createKeeps, type Keeps, watchKeeps } from '../../src/sync/plan/keeps.ts'
import { planSync } from '../../src/sync/plan/plan-sync.ts'
import type { PlanFacts, SkipAction, SyncAction } from '../../src/sync/plan-types.ts'
import { entryOf, listFolder } from './list-folder.ts'
import { runProcess } from './process.ts'

export interface Said {
  /** Sorted lines of `-i`, and what is passed over. */
  readonly lines: readonly string[]
  /** Paths that could not be made. */
  readonly failed: readonly string[]
  /** Folders that are not empty were to be deleted. A dry run of rsync counts them as deleted. */
  readonly foundFull: boolean
  readonly stderr: string
}

/** A dry run. `args` has `-i` or `-ii`. */
export async function askRsync(args: readonly string[], source: string, destination: string): Promise<Said> {
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
    stderr: exit.stderr,
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

export interface PlanLines {
  readonly lines: readonly string[]
  readonly failed: readonly string[]
  /** Names of `--files-from` that are not there. */
  readonly missing: readonly string[]
}

/** The plan for what is in `source`, as it is carried out: with `-c`, contents are compared. */
export async function planFolders(
  settings: SyncSettings,
  source: string,
  destination: string,
): Promise<SyncAction[]> {
  const keeps = createKeeps(settings, 'source')
  const watched = watchKeeps(createKeeps(settings, 'destination'))
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

/** The lines of `-i`, or of `-ii` with `all`. */
export function linesOf(actions: readonly SyncAction[], settings: SyncSettings, all = false): PlanLines {
  const lines: string[] = []
  const failed: string[] = []
  const missing: string[] = []
  for (const action of actions) {
    const text = itemizeLine(action, settings, all)
    if (text !== undefined) lines.push(text)
    if (action.kind === 'missing') missing.push(action.path)
    if (action.kind === 'skip' && action.failed) failed.push(action.entry.path)
    else if (action.kind === 'skip' && action.told === 'always') lines.push(action.reason)
  }
  return { lines: lines.sort(), failed: failed.sort(), missing }
}

/** A limit counts deletions in their order, and what makes way is deleted at once. */
function makesWay(action: SyncAction): boolean {
  return (action.kind === 'delete' && action.first) || (action.kind === 'skip' && action.failed)
}

/** `--ignore-existing`, and a folder has to go where a file or link is: rsync goes on, through a link even. */
function isFolderOverFile(action: SyncAction): action is SkipAction {
  return action.kind === 'skip' && action.entry.kind === 'directory' && action.told === 'verbose'
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

export interface Disputes {
  /** What is done at these paths, and below, is another thing on purpose. */
  readonly paths: readonly string[]
  /** What is deleted is not what rsync deletes. */
  readonly deletions: boolean
}

/** Where ferry does not do what rsync does (docs/decisions/015-plan.md). */
export function disputesOf(
  settings: SyncSettings,
  source: string,
  destination: string,
  actions: readonly SyncAction[],
): Disputes {
  return {
    paths: [
      ...hiddenKinds(createKeeps(settings, 'destination'), source, destination),
      ...(settings.ignoreExisting ? actions.filter(isFolderOverFile).map(({ entry }) => entry.path) : []),
    ],
    deletions:
      // rsync deletes as it goes, until it meets a problem; ferry deletes nothing then.
      actions.some((action) => action.kind === 'withheld' && action.why === 'problems') ||
      ((settings.maxDelete ?? 1000) < 1000 && actions.some(makesWay)),
  }
}
