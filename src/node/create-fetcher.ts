/** The fetcher of fetcher.ts: who is asked for what (this file), and who there is to ask (recruit.ts). */
import { setMaxListeners } from 'node:events'
import { cancelled } from '../shared/concurrency.ts'
import { FerryError, toFerryError } from '../shared/errors.ts'
import type { FetchedRead, Fetcher, FetcherOptions } from './fetcher.ts'
import { createRecruiter } from './recruit.ts'
import type { EntryRange, PeerSession, ReadOutcome } from './session.ts'

interface Request {
  readonly ranges: readonly EntryRange[]
  readonly totalBytes: number
  readonly signal: AbortSignal | undefined
  readonly into: Uint8Array | undefined
  /** Sessions that answered, but not with everything. */
  readonly tried: Set<PeerSession>
  /** The fullest answer so far, out of the way of the next one. */
  best: FetchedRead | undefined
  error: FerryError | undefined
  resolve(read: FetchedRead): void
  reject(error: FerryError): void
}

/** What is known of a session that is up. */
interface Load {
  /** Asked for and not yet here. */
  underWayBytes: number
  /** Content received so far. */
  bytes: number
  requests: number
  requestMs: number
  reportedAtMs: number
  /** Bytes a millisecond, smoothed; before the first answer beyond all others, so that newcomers are tried. */
  rate: number
  /** The link is lost, which `closed` is about to tell. */
  isDown: boolean
}

const reportIntervalMs = 100
/** How often peers that wait for news of what others hold are looked at again. */
const lookAgainMs = 250

