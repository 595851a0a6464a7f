/** Finds what changed among the peers of a job from one snapshot to the next, as lines for people. */
import type { PeerPicture, Snapshot } from '../../progress/events.ts'
import { escapeText } from '../../shared/terminal-text.ts'
import { formatBytes, formatDuration } from '../../shared/units.ts'
import { shortAddress, shortPeer } from '../../shared/peer-name.ts'

export interface PeerChange {
  readonly peer: PeerPicture
  /** Empty when it is not worth a line. */
  readonly line: string
}

export interface PeerWatch {
  changes(snapshot: Snapshot): PeerChange[]
}

export function createPeerWatch(): PeerWatch {
  const known = new Map<string, { readonly state: PeerPicture['state']; readonly sinceMs: number }>()
  return {
    changes(snapshot): PeerChange[] {
      const changes: PeerChange[] = []
      for (const peer of snapshot.peers) {
        const before = known.get(peer.peer)
        if (before?.state === peer.state) continue
        const sinceMs =
          peer.state === 'connected' ? snapshot.elapsedMs : (before?.sinceMs ?? snapshot.elapsedMs)
        known.set(peer.peer, { state: peer.state, sinceMs })
        changes.push({ peer, line: describe(peer, snapshot.elapsedMs - sinceMs) })
      }
      return changes
    },
  }
}

function describe(peer: PeerPicture, tookMs: number): string {
  const name = shortPeer(peer.peer)
  const reason = peer.message ? `: ${escapeText(peer.message)}` : ''
  const lines: Record<PeerPicture['state'], string> = {
    connecting: '',
    connected: `${name} (${shortAddress(peer.address)}) is connected`,
    finished: `✔ ${name} has everything (${formatBytes(peer.bytes)} in ${formatDuration(tookMs)})`,
    lost: `${name} has left after ${formatBytes(peer.bytes)}${reason}`,
    dropped: `! ${name} is not asked any more${reason}`,
  }
  return lines[peer.state]
}
