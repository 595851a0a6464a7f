/**
 * A session with a share of this very computer: the same questions, answered by the share itself without a network. So
 * that a ticket works where it was made.
 */
import { hash } from '../blobs/hash.ts'
import { createLiveEventDecoder } from '../blobs/live-event-codec.ts'
import { equalBytes } from '../shared/bytes.ts'
import { cancelled, throwIfCancelled } from '../shared/concurrency.ts'
import { FerryError } from '../shared/errors.ts'
import type { RunOptions } from '../shared/options.ts'
import type { LiveEvent } from '../blobs/live-event.ts'
import type { ProviderSource } from './fetcher.ts'
import type { LiveDecoder } from './follow-live.ts'
import { everything } from './holdings.ts'
import { dataFrameBytes, sessionWindowBytes } from './limits.ts'
import type { PeerSession } from './session.ts'
import type { LiveLogReader, ShareOffer } from './share-offer.ts'

/** `peer` is this computer's own id. Closing the session leaves the offer as it is. */
export function createOwnSession(
  offer: ShareOffer,
  peer: string,
  createLiveDecoder: () => LiveDecoder = createLiveEventDecoder,
): PeerSession {
  const closed = Promise.withResolvers<Error | undefined>()
  const share = offer.describe()
  const numbering = share.live ? 'live' : 'sealed'

  const checked = (
    bytes: Uint8Array | undefined,
    expected: Uint8Array | undefined,
    what: string,
  ): Uint8Array => {
    if (!bytes || !expected) throw new FerryError('E_STORE', `Cannot read ${what}: it is not in the store`)
    if (!equalBytes(hash(bytes), expected))
      throw new FerryError('E_VERIFY', `Cannot use ${what} of the store: it does not match its hash`)
    return bytes
  }

  return {
    peer,
    address: 'this computer',
    owner: true,
    share,
    roundTripMs: 0,
    windowBytes: sessionWindowBytes,
    closed: closed.promise,
    holdings: everything,
    root: async () => checked(await offer.root(), share.root, 'the manifest'),
    async *pages(pages, { signal } = {}) {
      for (const { number, hash: expected } of pages) {
        throwIfCancelled(signal)
        yield { number, bytes: checked(await offer.page(number), expected, `manifest page ${number}`) }
      }
    },
    nodeList: async (entry, blob) => checked(await offer.nodeList(entry), blob, 'a chunk list'),
    async nodes(entry, nodes) {
      const found = await offer.nodes(
        entry,
        nodes.map(({ index }) => index),
      )
      return nodes.map(({ hash: expected }, at) => checked(found?.[at], expected, 'a part of a chunk list'))
    },
    follow(run = {}) {
      if (!offer.live || !share.live)
        throw new FerryError('E_INTERNAL', 'Cannot follow this share: it is not live')
      return followLog(offer.live, createLiveDecoder(), run)
    },
    subChunks: async (ranges) => [...(await offer.subChunks(ranges, numbering))],
    async read(ranges, { signal, into } = {}) {
      throwIfCancelled(signal)
      const total = ranges.reduce((sum, { length }) => sum + length, 0)
      const shared = isShared(into) ? into : new Uint8Array(new SharedArrayBuffer(total))
      const outcome = await offer.read(ranges, numbering, shared)
      throwIfCancelled(signal)
      return outcome
    },
    recheck: (ranges) => offer.recheck(ranges, numbering),
    async finished() {
      offer.finished(peer)
    },
    async serve() {},
    async *others() {},
    async [Symbol.asyncDispose]() {
      closed.resolve(undefined)
    },
  }
}

const isShared = (bytes: Uint8Array | undefined): bytes is Uint8Array<SharedArrayBuffer> =>
  bytes?.buffer instanceof SharedArrayBuffer

/** Where a fetcher finds this session, and nobody else. */
export function ownProviderSource(open: () => Promise<PeerSession>): ProviderSource {
  return {
    async connect({ exclude, once = false }) {
      const session = await open()
      if (once || exclude?.has(session.peer))
        throw new FerryError('E_UNREACHABLE', 'Nobody else offers this share', { retryable: false })
      return session
    },
    learn() {},
    async [Symbol.asyncDispose]() {},
  }
}

async function* followLog(
  log: LiveLogReader,
  decoder: LiveDecoder,
  { signal }: RunOptions,
): AsyncGenerator<LiveEvent> {
  const until = signal ?? new AbortController().signal
  for (let offset = 0; ; ) {
    await log.grown(offset, until)
    if (until.aborted) throw cancelled(until)
    const bytes = log.read(offset, dataFrameBytes)
    if (bytes.byteLength === 0 && log.ended && offset >= log.length) return
    offset += bytes.byteLength
    for (const event of decoder.push(bytes)) yield event
  }
}
