/**
 * From a ticket to someone who can be asked: the share of this very computer, when it is our own ticket, otherwise whoever
 * the network finds.
 */
import { createLiveEventDecoder } from '../../blobs/live-event-codec.ts'
import type { ValidatorOptions } from '../../blobs/manifest/validate.ts'
import { createFetcher } from '../../node/create-fetcher.ts'
import type { Fetcher, FetcherEvent, FetcherOptions, ProviderSource } from '../../node/fetcher.ts'
import type { PeerSession } from '../../node/session.ts'
import type { Ticket } from '../../node/ticket.ts'
import type { ProgressSink } from '../../progress/events.ts'
import { FerryError } from '../../shared/errors.ts'
import { formatDuration } from '../../shared/units.ts'
import { openOwnOffer } from '../share/own-offer.ts'
import type { JobContext } from '../types.ts'

export interface ConnectOptions {
  readonly timeoutMs?: number | undefined
  readonly wait?: boolean | undefined
  /** Rules that the destination adds to those of every manifest; for live shares. */
  readonly rules: ValidatorOptions
  readonly translate?: FetcherOptions['translate']
  readonly onEvent?: (event: FetcherEvent) => void
}

export interface SharePeers extends AsyncDisposable {
  readonly fetcher: Fetcher
  readonly source: ProviderSource
  /** Peers that gave content so far. */
  readonly givers: ReadonlySet<string>
}

/** Dials nobody yet: the fetcher does, when it is first asked. */
export async function connectShare(
  ticket: Ticket,
  context: JobContext,
  options: ConnectOptions,
): Promise<SharePeers> {
  const createLiveDecoder = () => createLiveEventDecoder(options.rules)
  const source = await openSource(ticket, context, options, createLiveDecoder)
  const givers = new Set<string>()
  const fetcher = createFetcher({
    source,
    ...(options.translate && { translate: options.translate }),
    onEvent(event) {
      if (event.type === 'bytes') givers.add(event.session.peer)
      tellProgress(context.progress, event)
      options.onEvent?.(event)
    },
  })
  return {
    fetcher,
    source,
    givers,
    async [Symbol.asyncDispose]() {
      await fetcher[Symbol.asyncDispose]()
      await source[Symbol.asyncDispose]()
    },
  }
}

async function openSource(
  ticket: Ticket,
  { tools }: JobContext,
  options: ConnectOptions,
  createLiveDecoder: () => ReturnType<typeof createLiveEventDecoder>,
): Promise<ProviderSource> {
  const { timeoutMs, wait } = options
  const identity = await tools.identity()
  if (identity.peer === ticket.peer) {
    const offer = openOwnOffer(await tools.store(), await tools.pool(), ticket.secret)
    if (offer) {
      const { createOwnSession, ownProviderSource } = await import('../../node/own-share.ts')
      return ownProviderSource(async () => createOwnSession(offer, identity.peer, createLiveDecoder))
    }
  }
  const { createProviderSource } = await import('../../node/find-providers.ts')
  // Two shells of one user: the share is served by another process under the very identity of this one.
  const { host, discovery } = identity.peer === ticket.peer ? await tools.reachSelf() : await tools.reach()
  return createProviderSource(host, {
    ticket,
    discovery,
    timeoutMs: timeoutMs ?? (wait ? Number.POSITIVE_INFINITY : undefined),
    createLiveDecoder,
  })
}

function tellProgress(progress: ProgressSink, event: FetcherEvent): void {
  if (event.type === 'redialling') {
    const pause = event.delayMs > 0 ? `, trying again in ${formatDuration(event.delayMs)}` : ''
    progress.phase('connect', `The link was lost${pause}`)
    return
  }
  const { session } = event
  progress.peer({
    peer: session.peer,
    address: session.address,
    state: event.type === 'bytes' ? 'connected' : event.type,
    bytes: event.type === 'bytes' ? event.bytes : 0,
    ...(event.type === 'bytes' && { requests: event.requests, requestMs: event.requestMs }),
    roundTripMs: session.roundTripMs,
    message:
      event.type === 'dropped' ? event.reason : event.type === 'lost' ? event.error?.message : undefined,
  })
  if (event.type === 'dropped') progress.warn(`${session.address} is not asked any more: ${event.reason}`)
}

/** When nobody is left because the last one lied, that is what the user has to know. */
export function blameLiars(error: unknown, liars: readonly string[]): unknown {
  if (!(error instanceof FerryError) || error.code !== 'E_UNREACHABLE' || liars.length === 0) return error
  return new FerryError(
    'E_VERIFY',
    `Cannot go on: wrong bytes came from ${liars.join(', ')}, and nobody else is there`,
    {
      cause: error,
      hint: 'what is here is verified and kept; run the same command again when another peer is there',
    },
  )
}

/** The owner's session says how the share is told. */
export async function firstSession(
  fetcher: Fetcher,
  { signal, progress }: Pick<JobContext, 'signal' | 'progress'>,
): Promise<PeerSession> {
  progress.phase('connect')
  const session = await fetcher.session({ signal })
  progress.name(session.share.name)
  return session
}
