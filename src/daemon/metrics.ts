/** Figures of the daemon in the text form of Prometheus. Sums only grow; they begin at zero with the process. */
import type { EngineStatus, JobView } from '../jobs/engine-types.ts'

export interface StreamMetrics {
  opened(): void
  refused(): void
  /** Events of these jobs went out. */
  sent(jobs: readonly JobView[]): void
}

export interface Metrics extends StreamMetrics {
  /** Told of every job that changed. */
  seen(jobs: readonly JobView[], removed: readonly string[]): void
  render(status: EngineStatus, openStreams: number): string
}

interface Seen {
  attempts: number
  transferred: number
  reused: number
  failedFiles: number
  phase: string
  elapsedMs: number
  state: string
}

/** What is done before content moves. */
const preparing: ReadonlySet<string> = new Set(['scan', 'hash', 'resolve', 'connect', 'manifest'])

const escapeLabel = (text: string): string => text.replace(/[\\"\n]/g, '_')

export function createMetrics(nowMs: () => number = Date.now): Metrics {
  const known = new Map<string, Seen>()
  const bytes = new Map<string, number>()
  const errors = new Map<string, number>()
  const ended = new Map<string, number>()
  const prepared = new Map<string, number>()
  const streams = { opened: 0, refused: 0, events: 0, latencySeconds: 0 }
  const add = (map: Map<string, number>, key: string, amount: number): void => {
    if (amount > 0) map.set(key, (map.get(key) ?? 0) + amount)
  }

  function see({ id, kind, attempts, state, snapshot }: JobView): void {
    const before = known.get(id)
    const last = before?.attempts === attempts ? before : undefined
    const { transferred, reused } = snapshot.bytes
    add(bytes, kind === 'share' ? 'up' : 'down', transferred - (last?.transferred ?? 0))
    add(bytes, 'reused', reused - (last?.reused ?? 0))
    add(errors, last?.phase ?? snapshot.phase, snapshot.files.failed - (last?.failedFiles ?? 0))
    if (last && preparing.has(last.phase))
      add(prepared, last.phase, (snapshot.elapsedMs - last.elapsedMs) / 1000)
    if (last?.state !== state && ['done', 'failed', 'cancelled'].includes(state)) {
      add(ended, state, 1)
      if (state === 'failed') add(errors, last?.phase ?? 'queued', 1)
    }
    known.set(id, {
      attempts,
      transferred,
      reused,
      failedFiles: snapshot.files.failed,
      phase: state === 'running' ? snapshot.phase : (last?.phase ?? snapshot.phase),
      elapsedMs: snapshot.elapsedMs,
      state,
    })
  }

  return {
    opened: () => void streams.opened++,
    refused: () => void streams.refused++,
    sent(jobs): void {
      for (const { snapshot, state } of jobs) {
        if (state !== 'running') continue
        streams.events++
        streams.latencySeconds += Math.max(0, nowMs() - snapshot.atMs) / 1000
      }
    },
    seen(jobs, removed): void {
      jobs.forEach(see)
      for (const id of removed) known.delete(id)
    },
    render(status, openStreams): string {
      const lines: string[] = []
      const family = (name: string, type: 'counter' | 'gauge', help: string, rows: Rows): void => {
        lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`)
        for (const [labels, value] of rows) lines.push(`${name}${labels} ${value}`)
      }
      const by = (label: string, values: Iterable<readonly [string, number]>): Rows =>
        [...values].map(([key, value]) => [`{${label}="${escapeLabel(key)}"}`, value])
      const all = streams.opened + streams.refused
      family('ferry_jobs', 'gauge', 'Jobs by state.', by('state', Object.entries(status.jobs)))
      family('ferry_jobs_ended_total', 'counter', 'Runs that ended, by outcome.', by('outcome', ended))
      family('ferry_bytes_total', 'counter', 'Content moved, or found to be here.', by('direction', bytes))
      family(
        'ferry_rate_bytes',
        'gauge',
        'Bytes a second now.',
        by('direction', [
          ['down', Math.round(status.downRate)],
          ['up', Math.round(status.upRate)],
        ]),
      )
      family('ferry_peers', 'gauge', 'Connected peers.', [['', status.peers]])
      family('ferry_errors_total', 'counter', 'Failed files and jobs, by phase.', by('step', errors))
      family('ferry_prep_seconds', 'counter', 'Time before content moved, by phase.', by('phase', prepared))
      family('ferry_sse_clients', 'gauge', 'Open event streams.', [['', openStreams]])
      family(
        'ferry_sse_connections_total',
        'counter',
        'Event streams asked for.',
        by('result', [
          ['opened', streams.opened],
          ['refused', streams.refused],
        ]),
      )
      family('ferry_sse_success_ratio', 'gauge', 'Streams opened of those asked for.', [
        ['', all === 0 ? 1 : streams.opened / all],
      ])
      family('ferry_sse_event_latency_seconds_sum', 'counter', 'Age of pictures when sent.', [
        ['', streams.latencySeconds],
      ])
      family('ferry_sse_event_latency_seconds_count', 'counter', 'Pictures sent.', [['', streams.events]])
      return `${lines.join('\n')}\n`
    },
  }
}

type Rows = readonly (readonly [string, number])[]
