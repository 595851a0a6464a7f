/**
 * The table of jobs of this computer: starts them, steers them, remembers them. Invariant: what is on disk of a job is at
 * most two seconds older than what is shown, and whole: whenever this process ends, the next one finds every job that had
 * not ended, and can go on with it under the same id.
 */
import type { JobTable } from '../blobs/store/job-table.ts'
import { createMemoryJobs } from '../blobs/store/job-table.ts'
import type { Clock } from '../shared/clock.ts'
import { systemClock } from '../progress/limiter.ts'
import { createTracker } from '../progress/tracker.ts'
import { FerryError, toFerryError } from '../shared/errors.ts'
import type { Engine, HistoryOptions, HistoryRow, JobSpec, JobView } from './engine-types.ts'
import { createChangeFeed } from './engine/change-feed.ts'
import { checkSpec, findTwin } from './engine/check-spec.ts'
import { hasEnded, historyRowOf, restoredEntry, storedOf, viewOf } from './engine/entry.ts'
import type { Entry, Extra } from './engine/entry.ts'
import { discardParts, leavingOut, mustDeletePartial, namedPaths, partsOf } from './engine/single-files.ts'
import { startRun } from './engine/start-run.ts'
import { peerViews, remoteViews, shareViewOf, sumsOf } from './engine/tables.ts'
import type { Ferry } from './ferry.ts'
import type { RemoteDefinition } from './types.ts'
import { createJobId, reportError } from './job.ts'

export interface EngineOptions {
  readonly ferry: Ferry
  /** Where jobs are remembered; default: nowhere but in memory. */
  readonly jobs?: JobTable | undefined
  /** Remotes that a sync may name, as in `box:path`. */
  readonly remotes?: ReadonlyMap<string, RemoteDefinition> | undefined
  /** Shown by `status`. */
  readonly version: string
  readonly clock?: Clock
}

/** A job that has ended is listed for so long; then it is history. */
export const keepEndedMs: number = 10 * 60_000
/** Pictures of running jobs are saved at most so often. */
const saveEveryMs = 2000
const maxHistory = 1000
const defaultHistory = 100

