/**
 * Puts finished files into the store's index, so that the next receive or share believes them without reading them
 * again. Rows go in batches: a transaction a file would cost more than the file. Until then they stay in columns.
 *
 * The index does not believe a file that was read within two seconds of its last change, as it may have been changed
 * again within the same tick of the file system's clock. Here the content is known from before it was written, so it is
 * enough to look once more, a tick later, that nobody touched the file since.
 */
import { setImmediate } from 'node:timers/promises'
import type { FileIndex } from '../../blobs/store/store.ts'
import type { FinishedFiles } from '../../blobs/worker/index-rows-task.ts'
import type { WorkerPool } from '../../blobs/worker/pool.ts'
import { delay } from '../../shared/concurrency.ts'

/** Rows that are worth a transaction. What is lost in a crash is only read again. */
const rowsPerTransaction = 1000
/** Batches of small files written by one transaction; more would keep the sockets waiting. */
const groupsPerTransaction = 4
/** Rows that may wait; beyond it files are not received faster than they are recorded. About 8 MiB. */
const maxWaiting = 32_768
/** Rows do not wait longer than this for others. */
const maxWaitMs = 1000
/** More than one tick of the clock of any disk file system (10 ms with the slowest kernels). */
const tickMs = 25

export interface IndexRecorder {
  /** Resolves when there is room for more. */
  add(files: FinishedFiles): Promise<void>
  /** Resolves when all rows are written; failures to write them are no failures of the receive. */
  flush(): Promise<void>
}

export interface RecorderOptions {
  readonly index: Pick<FileIndex, 'putRows'>
  readonly pool: Pick<WorkerPool, 'run'>
  /** The destination's clock is too coarse to look again: the index applies its own rule. */
  readonly coarseClock: boolean
  onWarning(message: string): void
}

export function createIndexRecorder(options: RecorderOptions): IndexRecorder {
  const { index, pool, coarseClock } = options
  let waiting: FinishedFiles[] = []
  let count = 0
  let oldestAtMs = 0
  let writing: Promise<void> | undefined

  /** Takes all that waits, again and again: the more comes in while a turn lasts, the more the next one takes. */
  async function writeWaiting(): Promise<void> {
    while (waiting.length > 0) {
      const groups = waiting
      waiting = []
      count = 0
      const writtenAtNs = coarseClock ? BigInt(Date.now()) * 1_000_000n : undefined
      await delay(tickMs)
      const rows = await Promise.all(
        groups.map(async (files) => ({
          ...(await pool.run('indexRows', { files, writtenAtNs })),
          paths: files.paths.split('\0'),
        })),
      )
      for (let group = 0; group < rows.length; group += groupsPerTransaction) {
        index.putRows(rows.slice(group, group + groupsPerTransaction))
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
    async add(files) {
      const now = performance.now()
      if (waiting.length === 0) oldestAtMs = now
      waiting.push(files)
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
