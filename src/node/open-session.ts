/**
 * Opens the receiver's end of a conversation: dials exactly the peer that was asked for, proves the secret, and turns
 * every call of `PeerSession` into one request. What a provider sends is bounded by what was asked; manifest objects are
 * checked by hash here, content is not.
 */
import { setMaxListeners } from 'node:events'
import type { Connection } from '@libp2p/interface'
import { hash } from '../blobs/hash.ts'
import { createLiveEventDecoder } from '../blobs/live-event-codec.ts'
import { equalBytes } from '../shared/bytes.ts'
import { cancelled, delay } from '../shared/concurrency.ts'
import { FerryError } from '../shared/errors.ts'
import type { RunOptions } from '../shared/options.ts'
import { shareIdOf } from './auth.ts'
import { followLive } from './follow-live.ts'
import type { LiveDecoder } from './follow-live.ts'
import { decodeHoldings, everything, nothing } from './holdings.ts'
import { openStream } from './host.ts'
import type { ConnectOptions, Host } from './host.ts'
import {
  handshakeTimeoutMs,
  maxFoundPeers,
  maxNodesPerAsk,
  maxObjectBytes,
  maxPagesPerAsk,
  maxReadBytes,
  maxReadRanges,
} from './limits.ts'
import { checkRoot, createReceiverHandshake, refusalError } from './receiver-handshake.ts'
import { pendingItems, pendingReply } from './session-requests.ts'
import { createRequestTable } from './request-table.ts'
import { createSessionLanes, windowFor } from './lanes/session-lanes.ts'
import type { SessionLanes } from './lanes/session-lanes.ts'
import { readContent } from './read-content.ts'
import type { EntryRange, Holdings, PeerAddresses, PeerSession } from './session.ts'
import { openChannel } from './wire/channel.ts'
import { broken, frameType, providerFrames } from './wire/frames.ts'
import { streamLink } from './wire/stream-link.ts'
import { encodeRanges } from './wire/messages.ts'
import type { AskKind, ReplyValue, Welcome } from './wire/messages.ts'
import { displayAddress, parseAddress } from './addresses.ts'

export interface SessionTarget {
  /** Who shall answer. */
  readonly peer: string
  readonly addresses: readonly string[]
  readonly secret: Uint8Array
  /** The ticket's peer: whose signature makes a root good. */
  readonly owner: string
  /** The ticket's root, when it has one. */
  readonly root?: Uint8Array | undefined
}

export interface SessionOptions extends ConnectOptions {
  /** Reads the live log with rules of the destination; default: those of every manifest. */
  readonly createLiveDecoder?: (() => LiveDecoder) | undefined
  readonly handshakeTimeoutMs?: number
  readonly progressWindowMs?: number
}

/** Pause between two questions for news that are answered at once. */
const minPollPauseMs = 500

/**
 * @throws E_UNREACHABLE when nobody answers, or someone else does; E_REFUSED with the peer's reason; E_VERIFY, E_CHANGED
 * for a wrong root; E_PROTOCOL; E_CANCELLED
 */
export async function openSession(
  host: Host,
  target: SessionTarget,
  options: SessionOptions = {},
): Promise<PeerSession> {
  const connection = await host.connect(target.peer, target.addresses, options)
  return converse(connection, host, target, options)
}

