/**
 * A Kademlia DHT of ferry nodes only (its own protocol name keeps it apart from every public one). Providers of a share
 * meet under a key derived from its secret, so that only who has the ticket can look them up.
 */
import type { KadDHT } from '@libp2p/kad-dht'
import { discoveryKeyOf } from '../auth.ts'
import { filterAddresses } from '../addresses.ts'
import type { AddressPolicy } from '../addresses.ts'
import type { Host } from '../host.ts'
import { addressDialTimeoutMs, maxAddressesPerPeer, maxFoundPeers } from '../limits.ts'
import { backoffMs, delay } from '../../shared/concurrency.ts'
import type { FoundPeer } from './discovery.ts'

export interface Dht extends AsyncDisposable {
  readonly peers: number
  /** Announces until the signal fires; tries again while nobody takes the record. Never rejects. */
  announce(secret: Uint8Array, signal: AbortSignal): Promise<void>
  /** Asks again and again, with pauses, until the signal fires. Never rejects. */
  search(secret: Uint8Array, found: FoundPeer, signal: AbortSignal): Promise<void>
}

export interface DhtOptions {
  readonly bootstrap: readonly string[]
  readonly addresses: AddressPolicy
}

interface Startable {
  start(): Promise<void>
  stop(): Promise<void>
}

const protocol = '/ferry/kad/1.0.0'
/** One walk through the network. */
const queryTimeoutMs = 30_000
/** Records live for a day or more; announced again well before. */
const announceAgainMs = 6 * 60 * 60_000
const rawCodec = 0x55
/** Multihash code of SHA-256: nodes refuse keys of any other kind. Only the length has to agree with it. */
const sha256Code = 0x12

export async function startDht(host: Host, options: DhtOptions): Promise<Dht> {
  const [{ kadDHT, passthroughMapper }, { ping }, { CID }, Digest, { multiaddr }] = await Promise.all([
    import('@libp2p/kad-dht'),
    import('@libp2p/ping'),
    import('multiformats/cid'),
    import('multiformats/hashes/digest'),
    import('@multiformats/multiaddr'),
  ])
  const {
    peerId,
    privateKey,
    registrar,
    addressManager,
    peerStore,
    connectionManager,
    datastore,
    events,
    logger,
  } = host.node.components
  // The routing table pings a node before it takes it in.
  const pinging = ping()(host.node.components) as ReturnType<ReturnType<typeof ping>> & Startable
  const service = kadDHT({
    protocol,
    // Nodes that do not listen only ask.
    clientMode: host.addresses.length === 0,
    // The default mapper drops private addresses, which empties the routing table in a local network. What is dialled
    // is decided by the filter below.
    peerInfoMapper: passthroughMapper,
    // Otherwise the first question waits for a walk that an empty table never ends.
    allowQueryWithZeroPeers: true,
    initialQuerySelfInterval: 100,
  })({
    peerId,
    privateKey,
    registrar,
    addressManager,
    peerStore,
    connectionManager,
    datastore,
    events,
    logger,
    ping: pinging,
  }) as KadDHT & Startable & { readonly routingTable: { readonly size: number } }
  await pinging.start()
  await service.start()

  const enter = async (): Promise<void> => {
    await Promise.allSettled(
      options.bootstrap.map(async (address) => {
        const signal = AbortSignal.timeout(addressDialTimeoutMs)
        const connection = await host.node.dial(multiaddr(address), { signal })
        // Asked again even over an old link: the node may have begun to speak the protocol since.
        await host.node.services.identify.identify(connection, { signal })
      }),
    )
    // The topology learns of a peer's protocols from identify, a moment after the connection.
    for (let wait = 0; wait < 20 && options.bootstrap.length > 0 && service.routingTable.size === 0; wait++)
      await delay(50)
  }
  let entering = enter()
  const ready = async (): Promise<void> => {
    await entering
    if (service.routingTable.size > 0) return
    entering = enter()
    await entering
  }
  const keyOf = (secret: Uint8Array): InstanceType<typeof CID> =>
    CID.createV1(rawCodec, Digest.create(sha256Code, discoveryKeyOf(secret)))

  /** Repeats `turn` until the signal fires, with growing pauses while it says that nothing came of it. */
  const repeat = async (
    turn: (signal: AbortSignal) => Promise<boolean>,
    againMs: number,
    signal: AbortSignal,
  ): Promise<void> => {
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        await ready()
        const done = await turn(AbortSignal.any([signal, AbortSignal.timeout(queryTimeoutMs)]))
        if (done) attempt = 0
        await delay(done ? againMs : backoffMs(attempt, { baseMs: 500, capMs: 15_000 }), signal)
      } catch {
        // A walk that failed is tried again like one that found nothing.
        await delay(backoffMs(attempt, { baseMs: 500, capMs: 15_000 }), signal).catch(() => {})
      }
    }
  }

  return {
    get peers() {
      return service.routingTable.size
    },
    announce(secret, signal) {
      const key = keyOf(secret)
      return repeat(
        async (stop) => {
          if (service.routingTable.size === 0) return false
          for await (const event of service.provide(key, { signal: stop })) void event
          return true
        },
        announceAgainMs,
        signal,
      )
    },
    search(secret, found, signal) {
      const key = keyOf(secret)
      return repeat(
        async (stop) => {
          let count = 0
          for await (const event of service.findProviders(key, { signal: stop })) {
            if (event.name !== 'PROVIDER' && event.name !== 'PEER_RESPONSE') continue
            for (const { id, multiaddrs } of event.providers) {
              if (count >= maxFoundPeers || id.toString() === host.peer) continue
              const told = multiaddrs
                .slice(0, maxAddressesPerPeer)
                .map((address) => address.toString().replace(/\/p2p\/[^/]*$/, ''))
              const { usable } = filterAddresses(told, options.addresses, maxAddressesPerPeer)
              if (usable.length === 0) continue
              count++
              found(id.toString(), usable)
            }
            if (count >= maxFoundPeers) break
          }
          return false
        },
        announceAgainMs,
        signal,
      )
    },
    async [Symbol.asyncDispose]() {
      await service.stop()
      await pinging.stop()
    },
  }
}
