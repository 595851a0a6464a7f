/**
 * Two sorted listings, read in lock step, become a stream of actions. Memory does not grow with their length: only
 * deletions are kept until the end, packed.
 */
import { FerryError } from '../../shared/errors.ts'
import { compareUtf8 } from '../../shared/paths.ts'
import type { DeleteAction, PlanFacts, SyncAction } from '../plan-types.ts'
import type { SyncEntry } from '../source.ts'
import { backupPath, isBackupName } from './backup-path.ts'
import { createComparison } from './comparison.ts'
import { createListedNames } from './files-from.ts'
import { compileRules } from './filter-rules.ts'
import { firstDeletions } from './first-deletions.ts'
import { openCursor } from './listing-cursor.ts'
import { createLockStep, type Cleared, type PlanSettings } from './lock-step.ts'

/** Actions of a batch, about. */
const batchActions = 1024

/**
 * Both listings are begun at once. They were asked for with the `keeps` of `createKeeps`, `facts.holdsExcluded` watching
 * that of the destination.
 * @throws E_IO when a listing is not sorted; E_CONFLICT when an empty source would empty the destination; E_USAGE when a
 * rule or a listed name cannot be used; and what the listings throw
 */
export async function* planSync(
  source: AsyncIterable<readonly SyncEntry[]>,
  existing: AsyncIterable<readonly SyncEntry[]>,
  settings: PlanSettings,
  facts: PlanFacts,
): AsyncGenerator<readonly SyncAction[], void, undefined> {
  const { filesFrom, maxDelete, recursive } = settings
  const listed = filesFrom && createListedNames(filesFrom, recursive)
  const judge = compileRules(settings.rules)
  const comparison = createComparison(settings, facts)
  /** Listed names that have not come yet. */
  const missing = new Set(listed?.names)
  let batch: SyncAction[] = []
  let deleted = 0

  const take = (): SyncAction[] => {
    const taken = batch
    batch = []
    return taken
  }

  const deletion = (entry: SyncEntry, first: boolean): DeleteAction => ({
    kind: 'delete',
    existing: entry,
    // A backup is not backed up again.
    backup: isBackupName(entry.path, settings) ? undefined : backupPath(entry, settings),
    first,
  })

  /** What may still be deleted of `count`. */
  const allowed = (count: number): number =>
    maxDelete === undefined ? count : Math.min(count, Math.max(0, maxDelete - deleted))

  /**
   * Whatever else a listing could not tell, the source has something else at this path: problems do not keep these
   * deletions back.
   */
  function* makeWay({ action, deletions, stays }: Cleared): Generator<SyncAction[]> {
    const { count } = deletions
    const deletes = settings.delete && allowed(count) === count
    if (deletes && count > 0) {
      yield take()
      for (const entries of deletions.reversed()) yield entries.map((entry) => deletion(entry, true))
      deleted += count
    }
    if (stays || (count > 0 && !deletes)) {
      const what = action.kind === 'link' ? 'symlink' : 'regular file'
      const reason = `could not make way for new ${what} "${action.entry.path}": the folder there is not empty`
      batch.push({ kind: 'skip', entry: action.entry, reason, told: 'always', failed: true })
    } else batch.push(action)
  }

  if (facts.top !== undefined && (listed === undefined || missing.delete(''))) {
    const action = comparison.decide(facts.top.source, facts.top.existing)
    if (action.kind === 'skip' || facts.folders) batch.push(action)
    if (action.kind === 'skip') {
      yield take()
      return
    }
  }

  const tell = (action: SyncAction): void => void batch.push(action)
  const steps = createLockStep(settings, facts, { comparison, judge, listed, tell })
  const left = openCursor(source, 'the source')
  const right = openCursor(existing, 'the destination')
  let sourceIsEmpty = true
  try {
    await Promise.all([left.fill(), right.fill()])
    while (left.entry !== undefined || right.entry !== undefined) {
      const order =
        left.entry === undefined ? 1 : right.entry === undefined ? -1 : compareUtf8(left.key, right.key)
      const cleared = steps.arrive(order <= 0 ? left.key : right.key)
      if (cleared) yield* makeWay(cleared)
      const { entry } = left
      const other = right.entry
      if (order <= 0 && entry !== undefined) {
        sourceIsEmpty = false
        if (missing.size > 0) missing.delete(entry.path)
        if (order === 0 && other !== undefined) steps.both(entry, other)
        else steps.onlySource(entry)
        if (!left.step()) await left.fill()
      } else if (other !== undefined) steps.onlyExisting(other)
      if (order >= 0 && !right.step()) await right.fill()
      if (batch.length >= batchActions) yield take()
    }
  } finally {
    await Promise.all([left.close(), right.close()])
  }
  const cleared = steps.arrive('')
  if (cleared) yield* makeWay(cleared)
  // What a rule excludes is not looked for.
  for (const path of missing)
    if (judge(path, false) !== 'exclude' && judge(path, true) !== 'exclude')
      batch.push({ kind: 'missing', path })
  yield take()

  const { count } = steps.deletions
  if (count === 0) return
  if (facts.problems() > 0) {
    yield [{ kind: 'withheld', why: 'problems', count }]
    return
  }
  if (sourceIsEmpty && maxDelete === undefined)
    throw new FerryError(
      'E_CONFLICT',
      'Cannot delete everything in the destination: there is nothing in the source',
      { hint: 'check the source; if this is wanted, give --max-delete with the number of files to delete' },
    )
  const most = allowed(count)
  if (most === count) {
    for (const entries of steps.deletions.reversed()) yield entries.map((entry) => deletion(entry, false))
    return
  }
  const first = most === 0 ? [] : firstDeletions(steps.deletions, most)
  for (let at = 0; at < first.length; at += batchActions)
    yield first.slice(at, at + batchActions).map((entry) => deletion(entry, false))
  yield [{ kind: 'withheld', why: 'limit', count: count - most }]
}
