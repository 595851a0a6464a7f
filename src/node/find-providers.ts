/**
 * Finds someone who serves a ticket: all addresses of the ticket at once, then whoever mDNS, the DHT and other peers
 * name, again and again with pauses until somebody answers or the time is over. Whoever is found proves the secret in
 * the session; here no one is believed.
 */
import { setMaxListeners } from 'node:events'
import { backoffMs, cancelled } from '../shared/concurrency.ts'
import { FerryError, toFerryError } from '../shared/errors.ts'
import { anyReach, displayAddress, filterAddresses, localReach } from './addresses.ts'
import type { Discovery } from './discovery/discovery.ts'
import type { LiveDecoder } from './follow-live.ts'
import type { FindRun, ProviderSource } from './fetcher.ts'
import type { DialAttempt, Host } from './host.ts'
import { maxAddressesPerPeer, maxFoundPeers } from './limits.ts'
import { openSession } from './open-session.ts'
import type { PeerSession } from './session.ts'
import type { Ticket } from './ticket.ts'

export interface FindOptions {
  readonly ticket: Ticket
  /** Without it only the ticket's addresses and what `learn` is told are tried. */
  readonly discovery?: Discovery | undefined
  /** How long to try each time that nobody is there; default 30 s. `Infinity` waits for ever. */
  readonly timeoutMs?: number | undefined
  /** Reads the live log with rules of the destination; default: those of every manifest. */
  readonly createLiveDecoder?: (() => LiveDecoder) | undefined
  /** Of the ticket's addresses, those that are not tried, and every dial that failed. */
  readonly onAttempt?: (attempt: DialAttempt) => void
}

const defaultTimeoutMs = 30_000
/** Pauses between two rounds over everyone who is known. */
const pauses = { baseMs: 300, capMs: 5_000 }

/** Failures of the owner that no waiting cures. */
const isFinal = (error: FerryError): boolean =>
  error.code === 'E_CHANGED' ||
  error.code === 'E_VERIFY' ||
  ((error.code === 'E_REFUSED' || error.code === 'E_PROTOCOL') && !error.retryable)

