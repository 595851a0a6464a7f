/**
 * What the journeys take, give and are handed. `ferry.ts` starts a journey through `createJob` and hands it a
 * `JobContext`; the journey itself is one function in a file of its own (`share.ts`, `receive.ts`, …) named `run…`.
 * These options are the library's: the command line parses text into them and adds nothing.
 */
import type { Writable } from 'node:stream'
import type { ArchiveFormat } from '../blobs/archive/archive-writer.ts'
import type { DiskStore } from '../blobs/store/open-store.ts'
import type { WorkerPool } from '../blobs/worker/pool.ts'
import type { Discovery } from '../node/discovery/discovery.ts'
import type { Host } from '../node/host.ts'
import type { Identity } from '../node/identity.ts'
import type { Provider, ProviderEvent } from '../node/provider/provider.ts'
import type { ProgressSink, ReportedError } from '../progress/events.ts'
import type { FileChoice } from '../shared/file-choice.ts'
import type { PartLedger } from '../shared/part-ledger.ts'
import type { Throttle } from '../shared/throttle.ts'
import type { S3Location, SftpLocation } from '../sync/location.ts'
import type { JobControls, JobListeners } from './job.ts'

/** What a journey may use. Everything is made on first use and closed by whoever made the tools. */
export interface JobTools {
  /** Absolute path of the data directory. */
  readonly directory: string
  readonly network: NetworkOptions
  store(): Promise<DiskStore>
  identity(): Promise<Identity>
  /** For reaching others: the listening host when there is one already, otherwise one that does not listen. */
  reach(): Promise<Reach>
  /** For reaching this very identity where another process serves it: a host with an identity that is then forgotten. */
  reachSelf(): Promise<Reach>
  /** For being reached. `port` is the one used last time; it counts for the first call only. */
  serving(port?: number): Promise<Serving>
  pool(): Promise<WorkerPool>
}

/** A host, and how it finds and is found. */
export interface Reach {
  readonly host: Host
  readonly discovery: Discovery
}

/** The listening host and the one provider on it, shared by all jobs that serve. */
export interface Serving extends Reach {
  readonly provider: Provider
  /** Tells of everything that happens to one share, until the returned function is called. */
  onEvent(shareId: Uint8Array, listener: (event: ProviderEvent) => void): () => void
}

/** Handed to every `run…` function. */
export interface JobContext {
  /** Aborted by `Job.cancel`, by the caller's signal, and when the `Ferry` is closed. */
  readonly signal: AbortSignal
  readonly progress: ProgressSink
  /** Held by `Job.pause` and `Job.setRate`: content is taken from it before it is asked for, answered, read or written. */
  readonly throttle: Throttle
  /** Which files are done; those that are left out meanwhile count as skipped. */
  readonly files: FileChoice
  /** Told of every part of a file that is begun here, and when it is whole or gone. */
  readonly parts: PartLedger
  readonly tools: JobTools
}

export type { ArchiveFormat }

/** How this process meets others; one set for all jobs of a `Ferry`. */
export interface NetworkOptions {
  /** Multiaddrs or `host:port` to listen on; default: every address, a remembered or free port. */
  readonly listen?: readonly string[]
  /** Addresses to put into tickets in place of those found on this machine. */
  readonly announce?: readonly string[]
  /** Multiaddrs of peers through which the DHT is entered. */
  readonly bootstrap?: readonly string[]
  /** Look for and announce providers in the DHT. Default true. */
  readonly dht?: boolean
  /** Contact and announce to no one outside private address ranges. Default false. */
  readonly local?: boolean
}

/** A place with a name: what `NAME:path` stands for in a sync. Without secrets. */
export type RemoteDefinition = S3Location | SftpLocation

/** A path on disk, or bytes to share under a name (spooled to the data directory first). */
export type ShareInput = string | { readonly name: string; readonly content: AsyncIterable<Uint8Array> }

