/** The peers of a job, newest picture of each; bounded, because a popular share sees any number of them. */
import type { PeerProgress, PeerPicture } from './events.ts'
import type { RateMeter } from './rate.ts'
import { createRateMeter } from './rate.ts'

/** Peers that are told one by one; of more, those that have left are forgotten first, their bytes are not. */
const maxPeersKept = 256

export interface PeerTable {
  /** Bytes of content that went to or came from all peers ever. */
  readonly bytes: number
  /** Returns true when bytes moved. */
  put(peer: PeerProgress, atMs: number): boolean
  list(atMs: number): PeerPicture[]
}

export function createPeerTable(): PeerTable {
  const peers = new Map<
    string,
    { progress: PeerProgress; readonly sum: { bytes: number }; readonly meter: RateMeter }
  >()
  // A peer that comes back counts from 0 again, so bytes are summed by difference.
  let bytes = 0

  function makeRoom(): void {
    if (peers.size < maxPeersKept) return
    for (const [key, { progress }] of peers) {
      if (progress.state !== 'connected' && progress.state !== 'connecting') {
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
    put(progress, atMs): boolean {
      const row = peers.get(progress.peer)
      const known = row?.progress.bytes ?? 0
      const moved = progress.bytes >= known ? progress.bytes - known : progress.bytes
      bytes += moved
      if (row) {
        // How it ended says nothing of what it was asked.
        const { requests, requestMs } = row.progress
        row.progress = { requests, requestMs, ...progress }
        row.sum.bytes += moved
      } else {
        makeRoom()
        peers.set(progress.peer, { progress, sum: { bytes: moved }, meter: createRateMeter(0, atMs) })
      }
      return moved > 0
    },
    list: (atMs) =>
      [...peers.values()].map(({ progress, sum, meter }) => ({
        ...progress,
        rate: progress.state === 'connected' ? meter.sample(sum.bytes, atMs) : 0,
      })),
  }
}
