/** Counts what a sync plans and does, tells it as progress and to whoever listens, and sums it up in the result. */
import type { ProgressSink, SyncCounts } from '../../progress/events.ts'
import { maxFailuresKept } from '../../progress/events.ts'
import { FerryError, toFerryError } from '../../shared/errors.ts'
import { quoteName } from '../../shared/terminal-text.ts'
import type { Outcome } from '../../sync/execute/execute-run.ts'
import type { SyncSettings } from '../../sync/options.ts'
import type { SyncAction, WriteAction } from '../../sync/plan-types.ts'
import { itemizeLine, nameLine } from '../../sync/plan/itemize.ts'
import { reportError } from '../job.ts'
import type { ItemFailure } from '../types.ts'
import type { SyncChange, SyncOptions, SyncPlan, SyncResult } from './types.ts'

export interface SyncTally {
  /** Counts the plan on its way to those who carry it out. */
  watch(plan: AsyncIterable<readonly SyncAction[]>): AsyncGenerator<readonly SyncAction[]>
  decided(action: SyncAction): void
  done(action: SyncAction, outcome: Outcome): void
  /** The user has left it out. */
  leftOut(action: SyncAction): void
  /** See `ExecuteRun.onMoving`. */
  moving(before: Outcome, now: Outcome): void
  failed(path: string, error: unknown): void
  result(): Omit<SyncResult, 'from' | 'to' | 'abortedUploads'>
}

type Counts = { -readonly [Key in keyof SyncCounts]: number }

const noCounts = (): Counts => ({ new: 0, changed: 0, attributes: 0, same: 0, delete: 0, skipped: 0 })

export interface TallyFacts {
  readonly meaning: string
  mayGoAsDelta(action: WriteAction): boolean
}