export interface ShareOptions extends JobListeners, JobControls {
  readonly signal?: AbortSignal | undefined
  /** Name shown to receivers, and the top-level name when one path is shared. */
  readonly name?: string | undefined
  /** End after one complete download. */
  readonly once?: boolean | undefined
  /** Milliseconds from now after which the share refuses everyone and the job ends. */
  readonly expireMs?: number | undefined
  /** Peer ids that may fetch; empty or undefined means everyone who has the ticket. */
  readonly allow?: readonly string[] | undefined
  /** Gitignore-style patterns; a file is shared when `include` is empty or matches and `exclude` does not. */
  readonly include?: readonly string[] | undefined
  readonly exclude?: readonly string[] | undefined
  /** Obey `.gitignore` files in the tree. */
  readonly gitignore?: boolean | undefined
  /** Share what a symbolic link points at in place of the link. */
  readonly followSymlinks?: boolean | undefined
  /** Share what is in the named archives (zip, tar, tar.gz, tar.zst), unpacked into the data directory first. */
  readonly expand?: boolean | undefined
  /** Files hashed at once; default `min(8, cores)`. */
  readonly jobs?: number | undefined
  /** Wait for hashing and put the root into the ticket: good for that content only. */
  readonly pin?: boolean | undefined
  /** Forget the remembered secret and port of these paths and make a fresh ticket. */
  readonly fresh?: boolean | undefined
}

/** Told once the ticket is known, which is before hashing ends (except with `pin`). */
export interface ShareTicket {
  readonly ticket: string
  readonly name: string
  /** 32 bytes; only with `pin`, or when the share was sealed before. */
  readonly root: Uint8Array | undefined
  /** Addresses that the ticket carries, as text. */
  readonly addresses: readonly string[]
}

export interface ShareContext extends JobContext {
  /** Called once by `runShare`, as early as possible. */
  readonly onTicket: (ticket: ShareTicket) => void
  /** Called once by `runShare` when hashing has ended and the root is signed. */
  readonly onSealed: (sealed: ShareSealed) => void
}

export interface ShareSealed {
  readonly root: Uint8Array
  readonly files: number
  readonly bytes: number
  /** Bytes whose chunks were known from before and not read again. */
  readonly reusedBytes: number
}

export interface ItemFailure {
  readonly path: string
  readonly error: ReportedError
}

/** Counts of failures are whole; lists of them keep the first `maxFailuresKept`. */
export interface FailureSummary {
  readonly count: number
  readonly first: readonly ItemFailure[]
}

export interface ShareResult {
  readonly ticket: string
  readonly name: string
  readonly root: Uint8Array
  readonly files: number
  readonly bytes: number
  readonly reusedBytes: number
  readonly failed: FailureSummary
  /** Complete downloads during this run. */
  readonly downloads: number
  /** Why the job ended by itself; a stop by the user rejects with `E_CANCELLED`. */
  readonly ended: 'once' | 'expired'
}

/** What happens to a file that is in the way and differs. Identical files are always kept and counted as had. */
export type OverwritePolicy = 'never' | 'always' | 'newer' | 'rename'

/** Largest or smallest file first, by name, or the oldest first. */
export type ReceiveOrder = 'size-desc' | 'size-asc' | 'name' | 'mtime'

/** What is about to be received; told before the first write. */
export interface ReceivePlan {
  readonly name: string
  /** So far, when `final` is false (the sender still hashes). */
  readonly files: number
  readonly bytes: number
  readonly final: boolean
  /** Bytes free at the destination; undefined when the system does not tell. */
  readonly freeBytes: number | undefined
  readonly destination: string
}

export interface ReceiveOptions extends JobListeners, JobControls {
  readonly signal?: AbortSignal | undefined
  readonly overwrite?: OverwritePolicy | undefined
  /** Leave out symbolic links that are absolute or lead out of what is received. */
  readonly safeLinks?: boolean | undefined
  /** Globs on manifest paths; only matching files are fetched. */
  readonly only?: readonly string[] | undefined
  /** Which files come first; default `name`. A share that is still being hashed comes in its own order, with a warning. */
  readonly order?: ReceiveOrder | undefined
  /** Files fetched at once; default 6. */
  readonly jobs?: number | undefined
  /** Milliseconds without any peer after which the job fails with `E_UNREACHABLE`; default 30 s. */
  readonly timeoutMs?: number | undefined
  /** Keep trying until a peer appears (`timeoutMs` then bounds the whole wait, when given). */
  readonly wait?: boolean | undefined
  /** Offer what has arrived to other receivers of the same ticket while this runs. Default true. */
  readonly seed?: boolean | undefined
  /**
   * Write the content of the one file that the ticket offers here, in order, and nothing to disk; or, with `as`, the
   * archive.
   */
  readonly output?: Writable | undefined
  /**
   * Make one archive of all that is received. `into` is the folder that it is put into, or, when it ends in `.zip` or
   * `.tar`, the archive itself.
   */
  readonly as?: ArchiveFormat | undefined
  /** Asked once before the first write; false cancels with `E_CANCELLED`. */
  readonly confirm?: ((plan: ReceivePlan) => Promise<boolean>) | undefined
}

