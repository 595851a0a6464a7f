/** A job is one run of share, receive or sync: its result, its progress, and a way to stop it. */
import type { Snapshot } from '../progress/events.ts'

export interface SnapshotSource extends AsyncIterable<Snapshot> {
  /** The picture right now. */
  readonly current: Snapshot
}

export interface Job<Result> extends AsyncDisposable {
  readonly id: string
  /** Sampled at most every 100 ms; always ends with the terminal snapshot. */
  readonly progress: SnapshotSource
  /** Rejects with a `FerryError` when the job as a whole failed or was cancelled. Failures of single files are in the result. */
  readonly result: Promise<Result>
  /** Stops within one chunk, keeps what can be resumed, frees everything; resolves when that is done. */
  cancel(reason?: string): Promise<void>
}
