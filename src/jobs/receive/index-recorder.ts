/**
 * Puts finished files into the store's index, so that the next receive or share believes them without reading them
 * again. Rows go in batches: a transaction a file would cost more than the file. Until then they stay in columns.
 *
 * The index does not believe a file that was read within two seconds of its last change, as it may have been changed
 * again within the same tick of the file system's clock. Here the content is known from before it was written, so it is
 * enough to look once more, a tick later, that nobody touched the file since.
 */
import { setImmediate } from 'node:timers/promises'
import { chunkRecordBytes, type ChunkRecords } from '../../blobs/chunk-records.ts'
import { unpackFingerprint } from '../../blobs/fingerprint.ts'
import { racyWindowNs } from '../../blobs/store/is-fresh.ts'
import type { FileIndex, IndexedFile } from '../../blobs/store/store.ts'
import type { WorkerPool } from '../../blobs/worker/pool.ts'
import { delay } from '../../shared/concurrency.ts'

/** Rows of one transaction, at least, while there are more. What is lost in a crash is only read again. */
const rowsPerTransaction = 1000
/** Rows that may wait; beyond it files are not received faster than they are recorded. About 8 MiB. */
const maxWaiting = 32_768
/** Rows do not wait longer than this for others. */
const maxWaitMs = 1000
/** More than one tick of the clock of any disk file system (10 ms with the slowest kernels). */
const tickMs = 25

/** Files of which the content is known, in columns. */
export interface FinishedFiles {
  /** Joined with NUL. */
  readonly paths: string
  /** Packed. */
  readonly fingerprints: BigInt64Array
  readonly chunkSizes: Uint32Array
  /** The records of all files, one list after the other. */
  readonly records: ChunkRecords
  /** Chunks of each file. */
  readonly counts: Uint32Array
}

export interface IndexRecorder {
  /** `isFinished`: by number of the file; those for which it says no are left out. Resolves when there is room for more. */
  add(files: FinishedFiles, isFinished: (index: number) => boolean): Promise<void>
  /** Resolves when all rows are written; failures to write them are no failures of the receive. */
  flush(): Promise<void>
}

export interface RecorderOptions {
  readonly index: Pick<FileIndex, 'putMany'>
  readonly pool: Pick<WorkerPool, 'run'>
  /** The destination's clock is too coarse to look again: the index applies its own rule. */
  readonly coarseClock: boolean
  onWarning(message: string): void
}

interface Waiting {
  readonly files: FinishedFiles
  readonly isFinished: (index: number) => boolean
}

export function createIndexRecorder(options: RecorderOptions): IndexRecorder {
  const { index, pool, coarseClock } = options
  let waiting: Waiting[] = []
  let count = 0
  let oldestAtMs = 0
  let writing: Promise<void> | undefined

  /** Takes all that waits, again and again: the more comes in while a turn lasts, the more the next one takes. */
  async function writeWaiting(): Promise<void> {
    while (waiting.length > 0) {
      const groups = waiting
      waiting = []
      count = 0
      const now = BigInt(Date.now()) * 1_000_000n
      await delay(tickMs)
      const looked = await Promise.all(
        groups.map(({ files: { paths, fingerprints } }) => pool.run('lookAgain', { paths, fingerprints })),
      )
      let rows: IndexedFile[] = []
      for (const [number, group] of groups.entries()) {
        addRows(rows, group, looked[number]?.same, coarseClock ? now : undefined)
        if (rows.length < rowsPerTransaction && number < groups.length - 1) continue
        index.putMany(rows)
        rows = []
        // Sockets get their turn in between.
        await setImmediate()
      }
    }
  }

  function start(): Promise<void> {
    writing ??= writeWaiting()
      .catch((error: unknown) =>
        options.onWarning(`Received files were not recorded: ${(error as Error).message}`),
      )
      .finally(() => (writing = undefined))
    return writing
  }

  return {
    async add(files, isFinished) {
      const now = performance.now()
      if (waiting.length === 0) oldestAtMs = now
      waiting.push({ files, isFinished })
      count += files.counts.length
      if (count < rowsPerTransaction && now - oldestAtMs < maxWaitMs) return
      const written = start()
      if (count > maxWaiting) await written
    },
    async flush() {
      while (writing || waiting.length > 0) await start()
    },
  }
}

/** `indexedAtNs`: undefined when it is enough to have looked again. */
function addRows(
  rows: IndexedFile[],
  { files, isFinished }: Waiting,
  same: Uint8Array | undefined,
  indexedAtNs: bigint | undefined,
): void {
  let at = 0
  files.paths.split('\0').forEach((path, file) => {
    const begin = at
    at += (files.counts[file] as number) * chunkRecordBytes
    if (!isFinished(file) || same?.[file] !== 1) return
    const fingerprint = unpackFingerprint(files.fingerprints, file)
    rows.push({
      path,
      fingerprint,
      chunkSize: files.chunkSizes[file] as number,
      records: files.records.subarray(begin, at),
      indexedAtNs: indexedAtNs ?? fingerprint.ctimeNs + racyWindowNs,
    })
  })
}