export function createProviderSource(host: Host, options: FindOptions): ProviderSource {
  const { ticket, discovery, timeoutMs = defaultTimeoutMs } = options
  const reach = host.local ? localReach : anyReach
  /** Peer → addresses, the owner first. Those learnt of last push out the oldest. */
  const known = new Map<string, readonly string[]>()
  const ending = new AbortController()
  setMaxListeners(0, ending.signal)
  let searching = false
  let wakeSearch = (): void => {}

  const own = filterAddresses(ticket.addrs, reach, maxAddressesPerPeer)
  for (const dropped of own.dropped) options.onAttempt?.(dropped)
  known.set(ticket.peer, own.usable)

  const learn = (peer: string, addresses: readonly string[]): void => {
    if (peer === host.peer) return
    const before = known.get(peer) ?? []
    const { usable } = filterAddresses([...addresses, ...before], reach, maxAddressesPerPeer)
    if (usable.every((address) => before.includes(address)) && known.has(peer)) return
    known.set(peer, usable)
    const oldest = [...known.keys()].find((one) => one !== ticket.peer)
    if (known.size > maxFoundPeers + 1 && oldest !== undefined) known.delete(oldest)
    wakeSearch()
  }

  const startSearch = (): void => {
    if (searching || !discovery) return
    searching = true
    void discovery.search(ticket.secret, ticket.peer, learn, ending.signal)
  }

  /** Dials everyone known who is not excluded. The first session wins, later ones are closed again. */
  async function tryEveryone(
    exclude: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<PeerSession | FerryError[]> {
    const round = new AbortController()
    const either = AbortSignal.any([signal, round.signal])
    setMaxListeners(0, either)
    let winner: PeerSession | undefined
    const errors: FerryError[] = []
    const first = Promise.withResolvers<void>()
    const attempts = [...known]
      .filter(([peer, addresses]) => !exclude.has(peer) && addresses.length > 0)
      .map(async ([peer, addresses]) => {
        try {
          const session = await openSession(
            host,
            { peer, addresses, secret: ticket.secret, owner: ticket.peer, root: ticket.root },
            {
              signal: either,
              ...(options.onAttempt && { onAttempt: options.onAttempt }),
              createLiveDecoder: options.createLiveDecoder,
            },
          )
          if (winner) return await session[Symbol.asyncDispose]()
          winner = session
          first.resolve()
        } catch (error) {
          const failure = toFerryError(error, 'Cannot reach a peer')
          if (peer === ticket.peer) errors.unshift(failure)
          else errors.push(failure)
          // One that is not what it was said to be is not tried again; the owner may yet come back.
          if (peer !== ticket.peer && isFinal(failure)) known.delete(peer)
          if (peer === ticket.peer && isFinal(failure)) first.resolve()
        }
        return undefined
      })
    await Promise.race([Promise.all(attempts), first.promise])
    round.abort()
    return winner ?? errors
  }

  return {
    learn,
    async connect({ signal, exclude = new Set(), once = false }: FindRun) {
      const stop = signal ? AbortSignal.any([signal, ending.signal]) : ending.signal
      setMaxListeners(0, stop)
      const deadline = performance.now() + timeoutMs
      const asked = new Set<string>()
      let lastOwnerError: FerryError | undefined
      for (let attempt = 1; ; attempt++) {
        if (stop.aborted) throw cancelled(stop)
        const news = Promise.withResolvers<void>()
        wakeSearch = () => news.resolve()
        for (const [peer, addresses] of known)
          if (!exclude.has(peer)) for (const address of addresses) asked.add(address)
        const result = await tryEveryone(exclude, stop)
        if (!Array.isArray(result)) return result
        if (stop.aborted) throw cancelled(stop)
        const [ownerError] = exclude.has(ticket.peer) ? [] : result
        if (ownerError && isFinal(ownerError)) throw ownerError
        lastOwnerError = ownerError ?? lastOwnerError
        if (once) throw ownerError ?? result[0] ?? nobody(asked, 0, discovery, undefined)
        startSearch()
        const left = deadline - performance.now()
        if (left <= 0) throw nobody(asked, timeoutMs, discovery, lastOwnerError)
        await pause(Math.min(left, backoffMs(attempt, pauses)), news.promise, stop)
      }
    },
    async [Symbol.asyncDispose]() {
      ending.abort()
    },
  }
}

/** Waits for the pause, news, or the signal, whichever is first. */
async function pause(ms: number, news: Promise<void>, signal: AbortSignal): Promise<void> {
  const over = Promise.withResolvers<void>()
  const timer = setTimeout(over.resolve, ms)
  signal.addEventListener('abort', () => over.resolve(), { once: true })
  await Promise.race([over.promise, news])
  clearTimeout(timer)
}

function nobody(
  asked: ReadonlySet<string>,
  timeoutMs: number,
  discovery: Discovery | undefined,
  ownerError: FerryError | undefined,
): FerryError {
  const seconds = Math.round(timeoutMs / 1000)
  const places = [
    ...(discovery && discovery.dhtPeers > 0 ? [`${discovery.dhtPeers} DHT nodes`] : []),
    `${asked.size} ${asked.size === 1 ? 'address' : 'addresses'}`,
  ].join(' and ')
  if (ownerError?.code === 'E_REFUSED')
    return new FerryError('E_REFUSED', ownerError.message, {
      cause: ownerError,
      hint: ownerError.hint,
      retryable: true,
    })
  const list = [...asked].slice(0, 5).map(displayAddress).join(', ')
  const someoneElse = ownerError?.message.includes('someone else answers') ? `; ${ownerError.message}` : ''
  return new FerryError(
    'E_UNREACHABLE',
    `Nobody is offering this ticket right now: asked ${places} for ${seconds} s${list && ` (${list})`}${someoneElse}`,
    {
      cause: ownerError,
      hint: 'is "ferry share" still running on the other computer? Then try again, or add --timeout 5m',
      retryable: true,
    },
  )
}
