/**
 * What every face of ferry (terminal UI, web page, commands) sees of the jobs: plain data that travels as JSON, and the
 * one interface to steer them by. `createEngine` is it in this process, `daemon/client.ts` is it over HTTP. Types only, so
 * that code for browsers may import it.
 */
import type { PeerPicture, ReportedError, Snapshot } from '../progress/events.ts'

/** What a share can be told when it is started from a face. All of it is in `ShareOptions` under the same name. */
export interface ShareSpecOptions {
  readonly name?: string | undefined
  readonly once?: boolean | undefined
  readonly expireMs?: number | undefined
  readonly allow?: readonly string[] | undefined
  readonly include?: readonly string[] | undefined
  readonly exclude?: readonly string[] | undefined
  readonly gitignore?: boolean | undefined
  readonly followSymlinks?: boolean | undefined
  readonly expand?: boolean | undefined
  readonly jobs?: number | undefined
  readonly pin?: boolean | undefined
  readonly fresh?: boolean | undefined
}

/** The same of `ReceiveOptions`. */
export interface ReceiveSpecOptions {
  readonly overwrite?: 'never' | 'always' | 'newer' | 'rename' | undefined
  readonly safeLinks?: boolean | undefined
  readonly only?: readonly string[] | undefined
  readonly jobs?: number | undefined
  readonly timeoutMs?: number | undefined
  readonly wait?: boolean | undefined
  readonly seed?: boolean | undefined
  readonly order?: 'size-desc' | 'size-asc' | 'name' | 'mtime' | undefined
  readonly as?: 'zip' | 'tar' | undefined
}

/** How fast a job may be. */
export interface Limits {
  /** Bytes of content a second, both ways together; null: no limit. At least 4096. */
  readonly bytesPerSecond: number | null
}

export interface ShareSpec {
  readonly kind: 'share'
  /** Absolute paths: who reads them has another working folder. */
  readonly paths: readonly string[]
  readonly options?: ShareSpecOptions | undefined
  readonly limits?: Limits | undefined
}

export interface ReceiveSpec {
  readonly kind: 'receive'
  /** A secret: it is kept in the store's database and nowhere else. */
  readonly ticket: string
  /** Absolute path of the folder to write into. */
  readonly into: string
  readonly options?: ReceiveSpecOptions | undefined
  readonly limits?: Limits | undefined
}

export interface SyncSpec {
  readonly kind: 'sync'
  /** As on the command line, with local paths made absolute. */
  readonly from: string
  readonly to: string
  /** Those of `SyncOptions` that are plain data. */
  readonly options?: Readonly<Record<string, unknown>> | undefined
  readonly limits?: Limits | undefined
}

/** A job to be started: all there is to know to start it again after a restart. */
export type JobSpec = ShareSpec | ReceiveSpec | SyncSpec

/** `interrupted`: its process ended before it did; it can be resumed. */
export type JobState = Snapshot['state'] | 'interrupted'

/** A job as faces see it. */
export interface JobView {
  /** Stays the same across pause, retry and restarts. */
  readonly id: string
  readonly kind: JobSpec['kind']
  /** The share's name once known, before that the path or the shortened ticket. */
  readonly title: string
  readonly state: JobState
  /** The newest picture, of this run or the last one; its `id` is the same. */
  readonly snapshot: Snapshot
  /** Of a share: the whole ticket, once known. Of a receive: never. */
  readonly ticket: string | null
  /** Paths of a share; shortened ticket of a receive; source of a sync. */
  readonly from: readonly string[]
  /** Folder or remote that is written to; null for a share. */
  readonly to: string | null
  readonly limits: Limits
  readonly createdAtMs: number
  /** When the present or last run began. */
  readonly startedAtMs: number
  readonly endedAtMs: number | null
  /** Runs so far, the present one included. */
  readonly attempts: number
  /** What the user may do with it now. */
  readonly canPause: boolean
  readonly canResume: boolean
  readonly canCancel: boolean
  readonly canRetry: boolean
  /** Single files of it may be left out, and what has arrived of unfinished files be deleted. */
  readonly canCancelFiles: boolean
  readonly canDeletePartial: boolean
  readonly canRetryFiles: boolean
  /** Files that the user has left out, the first 100 of them. */
  readonly leftOut: readonly string[]
}

export interface ShareView {
  /** Id of the job. */
  readonly id: string
  readonly name: string
  readonly state: JobState
  readonly phase: Snapshot['phase']
  readonly paths: readonly string[]
  readonly files: number
  readonly bytes: number
  /** Of hashing; 100 once it is served whole. */
  readonly percent: number
  /** Bytes of content sent in this run. */
  readonly sentBytes: number
  /** Bytes a second. */
  readonly rate: number
  readonly ticket: string | null
  /** Hexadecimal, once everything is hashed. */
  readonly root: string | null
  readonly createdAtMs: number
  readonly expiresAtMs: number | null
  readonly once: boolean
  /** Connected ones are `connected`; others were there. */
  readonly peers: readonly PeerPicture[]
}

