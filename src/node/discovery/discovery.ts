/**
 * Finds peers when the addresses of a ticket do not lead to them: mDNS on the local network, and a DHT of ferry's own.
 * Both are loaded and started when first needed, once a host. What they say is filtered and believed for nothing but a
 * dial; what is announced is derived from a share's secret, and is neither its root nor its public name.
 */
import type { Host } from '../host.ts'
import type { AddressPolicy } from '../addresses.ts'
import { localReach, publicReach } from '../addresses.ts'
import type { Dht } from './dht.ts'
import type { LocalNetwork } from './local-network.ts'

export interface DiscoveryOptions {
  /** Use the DHT. Default true. */
  readonly dht?: boolean | undefined
  /** Use mDNS. Default true. */
  readonly mdns?: boolean | undefined
  /** Multiaddrs, with peer ids, of nodes through which the DHT is entered. */
  readonly bootstrap?: readonly string[] | undefined
  /** Which addresses found in the DHT are dialled; default: public ones, with `--local` private ones. */
  readonly dhtAddresses?: AddressPolicy | undefined
}

export type FoundPeer = (peer: string, addresses: readonly string[]) => void

export interface Discovery extends AsyncDisposable {
  /** Lets others find this host as a provider of the share, until disposed. Never rejects: it is a convenience. */
  announce(secret: Uint8Array): AsyncDisposable
  /**
   * Looks for providers of the share, and for `peer` on the local network, until the signal fires. Resolves when
   * nothing more will be found; never rejects.
   */
  search(secret: Uint8Array, peer: string, found: FoundPeer, signal: AbortSignal): Promise<void>
  /** Peers in the DHT's routing table, for messages; 0 while it is not in use. */
  readonly dhtPeers: number
}

export function createDiscovery(host: Host, options: DiscoveryOptions = {}): Discovery {
  const ending = new AbortController()
  let dht: Promise<Dht | undefined> | undefined
  let network: Promise<LocalNetwork | undefined> | undefined
  let dhtPeers = (): number => 0

  const startDht = (): Promise<Dht | undefined> =>
    (dht ??= quietly(async () => {
      if (options.dht === false || ending.signal.aborted) return undefined
      const { startDht: start } = await import('./dht.ts')
      const started = await start(host, {
        bootstrap: options.bootstrap ?? [],
        addresses: options.dhtAddresses ?? (host.local ? localReach : publicReach),
      })
      dhtPeers = () => started.peers
      return started
    }))
  const startNetwork = (): Promise<LocalNetwork | undefined> =>
    (network ??= quietly(async () => {
      if (options.mdns === false || ending.signal.aborted) return undefined
      const { joinLocalNetwork } = await import('./local-network.ts')
      return joinLocalNetwork(host)
    }))

  return {
    get dhtPeers() {
      return dhtPeers()
    },
    announce(secret) {
      const stop = new AbortController()
      const until = AbortSignal.any([stop.signal, ending.signal])
      const announcing = Promise.all([
        startNetwork(),
        startDht().then((started) => (started ? started.announce(secret, until) : undefined)),
      ])
      return {
        async [Symbol.asyncDispose]() {
          stop.abort()
          await announcing
        },
      }
    },
    async search(secret, peer, found, signal) {
      const until = AbortSignal.any([signal, ending.signal])
      await Promise.all([
        startNetwork().then((started) => started?.watch(peer, found, until)),
        startDht().then((started) => started?.search(secret, found, until)),
      ])
    },
    async [Symbol.asyncDispose]() {
      ending.abort()
      const [joined, started] = await Promise.all([network, dht])
      await joined?.[Symbol.asyncDispose]()
      await started?.[Symbol.asyncDispose]()
    },
  }
}

/** Discovery is never needed: without multicast, or without a DHT, the addresses of the ticket are still there. */
async function quietly<Value>(start: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await start()
  } catch {
    return undefined
  }
}
