/**
 * Carries out a plan while it is still being made: files, links and folders at once, bounded; then what the source does
 * not have is deleted; then folders get their modes and times.
 *
 * Invariant: a deletion begins when everything before it in the plan has ended, and what comes behind deletions that
 * must be `first` begins when these have ended.
 */
import type { ItemProgress } from '../../progress/events.ts'
import { mapBounded } from '../../shared/concurrency.ts'
import { FerryError } from '../../shared/errors.ts'
import type { DeleteAction, FolderAction, LinkAction, SyncAction, WriteAction } from '../plan-types.ts'
import type { SyncEntry } from '../source.ts'
import { hasSameContent } from './compare-content.ts'
import { type ExecuteRun, noBytes, type Outcome, pathOf } from './execute-run.ts'
import { findDelta } from './find-delta.ts'
import { makeWay, moveToBackup } from './make-way.ts'
import { createTouchedFolders, depthOf, type FolderEnd } from './touched-folders.ts'
import { conflictHint, writeFile } from './write-file.ts'

/** Deletions that are sorted by depth before they are made; there may be a million of them in all. */
const deletionsAtOnce = 1000

/** These end the sync, because all others would fail as well. */
const fatalCodes = ['E_CANCELLED', 'E_NO_SPACE', 'E_UNREACHABLE']

/** @throws E_NO_SPACE, E_UNREACHABLE, E_CANCELLED; E_CONFLICT with `failOnConflict`; what the plan throws */
export async function runPlan(plan: AsyncIterable<readonly SyncAction[]>, run: ExecuteRun): Promise<void> {
  const { settings, signal, remote, progress } = run
  const limit = settings.jobs ?? remote.caps.concurrency
  const folders = createTouchedFolders()
  const lanes = { limit, signal }
  let isDeleting = false
  for await (const step of stepsOf(plan, folders.enter, (action) => run.onDone(action, noBytes))) {
    if (step.kind === 'deletions') {
      if (!isDeleting && step.isLast) progress.phase('delete')
      isDeleting = step.isLast
      await deleteAll(run, step.deletions, lanes)
    } else await mapBounded(step.actions, async (action) => await carryOut(run, action), lanes)
  }
  if (settings.dryRun) return
  // What is kept beside the data lies in the top folder, and changes its time when it is new there.
  await run.index?.save({ signal })
  await finishFolders(run, folders.take(), lanes)
}

type Step =
  | { readonly kind: 'actions'; readonly actions: AsyncIterable<SyncAction> }
  /** What lies in a folder comes before it. */
  | { readonly kind: 'deletions'; readonly deletions: readonly DeleteAction[]; readonly isLast: boolean }

/** Stretches of the plan of which one begins when the one before has ended. */
async function* stepsOf(
  plan: AsyncIterable<readonly SyncAction[]>,
  enter: (action: SyncAction) => void,
  onIdle: (action: SyncAction) => void,
): AsyncGenerator<Step> {
  const actions = flatten(plan)
  let next = await actions.next()
  try {
    while (!next.done) {
      if (next.value.kind === 'delete') {
        const deletions: DeleteAction[] = []
        const { first } = next.value
        for (; deletions.length < deletionsAtOnce; next = await actions.next()) {
          if (next.done || next.value.kind !== 'delete' || next.value.first !== first) break
          enter(next.value)
          deletions.push(next.value)
        }
        yield { kind: 'deletions', deletions, isLast: !first }
        continue
      }
      yield {
        kind: 'actions',
        actions: (async function* untilDeletion() {
          for (; !next.done && next.value.kind !== 'delete'; next = await actions.next()) {
            const action = next.value
            enter(action)
            if (isIdle(action)) onIdle(action)
            else yield action
            // What comes to lie in it needs the folder: the file in its place must be gone.
            if (action.kind === 'folder' && action.inTheWay !== undefined) {
              next = await actions.next()
              return
            }
          }
        })(),
      }
    }
  } finally {
    await actions.return(undefined)
  }
}

