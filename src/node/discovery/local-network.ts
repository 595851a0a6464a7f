/**
 * mDNS: peers on the same network say their addresses when asked. Only this host's peer id and private addresses are
 * told, never what it shares.
 */
import type { PeerInfo } from '@libp2p/interface'
import { filterAddresses, localReach } from '../addresses.ts'
import type { Host } from '../host.ts'
import { maxAddressesPerPeer } from '../limits.ts'
import type { FoundPeer } from './discovery.ts'

export interface LocalNetwork extends AsyncDisposable {
  /** Tells where `peer` is, whenever it says so, until the signal fires. */
  watch(peer: string, found: FoundPeer, signal: AbortSignal): Promise<void>
}

/** A name of our own, so that we neither answer nor ask other libp2p programs. */
const serviceTag = '_ferry._udp.local'
/** Between two questions. Answers come at once; this is for peers that start later. */
const queryIntervalMs = 5_000

export async function joinLocalNetwork(host: Host): Promise<LocalNetwork> {
  const { mdns } = await import('@libp2p/mdns')
  const service = mdns({ serviceTag, interval: queryIntervalMs, broadcast: host.addresses.length > 0 })(
    host.node.components,
  ) as ReturnType<ReturnType<typeof mdns>> & { start(): Promise<void>; stop(): Promise<void> }
  /** The last word of every peer seen, so that who asks later need not wait for the next answer. */
  const seen = new Map<string, readonly string[]>()
  const maxSeen = 256
  const watchers = new Set<(peer: string, addresses: readonly string[]) => void>()
  service.addEventListener('peer', (event: CustomEvent<PeerInfo>) => {
    const peer = event.detail.id.toString()
    const told = event.detail.multiaddrs.map((address) => address.toString())
    const { usable } = filterAddresses(told, localReach, maxAddressesPerPeer)
    if (usable.length === 0 || (seen.size >= maxSeen && !seen.has(peer))) return
    seen.set(peer, usable)
    for (const watcher of watchers) watcher(peer, usable)
  })
  await service.start()
  return {
    watch(wanted, found, signal) {
      const known = seen.get(wanted)
      if (known) found(wanted, known)
      return new Promise((resolve) => {
        if (signal.aborted) return resolve()
        const watcher = (peer: string, addresses: readonly string[]): void => {
          if (peer === wanted) found(peer, addresses)
        }
        watchers.add(watcher)
        signal.addEventListener(
          'abort',
          () => {
            watchers.delete(watcher)
            resolve()
          },
          { once: true },
        )
      })
    },
    [Symbol.asyncDispose]: () => service.stop(),
  }
}
