/**
 * Keeps sessions up for a fetcher: the first one as soon as there is demand, a new one when the last is lost, those of
 * other receivers as the owner names them, and the owner again when only others are left. Liars are not let in again.
 */
import { backoffMs, cancelled, delay } from '../shared/concurrency.ts'
import { FerryError, toFerryError } from '../shared/errors.ts'
import type { FetcherEvent, ProviderSource } from './fetcher.ts'
import type { PeerSession } from './session.ts'

export interface RecruiterOptions {
  readonly source: ProviderSource
  readonly maxSessions?: number | undefined
  readonly signal: AbortSignal
  onEvent(event: FetcherEvent): void
  onSession(session: PeerSession): void
  onLost(session: PeerSession): void
  /** Nobody was found in the time set for it; whoever waits is told so. */
  onNobody(error: FerryError): void
}

export interface Recruiter extends AsyncDisposable {
  /** Somebody waits for a session. */
  demand(isWaiting: boolean): void
  /** The owner's session, or any; waits for one. */
  session(signal: AbortSignal | undefined): Promise<PeerSession>
  /** Closes a session for good. */
  drop(session: PeerSession, reason: string): void
}

/** More providers than this add little, and each costs its window of memory. */
const defaultMaxSessions = 8
/** A session that ends sooner counts as a failed attempt. */
const stableAfterMs = 5_000
const pauses = { baseMs: 250, capMs: 10_000 }
/** Pauses between looks for the owner, or for others, while somebody serves. */
const extraPauses = { baseMs: 1_000, capMs: 30_000 }

export function createRecruiter(options: RecruiterOptions): Recruiter {
  const { source, signal, maxSessions = defaultMaxSessions } = options
  const sessions = new Map<PeerSession, { readonly sinceMs: number }>()
  const banned = new Map<string, string>()
  let waiters: { resolve(session: PeerSession): void; reject(error: FerryError): void }[] = []
  let isDialling = false
  let isWaiting = false
  let failures = 0
  let hadSession = false
  let ownerPeer: string | undefined
  let isLookingForMore = false

  const best = (): PeerSession | undefined => {
    const all = [...sessions.keys()]
    return all.find(({ owner }) => owner) ?? all[0]
  }
  const exclude = (): Set<string> =>
    new Set([...banned.keys(), ...[...sessions.keys()].map(({ peer }) => peer)])

  function admit(session: PeerSession): void {
    sessions.set(session, { sinceMs: performance.now() })
    hadSession = true
    if (session.owner) ownerPeer = session.peer
    options.onEvent({ type: 'connected', session })
    void watch(session)
    options.onSession(session)
    const chosen = best() as PeerSession
    for (const waiter of waiters) waiter.resolve(chosen)
    waiters = []
    if (session.owner) void learnOthers(session)
  }

  async function watch(session: PeerSession): Promise<void> {
    const error = await session.closed
    const since = sessions.get(session)?.sinceMs
    if (since === undefined) return
    sessions.delete(session)
    failures = performance.now() - since < stableAfterMs ? failures + 1 : 0
    options.onLost(session)
    if (signal.aborted) return
    options.onEvent({ type: 'lost', session, error })
    if (isWaiting || waiters.length > 0) void dial()
    else if (session.owner) void lookForMore()
  }

  /** The first session, or the next after all were lost. */
  async function dial(): Promise<void> {
    if (isDialling || sessions.size > 0 || signal.aborted) return
    isDialling = true
    try {
      if (hadSession) {
        const delayMs = failures === 0 ? 0 : backoffMs(failures, pauses)
        options.onEvent({ type: 'redialling', attempt: failures + 1, delayMs })
        await delay(delayMs, signal)
      }
      admit(await source.connect({ signal, exclude: exclude() }))
    } catch (error) {
      const failure =
        banned.size > 0 && !signal.aborted ? onlyLiars(error) : toFerryError(error, 'Cannot find a peer')
      for (const waiter of waiters) waiter.reject(failure)
      waiters = []
      options.onNobody(failure)
    } finally {
      isDialling = false
    }
  }

  /** Those that the owner names, one after the other. */
  async function learnOthers(owner: PeerSession): Promise<void> {
    try {
      for await (const peers of owner.others({ signal })) {
        for (const { peer, addresses } of peers) source.learn(peer, addresses)
        void lookForMore()
      }
    } catch {
      // The owner is gone, or does not tell; what it serves itself is what counts.
    }
  }

  /** Looks for further providers while there are any: those just learnt of, and the owner when it was lost. */
  async function lookForMore(): Promise<void> {
    if (isLookingForMore) return
    isLookingForMore = true
    try {
      for (let attempt = 1; sessions.size > 0 && sessions.size < maxSessions && !signal.aborted; ) {
        try {
          admit(await source.connect({ signal, exclude: exclude(), once: true }))
          attempt = 1
        } catch {
          const ownerIsLost = ownerPeer !== undefined && !exclude().has(ownerPeer)
          // Without the owner among those missing, its next news brings us back here.
          if (!ownerIsLost || signal.aborted) return
          await delay(backoffMs(attempt++, extraPauses), signal).catch(() => {})
        }
      }
    } finally {
      isLookingForMore = false
    }
  }

  function onlyLiars(cause: unknown): FerryError {
    const [[peer, reason]] = banned as unknown as [[string, string]]
    return new FerryError(
      'E_VERIFY',
      `Cannot fetch the rest: nobody is left but ${peer.slice(-8)}, and ${reason}`,
      {
        cause,
        hint: 'ask the owner of the ticket to check the files with: ferry store verify',
      },
    )
  }

  return {
    demand(waiting) {
      isWaiting = waiting
      if (waiting && sessions.size === 0) void dial()
    },
    session(until) {
      const found = best()
      if (found) return Promise.resolve(found)
      return new Promise((resolve, reject) => {
        if (until?.aborted) return reject(cancelled(until))
        const onAbort = (): void => {
          waiters = waiters.filter((one) => one !== waiter)
          reject(cancelled(until as AbortSignal))
        }
        const waiter = {
          resolve(session: PeerSession): void {
            until?.removeEventListener('abort', onAbort)
            resolve(session)
          },
          reject(error: FerryError): void {
            until?.removeEventListener('abort', onAbort)
            reject(error)
          },
        }
        until?.addEventListener('abort', onAbort, { once: true })
        waiters.push(waiter)
        void dial()
      })
    },
    drop(session, reason) {
      if (!sessions.delete(session)) return
      banned.set(session.peer, reason)
      options.onLost(session)
      options.onEvent({ type: 'dropped', session, reason })
      void session[Symbol.asyncDispose]()
      if (isWaiting || waiters.length > 0) void dial()
    },
    async [Symbol.asyncDispose]() {
      const all = [...sessions.keys()]
      for (const waiter of waiters) waiter.reject(cancelled(signal))
      waiters = []
      await Promise.all(all.map((session) => session[Symbol.asyncDispose]()))
    },
  }
}