/** Most of a plan, usually: it takes no lane. */
function isIdle(action: SyncAction): boolean {
  if (action.kind === 'same') return action.entry.kind === 'directory' || isEmpty(action.attributes)
  return action.kind === 'skip' || action.kind === 'withheld' || action.kind === 'missing'
}

async function* flatten(plan: AsyncIterable<readonly SyncAction[]>): AsyncGenerator<SyncAction, void> {
  for await (const batch of plan) yield* batch
}

async function carryOut(run: ExecuteRun, action: SyncAction): Promise<void> {
  const path = pathOf(action) ?? ''
  const { files, progress } = run
  if (files?.isLeftOut(path)) return passOver(run, action)
  using watch = files?.watch([path], run.signal)
  let current = action
  let item: ItemProgress | undefined
  const watched: ExecuteRun = watch
    ? {
        ...run,
        signal: watch.signal,
        onDecided: (next) => run.onDecided((current = next)),
        progress: { ...progress, beginItem: (...of) => (item = progress.beginItem(...of)) },
      }
    : run
  try {
    await carryOutOne(watched, action)
  } catch (error) {
    if (watch?.isLeftOut) return passOver(run, current, item)
    if (run.signal.aborted || isFatal(error)) throw error
    run.onFailed(path, error)
  }
}

/** The user has left it out, `item`: while it was under way. */
function passOver(run: ExecuteRun, action: SyncAction, item?: ItemProgress): void {
  if (action.kind === 'write') {
    const { path, size } = action.entry
    ;(item ?? run.progress.beginItem(path, 'queued', size)).done({ phase: 'skipped' })
  }
  run.onLeftOut?.(action)
}

function isFatal(error: unknown): boolean {
  return error instanceof FerryError && (fatalCodes.includes(error.code) || error.hint === conflictHint)
}

async function carryOutOne(run: ExecuteRun, action: SyncAction): Promise<void> {
  const { dryRun } = run.settings
  if (action.kind === 'describe' || action.kind === 'compare') {
    const next = await lookCloser(run, action)
    run.onDecided(next)
    return await carryOutOne(run, next)
  }
  if (action.kind === 'write')
    return run.onDone(action, await (dryRun ? estimate(run, action) : writeFile(run, action)))
  if (!dryRun) {
    if (action.kind === 'folder') await makeFolder(run, action)
    if (action.kind === 'link') await writeLink(run, action)
    if (action.kind === 'attributes' || action.kind === 'same') await setAttributes(run, action)
  }
  run.onDone(action, noBytes)
}

/** What the listings could not tell is looked at, and the action chosen that follows from it. */
async function lookCloser(
  run: ExecuteRun,
  action: Extract<SyncAction, { kind: 'describe' | 'compare' }>,
): Promise<SyncAction> {
  const { entry, existing } = action
  if (action.kind === 'compare')
    return (await hasSameContent(run, entry, existing)) ? action.equal : action.different
  const { source, remote, signal, index } = run
  const [ours, theirs] = await Promise.all([
    entry.mtimeNs === undefined ? source.describe?.(entry, { signal }) : undefined,
    existing.mtimeNs === undefined ? remote.caps.describe?.(existing, { signal }) : undefined,
  ])
  if (theirs) await index?.put(theirs, undefined, { signal })
  const next = run.decide(ours ?? entry, theirs ?? existing, true)
  return next.kind === 'compare' ? await lookCloser(run, next) : next
}

/** What a file would take, without writing it. */
async function estimate(run: ExecuteRun, action: WriteAction): Promise<Outcome> {
  const { entry, existing } = action
  const whole = { sentBytes: entry.size, copiedBytes: 0 }
  if (!existing) return whole
  await using content = await run.source.open(entry, { signal: run.signal })
  const delta = await findDelta(run, content, action)
  if (!delta) return whole
  const sentBytes = run.remote.caps.assembledBytes?.(existing, delta.segments) ?? delta.dataBytes
  return { sentBytes, copiedBytes: entry.size - sentBytes }
}

