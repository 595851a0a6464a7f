/**
 * What the jobs of one `Ferry` share: data directory, store, worker threads. Each is made when it is first asked for, at
 * most once, and closed in reverse order.
 */
import type { DiskStore } from '../blobs/store/open-store.ts'
import type { WorkerPool } from '../blobs/worker/pool.ts'
import type { HostOptions } from '../node/host.ts'
import type { ProviderEvent } from '../node/provider/provider.ts'
import { toHex } from '../shared/bytes.ts'
import { FerryError } from '../shared/errors.ts'
import type { JobTools, NetworkOptions, Reach, Serving } from './types.ts'

export interface FerryTools extends JobTools, AsyncDisposable {}

export interface ToolsOptions {
  readonly directory: string
  readonly network: NetworkOptions
  /** Worker threads; default `min(8, cores)`. */
  readonly threads?: number | undefined
}

export function createTools({ directory, network, threads }: ToolsOptions): FerryTools {
  const closers: (() => void | PromiseLike<void>)[] = []
  let closed = false
  /** One promise for all who ask, also while the first one still waits. */
  function once<Value, Args extends readonly unknown[]>(
    make: (...args: Args) => Promise<Value>,
    close: (value: Value) => void | PromiseLike<void>,
  ): (...args: Args) => Promise<Value> {
    let made: Promise<Value> | undefined
    return async (...args) => {
      if (closed) throw new FerryError('E_CANCELLED', 'Cannot start a job: this ferry was closed')
      made ??= make(...args).then(
        (value) => {
          closers.push(() => close(value))
          return value
        },
        (error: unknown) => {
          // What could not be made (a port in use) may be possible for the next job.
          made = undefined
          throw error
        },
      )
      return await made
    }
  }

  const identity = once(
    async () => {
      const { openIdentity } = await import('../node/identity.ts')
      return openIdentity(directory)
    },
    () => undefined,
  )
  const startReach = async (options: Partial<HostOptions>): Promise<Reach> => {
    const [{ createHost }, { createDiscovery }] = await Promise.all([
      import('../node/host.ts'),
      import('../node/discovery/discovery.ts'),
    ])
    const { announce, local, dht, bootstrap } = network
    const host = await createHost({ identity: await identity(), announce, local, ...options })
    return { host, discovery: createDiscovery(host, { dht, bootstrap }) }
  }
  const silent = once(() => startReach({ listen: false }), closeReach)
  const self = once(async () => {
    const { createIdentity } = await import('../node/identity.ts')
    return await startReach({ listen: false, identity: createIdentity() })
  }, closeReach)
  let servingStarted = false
  const serving = once(
    async (port?: number) => {
      servingStarted = true
      const reach = await startReach({ listen: network.listen, port })
      try {
        return await serveOn(reach)
      } catch (error) {
        await closeReach(reach)
        throw error
      }
    },
    async (made) => {
      await made.provider[Symbol.asyncDispose]()
      await closeReach(made)
    },
  )
  return {
    directory,
    network,
    store: once(
      async () => {
        const { openStore } = await import('../blobs/store/open-store.ts')
        return openStore(directory)
      },
      (store: DiskStore) => store[Symbol.dispose](),
    ),
    identity,
    serving,
    // A job that only fetches must not open a port; one that serves later listens on a host of its own.
    reach: async () => (servingStarted ? await serving() : await silent()),
    reachSelf: self,
    pool: once(
      async () => {
        const { createWorkerPool } = await import('../blobs/worker/pool.ts')
        return createWorkerPool({ size: threads })
      },
      (pool: WorkerPool) => pool[Symbol.asyncDispose](),
    ),
    async [Symbol.asyncDispose](): Promise<void> {
      closed = true
      for (const close of closers.toReversed()) await close()
    },
  }
}

async function closeReach({ host, discovery }: Reach): Promise<void> {
  await discovery[Symbol.asyncDispose]()
  await host[Symbol.asyncDispose]()
}

async function serveOn(reach: Reach): Promise<Serving> {
  const { createProvider } = await import('../node/provider/provider.ts')
  const listeners = new Map<string, Set<(event: ProviderEvent) => void>>()
  const provider = await createProvider(reach.host, {
    onEvent(event): void {
      for (const listener of listeners.get(toHex(event.shareId)) ?? []) listener(event)
    },
  })
  return {
    ...reach,
    provider,
    onEvent(shareId, listener): () => void {
      const key = toHex(shareId)
      const set = listeners.get(key) ?? new Set()
      listeners.set(key, set.add(listener))
      return () => {
        set.delete(listener)
        if (set.size === 0) listeners.delete(key)
      }
    },
  }
}
