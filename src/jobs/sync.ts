/**
 * The journey of a sync: both places are opened and listed at once → what differs is a plan, made while they are being
 * listed → each file goes as a delta against its old version or whole, only over what was seen there → what the source
 * does not have is deleted last → what is known of the chunks now is kept. Run again after any interruption, it goes on
 * where it was.
 */
import { join } from 'node:path'
import { throwIfCancelled } from '../shared/concurrency.ts'
import { FerryError, toFerryError } from '../shared/errors.ts'
import type { FileChoice } from '../shared/file-choice.ts'
import type { RemoteContext } from '../sync/context.ts'
import { pathOf, type ExecuteRun } from '../sync/execute/execute-run.ts'
import { mayGoAsDelta } from '../sync/execute/find-delta.ts'
import { readAhead } from '../sync/execute/read-ahead.ts'
import { runPlan } from '../sync/execute/run-plan.ts'
import { throttled, withKnown } from '../sync/execute/sync-source.ts'
import type { SyncSettings } from '../sync/options.ts'
import type { PlanFacts, SyncAction } from '../sync/plan-types.ts'
import { createComparison } from '../sync/plan/comparison.ts'
import { createKeeps, watchKeeps, type Keeps } from '../sync/plan/keeps.ts'
import { planSync } from '../sync/plan/plan-sync.ts'
import type { Remote } from '../sync/remote.ts'
import type { ListOptions, ListProblem, SyncEntry } from '../sync/source.ts'
import { openEnds, type Ends } from './sync/open-ends.ts'
import { settingsOf } from './sync/settings.ts'
import { createSyncTally, type SyncTally } from './sync/tally.ts'
import type { SyncOptions, SyncResult } from './sync/types.ts'
import type { JobContext } from './types.ts'

/** Batches of a listing that wait for the other one; each has about a thousand entries. */
const listedAhead = 16
/** Batches of the plan that wait for their turn, so that the totals are known soon. */
const plannedAhead = 64

/**
 * Makes DST hold what SRC holds. Failures of single files are in the result.
 * @throws E_USAGE, E_NOT_FOUND, E_UNREACHABLE, E_PERMISSION, E_NO_SPACE, E_CANCELLED; E_CONFLICT with `failOnConflict`,
 * or when an empty source would empty the destination
 */
export async function runSync(
  from: string,
  to: string,
  options: SyncOptions,
  context: JobContext,
): Promise<SyncResult> {
  const { progress, throttle } = context
  progress.phase('connect')
  const given = settingsOf(options)
  await using stack = new AsyncDisposableStack()
  // What fails in the middle stops everything that is under way before the places are closed.
  const ending = new AbortController()
  const signal = AbortSignal.any([context.signal, ending.signal])
  stack.defer(() => ending.abort())
  const remoteContext = remoteContextOf({ ...context, signal }, options)
  const ends = await openEnds(from, to, options, {
    ...context,
    signal,
    remoteContext,
    settings: given,
    stack,
  })
  const { remote, index } = ends
  const settings = { ...given, wholeFile: given.wholeFile ?? ends.areLocal }
  progress.name(`${ends.source.url} → ${remote.url}`)
  options.onMeaning?.(ends.meaning)
  const tally = createSyncTally(progress, settings, options, {
    meaning: ends.meaning,
    mayGoAsDelta: (action) => mayGoAsDelta({ remote, settings }, action),
  })

  const abortedUploads = options.abortStale ? await abortStale(remote, settings, signal) : 0
  progress.phase('scan')
  const { source, existing, facts } = startListings(ends, settings, tally, signal)
  const chosen = onlyChosen(planSync(source, existing, settings, facts), context.files)
  const plan = readAhead(tally.watch(chosen), plannedAhead)
  const comparison = createComparison(settings, facts)
  const run: ExecuteRun = {
    source: throttled(ends.source, throttle),
    remote,
    settings,
    signal,
    files: context.files,
    progress,
    index,
    decide: comparison.decide,
    onDecided: tally.decided,
    onDone: tally.done,
    onLeftOut: tally.leftOut,
    onMoving: tally.moving,
    onFailed: tally.failed,
  }
  try {
    // An empty source folder makes an empty destination.
    if (ends.isMissing && !settings.dryRun && !settings.existing)
      await remote.caps.makeFolder?.('', { signal })
    await runPlan(plan, run)
  } finally {
    await plan.return()
    // What was sent is sent, also when this ends in the middle.
    if (!settings.dryRun) await index?.save()
  }
  throwIfCancelled(signal)
  const result = tally.result()
  // Thanks are not owed: a peer that has gone by now does not matter.
  if (result.failed.count === 0 && !settings.dryRun && context.files.isWhole)
    await ends.finished?.().catch(() => undefined)
  return { from: ends.source.url, to: remote.url, ...result, abortedUploads }
}