export function createFetcher(options: FetcherOptions): Fetcher {
  const { onEvent = () => {}, translate = (_session: PeerSession, range: EntryRange) => range } = options
  const loads = new Map<PeerSession, Load>()
  const ending = new AbortController()
  setMaxListeners(0, ending.signal)
  let queue: Request[] = []
  let lookAgain: NodeJS.Timeout | undefined

  const recruiter = createRecruiter({
    source: options.source,
    maxSessions: options.maxSessions,
    signal: ending.signal,
    onEvent,
    onSession(session) {
      loads.set(session, {
        underWayBytes: 0,
        bytes: 0,
        requests: 0,
        requestMs: 0,
        reportedAtMs: 0,
        rate: Number.MAX_VALUE,
        isDown: false,
      })
      dispatch()
    },
    onLost(session) {
      report(session, 0)
      loads.delete(session)
    },
    onNobody(error) {
      const waiting = queue
      queue = []
      for (const request of waiting) request.reject(error)
    },
  })

  function report(session: PeerSession, everyMs: number): void {
    const load = loads.get(session)
    const now = performance.now()
    if (!load || load.bytes === 0 || now - load.reportedAtMs < everyMs) return
    load.reportedAtMs = now
    const { bytes, requests, requestMs } = load
    onEvent({ type: 'bytes', session, bytes, requests, requestMs })
  }

  /** The ranges in this session's numbers, if it has them all. */
  function translated(session: PeerSession, ranges: readonly EntryRange[]): EntryRange[] | undefined {
    const found: EntryRange[] = []
    for (const range of ranges) {
      const there = translate(session, range)
      if (!there || !session.holdings.has(there)) return undefined
      found.push(there)
    }
    return found
  }

  /** Gives every waiting request to the session that will have answered it first, as far as there is room. */
  function dispatch(): void {
    clearTimeout(lookAgain)
    lookAgain = undefined
    const waiting: Request[] = []
    for (const request of queue) {
      let chosen: { session: PeerSession; ranges: EntryRange[]; costMs: number } | undefined
      let mayAnswer = false
      for (const [session, load] of loads) {
        if (load.isDown || request.tried.has(session)) continue
        const ranges = translated(session, request.ranges)
        if (!ranges) continue
        mayAnswer = true
        const after = load.underWayBytes + request.totalBytes
        if (load.underWayBytes > 0 && after > session.windowBytes) continue
        const costMs = after / load.rate
        if (!chosen || costMs < chosen.costMs) chosen = { session, ranges, costMs }
      }
      if (chosen) void ask(request, chosen.session, chosen.ranges)
      else if (!mayAnswer && request.best) request.resolve(request.best)
      else if (!mayAnswer && request.error) request.reject(request.error)
      else waiting.push(request)
    }
    queue = waiting
    recruiter.demand(queue.length > 0)
    if (queue.length > 0 && loads.size > 0) lookAgain = setTimeout(dispatch, lookAgainMs)
    lookAgain?.unref()
  }

  async function ask(request: Request, session: PeerSession, ranges: readonly EntryRange[]): Promise<void> {
    const load = loads.get(session) as Load
    load.underWayBytes += request.totalBytes
    const startedMs = performance.now()
    try {
      const outcome = await session.read(ranges, { signal: request.signal, into: request.into })
      const tookMs = performance.now() - startedMs
      const speed = load.underWayBytes / Math.max(1, tookMs)
      load.rate = load.rate === Number.MAX_VALUE ? speed : load.rate * 0.8 + speed * 0.2
      load.bytes += request.totalBytes
      load.requests++
      load.requestMs += tookMs
      report(session, reportIntervalMs)
      settle(request, session, outcome)
    } catch (error) {
      const failure = toFerryError(error, 'Cannot read from a peer')
      if (failure.code === 'E_UNREACHABLE') load.isDown = true
      retryElsewhere(request, session, failure)
    } finally {
      load.underWayBytes -= request.totalBytes
      dispatch()
    }
  }

  function settle(request: Request, session: PeerSession, outcome: ReadOutcome): void {
    const read: FetchedRead = { ...outcome, session }
    if (outcome.failed.length === 0) return request.resolve(read)
    request.tried.add(session)
    if (!request.best || outcome.failed.length < request.best.failed.length)
      request.best = { ...read, bytes: outcome.bytes.slice() }
    queue.push(request)
  }

  function retryElsewhere(request: Request, session: PeerSession, error: FerryError): void {
    if (request.signal?.aborted || ending.signal.aborted) return request.reject(error)
    // A lost link is no answer: the same peer may be asked again over a new one. Anything else is.
    if (error.code !== 'E_UNREACHABLE') {
      request.tried.add(session)
      request.error = error
    }
    if (error.code === 'E_PROTOCOL') recruiter.drop(session, error.message)
    // Before what has not been asked at all yet: others wait behind it.
    queue.unshift(request)
  }

  return {
    get sessions() {
      return [...loads.keys()]
    },
    session: (run = {}) => recruiter.session(run.signal),
    read(ranges, { signal, into } = {}) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(cancelled(signal))
        if (ending.signal.aborted) return reject(cancelled(ending.signal))
        const done = (): void => signal?.removeEventListener('abort', onAbort)
        const request: Request = {
          ranges,
          totalBytes: ranges.reduce((sum, { length }) => sum + length, 0),
          signal,
          into,
          tried: new Set(),
          best: undefined,
          error: undefined,
          resolve(read) {
            done()
            resolve(read)
          },
          reject(error) {
            done()
            reject(error)
          },
        }
        const onAbort = (): void => {
          queue = queue.filter((waiting) => waiting !== request)
          request.reject(cancelled(signal as AbortSignal))
        }
        signal?.addEventListener('abort', onAbort, { once: true })
        queue.push(request)
        dispatch()
      })
    },
    async reportBad(session, ranges) {
      if (!loads.has(session)) return 'dropped'
      try {
        const there = ranges.map((range) => translate(session, range)).filter((range) => range !== undefined)
        // Only the owner can say that its file has changed; from anyone else it is an excuse.
        if ((await session.recheck(there)) === 'changed' && session.owner) return 'changed'
      } catch (error) {
        // Whoever hangs up when asked to look again is not blamed, only left.
        if (!(error instanceof FerryError) || error.code === 'E_UNREACHABLE') return 'dropped'
      }
      recruiter.drop(session, 'it sent bytes that do not match their hash, and stands by them')
      return 'dropped'
    },
    async [Symbol.asyncDispose]() {
      ending.abort()
      clearTimeout(lookAgain)
      const waiting = queue
      queue = []
      for (const request of waiting) request.reject(cancelled(ending.signal))
      await recruiter[Symbol.asyncDispose]()
    },
  }
}
