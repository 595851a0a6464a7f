/**
 * Which receivers of a share serve it too, as they said themselves. Told to the other receivers of the same share, who
 * believe it for nothing more than a dial.
 */
import { anyReach, filterAddresses, localReach } from '../addresses.ts'
import { maxAddressesPerPeer, maxExchangedPeers } from '../limits.ts'
import type { PeerAddresses } from '../session.ts'

export interface PeerRegistry {
  /** Rises with every change. */
  readonly version: number
  add(peer: string, addresses: readonly string[]): void
  remove(peer: string): void
  /** The latest, at most `maxExchangedPeers`, without the one who asks. */
  others(peer: string): readonly PeerAddresses[]
  /** Resolves when `version` is above the one given, or the signal fires; never rejects. */
  changed(version: number, signal: AbortSignal): Promise<void>
}

export function createPeerRegistry(local: boolean): PeerRegistry {
  const peers = new Map<string, PeerAddresses>()
  const change = createChangeSignal()
  return {
    get version() {
      return change.version
    },
    add(peer, addresses) {
      const { usable } = filterAddresses(addresses, local ? localReach : anyReach, maxAddressesPerPeer)
      if (usable.length === 0) return
      // The newest last: an address that was told again is one that is still good.
      peers.delete(peer)
      peers.set(peer, { peer, addresses: usable })
      change.raise()
    },
    remove(peer) {
      if (peers.delete(peer)) change.raise()
    },
    others: (peer) => [...peers.values()].filter((one) => one.peer !== peer).slice(-maxExchangedPeers),
    changed: (version, signal) => change.above(version, signal),
  }
}

export interface ChangeSignal {
  readonly version: number
  raise(): void
  /** Resolves when `version` is above the one given, or the signal fires; never rejects. */
  above(version: number, signal: AbortSignal): Promise<void>
}

/** A counter that can be waited for; nothing is remembered per waiter but a promise. */
export function createChangeSignal(): ChangeSignal {
  let version = 1
  let waiters: (() => void)[] = []
  return {
    get version() {
      return version
    },
    raise() {
      version++
      const ready = waiters
      waiters = []
      for (const wake of ready) wake()
    },
    above(known, signal) {
      if (version > known || signal.aborted) return Promise.resolve()
      return new Promise((resolve) => {
        const wake = (): void => {
          signal.removeEventListener('abort', wake)
          waiters = waiters.filter((waiter) => waiter !== wake)
          resolve()
        }
        waiters.push(wake)
        signal.addEventListener('abort', wake, { once: true })
      })
    },
  }
}
