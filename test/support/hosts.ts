/** Real hosts on 127.0.0.1 for the tests of the node room, all gone when the test leaves its scope. */
import { createHost } from '../../src/node/host.ts'
import type { Host, HostOptions } from '../../src/node/host.ts'
import { createIdentity } from '../../src/node/identity.ts'
import type { Identity } from '../../src/node/identity.ts'
import { openSession } from '../../src/node/open-session.ts'
import type { SessionOptions } from '../../src/node/open-session.ts'
import { createProvider } from '../../src/node/provider/provider.ts'
import type { Provider, ProviderOptions } from '../../src/node/provider/provider.ts'
import type { PeerSession } from '../../src/node/session.ts'
import { memoryLogDecoder } from './memory-offer.ts'

export interface TestHost extends Host {
  readonly identity: Identity
}

export async function testHost(options: Partial<HostOptions> = {}): Promise<TestHost> {
  const identity = options.identity ?? createIdentity()
  const host = await createHost({ identity, listen: ['127.0.0.1:0'], ...options })
  return Object.assign(host, { identity })
}

export interface Served extends AsyncDisposable {
  readonly host: TestHost
  readonly provider: Provider
}

/** A host with a provider on it; what it offers is up to the test. */
export async function testProvider(
  options: ProviderOptions & { readonly host?: Partial<HostOptions> } = {},
): Promise<Served> {
  const host = await testHost(options.host)
  const provider = await createProvider(host, options)
  return {
    host,
    provider,
    async [Symbol.asyncDispose]() {
      await provider[Symbol.asyncDispose]()
      await host[Symbol.asyncDispose]()
    },
  }
}

/** A session with what `served` offers under this secret. */
export function testSession(
  receiver: Host,
  served: Pick<Served, 'host'>,
  secret: Uint8Array,
  options: SessionOptions & { readonly owner?: string; readonly root?: Uint8Array } = {},
): Promise<PeerSession> {
  return openSession(
    receiver,
    {
      peer: served.host.peer,
      addresses: served.host.addresses,
      secret,
      owner: options.owner ?? served.host.peer,
      root: options.root,
    },
    { createLiveDecoder: memoryLogDecoder, ...options },
  )
}