async function converse(
  connection: Connection,
  host: Host,
  target: SessionTarget,
  options: SessionOptions,
): Promise<PeerSession> {
  const deadline = AbortSignal.timeout(options.handshakeTimeoutMs ?? handshakeTimeoutMs)
  const beginning = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline
  const stream = await openStream(connection, { signal: beginning })
  const handshake = createReceiverHandshake({
    secret: target.secret,
    ownPeer: host.peer,
    providerPeer: target.peer,
    owner: target.owner,
    root: target.root,
  })
  const begun = Promise.withResolvers<Welcome>()
  const ending = new AbortController()
  setMaxListeners(0, ending.signal)
  let isWelcome = false
  let provedAtMs = 0
  const channel = openChannel(streamLink(stream), providerFrames, {
    frame(type, body) {
      if (isWelcome) return table.frame(type, body)
      if (type === frameType.hello) {
        provedAtMs = performance.now()
        channel.send(frameType.auth, handshake.prove(body))
      } else if (type === frameType.refused && provedAtMs > 0) {
        begun.reject(refusalError(body))
        void channel.close()
      } else if (type === frameType.welcome) {
        begun.resolve(handshake.check(body))
        isWelcome = true
      } else throw broken(`a frame of type ${type} before the welcome`)
    },
    data(id, piece) {
      if (!isWelcome) throw broken('content before the welcome')
      table.data(id, piece)
    },
    ended(error) {
      table.ended(error)
      ending.abort()
      begun.reject(
        error ??
          new FerryError('E_UNREACHABLE', 'Cannot reach the peer: it hung up without a word', {
            retryable: true,
          }),
      )
      if (error) abandon(connection, error)
    },
  })
  let lanes: SessionLanes | undefined
  const table = createRequestTable(channel, {
    windowMs: options.progressWindowMs,
    movedBeside: () => lanes?.receivedBytes ?? 0,
  })
  const onDeadline = (): void =>
    channel.abort(
      options.signal?.aborted
        ? cancelled(options.signal)
        : new FerryError('E_UNREACHABLE', `Cannot talk to ${target.peer.slice(-8)}: it does not answer`, {
            retryable: true,
          }),
    )
  beginning.addEventListener('abort', onDeadline, { once: true })
  try {
    const welcome = await begun.promise
    const roundTripMs = performance.now() - provedAtMs
    const provider = parseAddress(addressOf(connection))
    if (welcome.laneSecret && host.usesLanes && provider)
      lanes = createSessionLanes({
        provider,
        secret: welcome.laneSecret,
        roundTripMs,
        table,
        signal: ending.signal,
        onBroken: (error) => channel.abort(error),
      })
    return createSession({ connection, channel, table, lanes, target, options, welcome, roundTripMs, ending })
  } finally {
    beginning.removeEventListener('abort', onDeadline)
  }
}

/** A link that failed must not be found again by the next dial. */
function abandon(connection: Connection, error: Error): void {
  try {
    connection.abort(error)
  } catch {
    // It says goodbye over the link, which may be closed already.
  }
}

interface Parts {
  readonly connection: Connection
  readonly channel: ReturnType<typeof openChannel>
  readonly table: ReturnType<typeof createRequestTable>
  readonly lanes: SessionLanes | undefined
  readonly target: SessionTarget
  readonly options: SessionOptions
  readonly welcome: Welcome
  readonly roundTripMs: number
  /** Fires when the link is gone. */
  readonly ending: AbortController
}

