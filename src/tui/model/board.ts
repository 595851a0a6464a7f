/** Everything the screens show, as plain data: what the engine tells, and what can be seen by watching it. Types only. */
import type { EngineStatus, JobView, PeerView, ShareView } from '../../jobs/engine-types.ts'

/** A file that was under way a moment ago and has ended. */
export interface EndedFile {
  readonly path: string
  readonly bytes: number
}

export type LogLevel = 'info' | 'good' | 'warning' | 'error'

export interface LogEntry {
  /** Counts up. */
  readonly id: number
  /** Milliseconds since 1970. */
  readonly atMs: number
  readonly level: LogLevel
  /** As it came: escaped when it is drawn. */
  readonly text: string
}

export interface RemoteRow {
  readonly name: string
  readonly kind: string
  /** Bucket and endpoint, or user and host; never a secret. */
  readonly place: string
}

/** Bytes a second, once a second, newest last. */
export interface RateHistory {
  readonly down: readonly number[]
  readonly up: readonly number[]
  readonly peakDown: number
}

export interface Places {
  readonly config: string
  readonly data: string
  readonly log: string
}

export interface Board {
  /** Newest first. */
  readonly jobs: readonly JobView[]
  /** By job: files that have ended lately, newest first. */
  readonly ended: ReadonlyMap<string, readonly EndedFile[]>
  readonly shares: readonly ShareView[]
  readonly peers: readonly PeerView[]
  readonly log: readonly LogEntry[]
  readonly rates: RateHistory
  readonly status: EngineStatus | undefined
  readonly remotes: readonly RemoteRow[]
  readonly places: Places
  /** `connecting` until the first change has come. */
  readonly link: 'connecting' | 'connected' | 'reconnecting'
  /** The engine ends with this program: there is no daemon. */
  readonly isPrivate: boolean
  /** Milliseconds since 1970. */
  readonly nowMs: number
}
