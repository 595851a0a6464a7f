/** What opening a remote needs, with real workers and a real store that are made when they are first asked for. */
import { openStore, type DiskStore } from '../../src/blobs/store/open-store.ts'
import { createWorkerPool, type WorkerPool } from '../../src/blobs/worker/pool.ts'
import type { RemoteContext } from '../../src/sync/context.ts'

export interface LocalContext extends RemoteContext, AsyncDisposable {
  /** What was warned of. */
  readonly warnings: readonly string[]
}

/** Threads are shared by all tests of a file: starting one takes longer than a test. */
let shared: WorkerPool | undefined

/** `stateDirectory`: also of the store. */
export function createLocalContext(stateDirectory: string): LocalContext {
  const warnings: string[] = []
  let store: DiskStore | undefined
  return {
    signal: new AbortController().signal,
    warnings,
    warn: (message) => void warnings.push(message),
    pool: async () => (shared ??= createWorkerPool({ size: 2 })),
    store: async () => (store ??= openStore(stateDirectory)),
    stateDirectory,
    env: {},
    async [Symbol.asyncDispose]() {
      store?.[Symbol.dispose]()
    },
  }
}
