/**
 * The state of one job's progress: everything that is reported goes in through `sink`, pictures of it come out. All of
 * it runs on the main thread (workers report through messages), so that every sum is exact without a lock. Memory is
 * bounded by what is under way, not by what is done.
 */
import type {
  ItemEvent,
  ItemProgress,
  JobKind,
  PeerProgress,
  Phase,
  ProgressSink,
  ReportedError,
  Snapshot,
  SyncProgress,
} from './events.ts'
import { maxFailuresKept } from './events.ts'
import { createPeerTable } from './peer-table.ts'
import type { RateMeter } from './rate.ts'
import { createRateMeter } from './rate.ts'
import { createPace } from './pace.ts'
import type { Clock } from '../shared/clock.ts'
import { createLimiter, systemClock } from './limiter.ts'
import type { SnapshotSource } from './snapshot-source.ts'
import { createSnapshotFeed } from './snapshot-source.ts'
import { describe, stepOf } from './steps.ts'

export interface TrackerOptions {
  readonly id: string
  readonly kind: JobKind
  readonly name: string
  readonly clock?: Clock
  /** Milliseconds since 1970, for display only. */
  readonly wallClock?: () => number
  readonly onItem?: ((item: ItemEvent) => void) | undefined
  /** Tell `onItem` of small files that end in batches, too. */
  readonly everyItem?: boolean | undefined
  readonly onWarning?: ((message: string) => void) | undefined
}

export type Outcome =
  | { readonly state: 'done' }
  | { readonly state: 'failed' | 'cancelled'; readonly error: ReportedError }

export interface Tracker {
  readonly sink: ProgressSink
  readonly snapshots: SnapshotSource
  /** Items under way; 0 after `finalize`. */
  readonly size: number
  /** Held back by the user: it counts as waiting, and its speed is none. */
  setPaused(isPaused: boolean): void
  /** Ends the job's progress: drops what was under way and tells every reader the terminal picture. Later reports are ignored. */
  finalize(outcome: Outcome): void
}

/** Items shown as active; more are never under way at once. */
const maxActiveShown = 64
/** Speed of a single file, over a shorter time than the job's. */
const itemRateWindowMs = 5000
const maxWarningsKept = 100

interface LiveItem {
  readonly path: string
  readonly total: number
  readonly meter: RateMeter
  /** False for a step before the job's own files. */
  readonly counts: boolean
  phase: Phase
  /** Bytes in the present phase. */
  phaseBytes: number
  /** The furthest that any phase came. */
  best: number
}

/**
 * How far a file is when several passes over it report on their own (reading and hashing, fetching and writing): as far
 * as the one that is furthest, never beyond the whole.
 */
export function combinedBytes(passes: readonly number[], totalBytes: number): number {
  return Math.min(Math.max(0, ...passes), totalBytes)
}

/** A file that was under way when the user stopped the job has not failed: it goes on with the next run. */
function isStop(error: ReportedError): boolean {
  return error.code === 'E_CANCELLED'
}