export interface ReceiveResult {
  readonly name: string
  /** Folder into which it was written; undefined with `output`. */
  readonly destination: string | undefined
  /** Top-level paths on disk, in manifest order (after `rename`); at most `maxFailuresKept` of them. */
  readonly written: readonly string[]
  readonly root: Uint8Array
  readonly files: { readonly total: number; readonly had: number; readonly failed: number }
  readonly bytes: { readonly total: number; readonly fetched: number; readonly reused: number }
  readonly failed: FailureSummary
  /** Peers that gave content. */
  readonly peers: number
}

export interface ListOptions extends JobListeners {
  readonly signal?: AbortSignal | undefined
  readonly only?: readonly string[] | undefined
  readonly timeoutMs?: number | undefined
  readonly wait?: boolean | undefined
}

export interface ListedEntry {
  readonly path: string
  readonly kind: 'file' | 'directory' | 'symlink'
  /** Bytes; 0 for folders and links. */
  readonly size: number
  readonly mode: number
  readonly mtimeNs: bigint
  readonly target?: string | undefined
  /** Name of the content: BLAKE3 of its node list. Only files of a sealed share. */
  readonly blob?: Uint8Array | undefined
}

export interface ListContext extends JobContext {
  /** Batches in manifest order. Awaited, so that a slow reader (a pipe) slows the listing. */
  readonly onEntries: (entries: readonly ListedEntry[]) => Promise<void>
}

export interface ListResult {
  readonly name: string
  readonly files: number
  readonly bytes: number
  /** Undefined while the sender still hashes. */
  readonly root: Uint8Array | undefined
}

export interface VerifyOptions extends JobListeners {
  readonly signal?: AbortSignal | undefined
  readonly only?: readonly string[] | undefined
  readonly timeoutMs?: number | undefined
  readonly wait?: boolean | undefined
  readonly jobs?: number | undefined
}

export interface VerifyDifference {
  readonly path: string
  /** `extra`: it is here, in a folder that the ticket offers, and the ticket has nothing of that name. */
  readonly kind: 'missing' | 'content' | 'type' | 'target' | 'unreadable' | 'extra'
  readonly message: string
}

export interface VerifyResult {
  readonly name: string
  /** Files checked and their bytes. */
  readonly files: number
  readonly bytes: number
  /** Of what the ticket offers: missing, or not the same. */
  readonly different: number
  readonly extra: number
  /** The first `maxFailuresKept` of what is different, and as many of what is extra. */
  readonly differences: readonly VerifyDifference[]
}

export interface DiffOptions extends JobListeners {
  readonly signal?: AbortSignal | undefined
  /** Globs on paths; only what matches is compared. */
  readonly only?: readonly string[] | undefined
  readonly timeoutMs?: number | undefined
  readonly wait?: boolean | undefined
}

/** One name that two tickets do not offer alike. */
export interface Difference {
  readonly path: string
  /** `attributes`: only its mode or time is another. */
  readonly kind: 'added' | 'removed' | 'changed' | 'attributes'
  readonly isFolder: boolean
  /** Bytes of the file, of the second ticket where it has it. */
  readonly size: number
  /** How it is different; empty when the kind says it all. */
  readonly message: string
}

export interface DiffContext extends JobContext {
  /** Batches in manifest order. Awaited, so that a slow reader slows the comparison. */
  readonly onDifferences: (differences: readonly Difference[]) => Promise<void>
}

/** Counts of names: files, folders and links. */
export interface DiffResult {
  readonly names: readonly [string, string]
  readonly same: number
  readonly added: number
  readonly removed: number
  readonly changed: number
  readonly attributes: number
}

export interface StoreInfo {
  readonly directory: string
  readonly databaseBytes: number
  /** Rows and bytes of the user's files that the index knows. */
  readonly files: number
  readonly fileBytes: number
  readonly shares: number
  readonly objects: number
  readonly objectBytes: number
}

export interface GcResult {
  readonly removedFiles: number
  readonly removedObjects: number
  readonly removedShares: number
  /** Bytes by which the database became smaller. */
  readonly freedBytes: number
}

export interface StoreVerifyResult {
  readonly files: number
  readonly bytes: number
  /** Files whose bytes are no longer those recorded; their rows were removed. */
  readonly changed: number
  readonly missing: number
  /** Damaged manifests or lists; they were removed. */
  readonly damagedObjects: number
}
