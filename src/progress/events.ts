/**
 * What a job reports while it runs. Counters are absolute: a viewer that misses a report loses nothing. Reports are made
 * per batch or file, never per chunk.
 */

/** What is being done, to an item or to the whole job. */
export type Phase =
  | 'scan'
  | 'compare'
  | 'hash'
  | 'queued'
  | 'resolve'
  | 'connect'
  | 'manifest'
  | 'fetch'
  | 'verify'
  | 'write'
  | 'upload'
  | 'copy'
  | 'delete'
  | 'serve'
  | 'done'
  | 'had-it'
  | 'paused'
  | 'failed'
  | 'skipped'

export type JobKind = 'share' | 'receive' | 'sync' | 'list' | 'verify' | 'gc'

/** Failures of items that are kept with their text; the count of all of them is always whole. */
export const maxFailuresKept = 1000

/** Error as shown to people and scripts. */
export interface ReportedError {
  readonly code: string
  readonly message: string
  readonly hint?: string | undefined
}

/**
 * Writes progress. One tracker a job; every worker, session or file loop is handed this and nothing else. All calls are
 * cheap and synchronous.
 */
export interface ProgressSink {
  /** What the job is about, once known: the share's name. */
  name(name: string): void
  /** The job as a whole has moved on. */
  phase(phase: Phase, message?: string): void
  /** What is known of the total so far; `final` once it cannot grow. */
  totals(totals: { readonly files: number; readonly bytes: number; readonly final: boolean }): void
  /** Opens an item (a file, or a batch of small files shown under the first name). */
  beginItem(path: string, phase: Phase, totalBytes: number): ItemProgress
  /** Opens what is shown as an item under way, but is a step before the job's own files, such as unpacking them. */
  beginStep(path: string, phase: Phase, totalBytes: number): ItemProgress
  /** Only there when somebody wants to hear of each file of a batch. Counts nothing. */
  readonly tellItem?: ((item: ItemEvent) => void) | undefined
  /** Adds finished small files without an item each; `files` and `bytes` include those that were had. */
  addDone(counts: {
    readonly files: number
    readonly bytes: number
    readonly reusedBytes?: number
    readonly hadFiles?: number
    /** Of `bytes`: of files that were passed over, and did not move. */
    readonly skippedBytes?: number
  }): void
  /** A file that failed while others go on. */
  failItem(path: string, error: ReportedError): void
  warn(message: string): void
  peer(peer: PeerProgress): void
  /** What a sync plans and has done. */
  sync(progress: SyncProgress): void
}

/** What a sync means to do, as far as it has compared. Files, folders and links are counted alike. */
export interface SyncCounts {
  readonly new: number
  /** There, with another content, type or target. */
  readonly changed: number
  /** Only mode or time differ. */
  readonly attributes: number
  readonly same: number
  readonly delete: number
  /** Passed over by an option, or of a kind that cannot be carried. */
  readonly skipped: number
}

export interface SyncProgress {
  readonly plan: SyncCounts
  /** False while the plan may still grow. */
  readonly planned: boolean
  /** Bytes that went to the destination. In a dry run: that would. */
  readonly sentBytes: number
  /** Bytes that the destination copied from what it had. */
  readonly copiedBytes: number
  /** Bytes of written files that did not have to be sent: copied, or left there by an interrupted run. */
  readonly savedBytes: number
  /** Nothing is changed: what is counted is what would be done. */
  readonly dryRun?: boolean | undefined
}

export interface ItemProgress {
  /** Absolute bytes in the present phase. */
  bytes(doneBytes: number, phase?: Phase): void
  /** Ends the item well. `reusedBytes` of it were already here. */
  done(outcome?: { readonly phase?: 'done' | 'had-it' | 'skipped'; readonly reusedBytes?: number }): void
  fail(error: ReportedError): void
}

export interface PeerProgress {
  readonly peer: string
  readonly address: string
  readonly state: 'connecting' | 'connected' | 'finished' | 'lost' | 'dropped'
  /** Bytes of content sent to or fetched from it, absolute. */
  readonly bytes: number
  readonly roundTripMs?: number | undefined
  /** Requests that it answered, and the milliseconds that they took, one after the other; of a receiver only. */
  readonly requests?: number | undefined
  readonly requestMs?: number | undefined
  readonly message?: string | undefined
}

/** A peer in a snapshot: its bytes are those of its present connection. */
export interface PeerPicture extends PeerProgress {
  /** Bytes a second; 0 when it is not connected. */
  readonly rate: number
}

/** A picture of a job at one moment; all that a viewer ever sees. */
export interface Snapshot {
  readonly id: string
  readonly kind: JobKind
  readonly name: string
  readonly state: 'running' | 'paused' | 'done' | 'failed' | 'cancelled'
  readonly phase: Phase
  readonly message: string
  /** Name of the step, such as `fetching`. */
  readonly step: string
  /** Six steps, as in docs: 1 … 6. */
  readonly stepNumber: number
  readonly totalSteps: 6
  readonly files: {
    readonly done: number
    readonly total: number
    readonly failed: number
    readonly had: number
    readonly final: boolean
  }
  readonly bytes: {
    readonly done: number
    readonly total: number
    readonly reused: number
    readonly transferred: number
  }
  /** Whole percent, 0 … 100, rounded down, never falling, 100 only when done. */
  readonly percent: number
  /** Bytes a second that were read or fetched (not those already here), smoothed over about 15 s; at the end the average. */
  readonly rate: number
  /** Undefined for the first 3 s, while the total may grow, and while nothing moves. */
  readonly etaSeconds: number | undefined
  /** Milliseconds since the last byte moved. */
  readonly idleMs: number
  readonly active: readonly {
    readonly path: string
    readonly phase: Phase
    readonly done: number
    readonly total: number
    readonly rate: number
  }[]
  /** At most `maxFailuresKept`; `files.failed` has the whole count. */
  readonly failures: readonly { readonly path: string; readonly error: ReportedError }[]
  readonly warnings: readonly string[]
  readonly peers: readonly PeerPicture[]
  /** Of a sync only. */
  readonly sync?: SyncProgress | undefined
  readonly error?: ReportedError | undefined
  /** Milliseconds since 1970. */
  readonly startedAtMs: number
  readonly atMs: number
  /** Duration so far by a clock that never steps back. */
  readonly elapsedMs: number
}

/** An item that has ended; told once, at once, and never dropped. */
export interface ItemEvent {
  readonly path: string
  /** `unpacked`: it came out of an archive, and its turn to be shared is still to come. */
  readonly phase: 'done' | 'had-it' | 'skipped' | 'failed' | 'unpacked'
  /** Whole size, or what was done of it when it failed. */
  readonly bytes: number
  readonly error?: ReportedError | undefined
}
