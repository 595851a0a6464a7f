/**
 * The event that scripts, pages and `ferry status` follow a job by: one flat object, the same by poll and by stream. Pure.
 * Fields are only ever added.
 */
import { formatBytes } from '../shared/units.ts'
import type { JobKind, ReportedError, Snapshot } from './events.ts'

export interface ProgressEvent {
  readonly transferId: string
  readonly kind: JobKind
  readonly name: string
  /** `running`, `paused`, `interrupted`, `done`, `failed` or `cancelled`. */
  readonly state: string
  /** Name of the step: `waiting` … `completed`, `failed`, `cancelled`. */
  readonly step: string
  /** 1 … 6. */
  readonly stepNumber: number
  readonly totalSteps: 6
  /** Whole percent, 0 … 100; 100 only when completed. */
  readonly progress: number
  readonly fileCount: number
  /** For people, such as `2.4 GB`; `bytes` has the numbers. */
  readonly totalSize: string
  readonly message: string
  /** Of a share, once it is served whole or has ended well. */
  readonly ticket?: string
  /** Only when it failed. */
  readonly error?: string
  readonly errorCode?: string
  readonly hint?: string
  /** ISO 8601. */
  readonly timestamp: string
  readonly files: Snapshot['files']
  readonly bytes: Snapshot['bytes']
  /** Bytes a second. */
  readonly rate: number
  readonly etaSeconds: number | null
  /** Connected ones. */
  readonly peers: number
}

export interface ProgressFacts {
  readonly snapshot: Snapshot
  readonly state: string
  readonly ticket: string | null
}

const terminalStates = new Set(['done', 'failed', 'cancelled'])

/** True when no event of this run follows. */
export function isTerminal(event: Pick<ProgressEvent, 'state'>): boolean {
  return terminalStates.has(event.state)
}

export function progressEvent({ snapshot, state, ticket }: ProgressFacts): ProgressEvent {
  const { bytes, files, peers } = snapshot
  const mayTellTicket = ticket !== null && (snapshot.phase === 'serve' || state === 'done')
  return {
    transferId: snapshot.id,
    kind: snapshot.kind,
    name: snapshot.name,
    state,
    step: snapshot.step,
    stepNumber: snapshot.stepNumber,
    totalSteps: snapshot.totalSteps,
    progress: snapshot.percent,
    fileCount: files.total,
    totalSize: formatBytes(bytes.total),
    message: snapshot.message,
    ...(mayTellTicket && { ticket }),
    ...(state === 'failed' && failureOf(snapshot.error)),
    timestamp: new Date(snapshot.atMs).toISOString(),
    files,
    bytes,
    rate: Math.round(snapshot.rate),
    etaSeconds: snapshot.etaSeconds ?? null,
    peers: peers.filter((peer) => peer.state === 'connected').length,
  }
}

function failureOf(
  error: ReportedError | undefined,
): Pick<ProgressEvent, 'error' | 'errorCode'> & { hint?: string } {
  const { message = 'Failed', code = 'E_INTERNAL', hint } = error ?? {}
  return { error: message, errorCode: code, ...(hint !== undefined && { hint }) }
}
