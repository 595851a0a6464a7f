/**
 * Everything that a job needs of the network, in one place: the host, what it serves, and how it finds others. Each is
 * made when first asked for.
 */
import { createDiscovery } from './discovery/discovery.ts'
import type { Discovery, DiscoveryOptions } from './discovery/discovery.ts'
import { createProviderSource } from './find-providers.ts'
import type { FindOptions } from './find-providers.ts'
import type { ProviderSource } from './fetcher.ts'
import { createHost } from './host.ts'
import type { Host, HostOptions } from './host.ts'
import { createProvider } from './provider/provider.ts'
import type { Provider, ProviderOptions } from './provider/provider.ts'

export interface NetworkSettings extends HostOptions, DiscoveryOptions {}

export interface Network extends AsyncDisposable {
  readonly host: Host
  readonly discovery: Discovery
  /** Begins to answer peers; the first call's listener counts. */
  provider(options?: ProviderOptions): Promise<Provider>
  /** Who serves a ticket. */
  providersOf(options: Omit<FindOptions, 'discovery'>): ProviderSource
}

/** @throws as `createHost` */
export async function openNetwork(settings: NetworkSettings): Promise<Network> {
  const host = await createHost(settings)
  const discovery = createDiscovery(host, settings)
  let provider: Promise<Provider> | undefined
  return {
    host,
    discovery,
    provider: (options = {}) => (provider ??= createProvider(host, options)),
    providersOf: (options) => createProviderSource(host, { ...options, discovery }),
    async [Symbol.asyncDispose]() {
      await discovery[Symbol.asyncDispose]()
      await (await provider)?.[Symbol.asyncDispose]()
      await host[Symbol.asyncDispose]()
    },
  }
}
