/**
 * `createFerry`: one data directory, one identity, one set of network options, and the jobs that run on them. Nothing is
 * opened before a job needs it; closing it stops every job and waits until all is put away.
 */
import { resolveDirectories } from '../shared/directories.ts'
import { FerryError } from '../shared/errors.ts'
import type { DoctorCheck } from './doctor.ts'
import type { Job } from './job.ts'
import { createJob } from './job.ts'
import type { Journeys } from './journeys.ts'
import { journeys as allJourneys } from './journeys.ts'
import type { SyncOptions, SyncResult } from './sync/types.ts'
import type { RemoteTestOptions, RemoteTestResult } from './remote-test.ts'
import { createTools } from './tools.ts'
import type {
  DiffOptions,
  DiffResult,
  Difference,
  GcResult,
  ListedEntry,
  ListOptions,
  ListResult,
  NetworkOptions,
  ReceiveOptions,
  ReceiveResult,
  ShareInput,
  ShareOptions,
  ShareResult,
  ShareSealed,
  ShareTicket,
  StoreInfo,
  StoreVerifyResult,
  VerifyOptions,
  VerifyResult,
} from './types.ts'

export interface FerryOptions extends NetworkOptions {
  /** Data directory; default: FERRY_STORE, FERRY_HOME, or the system's usual place. It is made (0700) when needed. */
  readonly directory?: string | undefined
  /** Threads for reading, hashing and writing; default `min(8, cores)`. */
  readonly threads?: number | undefined
}

export interface ShareJob extends Job<ShareResult> {
  /** Known in under a second, long before hashing ends (except with `pin`). Rejects when the job ends before. */
  readonly ticket: Promise<ShareTicket>
  /** When everything is hashed. Rejects when the job ends before. */
  readonly sealed: Promise<ShareSealed>
}

export interface FerryStore {
  info(): Promise<StoreInfo>
  /** Forgets files that are gone, expired shares, and manifests that nothing needs. */
  gc(options?: { readonly signal?: AbortSignal | undefined }): Job<GcResult>
  /** Reads every known file again and drops the rows that no longer tell the truth. */
  verify(options?: { readonly signal?: AbortSignal | undefined }): Job<StoreVerifyResult>
}

export interface Ferry extends AsyncDisposable {
  readonly directory: string
  /** Offers files and folders until it is cancelled, expires, or is used up (`once`). */
  share(inputs: ShareInput | readonly ShareInput[], options?: ShareOptions): ShareJob
  /** Writes what the ticket offers into the folder `into`, which is made when missing. */
  receive(ticket: string, into: string, options?: ReceiveOptions): Job<ReceiveResult>
  /**
   * Makes the folder, bucket or host `to` hold what `from` holds, sending only what changed. Both are as on the command
   * line: a folder, `s3://bucket/prefix`, `sftp://host/path`, `host:path`, or, for `from`, a ticket.
   */
  sync(from: string, to: string, options?: SyncOptions): Job<SyncResult>
  /** Lists what a ticket offers; `onEntries` is awaited, so that a slow reader slows the listing. */
  list(
    ticket: string,
    onEntries: (entries: readonly ListedEntry[]) => void | Promise<void>,
    options?: ListOptions,
  ): Job<ListResult>
  /** Tells what two tickets do not offer alike, without fetching any of it; `onDifferences` is awaited. */
  diff(
    first: string,
    second: string,
    onDifferences: (differences: readonly Difference[]) => void | Promise<void>,
    options?: DiffOptions,
  ): Job<DiffResult>
  /** Compares the files in folder `path` with what the ticket offers; writes nothing. */
  verify(path: string, ticket: string, options?: VerifyOptions): Job<VerifyResult>
  /** Opens and lists the top of a place that a sync could write to, and tells what it can do; writes nothing. */
  testRemote(location: string, options?: RemoteTestOptions): Job<RemoteTestResult>
  readonly store: FerryStore
  /** The peer id of this device; its key is made when there is none yet. */
  peer(): Promise<string>
  /** Checks whether ferry can work here; reports what does not, and rejects for nothing. */
  examine(): Promise<DoctorCheck[]>
}

