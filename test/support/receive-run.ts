/** A receive without a network: a run over a fake share, its store in memory and its worker threads real. */
import { createChunkHomes } from '../../src/blobs/chunk-homes.ts'
import { openChunkLookup, type ChunkLookup } from '../../src/blobs/store/chunk-lookup.ts'
import { openMemoryStore } from '../../src/blobs/store/memory-store.ts'
import type { Store } from '../../src/blobs/store/store.ts'
import { openDestination } from '../../src/blobs/tree-writer/destination.ts'
import { createFolders } from '../../src/blobs/tree-writer/folders.ts'
import type { WorkerPool } from '../../src/blobs/worker/pool.ts'
import { createIndexRecorder } from '../../src/jobs/receive/index-recorder.ts'
import { receiveSealed } from '../../src/jobs/receive/receive-sealed.ts'
import { underWayBytes, type ReceiveRun } from '../../src/jobs/receive/run.ts'
import { createTally, type Tally } from '../../src/jobs/receive/tally.ts'
import type { OverwritePolicy } from '../../src/jobs/types.ts'
import { createSemaphore } from '../../src/shared/concurrency.ts'
import { createFileChoice, type FileChoice } from '../../src/shared/file-choice.ts'
import { createPartLedger, type PartLedger } from '../../src/shared/part-ledger.ts'
import { createThrottle, type Throttle } from '../../src/shared/throttle.ts'
import type { FakeShare } from './fake-share.ts'
import { silentProgress, type SilentProgress } from './silent-progress.ts'

export interface FakeRunOptions {
  readonly overwrite?: OverwritePolicy
  readonly safeLinks?: boolean
  readonly store?: Store
  readonly signal?: AbortSignal
  readonly throttle?: Throttle
  readonly files?: FileChoice
  readonly parts?: PartLedger
  readonly wanted?: (path: string) => boolean
}

export interface FakeResult {
  readonly tally: Tally
  readonly progress: SilentProgress
  readonly completed: string[]
}

export function fakeRun(
  share: FakeShare,
  into: string,
  pool: WorkerPool,
  options: FakeRunOptions = {},
): ReceiveRun & { readonly progress: SilentProgress } {
  const store = options.store ?? openMemoryStore()
  const progress = silentProgress()
  const destination = openDestination(into)
  let lookup: Promise<ChunkLookup> | undefined
  return {
    signal: options.signal ?? new AbortController().signal,
    progress,
    throttle: options.throttle ?? createThrottle(),
    files: options.files ?? createFileChoice(),
    parts: options.parts ?? createPartLedger(),
    tally: createTally(progress),
    fetcher: share.fetcher,
    pool,
    store,
    destination,
    folders: createFolders(destination.root, destination.isNew),
    overwrite: options.overwrite ?? 'never',
    safeLinks: options.safeLinks ?? false,
    underWay: createSemaphore(underWayBytes),
    copying: createSemaphore(4),
    homes: createChunkHomes(),
    index: createIndexRecorder({
      index: store.files,
      pool,
      coarseClock: false,
      onWarning: (message) => progress.warn(message),
    }),
    lookup: () => (lookup ??= openChunkLookup(store.files)),
    onVerified: () => undefined,
    numberOn: (_session, number) => number,
  }
}

/** Receives a sealed fake share; its index rows are written when this resolves. */
export async function receiveFake(
  share: FakeShare,
  into: string,
  pool: WorkerPool,
  options: FakeRunOptions = {},
): Promise<FakeResult> {
  const run = fakeRun(share, into, pool, options)
  const completed: string[] = []
  try {
    await receiveSealed(run, share.root, {
      wanted: options.wanted ?? (() => true),
      jobs: 6,
      confirm: async () => undefined,
      onManifest: () => undefined,
      onComplete: (_number, { path }) => void completed.push(path),
    })
  } finally {
    await run.index.flush()
  }
  return { tally: run.tally, progress: run.progress, completed }
}
