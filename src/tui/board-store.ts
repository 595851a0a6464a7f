/**
 * What the screens show, kept up to date: it follows the engine's changes, asks for what they do not tell, and measures.
 * Invariant: changes are noted outside of React, and its readers are told at most once in 100 ms, however many there were.
 */
import type { Engine, EngineStatus, JobView, PeerView, ShareView } from '../jobs/engine-types.ts'
import type { Clock } from '../shared/clock.ts'
import { createLimiter, sampleIntervalMs, systemClock } from '../progress/limiter.ts'
import type { Board, EndedFile, LogEntry, LogLevel, Places, RemoteRow } from './model/board.ts'
import { sumJobs } from './model/sums.ts'
import { endedFiles, logLines } from './watch-jobs.ts'

export interface BoardStoreOptions {
  readonly engine: Engine
  readonly isPrivate: boolean
  readonly places: Places
  readonly remotes: readonly RemoteRow[]
  readonly clock?: Clock
  /** Milliseconds since 1970. */
  readonly wallClock?: () => number
}

export interface BoardStore extends AsyncDisposable {
  /** The same object until something changed. */
  readonly board: Board
  subscribe(listener: () => void): () => void
  log(level: LogLevel, text: string): void
  /** The daemon was lost, or is there again. */
  setLink(link: Board['link']): void
}

/** Speeds are noted, and what changes do not tell is asked for, so often. */
const askEveryMs = 1000
const maxRates = 600
const maxLog = 10_000
/** After the engine's stream of changes has failed for good. */
const retryAfterMs = 2000

export function createBoardStore(options: BoardStoreOptions): BoardStore {
  const { engine, isPrivate, places, remotes, clock = systemClock, wallClock = Date.now } = options
  const jobs = new Map<string, JobView>()
  const ended = new Map<string, readonly EndedFile[]>()
  const listeners = new Set<() => void>()
  const ending = new AbortController()
  const down: number[] = []
  const up: number[] = []
  let log: readonly LogEntry[] = []
  let nextLogId = 1
  let peakDown = 0
  let shares: readonly ShareView[] = []
  let peers: readonly PeerView[] = []
  let status: EngineStatus | undefined
  let link: Board['link'] = 'connecting'
  let board: Board | undefined
  let isAsking = false
  const limiter = createLimiter(
    () => {
      board = undefined
      for (const listener of listeners) listener()
    },
    clock,
    sampleIntervalMs,
  )

  function note(level: LogLevel, text: string): void {
    const entry = { id: nextLogId++, atMs: wallClock(), level, text }
    // Cut now and then, since each cut copies all.
    log = log.length >= maxLog * 1.1 ? [...log.slice(-maxLog), entry] : [...log, entry]
    limiter.changed()
  }

  function take(job: JobView): void {
    const before = jobs.get(job.id)
    ended.set(job.id, endedFiles(before, job, ended.get(job.id) ?? []))
    for (const { level, text } of logLines(before, job)) note(level, text)
    jobs.set(job.id, job)
  }

  async function follow(): Promise<void> {
    while (!ending.signal.aborted) {
      try {
        for await (const change of engine.changes({ signal: ending.signal })) {
          link = 'connected'
          if (change.whole) {
            const there = new Set(change.jobs.map(({ id }) => id))
            for (const id of jobs.keys()) if (!there.has(id)) forget(id)
          }
          // Oldest first, so that the log reads right.
          for (const job of change.jobs.toReversed()) take(job)
          for (const id of change.removed) forget(id)
          limiter.changed()
        }
      } catch (error) {
        if (ending.signal.aborted) return
        note('error', error instanceof Error ? error.message : 'The engine is gone')
      }
      if (ending.signal.aborted) return
      link = 'reconnecting'
      limiter.changed()
      await new Promise<void>((resolve) => {
        const cancel = clock.after(retryAfterMs, resolve)
        ending.signal.addEventListener('abort', () => (cancel(), resolve()), { once: true })
      })
    }
  }

  function forget(id: string): void {
    jobs.delete(id)
    ended.delete(id)
  }

  /** What it cannot answer now it is asked again in a second. */
  async function ask(): Promise<void> {
    if (isAsking) return
    isAsking = true
    try {
      ;[shares, peers, status] = await Promise.all([engine.shares(), engine.peers(), engine.status()])
      limiter.changed()
    } catch {
      // The stream of changes says when the link is lost.
    } finally {
      isAsking = false
    }
  }

  function tick(): void {
    const sums = sumJobs([...jobs.values()])
    down.push(sums.down)
    up.push(sums.up)
    if (down.length > maxRates) down.splice(0, down.length - maxRates)
    if (up.length > maxRates) up.splice(0, up.length - maxRates)
    peakDown = Math.max(peakDown, sums.down)
    void ask()
    limiter.changed()
    cancelTick = clock.after(askEveryMs, tick)
  }

  let cancelTick = clock.after(askEveryMs, tick)
  void ask()
  const following = follow()

  return {
    get board(): Board {
      board ??= {
        jobs: [...jobs.values()].toSorted((a, b) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? 1 : -1)),
        ended: new Map(ended),
        shares,
        peers,
        log,
        rates: { down: [...down], up: [...up], peakDown },
        status,
        remotes,
        places,
        link,
        isPrivate,
        nowMs: wallClock(),
      }
      return board
    },
    subscribe(listener): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    log: note,
    setLink(next): void {
      link = next
      limiter.changed()
    },
    async [Symbol.asyncDispose](): Promise<void> {
      ending.abort()
      cancelTick()
      limiter.close()
      listeners.clear()
      await following
    },
  }
}
