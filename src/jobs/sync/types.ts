/** What a sync takes and gives, beside what every job does. */
import type { SyncCounts } from '../../progress/events.ts'
import type { SyncSettings } from '../../sync/options.ts'
import type { JobControls, JobListeners } from '../job.ts'
import type { FailureSummary, RemoteDefinition } from '../types.ts'

/** `SyncSettings`, each with a default; see there for their meaning. */
export type SyncSettingOptions = { readonly [Key in keyof SyncSettings]?: SyncSettings[Key] | undefined }

/** In place of what the environment and the client's own files would say. */
export interface S3Options {
  readonly endpoint?: string | undefined
  readonly region?: string | undefined
  readonly profile?: string | undefined
  /** Of objects that are written. */
  readonly storageClass?: string | undefined
}

export interface SyncOptions extends SyncSettingOptions, JobListeners, JobControls {
  readonly signal?: AbortSignal | undefined
  /** Remotes that locations may name, as in `box:path`. */
  readonly remotes?: ReadonlyMap<string, RemoteDefinition> | undefined
  /** For locations of S3. */
  readonly s3?: S3Options | undefined
  /** Throw away interrupted uploads that lie in the destination, whosever they are, before anything is sent. */
  readonly abortStale?: boolean | undefined
  /** Asks the user for a secret, or whether a host key is right. Left out: nobody can be asked. */
  readonly ask?: ((question: string, hidden: boolean) => Promise<string>) | undefined
  /** Told of every change when it is made, in a dry run when it is planned. Called synchronously, must not throw. */
  readonly onChange?: ((change: SyncChange) => void) | undefined
  /** Told once, before anything is compared: how the trailing slash of SRC was read. */
  readonly onMeaning?: ((meaning: string) => void) | undefined
  /** Told once when everything has been compared. Some of it may be done by then. */
  readonly onPlan?: ((plan: SyncPlan) => void) | undefined
  /** Call `onChange` for what is the same or passed over, too. Default false. */
  readonly tellAll?: boolean | undefined
}

export interface SyncPlan {
  readonly counts: SyncCounts
  /** Size of all files that are written. */
  readonly bytes: number
  /** Of `bytes`: changed files of which only what differs is sent, where the chunks of the old version are known. */
  readonly deltaBytes: number
  /** How the trailing slash of the source was read. */
  readonly meaning: string
}

/** One change of the destination. */
export interface SyncChange {
  readonly path: string
  readonly kind: 'write' | 'folder' | 'link' | 'attributes' | 'same' | 'skip' | 'delete'
  readonly isFolder: boolean
  /** Nothing stood there before. */
  readonly isNew: boolean
  /** rsync's line of `-i`; undefined for what was passed over. Names are as they are: whoever prints escapes them. */
  readonly line?: string | undefined
  /** rsync's line of `-v`; undefined for files of which only mode or time changed. */
  readonly nameLine?: string | undefined
  /** What a link says. */
  readonly target?: string | undefined
  /** Bytes of a file. */
  readonly size: number
  /** Bytes sent for it; in a dry run: that would be sent. */
  readonly sentBytes: number
  /** Bytes that the destination copies from what it has. */
  readonly copiedBytes: number
  /** Why it was passed over. */
  readonly reason?: string | undefined
}

export interface SyncResult {
  /** For people; never with a secret in it. */
  readonly from: string
  readonly to: string
  readonly dryRun: boolean
  readonly plan: SyncPlan
  /** What was done; in a dry run: what would be. */
  readonly done: SyncCounts
  readonly bytes: {
    /** Size of the files that were written. */
    readonly written: number
    readonly sent: number
    readonly copied: number
    /** Written and not sent: copied there, or left by an interrupted run. */
    readonly saved: number
  }
  /** Size and number of all files in the source. */
  readonly source: { readonly files: number; readonly bytes: number }
  readonly failed: FailureSummary
  /** Of those that failed: because they changed or vanished while they were read. */
  readonly changedMeanwhile: number
  /** Not deleted because of `maxDelete`. */
  readonly keptByMaxDelete: number
  /** Abandoned uploads that were thrown away. */
  readonly abortedUploads: number
}
