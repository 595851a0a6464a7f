/** One job in the engine's table: what it is, how it stands, and the run it has now, if any. */
import type { StoredJob } from '../../blobs/store/job-table.ts'
import type { Snapshot } from '../../progress/events.ts'
import type { HistoryRow, JobSpec, JobState, JobView, Limits } from '../engine-types.ts'
import type { LeftOut } from '../../shared/file-choice.ts'
import type { Job } from '../job.ts'
import { canDeletePartial, doesSingleFiles, partsOf } from './single-files.ts'

/** What becomes known of a job while it runs; kept between runs. */
export interface Extra {
  /** Of a share, whole. */
  readonly ticket?: string | undefined
  /** Of a share, hexadecimal. */
  readonly root?: string | undefined
  /** Of a share: hashed bytes and files. */
  readonly sealedBytes?: number | undefined
  readonly expiresAtMs?: number | undefined
  readonly limits?: Limits | undefined
  /** Files that are left out. */
  readonly leftOut?: readonly LeftOut[] | undefined
  /** The files that a retry is about; undefined: all. */
  readonly paths?: readonly string[] | undefined
  /** Files of which a part was begun that is not whole. */
  readonly parts?: readonly string[] | undefined
}

export interface Entry {
  readonly id: string
  readonly spec: JobSpec
  readonly createdAtMs: number
  startedAtMs: number
  endedAtMs: number | undefined
  attempts: number
  state: JobState
  snapshot: Snapshot
  extra: Extra
  /** The run of now. */
  job: Job<unknown> | undefined
  /** Resolves when the end of the present run has been noted. */
  settled: Promise<void>
  /** The present run is stopped because the engine is closed: it will go on. */
  isSuspended: boolean
  savedAtMs: number
}

/** Parts of one job that are remembered over a restart. Others are found when the job goes on. */
const maxPartsKept = 10_000

/** Names of files that a view tells as left out. */
const maxLeftOutShown = 100

export const noLimits: Limits = { bytesPerSecond: null }

const endStates: readonly JobState[] = ['done', 'failed', 'cancelled']

export function hasEnded(state: JobState): state is 'done' | 'failed' | 'cancelled' {
  return endStates.includes(state)
}

/** Enough of a ticket to tell it from others, and of no use to anyone. */
export function shortTicket(ticket: string): string {
  return ticket.length > 20 ? `${ticket.slice(0, 10)}…${ticket.slice(-5)}` : ticket
}

/** How a source is shown: a ticket only ever shortened. */
const shown = (text: string): string => (/ferry1/i.test(text) ? shortTicket(text) : text)

function placesOf(spec: JobSpec): { readonly from: readonly string[]; readonly to: string | null } {
  if (spec.kind === 'share') return { from: spec.paths, to: null }
  if (spec.kind === 'receive') return { from: [shortTicket(spec.ticket)], to: spec.into }
  return { from: [shown(spec.from)], to: spec.to }
}

function lastName(path: string): string {
  return path.split(/[/\\]/).findLast((part) => part !== '') ?? path
}

function titleOf(entry: Entry): string {
  if (entry.snapshot.name !== '') return entry.snapshot.name
  const { from, to } = placesOf(entry.spec)
  if (entry.spec.kind === 'share') return from.map(lastName).join(', ')
  return entry.spec.kind === 'sync' ? `${from.join()} → ${to}` : from.join()
}

export function limitsOf(entry: Pick<Entry, 'spec' | 'extra'>): Limits {
  return entry.extra.limits ?? entry.spec.limits ?? noLimits
}

export function viewOf(entry: Entry): JobView {
  const { id, spec, state, extra, snapshot, attempts, createdAtMs, startedAtMs, endedAtMs } = entry
  const ended = hasEnded(state)
  return {
    id,
    kind: spec.kind,
    title: titleOf(entry),
    state,
    snapshot,
    ticket: spec.kind === 'share' ? (extra.ticket ?? null) : null,
    ...placesOf(spec),
    limits: limitsOf(entry),
    createdAtMs,
    startedAtMs,
    endedAtMs: endedAtMs ?? null,
    attempts,
    canPause: state === 'running' && entry.job !== undefined && entry.job.canPause,
    canResume: state === 'paused' || state === 'interrupted',
    canCancel: !ended,
    canRetry: ended,
    ...fileAbilities(entry),
    leftOut: (extra.leftOut ?? []).slice(0, maxLeftOutShown).map(({ path }) => path),
  }
}

function fileAbilities(entry: Entry): Pick<JobView, 'canCancelFiles' | 'canDeletePartial' | 'canRetryFiles'> {
  const ended = hasEnded(entry.state)
  const isSingle = doesSingleFiles(entry.spec)
  return {
    canCancelFiles: isSingle && !ended,
    canRetryFiles: isSingle && ended,
    canDeletePartial: canDeletePartial(entry.spec) && (!ended || partsOf(entry).length > 0),
  }
}

export function historyRowOf(entry: Entry, outcome: HistoryRow['outcome']): HistoryRow {
  const { files, bytes, error } = entry.snapshot
  return {
    id: entry.id,
    kind: entry.spec.kind,
    title: titleOf(entry),
    outcome,
    ...placesOf(entry.spec),
    files: files.done,
    failedFiles: files.failed,
    bytes: bytes.done,
    transferredBytes: bytes.transferred,
    reusedBytes: bytes.reused,
    attempts: entry.attempts,
    startedAtMs: entry.startedAtMs,
    endedAtMs: entry.endedAtMs ?? entry.snapshot.atMs,
    error: error ?? null,
  }
}

export function storedOf(entry: Entry): StoredJob {
  const { id, state, createdAtMs, startedAtMs, endedAtMs, attempts, spec, snapshot } = entry
  const parts = partsOf(entry).slice(0, maxPartsKept)
  const extra: Extra = { ...entry.extra, parts: parts.length > 0 ? parts : undefined }
  return {
    id,
    state,
    createdAtMs,
    startedAtMs,
    endedAtMs,
    attempts,
    spec: JSON.stringify(spec),
    extra: JSON.stringify(extra),
    snapshot: JSON.stringify(snapshot),
  }
}

/** A remembered job. One that was running when its process ended is interrupted. */
export function restoredEntry(stored: StoredJob): Entry {
  const state = stored.state as JobState
  const snapshot = JSON.parse(stored.snapshot) as Snapshot
  const isCut = state === 'running' || state === 'interrupted'
  return {
    ...stored,
    state: isCut ? 'interrupted' : state,
    spec: JSON.parse(stored.spec) as JobSpec,
    extra: JSON.parse(stored.extra) as Extra,
    snapshot: isCut ? interruptedPicture(snapshot) : snapshot,
    job: undefined,
    settled: Promise.resolve(),
    isSuspended: false,
    savedAtMs: 0,
  }
}

/** The last picture of a job whose process is gone: nothing of it moves. */
export function interruptedPicture(snapshot: Snapshot): Snapshot {
  return {
    ...snapshot,
    state: 'paused',
    phase: 'paused',
    message: 'Interrupted',
    rate: 0,
    etaSeconds: undefined,
    active: [],
    peers: snapshot.peers.map((peer) => ({ ...peer, rate: 0, state: 'lost' })),
  }
}