/** @throws E_USAGE when there is no place for the data directory. Everything else fails in the job that needs it. */
export function createFerry(options: FerryOptions = {}, journeys: Journeys = allJourneys): Ferry {
  const { directory = resolveDirectories().data, threads, ...network } = options
  const tools = createTools({ directory, network, threads })
  const running = new Set<Job<unknown>>()

  function track<Started extends Job<unknown>>(job: Started): Started {
    running.add(job)
    void job.result.catch(() => undefined).then(() => running.delete(job))
    return job
  }

  return {
    directory,
    share(inputs, shareOptions = {}): ShareJob {
      const list = Array.isArray(inputs) ? (inputs as readonly ShareInput[]) : [inputs as ShareInput]
      const ticket = Promise.withResolvers<ShareTicket>()
      const sealed = Promise.withResolvers<ShareSealed>()
      const job = createJob(
        'share',
        shareOptions.name ?? '',
        (context) =>
          journeys.share(list, shareOptions, {
            ...context,
            tools,
            onTicket: (told) => ticket.resolve(told),
            onSealed: (told) => sealed.resolve(told),
          }),
        shareOptions,
      )
      // Who only waits for the ticket must hear of a share that never came to one.
      for (const { promise, reject } of [ticket, sealed]) {
        promise.catch(() => undefined)
        job.result.then(() => reject(new FerryError('E_CANCELLED', 'The share ended before that')), reject)
      }
      return track({ ...job, ticket: ticket.promise, sealed: sealed.promise })
    },
    receive: (ticket, into, receiveOptions = {}) =>
      track(
        createJob(
          'receive',
          '',
          (context) => journeys.receive(ticket, into, receiveOptions, { ...context, tools }),
          // An archive and a stream are written in order, and nothing of them can be taken back.
          receiveOptions.as || receiveOptions.output
            ? { ...receiveOptions, canLeaveOut: false }
            : receiveOptions,
        ),
      ),
    sync: (from, to, syncOptions = {}) =>
      track(
        createJob(
          'sync',
          '',
          (context) => journeys.sync(from, to, syncOptions, { ...context, tools }),
          syncOptions,
        ),
      ),
    list: (ticket, onEntries, listOptions = {}) =>
      track(
        createJob(
          'list',
          '',
          (context) =>
            journeys.list(ticket, listOptions, {
              ...context,
              tools,
              onEntries: async (entries) => await onEntries(entries),
            }),
          listOptions,
        ),
      ),
    diff: (first, second, onDifferences, diffOptions = {}) =>
      track(
        createJob(
          'list',
          '',
          (context) =>
            journeys.diff(first, second, diffOptions, {
              ...context,
              tools,
              onDifferences: async (differences) => await onDifferences(differences),
            }),
          diffOptions,
        ),
      ),
    verify: (path, ticket, verifyOptions = {}) =>
      track(
        createJob(
          'verify',
          '',
          (context) => journeys.verify(path, ticket, verifyOptions, { ...context, tools }),
          verifyOptions,
        ),
      ),
    testRemote: (location, testOptions = {}) =>
      track(
        createJob(
          'list',
          location,
          (context) => journeys.remoteTest(location, testOptions, { ...context, tools }),
          testOptions,
        ),
      ),
    store: {
      info: () => journeys.storeInfo(tools),
      gc: (storeOptions = {}) =>
        track(createJob('gc', '', (context) => journeys.storeGc({ ...context, tools }), storeOptions)),
      verify: (storeOptions = {}) =>
        track(
          createJob('verify', '', (context) => journeys.storeVerify({ ...context, tools }), storeOptions),
        ),
    },
    peer: async () => (await tools.identity()).peer,
    async examine(): Promise<DoctorCheck[]> {
      const { examine } = await import('./doctor.ts')
      return await examine(tools)
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await Promise.all([...running].map((job) => job.cancel('This ferry was closed')))
      await tools[Symbol.asyncDispose]()
    },
  }
}