/** What is deleted with all that is in it must be chosen itself. */
async function* onlyChosen(
  plan: AsyncIterable<readonly SyncAction[]>,
  files: FileChoice,
): AsyncGenerator<readonly SyncAction[]> {
  for await (const actions of plan)
    yield actions.filter((action) => {
      const path = pathOf(action)
      if (path === undefined) return files.isWhole
      return action.kind === 'delete' ? files.isChosenWhole(path) : files.isChosen(path)
    })
}

function remoteContextOf(
  { signal, progress, tools, parts }: JobContext,
  { ask }: SyncOptions,
): RemoteContext {
  return {
    signal,
    warn: (message) => progress.warn(message),
    pool: tools.pool,
    store: tools.store,
    stateDirectory: join(tools.directory, 'sync'),
    env: process.env,
    ask,
    parts,
  }
}

interface Listings {
  readonly source: AsyncIterable<readonly SyncEntry[]>
  readonly existing: AsyncIterable<readonly SyncEntry[]>
  readonly facts: PlanFacts
}

/** Both are read from now on, whichever of the two the plan waits for. */
function startListings(ends: Ends, settings: SyncSettings, tally: SyncTally, signal: AbortSignal): Listings {
  const { remote, under, leftOut, tops } = ends
  let problems = 0
  const keeps = createKeeps(settings, 'source')
  const watched = watchKeeps(createKeeps(settings, 'destination'))
  const common: Omit<ListOptions, 'keeps' | 'onProblem'> = {
    signal,
    recursive: settings.recursive || settings.filesFrom !== undefined,
    oneFileSystem: settings.oneFileSystem,
  }
  const onProblem = ({ path, error }: ListProblem): void => {
    problems++
    tally.failed(path, error)
  }
  const inSource: Keeps =
    leftOut === undefined ? keeps : (path, isFolder) => path !== leftOut && keeps(path, isFolder)
  const source = ends.source.list({ ...common, onProblem, keeps: inSource, followLinks: settings.copyLinks })
  const isMeant = (path: string): boolean => {
    if (tops && !tops.has(path.split('/', 1)[0] as string)) return false
    return (
      under === undefined || path === under || path.startsWith(`${under}/`) || under.startsWith(`${path}/`)
    )
  }
  const inDestination: Keeps = (path, isFolder) => isMeant(path) && watched.keeps(path, isFolder)
  const existing = ends.isMissing
    ? nothing()
    : ends.isSingle && under !== undefined
      ? onlyThere(remote, under, signal)
      : remote.list({ ...common, onProblem, keeps: inDestination, under })
  const facts: PlanFacts = {
    modes: remote.caps.modes,
    timeStepNs: remote.caps.timeStepNs,
    links: remote.caps.writeLink !== undefined,
    folders: remote.caps.makeFolder !== undefined,
    newModeMask: 0o777 & ~process.umask(),
    ...(ends.top && { top: ends.top }),
    problems: () => problems,
    holdsExcluded: watched.holdsExcluded,
  }
  return {
    source: readAhead(source, listedAhead),
    existing: readAhead(known(existing, ends), listedAhead),
    facts,
  }
}

async function* known(
  listing: AsyncIterable<readonly SyncEntry[]>,
  { index }: Ends,
): AsyncGenerator<readonly SyncEntry[]> {
  for await (const batch of listing) yield withKnown(batch, index)
}

async function* nothing(): AsyncGenerator<readonly SyncEntry[]> {
  // A destination that is not there has nothing in it.
}

async function* onlyThere(
  remote: Remote,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<readonly SyncEntry[]> {
  const entry = await remote.stat(path, { signal })
  if (entry) yield [entry]
}

/** @throws E_USAGE where nothing tells of interrupted uploads */
async function abortStale(remote: Remote, { dryRun }: SyncSettings, signal: AbortSignal): Promise<number> {
  if (!remote.abandoned)
    throw new FerryError('E_USAGE', `Cannot look for abandoned uploads: ${remote.url} has none`, {
      hint: 'leave out --abort-stale',
    })
  const uploads = await remote.abandoned({ signal })
  for (const upload of dryRun ? [] : uploads) {
    throwIfCancelled(signal)
    try {
      await upload.remove()
    } catch (error) {
      throw toFerryError(error, `Cannot throw away the upload of "${upload.path}"`)
    }
  }
  return uploads.length
}
