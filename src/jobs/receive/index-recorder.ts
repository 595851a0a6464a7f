/**
 * Puts finished files into the store's index, so that the next receive or share believes them without reading them
 * again. Rows go in batches: a transaction a file would cost more than the file.
 *
 * The index does not believe a file that was read within two seconds of its last change, as it may have been changed
 * again within the same tick of the file system's clock. Here the content is known from before it was written, so it is
 * enough to look once more, a tick later, that nobody touched the file since.
 */
import { racyWindowNs } from '../../blobs/store/is-fresh.ts'
import type { FileIndex, IndexedFile } from '../../blobs/store/store.ts'
import { equalFingerprints } from '../../blobs/fingerprint.ts'
import type { WorkerPool } from '../../blobs/worker/pool.ts'
import { delay } from '../../shared/concurrency.ts'

/** Rows of one transaction. What is lost in a crash is only read again. */
const rowsPerTransaction = 1000
/** Rows do not wait longer than this for others. */
const maxWaitMs = 1000
/** More than one tick of the clock of any disk file system (10 ms with the slowest kernels). */
const tickMs = 25

export interface IndexRecorder {
  add(file: Omit<IndexedFile, 'indexedAtNs'>): void
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

export function createIndexRecorder(options: RecorderOptions): IndexRecorder {
  const { index, pool, coarseClock } = options
  type Row = Omit<IndexedFile, 'indexedAtNs'>
  let rows: Row[] = []
  let oldestAtMs = 0
  let writing: Promise<void> = Promise.resolve()

  async function write(batch: readonly Row[]): Promise<void> {
    const now = BigInt(Date.now()) * 1_000_000n
    await delay(tickMs)
    const { found } = await pool.run('inspectFiles', { paths: batch.map((row) => row.path) })
    const untouched = batch.filter((row, order) => {
      const seen = found[order]
      return seen?.kind === 'file' && equalFingerprints(seen.fingerprint, row.fingerprint)
    })
    index.putMany(
      untouched.map((row) => ({
        ...row,
        indexedAtNs: coarseClock ? now : row.fingerprint.ctimeNs + racyWindowNs,
      })),
    )
  }

  function start(): void {
    const batch = rows
    rows = []
    writing = writing
      .then(() => write(batch))
      .catch((error: unknown) =>
        options.onWarning(`Received files were not recorded: ${(error as Error).message}`),
      )
  }

  return {
    add(row) {
      const now = performance.now()
      if (rows.length === 0) oldestAtMs = now
      rows.push(row)
      if (rows.length >= rowsPerTransaction || now - oldestAtMs > maxWaitMs) start()
    },
    flush() {
      if (rows.length > 0) start()
      return writing
    },
  }
}