function createSession({
  connection,
  channel,
  table,
  lanes,
  target,
  options,
  welcome,
  roundTripMs,
  ending,
}: Parts): PeerSession {
  const shareId = shareIdOf(target.secret)
  const shortPeer = target.peer.slice(-8)
  let holdings: Holdings = welcome.complete ? everything : nothing
  let isFollowed = false

  const items = (
    kind: AskKind,
    numbers: readonly number[],
    count: number | undefined,
    { signal }: RunOptions,
    isPatient = false,
  ): Promise<Uint8Array[]> =>
    table.ask(kind, numbers, [], signal, (resolve, reject) =>
      pendingItems(count, maxObjectBytes, resolve, reject, isPatient),
    )

  const reply = (
    kind: AskKind,
    numbers: readonly number[],
    texts: readonly string[],
    { signal }: RunOptions,
    isPatient = false,
  ) =>
    table.ask<ReplyValue>(kind, numbers, texts, signal, (resolve, reject) =>
      pendingReply(resolve, reject, isPatient),
    )

  const checked = (bytes: Uint8Array, expected: Uint8Array, what: string): Uint8Array => {
    if (!equalBytes(hash(bytes), expected))
      throw new FerryError('E_VERIFY', `Cannot use ${what} from ${shortPeer}: it does not match its hash`)
    return bytes
  }

  const rangesWithin = (ranges: readonly EntryRange[], maxBytes: number): void => {
    const total = ranges.reduce((sum, { length }) => sum + length, 0)
    if (
      ranges.length === 0 ||
      ranges.length > maxReadRanges ||
      total > maxBytes ||
      ranges.some(({ length }) => length < 1)
    )
      throw new FerryError('E_INTERNAL', 'Cannot ask a peer for content: the ranges are outside the limits')
  }

  async function learnHoldings(): Promise<void> {
    for (let version = 0; !ending.signal.aborted; ) {
      const [bytes] = (await items('holdings', [version], 1, { signal: ending.signal }, true)) as [Uint8Array]
      const told = decodeHoldings(bytes)
      version = told.version
      holdings = told
      await delay(minPollPauseMs, ending.signal)
    }
  }
  if (!welcome.complete)
    learnHoldings().catch((error: unknown) => {
      // Without news of it the peer is only less useful; but lies about it are not accepted.
      if (error instanceof FerryError && error.code === 'E_PROTOCOL') channel.abort(error)
    })

  return {
    peer: target.peer,
    address: displayAddress(addressOf(connection)),
    owner: target.peer === target.owner,
    share: {
      name: welcome.name,
      live: welcome.live,
      root: welcome.root,
      signature: welcome.signature,
      exclusive: welcome.exclusive,
    },
    get roundTripMs() {
      return connection.rtt ?? roundTripMs
    },
    closed: channel.closed,
    get holdings() {
      return holdings
    },
    async root(run = {}) {
      const expected = welcome.root
      if (!expected) throw new FerryError('E_INTERNAL', 'Cannot fetch the root of a live share: follow it')
      const [bytes] = (await items('root', [], 1, run)) as [Uint8Array]
      return checked(bytes, expected, 'the manifest')
    },
    async *pages(pages, run = {}) {
      const ask = (from: number): Promise<Uint8Array[]> | undefined => {
        const part = pages.slice(from, from + maxPagesPerAsk)
        if (part.length === 0) return undefined
        const answer = items(
          'pages',
          part.map(({ number }) => number),
          part.length,
          run,
        )
        // Asked ahead; whoever stops early must not leave a rejection behind.
        answer.catch(() => {})
        return answer
      }
      let next = ask(0)
      for (let from = 0; next; from += maxPagesPerAsk) {
        const answer = await next
        next = ask(from + maxPagesPerAsk)
        for (const [index, bytes] of answer.entries()) {
          const { number, hash: expected } = pages[from + index] as (typeof pages)[number]
          yield { number, bytes: checked(bytes, expected, `manifest page ${number}`) }
        }
      }
    },
    async nodeList(entry, blob, run = {}) {
      const [bytes] = (await items('node-list', [entry], 1, run)) as [Uint8Array]
      return checked(bytes, blob, 'a chunk list')
    },
    async nodes(entry, nodes, run = {}) {
      const found: Uint8Array[] = []
      for (let from = 0; from < nodes.length; from += maxNodesPerAsk) {
        const part = nodes.slice(from, from + maxNodesPerAsk)
        const answer = await items('nodes', [entry, ...part.map(({ index }) => index)], part.length, run)
        answer.forEach((bytes, index) =>
          found.push(checked(bytes, (part[index] as (typeof part)[number]).hash, 'a part of a chunk list')),
        )
      }
      return found
    },
    follow(run = {}) {
      if (!welcome.live || isFollowed)
        throw new FerryError('E_INTERNAL', 'Cannot follow this share: it is not live, or followed already')
      isFollowed = true
      return followLive(
        table,
        (options.createLiveDecoder ?? createLiveEventDecoder)(),
        run,
        (root, signature) => checkRoot(root, signature, target, shareId),
      )
    },
    subChunks(ranges, { signal } = {}) {
      return table.request(
        signal,
        (id) => channel.send(frameType.subChunks, encodeRanges({ id, ranges })),
        (resolve, reject) => pendingItems(ranges.length, maxObjectBytes, resolve, reject),
      )
    },
    windowBytes: windowFor(roundTripMs),
    async read(ranges, run = {}) {
      rangesWithin(ranges, maxReadBytes)
      return await readContent({ channel, table, lanes }, ranges, run)
    },
    async recheck(ranges, { signal } = {}) {
      rangesWithin(ranges, maxReadBytes)
      const word = await table.request<ReplyValue>(
        signal,
        (id) => channel.send(frameType.recheck, encodeRanges({ id, ranges })),
        pendingReply,
      )
      if (word !== 'changed' && word !== 'fine') throw abortWith(broken('a recheck has two answers'))
      return word
    },
    async finished() {
      await reply('finished', [], [], {})
    },
    async serve(addresses) {
      await reply('serve', [], addresses, {})
    },
    async *others(run = {}) {
      for (let version = 0; ; ) {
        const value = await reply('peers', [version], [], run, true)
        const [[text = ''] = [], ...rows] = Array.isArray(value)
          ? (value as readonly (readonly string[])[])
          : []
        const told = Number(text)
        if (!Number.isSafeInteger(told)) throw abortWith(broken('news of peers without a version'))
        if (told > version && rows.length > 0) yield rows.slice(0, maxFoundPeers).map(toPeerAddresses)
        version = told
        await delay(minPollPauseMs, run.signal)
      }
    },
    async [Symbol.asyncDispose]() {
      ending.abort()
      await channel.close()
    },
  }

  function abortWith(error: FerryError): FerryError {
    channel.abort(error)
    return error
  }
}

const addressOf = (connection: Connection): string =>
  connection.remoteAddr.toString().replace(/\/p2p\/.*$/, '')

function toPeerAddresses([peer = '', ...addresses]: readonly string[]): PeerAddresses {
  return { peer, addresses }
}