/** A peer of any of the jobs; one row per peer and address. */
export interface PeerView {
  readonly peer: string
  readonly address: string
  readonly state: PeerPicture['state']
  readonly roundTripMs: number | null
  readonly downBytes: number
  readonly upBytes: number
  /** Bytes a second. */
  readonly downRate: number
  readonly upRate: number
  /** Ids of the jobs that it is a peer of. */
  readonly jobs: readonly string[]
}

/** A place that a sync may name, as in `box:path`. Without secrets. */
export interface RemoteView {
  readonly name: string
  readonly kind: 's3' | 'sftp'
  /** Such as `s3://bucket/prefix` or `sftp://user@host/path`. */
  readonly url: string
}

/** A job that has ended. */
export interface HistoryRow {
  readonly id: string
  readonly kind: JobSpec['kind']
  readonly title: string
  readonly outcome: 'done' | 'failed' | 'cancelled'
  readonly from: readonly string[]
  readonly to: string | null
  readonly files: number
  readonly failedFiles: number
  readonly bytes: number
  readonly transferredBytes: number
  readonly reusedBytes: number
  readonly attempts: number
  readonly startedAtMs: number
  readonly endedAtMs: number
  readonly error: ReportedError | null
}

export interface EngineStatus {
  readonly version: string
  readonly pid: number
  readonly startedAtMs: number
  /** Data directory. */
  readonly directory: string
  /** Peer id of this device; null until something needed it. */
  readonly peer: string | null
  readonly jobs: Readonly<Record<JobState, number>>
  /** Bytes a second, of all jobs. */
  readonly downRate: number
  readonly upRate: number
  /** Connected ones. */
  readonly peers: number
}

export interface CancelOptions {
  /** Keep (default) or delete what has arrived of unfinished files. */
  readonly partial?: 'keep' | 'delete' | undefined
}

export interface FileSelection {
  /** Paths as in `snapshot.active` and `snapshot.failures`; a folder's stands for all that is in it. */
  readonly paths?: readonly string[] | undefined
}

/** What has arrived of the files is kept for later (default), or deleted. */
export interface CancelFilesOptions extends FileSelection, CancelOptions {}

export interface HistoryOptions {
  /** Newest first; default 100, at most 1000. */
  readonly limit?: number | undefined
  /** Only what ended before. */
  readonly beforeMs?: number | undefined
}

/** What changed since this reader last looked; the first one tells everything. */
export interface EngineChange {
  /** True for the first, and after a break: jobs that are not in it are gone. */
  readonly whole: boolean
  /** Newest picture of each; a job that ended is told in that state before any later one. */
  readonly jobs: readonly JobView[]
  /** Ids of jobs that were forgotten. */
  readonly removed: readonly string[]
}

/** The table of jobs. Every method rejects with a `FerryError`; E_NOT_FOUND for an id that is not there. */
export interface Engine extends AsyncDisposable {
  /** @throws E_USAGE, E_TICKET when it cannot be started; what fails later fails in the job */
  start(spec: JobSpec): Promise<JobView>
  /** Everything that runs, waits, or ended in the last ten minutes or this process; newest first. */
  list(): Promise<readonly JobView[]>
  get(id: string): Promise<JobView>
  /** Holds it back, keeping links and what has arrived. @throws E_CONFLICT when it does not run */
  pause(id: string): Promise<JobView>
  /** Goes on, also with an interrupted job. @throws E_CONFLICT when it has ended */
  resume(id: string): Promise<JobView>
  /**
   * Resolves when everything is freed. Cancelling what has ended changes nothing, but for what is to be deleted.
   * @throws E_USAGE when it cannot delete, before anything is stopped
   */
  cancel(id: string, options?: CancelOptions): Promise<JobView>
  /**
   * Runs it again, all of it or only these files, also those that were left out: what is here already is not fetched again.
   * @throws E_CONFLICT while it runs; E_USAGE when it does not do single files
   */
  retry(id: string, files?: FileSelection): Promise<JobView>
  /**
   * Leaves these files out from now on; the others go on, and the job ends well without them. They count as skipped.
   * @throws E_CONFLICT when it has ended; E_USAGE without paths, or when it does not do single files
   */
  cancelFiles(id: string, files: CancelFilesOptions): Promise<JobView>
  setLimits(id: string, limits: Limits): Promise<JobView>
  shares(): Promise<readonly ShareView[]>
  /** Stops a share and forgets it: it is not offered again after a restart. */
  removeShare(id: string): Promise<void>
  peers(): Promise<readonly PeerView[]>
  /** As they were defined when the engine began; in order of their names. */
  remotes(): Promise<readonly RemoteView[]>
  history(options?: HistoryOptions): Promise<readonly HistoryRow[]>
  status(): Promise<EngineStatus>
  /**
   * Everything first, then what changes, at most ten times a second. Each reader at its own pace: who is slow gets the
   * newest picture, never a queue. Ends when the signal fires or the engine is closed.
   */
  changes(options?: { readonly signal?: AbortSignal | undefined }): AsyncIterable<EngineChange>
}
