/** What all parts of one receive share. */
import type { ChunkHomes } from '../../blobs/chunk-homes.ts'
import type { ChunkLookup } from '../../blobs/store/chunk-lookup.ts'
import type { Store } from '../../blobs/store/store.ts'
import type { Destination } from '../../blobs/tree-writer/destination.ts'
import type { Folders } from '../../blobs/tree-writer/folders.ts'
import type { WorkerPool } from '../../blobs/worker/pool.ts'
import type { Fetcher } from '../../node/fetcher.ts'
import type { EntryRange, PeerSession } from '../../node/session.ts'
import type { ProgressSink } from '../../progress/events.ts'
import type { Semaphore } from '../../shared/concurrency.ts'
import type { FileChoice } from '../../shared/file-choice.ts'
import type { PartLedger } from '../../shared/part-ledger.ts'
import type { Throttle } from '../../shared/throttle.ts'
import type { ErrorCode, FerryError } from '../../shared/errors.ts'
import type { OverwritePolicy } from '../types.ts'
import type { IndexRecorder } from './index-recorder.ts'
import type { Tally } from './tally.ts'

/**
 * Content that is asked for and not yet safe in a part file: what a killed receive has to fetch again. Also the bound
 * of its memory for content.
 */
export const underWayBytes: number = 8 * 1024 * 1024

/** Content fetched by one request, verified and written by one worker call. */
export const batchBytes: number = 1024 * 1024

/**
 * The same with a rate: a batch counts when all of it is here, and as many of them wait their turn as memory allows. Whole
 * ones would come in gulps, many seconds apart.
 */
export function batchBytesOf({ throttle }: Pick<ReceiveRun, 'throttle'>): number {
  return Math.min(batchBytes, throttle.pieceBytes)
}

export interface ReceiveRun {
  readonly signal: AbortSignal
  readonly progress: ProgressSink
  /** Content passes before it is asked for; files and local copies begin when it is not paused. */
  readonly throttle: Throttle
  /** Files that are left out meanwhile. */
  readonly files: FileChoice
  readonly parts: PartLedger
  readonly tally: Tally
  readonly fetcher: Fetcher
  readonly pool: WorkerPool
  readonly store: Store
  readonly destination: Destination
  readonly folders: Folders
  readonly overwrite: OverwritePolicy
  /** Links that lead out of what is received are not made. */
  readonly safeLinks: boolean
  /** Counted in bytes; see `underWayBytes`. */
  readonly underWay: Semaphore
  /** Local copies at once; they would otherwise fill the queue of the workers before anything fetched is written. */
  readonly copying: Semaphore
  readonly homes: ChunkHomes
  readonly index: IndexRecorder
  /** Chunks in other files of this computer, from the index; read when first asked for. */
  lookup(): Promise<ChunkLookup>
  /** Told of verified ranges as they are written; `disk` is where the finished file goes. */
  onVerified(disk: string, ranges: readonly EntryRange[]): void
  /** The number by which a session knows an entry of this pass. */
  numberOn(session: PeerSession, number: number): number
}

/** Failures that concern one file; after any other the receive as a whole cannot go on. */
const singleFileCodes: ReadonlySet<ErrorCode> = new Set([
  'E_CHANGED',
  'E_CONFLICT',
  'E_IO',
  'E_MANIFEST',
  'E_NOT_FOUND',
  'E_PERMISSION',
])

export function concernsOneFile(error: FerryError): boolean {
  return singleFileCodes.has(error.code)
}