async function makeFolder(run: ExecuteRun, { entry, inTheWay, backup }: FolderAction): Promise<void> {
  const { remote, signal } = run
  if (inTheWay && backup !== undefined) await moveToBackup(run, inTheWay, backup)
  else if (inTheWay) await remote.remove(inTheWay, { signal })
  await remote.caps.makeFolder?.(entry.path, { signal })
}

async function writeLink(run: ExecuteRun, action: LinkAction): Promise<void> {
  const { remote, signal } = run
  const { entry, attributes } = action
  const { writeLink: write } = remote.caps
  if (!write) throw new FerryError('E_USAGE', `Cannot keep the link "${entry.path}" in ${remote.url}`)
  const { expect, keeping } = await makeWay(run, action)
  await keeping(async () => await write(entry.path, entry.target ?? '', { attributes, expect, signal }))
}

async function setAttributes(
  run: ExecuteRun,
  action: Extract<SyncAction, { kind: 'attributes' | 'same' }>,
): Promise<void> {
  const { remote, signal, index } = run
  const { existing, attributes } = action
  // A folder gets its own when all that is in it is there.
  if (existing.kind === 'directory' || isEmpty(attributes)) return
  const version = await remote.caps.setAttributes?.(existing, attributes, { signal })
  if (version === undefined || !index) return
  const list = await index.chunks(existing, { signal })
  await index.put({ ...existing, ...attributes, version }, list, { signal })
}

const isEmpty = ({ mode, mtimeNs }: FolderEnd['attributes']): boolean =>
  mode === undefined && mtimeNs === undefined

interface Lanes {
  readonly limit: number
  readonly signal: AbortSignal
}

/** Files first, then folders from the deepest up. */
async function deleteAll(run: ExecuteRun, deletions: readonly DeleteAction[], lanes: Lanes): Promise<void> {
  const byDepth = Map.groupBy(deletions, ({ existing: { kind, path } }) =>
    kind === 'directory' ? depthOf(path) : Number.POSITIVE_INFINITY,
  )
  for (const [, level] of [...byDepth].toSorted(([a], [b]) => b - a))
    await mapBounded(level, async (action) => await remove(run, action), lanes)
}

async function remove(run: ExecuteRun, action: DeleteAction): Promise<void> {
  const { remote, settings, signal, progress } = run
  const { existing, backup } = action
  if (run.files?.isLeftOut(existing.path)) return run.onLeftOut?.(action)
  try {
    if (!settings.dryRun) {
      if (backup === undefined) await remote.remove(existing, { signal })
      else await moveToBackup(run, existing, backup)
      run.index?.remove(existing.path)
    }
    run.onDone(action, noBytes)
  } catch (error) {
    if (signal.aborted || isFatal(error)) throw error
    // As with rsync: what was excluded, or has come meanwhile, keeps its folder.
    if (existing.kind === 'directory' && error instanceof FerryError && error.code === 'E_CONFLICT')
      progress.warn(`cannot delete non-empty folder: ${existing.path}`)
    else run.onFailed(existing.path, error)
  }
}

async function finishFolders(run: ExecuteRun, folders: readonly FolderEnd[], lanes: Lanes): Promise<void> {
  const { remote, signal } = run
  const { setAttributes: set } = remote.caps
  if (!set) return
  async function finish({ path, attributes }: FolderEnd): Promise<void> {
    try {
      if (isEmpty(attributes)) return
      const now: SyncEntry | undefined = await remote.stat(path, { signal })
      // One that could not be made was told already.
      if (now?.kind === 'directory') await set?.(now, attributes, { signal })
    } catch (error) {
      if (signal.aborted || isFatal(error)) throw error
      run.onFailed(path, error)
    }
  }
  for (const [, level] of Map.groupBy(folders, ({ path }) => depthOf(path)))
    await mapBounded(level, finish, lanes)
}
