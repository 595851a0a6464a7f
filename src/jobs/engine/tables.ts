/** The shares, the peers and the sums of all jobs, made out of the same pictures that everyone sees. */
import type { Snapshot } from '../../progress/events.ts'
import { locationUrl } from '../sync/location-url.ts'
import type { EngineStatus, JobState, PeerView, RemoteView, ShareView } from '../engine-types.ts'
import type { RemoteDefinition } from '../types.ts'
import type { Entry } from './entry.ts'
import { hasEnded, viewOf } from './entry.ts'

/** Undefined when it is no share, or one that is over. */
export function shareViewOf(entry: Entry): ShareView | undefined {
  const { spec, snapshot, extra, state } = entry
  if (spec.kind !== 'share' || hasEnded(state)) return undefined
  return {
    id: entry.id,
    name: viewOf(entry).title,
    state,
    phase: snapshot.phase,
    paths: spec.paths,
    files: snapshot.files.total,
    bytes: snapshot.bytes.total,
    percent: extra.root === undefined ? snapshot.percent : 100,
    sentBytes: snapshot.bytes.transferred,
    rate: snapshot.phase === 'serve' ? snapshot.rate : 0,
    ticket: extra.ticket ?? null,
    root: extra.root ?? null,
    createdAtMs: entry.createdAtMs,
    expiresAtMs: extra.expiresAtMs ?? null,
    once: spec.options?.once === true,
    peers: snapshot.peers,
  }
}

const isUpload = (kind: Snapshot['kind']): boolean => kind === 'share'

/** Peers of jobs that go on; those that left are kept as long as their job tells of them. */
export function peerViews(entries: Iterable<Entry>): PeerView[] {
  const rows = new Map<string, { -readonly [Key in keyof PeerView]: PeerView[Key] }>()
  for (const { id, job, snapshot } of entries) {
    if (!job) continue
    for (const { peer, address, state, bytes, rate, roundTripMs } of snapshot.peers) {
      const key = `${peer} ${address}`
      const row = rows.get(key) ?? {
        peer,
        address,
        state,
        roundTripMs: null,
        downBytes: 0,
        upBytes: 0,
        downRate: 0,
        upRate: 0,
        jobs: [],
      }
      if (state === 'connected') row.state = state
      row.roundTripMs = roundTripMs ?? row.roundTripMs
      if (isUpload(snapshot.kind)) {
        row.upBytes += bytes
        row.upRate += rate
      } else {
        row.downBytes += bytes
        row.downRate += rate
      }
      row.jobs = [...row.jobs, id]
      rows.set(key, row)
    }
  }
  return [...rows.values()]
}

export function remoteViews(remotes: ReadonlyMap<string, RemoteDefinition> = new Map()): RemoteView[] {
  return [...remotes]
    .map(([name, remote]) => ({ name, kind: remote.kind, url: locationUrl(remote) }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

export function sumsOf(
  entries: Iterable<Entry>,
): Pick<EngineStatus, 'jobs' | 'downRate' | 'upRate' | 'peers'> {
  const jobs: Record<JobState, number> = {
    running: 0,
    paused: 0,
    interrupted: 0,
    done: 0,
    failed: 0,
    cancelled: 0,
  }
  let downRate = 0
  let upRate = 0
  const peers = new Set<string>()
  for (const { state, snapshot } of entries) {
    jobs[state]++
    if (state !== 'running') continue
    if (snapshot.phase === 'serve' && isUpload(snapshot.kind)) upRate += snapshot.rate
    else if (!isUpload(snapshot.kind)) downRate += snapshot.rate
    for (const { peer, state: link } of snapshot.peers) if (link === 'connected') peers.add(peer)
  }
  return { jobs, downRate, upRate, peers: peers.size }
}
