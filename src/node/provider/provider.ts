/**
 * Serves shares to peers: accepts their streams, keeps them within limits of their own and all together, and tells
 * whoever shares what is being served. One misbehaving peer costs what its own limits allow, and no one else anything.
 */
import { toHex } from '../../shared/bytes.ts'
import type { Host } from '../host.ts'
import { createSemaphore } from '../../shared/concurrency.ts'
import { createSlabPool } from '../../shared/slabs.ts'
import {
  allReadAheadBytes,
  maxHandshakes,
  maxLanes,
  maxSessions,
  maxSessionsPerPeer,
  maxSessionsPerShare,
  readAheadBytes,
} from '../limits.ts'
import type { ShareOffer } from '../share-offer.ts'
import { converse } from './conversation.ts'
import type { Conversation, Timing } from './conversation.ts'
import { createPeerRegistry } from './peer-registry.ts'
import type { PeerRegistry } from './peer-registry.ts'

export interface ProviderEvent {
  readonly type: 'connected' | 'bytes' | 'finished' | 'disconnected' | 'refused'
  /** Public name of the share. */
  readonly shareId: Uint8Array
  readonly peer: string
  /** Address of the peer, for people. */
  readonly address: string
  /** Content bytes sent in this conversation so far; told at most ten times a second. */
  readonly bytes: number
  /** Only with `refused` (after a valid proof) and after a link that did not end well. */
  readonly reason?: string | undefined
}

export interface ProviderOptions {
  readonly onEvent?: (event: ProviderEvent) => void
  /** Deadlines other than those of limits.ts, for tests. */
  readonly timing?: Timing
}

export interface Provider extends AsyncDisposable {
  /** Serves this share from now on. */
  offer(share: ShareOffer): Offered
}

export interface Offered extends AsyncDisposable {
  /** Conversations about this share right now. */
  readonly sessions: number
  /** Tells receivers of other places that have this share, such as those found in the network. */
  tell(peer: string, addresses: readonly string[]): void
}

interface Entry {
  readonly share: ShareOffer
  readonly registry: PeerRegistry
  readonly conversations: Set<Conversation>
}

/** Memory that stays for the next answers: what one receiver with all its lanes has read ahead. */
const keptBytes = (maxLanes + 1) * readAheadBytes

/** Answers `/ferry/1` on this host until disposed. One provider a host. */
export async function createProvider(host: Host, options: ProviderOptions = {}): Promise<Provider> {
  const entries = new Map<string, Entry>()
  const open = new Set<Conversation>()
  let handshakes = 0
  const slabs = createSlabPool(keptBytes)
  const allReadAhead = createSemaphore(allReadAheadBytes)

  const count = (of: Iterable<Conversation>, peer?: string): number => {
    let total = 0
    for (const one of of) if (peer === undefined || one.peer === peer) total++
    return total
  }

  const stopServing = await host.serve((stream, connection) => {
    if (handshakes >= maxHandshakes) return stream.abort(new Error('too many conversations begin at once'))
    handshakes++
    const peer = connection.remotePeer.toString()
    let entry: Entry | undefined
    const conversation: Conversation = converse(stream, {
      ownPeer: host.peer,
      peer,
      address: connection.remoteAddr.toString(),
      timing: options.timing,
      lanes: host.lanes,
      slabs,
      allReadAhead,
      find: (id) => {
        const found = entries.get(toHex(id))
        return found && { share: found.share, registry: found.registry }
      },
      hasRoom(share) {
        const others = entries.get(toHex(share.id))?.conversations ?? []
        return (
          count(open) < maxSessions &&
          count(others) < maxSessionsPerShare &&
          count(others, peer) < maxSessionsPerPeer
        )
      },
      onJudged(share) {
        handshakes--
        if (!share) return
        entry = entries.get(toHex(share.id))
        entry?.conversations.add(conversation)
        open.add(conversation)
      },
      onEnded() {
        open.delete(conversation)
        entry?.conversations.delete(conversation)
        // A peer that came back over a new link before the old one was noticed to be dead still serves.
        if (entry && count(entry.conversations, peer) === 0) entry.registry.remove(peer)
      },
      onEvent: (event) => options.onEvent?.(event),
    })
  })

  const withdraw = async (key: string): Promise<void> => {
    const entry = entries.get(key)
    entries.delete(key)
    await Promise.all([...(entry?.conversations ?? [])].map((one) => one.close()))
  }

  return {
    offer(share) {
      const key = toHex(share.id)
      const entry: Entry = { share, registry: createPeerRegistry(host.local), conversations: new Set() }
      entries.set(key, entry)
      return {
        get sessions() {
          return entry.conversations.size
        },
        tell: (peer, addresses) => entry.registry.add(peer, addresses),
        [Symbol.asyncDispose]: () => withdraw(key),
      }
    },
    async [Symbol.asyncDispose]() {
      await stopServing()
      await Promise.all([...entries.keys()].map(withdraw))
    },
  }
}