export function createSyncTally(
  progress: ProgressSink,
  settings: SyncSettings,
  { onChange, onPlan, tellAll = false }: Pick<SyncOptions, 'onChange' | 'onPlan' | 'tellAll'>,
  { meaning, mayGoAsDelta }: TallyFacts,
): SyncTally {
  const planned = noCounts()
  const done = noCounts()
  const writing = { files: 0, bytes: 0 }
  /** Of these: files of which only what differs may be sent. */
  let deltaBytes = 0
  /** Of files under way. */
  const moving = { sent: 0, copied: 0 }
  const bytes = { written: 0, sent: 0, copied: 0, saved: 0 }
  const source = { files: 0, bytes: 0 }
  const failures: ItemFailure[] = []
  let failed = 0
  let changedMeanwhile = 0
  let keptByMaxDelete = 0
  /** Actions whose kind depends on a closer look. */
  let undecided = 0
  let isWhole = false
  let isPlanTold = false

  const plan = (): SyncPlan => ({
    counts: { ...planned },
    bytes: writing.bytes,
    deltaBytes,
    meaning,
  })

  function tell(): void {
    const isFinal = isWhole && undecided === 0
    progress.totals({ ...writing, final: isFinal })
    tellBytes(isFinal)
    if (!isFinal || isPlanTold) return
    isPlanTold = true
    onPlan?.(plan())
  }

  function tellBytes(isFinal: boolean): void {
    progress.sync({
      plan: { ...planned },
      planned: isFinal,
      sentBytes: bytes.sent + moving.sent,
      copiedBytes: bytes.copied + moving.copied,
      savedBytes: bytes.saved + moving.copied,
      ...(settings.dryRun && { dryRun: true }),
    })
  }

  function count(action: SyncAction): void {
    if (action.kind === 'describe' || action.kind === 'compare') undecided++
    else {
      const key = countOf(action)
      if (key) planned[key]++
      if (action.kind === 'write') {
        writing.files++
        writing.bytes += action.entry.size
        if (mayGoAsDelta(action)) deltaBytes += action.entry.size
      }
    }
  }

  return {
    async *watch(actions) {
      for await (const batch of actions) {
        if (!isWhole && planned.new + planned.changed + planned.same === 0) progress.phase('compare')
        for (const action of batch) {
          count(action)
          if ('entry' in action && action.entry.kind === 'file') {
            source.files++
            source.bytes += action.entry.size
          }
        }
        tell()
        yield batch
      }
      isWhole = true
      if (!settings.dryRun && writing.files > 0) progress.phase('upload')
      tell()
    },
    decided(action): void {
      undecided--
      count(action)
      tell()
    },
    done(action, outcome): void {
      const key = countOf(action)
      if (key) done[key]++
      if (action.kind === 'withheld') {
        if (action.why === 'limit') keptByMaxDelete += action.count
        else progress.warn(`Nothing was deleted: ${problemsText(failed)}`)
        return
      }
      if (action.kind === 'missing') {
        fail(
          action.path,
          new FerryError('E_NOT_FOUND', `Cannot find ${quoteName(action.path)} in the source`),
        )
        return
      }
      if (action.kind === 'skip') tellSkip(action)
      if (action.kind === 'write') {
        bytes.written += action.entry.size
        bytes.sent += outcome.sentBytes
        bytes.copied += outcome.copiedBytes
        bytes.saved += Math.max(0, action.entry.size - outcome.sentBytes)
      }
      if (action.kind !== 'same') tell()
      if (onChange && (tellAll || (action.kind !== 'same' && action.kind !== 'skip')))
        onChange(changeOf(action, outcome, settings))
    },
    leftOut(action): void {
      if (action.kind === 'describe' || action.kind === 'compare') undecided--
      done.skipped++
      tell()
    },
    moving(before, now): void {
      moving.sent += now.sentBytes - before.sentBytes
      moving.copied += now.copiedBytes - before.copiedBytes
      tellBytes(isWhole && undecided === 0)
    },
    failed: fail,
    result: () => ({
      dryRun: settings.dryRun,
      plan: plan(),
      done: { ...done },
      bytes: { ...bytes },
      source: { ...source },
      failed: { count: failed, first: failures },
      changedMeanwhile,
      keptByMaxDelete,
    }),
  }

  function tellSkip(action: SyncAction & { readonly kind: 'skip' }): void {
    if (action.failed) fail(action.entry.path, new FerryError('E_CONFLICT', action.reason))
    else if (action.told === 'always') progress.warn(action.reason)
  }

  function fail(path: string, caught: unknown): void {
    const error = reportError(toFerryError(caught, `Cannot sync ${quoteName(path)}`))
    failed++
    if (error.code === 'E_CHANGED') changedMeanwhile++
    if (failures.length < maxFailuresKept) failures.push({ path, error })
    progress.failItem(path, error)
  }
}

const problemsText = (count: number): string =>
  count === 1 ? 'one name could not be listed' : `${count} names could not be listed`

function countOf(action: SyncAction): keyof Counts | undefined {
  const { kind } = action
  if (kind === 'write' || kind === 'link' || kind === 'folder')
    return action.existing || action.inTheWay ? 'changed' : 'new'
  if (kind === 'attributes' || kind === 'same' || kind === 'delete') return kind
  return kind === 'skip' ? 'skipped' : undefined
}

type Told = Exclude<SyncAction, { kind: 'withheld' | 'missing' | 'describe' | 'compare' }>

function changeOf(action: SyncAction, outcome: Outcome, settings: SyncSettings): SyncChange {
  const told = action as Told
  const entry = told.kind === 'delete' ? told.existing : told.entry
  const { target } = entry
  return {
    path: entry.path,
    kind: told.kind,
    isFolder: entry.kind === 'directory',
    isNew: countOf(told) === 'new',
    line: itemizeLine(told, settings, true),
    nameLine: nameLine(told),
    ...(target !== undefined && told.kind !== 'delete' && { target }),
    size: entry.size,
    sentBytes: outcome.sentBytes,
    copiedBytes: outcome.copiedBytes,
    ...(told.kind === 'skip' && { reason: told.reason }),
  }
}
