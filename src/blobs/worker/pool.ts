/**
 * Worker threads for everything that touches bulk content: reading, cutting, hashing, verifying and writing, all with
 * synchronous file system calls. The main thread only moves sockets and plans.
 *
 * Threads start when there is work for them. An idle pool does not keep the process alive; one with work does. Who
 * bounds how much work is under way is the caller: a task given to a busy thread waits there with its buffers.
 */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { FerryError } from '../../shared/errors.ts'
import { unpackError, type PackedError } from './packed-error.ts'
import type { TaskMap } from './tasks.ts'

export interface WorkerPool extends AsyncDisposable {
  /** Number of threads. */
  readonly size: number
  /**
   * Runs one task on the least busy thread. Buffers in `transfer` are moved, not copied; the result's buffers are moved
   * back. Rejects with the `FerryError` that the task threw.
   * @throws E_CANCELLED when the pool is closed before the task ended.
   */
  run<Name extends keyof TaskMap>(
    name: Name,
    input: TaskMap[Name]['input'],
    transfer?: readonly ArrayBuffer[],
  ): Promise<TaskMap[Name]['output']>
  /** Stops all threads at once; tasks under way reject. */
  close(): Promise<void>
}

/** What a thread is asked. */
export interface TaskRequest {
  readonly id: number
  readonly name: keyof TaskMap
  readonly input: unknown
}

/** What it answers. */
export type TaskReply =
  | { readonly id: number; readonly output: unknown }
  | { readonly id: number; readonly error: PackedError }

interface Waiting {
  resolve(output: unknown): void
  reject(error: FerryError): void
}

interface Thread {
  readonly worker: Worker
  /** By id of the request. */
  readonly waiting: Map<number, Waiting>
}

/** More threads than this gain nothing: memory bandwidth and the disk are the limits then. */
const maxThreads = 8

/** A worker's file has the ending of this one, so that it is found in `dist` and in plain `src` alike. */
const workerUrl = new URL(
  `./worker${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`,
  import.meta.url,
)

export function createWorkerPool(options: { readonly size?: number | undefined } = {}): WorkerPool {
  const size = options.size ?? Math.min(maxThreads, availableParallelism())
  const threads: Thread[] = []
  let nextId = 0
  let closed = false

  function startThread(): Thread {
    // Flags of the main thread, such as --eval, are not meant for the workers.
    const worker = new Worker(workerUrl, { execArgv: [] })
    const thread: Thread = { worker, waiting: new Map() }
    const lose = (error: FerryError): void => {
      const index = threads.indexOf(thread)
      if (index >= 0) threads.splice(index, 1)
      for (const waiting of thread.waiting.values()) waiting.reject(error)
      thread.waiting.clear()
    }
    worker.on('message', (reply: TaskReply) => {
      const waiting = thread.waiting.get(reply.id)
      thread.waiting.delete(reply.id)
      if (thread.waiting.size === 0) worker.unref()
      if ('error' in reply) waiting?.reject(unpackError(reply.error))
      else waiting?.resolve(reply.output)
    })
    worker.on('error', (cause) =>
      lose(
        new FerryError('E_INTERNAL', `Cannot finish a task: its thread failed (${cause.message})`, { cause }),
      ),
    )
    worker.on('exit', () =>
      lose(
        closed
          ? new FerryError('E_CANCELLED', 'Cannot finish a task: the workers were stopped')
          : new FerryError('E_INTERNAL', 'Cannot finish a task: its thread ended'),
      ),
    )
    threads.push(thread)
    return thread
  }

  function leastBusy(): Thread {
    let best: Thread | undefined
    for (const thread of threads) if (!best || thread.waiting.size < best.waiting.size) best = thread
    return best && (best.waiting.size === 0 || threads.length >= size) ? best : startThread()
  }

  async function close(): Promise<void> {
    closed = true
    await Promise.all(threads.map((thread) => thread.worker.terminate()))
  }

  return {
    size,
    run<Name extends keyof TaskMap>(
      name: Name,
      input: TaskMap[Name]['input'],
      transfer: readonly ArrayBuffer[] = [],
    ) {
      return new Promise<TaskMap[Name]['output']>((resolve, reject) => {
        if (closed)
          return reject(
            new FerryError('E_CANCELLED', `Cannot start the task ${name}: the workers were stopped`),
          )
        const thread = leastBusy()
        const request: TaskRequest = { id: nextId++, name, input }
        thread.worker.postMessage(request, transfer)
        thread.waiting.set(request.id, { resolve, reject })
        thread.worker.ref()
      })
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
