/**
 * Worker threads for everything that touches bulk content: reading, cutting, hashing, verifying and writing, all with
 * synchronous file system calls. The main thread only moves sockets and plans.
 */
import type { TaskMap } from './tasks.ts'

export interface WorkerPool extends AsyncDisposable {
  /** Number of threads. */
  readonly size: number
  /**
   * Runs one task on the least busy thread. Buffers in `transfer` are moved, not copied; the result's buffers are moved
   * back. Rejects with the `FerryError` that the task threw.
   */
  run<Name extends keyof TaskMap>(
    name: Name,
    input: TaskMap[Name]['input'],
    transfer?: readonly ArrayBuffer[],
  ): Promise<TaskMap[Name]['output']>
}