export function createEngine(options: EngineOptions): Engine {
  const { ferry, version, jobs = createMemoryJobs(), clock = systemClock } = options
  const startedAtMs = Date.now()
  const entries = new Map<string, Entry>()
  const forgetting = new Map<string, () => void>()
  let isClosed = false
  const feed = createChangeFeed(
    (id) => {
      const entry = entries.get(id)
      return entry && viewOf(entry)
    },
    () => [...entries.values()].map(look).toReversed(),
    clock,
  )

  /** The picture of this very moment. A run whose last picture is there still holds things: its end is noted later. */
  function refresh(entry: Entry): void {
    const snapshot = entry.job?.progress.current
    if (!snapshot || hasEnded(snapshot.state)) return
    entry.snapshot = snapshot
    entry.state = snapshot.state
  }

  function look(entry: Entry): JobView {
    refresh(entry)
    return viewOf(entry)
  }

  function find(id: string): Entry {
    const entry = entries.get(id) ?? recall(id)
    if (entry) return entry
    throw new FerryError('E_NOT_FOUND', `Cannot find job ${id.slice(0, 40)}: there is none of that id`, {
      hint: 'see them with: ferry status',
    })
  }

  /** Out of memory, but not forgotten. */
  function recall(id: string): Entry | undefined {
    const stored = jobs.get(id)
    return stored && restoredEntry(stored)
  }

  function save(entry: Entry): void {
    entry.savedAtMs = clock.now()
    jobs.put(storedOf(entry))
  }

  /** A full disk must not end what runs; the next picture is tried again. */
  function trySave(entry: Entry): void {
    try {
      save(entry)
    } catch {
      // What was saved before is older, and whole.
    }
  }

  function forgetLater(entry: Entry): void {
    forgetting.get(entry.id)?.()
    forgetting.set(
      entry.id,
      clock.after(keepEndedMs, () => {
        forgetting.delete(entry.id)
        if (!hasEnded(entry.state)) return
        entries.delete(entry.id)
        feed.removed(entry.id)
      }),
    )
  }

  function forget(id: string): void {
    forgetting.get(id)?.()
    forgetting.delete(id)
    entries.delete(id)
    jobs.remove(id)
    feed.removed(id)
  }

  /** Begins a run; the entry is saved before, so that no crash loses it. */
  function run(entry: Entry): void {
    forgetting.get(entry.id)?.()
    forgetting.delete(entry.id)
    entries.set(entry.id, entry)
    entry.attempts++
    entry.startedAtMs = Date.now()
    entry.endedAtMs = undefined
    entry.state = 'running'
    entry.isSuspended = false
    const learn = (extra: Partial<Extra>): void => {
      entry.extra = { ...entry.extra, ...extra }
      if (entry.isSuspended) return
      trySave(entry)
      feed.changed(entry.id)
    }
    // First of all: what is not remembered is not begun.
    save(entry)
    try {
      entry.job = startRun(ferry, entry, learn, options.remotes)
    } catch (error) {
      const failure = toFerryError(error, `Cannot ${entry.spec.kind}`)
      end(entry, { ...entry.snapshot, state: 'failed', phase: 'failed', error: reportError(failure) })
      throw failure
    }
    refresh(entry)
    entry.settled = follow(entry)
    feed.changed(entry.id)
  }

  async function follow(entry: Entry): Promise<void> {
    const job = entry.job as NonNullable<Entry['job']>
    for await (const _ of job.progress) {
      if (entry.isSuspended) continue
      // What is handed over may be a turn older than what the user has done meanwhile.
      refresh(entry)
      if (clock.now() - entry.savedAtMs >= saveEveryMs) trySave(entry)
      feed.changed(entry.id)
    }
    await job.result.catch(() => undefined)
    if (!entry.isSuspended) end(entry, job.progress.current)
    else trySave(entry)
    entry.job = undefined
  }

  function end(entry: Entry, snapshot: JobView['snapshot']): void {
    const state = snapshot.state as HistoryRow['outcome']
    entry.snapshot = snapshot
    entry.state = state
    entry.endedAtMs = Date.now()
    entry.extra = { ...entry.extra, parts: partsOf(entry) }
    entry.job = undefined
    trySave(entry)
    try {
      const row = JSON.stringify(historyRowOf(entry, state))
      jobs.addEnd({ id: entry.id, attempts: entry.attempts, endedAtMs: entry.endedAtMs, row })
    } catch {
      // As above: a row of history is worth less than what is shown now.
    }
    feed.changed(entry.id, viewOf(entry))
    forgetLater(entry)
  }

  function mustBeOpen(): void {
    if (isClosed) throw new FerryError('E_CANCELLED', 'Cannot start a job: ferry is being stopped')
  }

  function restore(): void {
    const nowMs = Date.now()
    for (const stored of jobs.list()) {
      const entry = restoredEntry(stored)
      const isOld = hasEnded(entry.state) && nowMs - (entry.endedAtMs ?? 0) > keepEndedMs
      if (isOld) continue
      entries.set(entry.id, entry)
      if (hasEnded(entry.state)) forgetLater(entry)
    }
  }

  async function stop(entry: Entry): Promise<void> {
    if (entry.job) {
      await entry.job.cancel('Stopped by the user')
      await entry.settled
    } else if (!hasEnded(entry.state)) {
      end(entry, { ...entry.snapshot, state: 'cancelled', phase: 'failed', message: 'Stopped' })
    }
  }

  /** @throws when a part could not be deleted; the others are */
  function discard(entry: Entry): void {
    // A retry has begun meanwhile: what is there is its own.
    if (entry.job) throw conflict(entry, 'delete what has arrived of')
    const { left, error } = discardParts(partsOf(entry))
    entry.extra = { ...entry.extra, parts: left }
    settle(entry)
    if (error !== undefined) throw error
  }

  restore()

  return {
    async start(spec: JobSpec): Promise<JobView> {
      mustBeOpen()
      checkSpec(spec, options.remotes)
      const twin = findTwin(entries.values(), spec)
      if (twin) return look(twin)
      const id = createJobId()
      const nowMs = Date.now()
      const entry: Entry = {
        id,
        spec,
        createdAtMs: nowMs,
        startedAtMs: nowMs,
        endedAtMs: undefined,
        attempts: 0,
        state: 'running',
        snapshot: createTracker({ id, kind: spec.kind, name: '' }).snapshots.current,
        extra: {},
        job: undefined,
        settled: Promise.resolve(),
        isSuspended: false,
        savedAtMs: 0,
      }
      try {
        run(entry)
      } catch (error) {
        forget(id)
        throw error
      }
      return look(entry)
    },
    list: async () => [...entries.values()].map(look).toReversed(),
    get: async (id) => look(find(id)),
    async pause(id): Promise<JobView> {
      const entry = find(id)
      if (entry.state === 'paused') return look(entry)
      if (!entry.job) throw conflict(entry, 'pause')
      entry.job.pause()
      return settle(entry)
    },
    async resume(id): Promise<JobView> {
      mustBeOpen()
      const entry = find(id)
      if (hasEnded(entry.state)) throw conflict(entry, 'resume')
      if (entry.job) entry.job.resume()
      else run(entry)
      return settle(entry)
    },
    async cancel(id, { partial = 'keep' } = {}): Promise<JobView> {
      const entry = find(id)
      if (partial === 'delete') mustDeletePartial(entry, options.remotes)
      await stop(entry)
      if (partial === 'delete') discard(entry)
      return look(entry)
    },
    async retry(id, { paths } = {}): Promise<JobView> {
      mustBeOpen()
      const entry = find(id)
      if (!hasEnded(entry.state)) throw conflict(entry, 'retry')
      const chosen = paths && namedPaths(entry, { paths })
      entry.extra = { ...entry.extra, paths: chosen, leftOut: undefined }
      run(entry)
      return look(entry)
    },
    async cancelFiles(id, selection): Promise<JobView> {
      const entry = find(id)
      if (hasEnded(entry.state)) throw conflict(entry, 'leave files out of')
      const leftOut = leavingOut(entry, selection)
      entry.extra = { ...entry.extra, leftOut }
      entry.job?.leaveOut(leftOut)
      return settle(entry)
    },
    async setLimits(id, limits): Promise<JobView> {
      const entry = find(id)
      if (hasEnded(entry.state)) throw conflict(entry, 'limit')
      const { bytesPerSecond } = limits
      entry.job?.setRate(bytesPerSecond ?? undefined)
      entry.extra = { ...entry.extra, limits: { bytesPerSecond } }
      save(entry)
      feed.changed(id)
      return look(entry)
    },
    async shares() {
      const all = [...entries.values()]
      for (const entry of all) look(entry)
      return all.map(shareViewOf).filter((view) => view !== undefined)
    },
    async removeShare(id): Promise<void> {
      const entry = find(id)
      if (entry.spec.kind !== 'share')
        throw new FerryError('E_NOT_FOUND', `Cannot remove share ${id}: that job is no share`)
      await stop(entry)
      forget(id)
    },
    async peers() {
      for (const entry of entries.values()) look(entry)
      return peerViews(entries.values())
    },
    remotes: async () => remoteViews(options.remotes),
    history: async ({ limit = defaultHistory, beforeMs }: HistoryOptions = {}) =>
      jobs
        .ends(Math.max(1, Math.min(maxHistory, limit)), beforeMs ?? Number.MAX_SAFE_INTEGER)
        .map(({ row }) => JSON.parse(row) as HistoryRow),
    async status() {
      for (const entry of entries.values()) look(entry)
      const peer = await ferry.peer().catch(() => null)
      const { directory } = ferry
      return { version, pid: process.pid, startedAtMs, directory, peer, ...sumsOf(entries.values()) }
    },
    changes: ({ signal } = {}) => feed.read(signal),
    async [Symbol.asyncDispose](): Promise<void> {
      isClosed = true
      for (const cancel of forgetting.values()) cancel()
      const running = [...entries.values()].filter(({ job }) => job !== undefined)
      for (const entry of running) {
        look(entry)
        entry.isSuspended = true
        trySave(entry)
      }
      feed.close()
      await Promise.all(
        running.map(async (entry) => {
          await entry.job?.cancel('Ferry was stopped')
          await entry.settled
        }),
      )
    },
  }

  function settle(entry: Entry): JobView {
    refresh(entry)
    trySave(entry)
    feed.changed(entry.id)
    return viewOf(entry)
  }
}

function conflict({ id, state }: Entry, what: string): FerryError {
  const hint =
    state === 'running' ? 'it runs' : hasEnded(state) ? `run it again with: ferry retry ${id}` : undefined
  return new FerryError('E_CONFLICT', `Cannot ${what} job ${id}: it is ${state}`, { hint })
}

/** Goes on with all jobs that were cut off by the end of an earlier process. Those that cannot have failed. */
export async function resumeInterrupted(engine: Engine): Promise<void> {
  for (const { id, state } of await engine.list())
    if (state === 'interrupted') await engine.resume(id).catch(() => undefined)
}