export function createTracker(options: TrackerOptions): Tracker {
  const { id, kind, clock = systemClock, wallClock = Date.now } = options
  const startMs = clock.now()
  const startedAtMs = wallClock()
  const live = new Set<LiveItem>()
  const peers = createPeerTable()
  const totals = { files: 0, bytes: 0, final: false }
  /** `unmoved`: of what was skipped; it is done with, but has not come. */
  const done = { files: 0, had: 0, failed: 0, bytes: 0, reused: 0, unmoved: 0 }
  const failures: { readonly path: string; readonly error: ReportedError }[] = []
  const warnings: string[] = []
  let name = options.name
  let phase: Phase = 'queued'
  let message: string | undefined
  let outcome: Outcome | undefined
  let isPaused = false
  let percent = 0
  let shownBytes = 0
  let lastMoveMs = startMs
  const pace = createPace(startMs)
  let last: Snapshot | undefined
  let sync: SyncProgress | undefined

  const feed = createSnapshotFeed(() => take())
  const limiter = createLimiter(() => feed.emit(), clock)

  function doneBytes(): number {
    let bytes = done.bytes
    for (const item of live) if (item.counts) bytes += item.best
    // A file that failed takes its part back, but what was shown never falls.
    shownBytes = Math.max(shownBytes, totals.final ? Math.min(bytes, totals.bytes) : bytes)
    return shownBytes
  }

  function percentNow(bytes: number): number {
    if (outcome?.state === 'done') return 100
    // While the total may still grow a percentage would race ahead and then stand still.
    if (totals.final) {
      const [part, whole] = totals.bytes > 0 ? [bytes, totals.bytes] : [done.files, totals.files]
      if (whole > 0) percent = Math.max(percent, Math.min(99, Math.floor((part / whole) * 100)))
    }
    return percent
  }

  function take(): Snapshot {
    if (last) return last
    const nowMs = clock.now()
    const bytes = doneBytes()
    const moved = movedBytes(bytes)
    const sent = peers.bytes
    const rate = outcome
      ? pace.average(kind === 'share' ? sent : moved, nowMs)
      : isPaused
        ? 0
        : pace.rate(phase === 'serve' ? sent : moved, nowMs)
    const idleMs = nowMs - lastMoveMs
    const guess = totals.final && !outcome && !isPaused
    const state: Snapshot['state'] = outcome?.state ?? (isPaused ? 'paused' : 'running')
    const error = outcome && 'error' in outcome ? outcome.error : undefined
    const facts = { kind, name, phase, state, error: error?.message, isDryRun: sync?.dryRun === true }
    const all = { files: Math.max(totals.files, done.files), bytes: Math.max(totals.bytes, bytes) }
    return {
      id,
      kind,
      name,
      state,
      phase: { done: 'done', running: phase, paused: 'paused', failed: 'failed', cancelled: 'failed' }[
        state
      ] as Phase,
      message: (outcome || isPaused ? undefined : message) ?? describe({ ...facts, ...all }),
      ...stepOf(kind, phase, state),
      totalSteps: 6,
      files: { done: done.files, total: all.files, failed: done.failed, had: done.had, final: totals.final },
      bytes: {
        done: bytes,
        total: all.bytes,
        reused: done.reused,
        transferred: kind === 'share' ? sent : moved,
      },
      percent: percentNow(bytes),
      rate,
      etaSeconds: guess ? pace.etaSeconds(totals.bytes - bytes, rate, nowMs) : undefined,
      idleMs,
      active: [...live].slice(0, maxActiveShown).map((item) => ({
        path: item.path,
        phase: item.phase,
        done: item.phaseBytes,
        total: item.total,
        rate: item.meter.sample(item.phaseBytes, nowMs),
      })),
      failures: [...failures],
      warnings: [...warnings],
      peers: peers.list(nowMs),
      ...(sync && { sync }),
      error,
      startedAtMs,
      atMs: wallClock(),
      elapsedMs: nowMs - startMs,
    }
  }

  /** What was already here is no measure of how fast the rest will come. */
  function movedBytes(bytes: number): number {
    return Math.max(0, bytes - done.reused - done.unmoved)
  }

  function enterPhase(next: Phase): void {
    pace.enter(next, phase === 'serve' ? peers.bytes : movedBytes(doneBytes()), clock.now())
  }

  function recordFailure(path: string, bytes: number, error: ReportedError): void {
    done.failed++
    if (failures.length < maxFailuresKept) failures.push({ path, error })
    options.onItem?.({ path, phase: 'failed', bytes, error })
    limiter.force()
  }

  function begin(path: string, itemPhase: Phase, total: number, counts: boolean): ItemProgress {
    const item: LiveItem = {
      path,
      total,
      counts,
      phase: itemPhase,
      phaseBytes: 0,
      best: 0,
      meter: createRateMeter(0, clock.now(), itemRateWindowMs),
    }
    if (!outcome) live.add(item)
    limiter.changed()
    return {
      bytes(count, nextPhase): void {
        if (!live.has(item)) return
        if (nextPhase) item.phase = nextPhase
        item.phaseBytes = combinedBytes([count], total)
        // What is compared may still have to be fetched: it is movement, and no part of the whole.
        if (item.phase === 'compare') lastMoveMs = clock.now()
        else if (item.phaseBytes > item.best) {
          item.best = combinedBytes([item.best, count], total)
          lastMoveMs = clock.now()
        }
        limiter.changed()
      },
      done(result = {}): void {
        if (!live.delete(item)) return
        lastMoveMs = clock.now()
        if (!counts) return limiter.changed()
        const ended = result.phase ?? 'done'
        done.files++
        done.bytes += total
        done.reused += result.reusedBytes ?? (ended === 'had-it' ? total : 0)
        if (ended === 'skipped') done.unmoved += total - item.best
        if (ended === 'had-it') done.had++
        options.onItem?.({ path, phase: ended, bytes: total })
        limiter.force()
      },
      fail(error): void {
        if (!live.delete(item) || !counts) return
        if (isStop(error)) done.bytes += item.best
        else recordFailure(path, item.best, error)
      },
    }
  }

  const sink: ProgressSink = {
    name(next): void {
      name = next
      limiter.changed()
    },
    phase(next, text): void {
      if (outcome) return
      phase = next
      enterPhase(isPaused ? 'paused' : next)
      message = text
      limiter.changed()
    },
    totals(next): void {
      Object.assign(totals, next)
      limiter.changed()
    },
    beginItem: (path, itemPhase, total) => begin(path, itemPhase, total, true),
    beginStep: (path, itemPhase, total) => begin(path, itemPhase, total, false),
    ...(options.everyItem && options.onItem && { tellItem: options.onItem }),
    addDone(counts): void {
      if (outcome) return
      done.files += counts.files
      done.bytes += counts.bytes
      done.reused += counts.reusedBytes ?? 0
      done.had += counts.hadFiles ?? 0
      done.unmoved += counts.skippedBytes ?? 0
      lastMoveMs = clock.now()
      limiter.changed()
    },
    failItem(path, error): void {
      if (!outcome && !isStop(error)) recordFailure(path, 0, error)
    },
    warn(text): void {
      if (outcome) return
      if (warnings.length < maxWarningsKept) warnings.push(text)
      options.onWarning?.(text)
      limiter.changed()
    },
    peer(next: PeerProgress): void {
      if (outcome) return
      if (peers.put(next, clock.now())) lastMoveMs = clock.now()
      limiter.changed()
    },
    sync(next): void {
      if (outcome) return
      sync = next
      limiter.changed()
    },
  }

  return {
    sink,
    snapshots: feed.source,
    get size(): number {
      return live.size
    },
    setPaused(next): void {
      if (outcome || next === isPaused) return
      isPaused = next
      enterPhase(isPaused ? 'paused' : phase)
      limiter.force()
    },
    finalize(result): void {
      if (outcome) return
      isPaused = false
      // What was under way counts as far as it came, in the last picture too.
      for (const item of live) if (item.counts) done.bytes += item.best
      live.clear()
      outcome = result
      limiter.close()
      last = take()
      feed.end()
    },
  }
}
