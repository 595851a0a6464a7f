/** The peers of a job, newest picture of each; bounded, because a popular share sees any number of them. */
import type { PeerProgress } from './events.ts'

/** Peers that are told one by one; of more, those that have left are forgotten first, their bytes are not. */
const maxPeersKept = 256

export interface PeerTable {
  /** Bytes of content that went to or came from all peers ever. */
  readonly bytes: number
  /** Returns true when bytes moved. */
  put(peer: PeerProgress): boolean
  list(): PeerProgress[]
}

export function createPeerTable(): PeerTable {
  const peers = new Map<string, PeerProgress>()
  // Per connection a peer counts from 0 again, so bytes are summed by difference.
  let bytes = 0

  function makeRoom(): void {
    if (peers.size < maxPeersKept) return
    for (const [key, peer] of peers) {
      if (peer.state !== 'connected' && peer.state !== 'connecting') {
        peers.delete(key)
        return
      }
    }
    const oldest = peers.keys().next()
    if (!oldest.done) peers.delete(oldest.value)
  }

  return {
    get bytes(): number {
      return bytes
    },
    put(peer): boolean {
      const before = peers.get(peer.peer)
      if (!before) makeRoom()
      peers.set(peer.peer, peer)
      const known = before?.bytes ?? 0
      const moved = peer.bytes >= known ? peer.bytes - known : peer.bytes
      bytes += moved
      return moved > 0
    },
    list: () => [...peers.values()],
  }
}
