import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import test from 'node:test'
import { anyReach } from '../../src/node/addresses.ts'
import { createFetcher } from '../../src/node/create-fetcher.ts'
import { createDiscovery } from '../../src/node/discovery/discovery.ts'
import type { Discovery, DiscoveryOptions } from '../../src/node/discovery/discovery.ts'
import { createProviderSource } from '../../src/node/find-providers.ts'
import { createProvider } from '../../src/node/provider/provider.ts'
import type { Host } from '../../src/node/host.ts'
import { testHost } from '../support/hosts.ts'
import { memoryOffer } from '../support/memory-offer.ts'

const dhtOnly: DiscoveryOptions = { mdns: false, dhtAddresses: anyReach }
const addressOf = (host: Host): string => `${host.addresses[0]}/p2p/${host.peer}`

interface Node extends AsyncDisposable {
  readonly host: Awaited<ReturnType<typeof testHost>>
  readonly discovery: Discovery
}

async function node(options: DiscoveryOptions, local = false): Promise<Node> {
  const host = await testHost({ local })
  const discovery = createDiscovery(host, options)
  return {
    host,
    discovery,
    async [Symbol.asyncDispose]() {
      await discovery[Symbol.asyncDispose]()
      await host[Symbol.asyncDispose]()
    },
  }
}

test('Discovery: in a private DHT of five nodes a receiver finds the provider though the ticket’s addresses are dead', async () => {
  await using entry = await node(dhtOnly)
  const bootstrap = [addressOf(entry.host)]
  await using owner = await node({ ...dhtOnly, bootstrap })
  await using second = await node({ ...dhtOnly, bootstrap })
  await using third = await node({ ...dhtOnly, bootstrap })
  await using receiver = await node({ ...dhtOnly, bootstrap })
  const offer = memoryOffer({ owner: owner.host.identity, files: [new Uint8Array(100).fill(5)] })
  await using provider = await createProvider(owner.host)
  provider.offer(offer)
  entry.discovery.announce(new Uint8Array(16))
  second.discovery.announce(new Uint8Array(16).fill(2))
  third.discovery.announce(new Uint8Array(16).fill(3))
  owner.discovery.announce(offer.secret)

  const ticket = {
    version: 1 as const,
    peer: owner.host.peer,
    addrs: ['/ip4/127.0.0.1/tcp/1'],
    secret: offer.secret,
  }
  await using source = createProviderSource(receiver.host, {
    ticket,
    discovery: receiver.discovery,
    timeoutMs: 20_000,
  })
  await using fetcher = createFetcher({ source })
  const { bytes, session } = await fetcher.read([{ entry: 0, offset: 0, length: 100 }])
  assert.deepEqual(new Uint8Array(bytes), new Uint8Array(100).fill(5))
  assert.equal(session.peer, owner.host.peer)
  assert(receiver.discovery.dhtPeers > 0)
})

test('Discovery: private addresses told by the DHT are not dialled unless --local', async () => {
  await using entry = await node({ mdns: false, dhtAddresses: anyReach })
  const bootstrap = [addressOf(entry.host)]
  await using owner = await node({ ...dhtOnly, bootstrap })
  await using receiver = await node({ mdns: false, bootstrap })
  await using local = await node({ mdns: false, bootstrap }, true)
  const secret = new Uint8Array(16).fill(4)
  entry.discovery.announce(new Uint8Array(16))
  owner.discovery.announce(secret)
  const stop = new AbortController()
  const strangers: string[] = []
  const watching = receiver.discovery.search(
    secret,
    owner.host.peer,
    (peer) => strangers.push(peer),
    stop.signal,
  )
  const found = await new Promise<string>((resolve) => {
    void local.discovery.search(secret, owner.host.peer, resolve, stop.signal)
  })
  stop.abort()
  await watching
  assert.equal(found, owner.host.peer)
  assert.deepEqual(strangers, [])
})

test('Discovery: without a DHT and without multicast nothing is found and nothing fails', async () => {
  await using alone = await node({ mdns: false, dht: false })
  await alone.discovery.search(
    new Uint8Array(16),
    alone.host.peer,
    () => assert.fail(),
    AbortSignal.timeout(10_000),
  )
  alone.discovery.announce(new Uint8Array(16))
  assert.equal(alone.discovery.dhtPeers, 0)
})

/** Whether a datagram sent to a multicast group comes back to this machine. */
async function multicastWorks(): Promise<boolean> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true })
  try {
    socket.bind(0)
    await once(socket, 'listening')
    socket.addMembership('224.0.0.251')
    const arrived = once(socket, 'message', { signal: AbortSignal.timeout(1000) })
    socket.send('ferry', socket.address().port, '224.0.0.251')
    await arrived
    return true
  } catch {
    return false
  } finally {
    socket.close()
  }
}

test('Discovery: mDNS finds a provider on the local network', async (t) => {
  if (!(await multicastWorks())) return t.skip('multicast does not work here')
  await using owner = await node({ dht: false })
  await using receiver = await node({ dht: false })
  owner.discovery.announce(new Uint8Array(16))
  const stop = new AbortController()
  const addresses = await new Promise<readonly string[]>((resolve) => {
    void receiver.discovery.search(
      new Uint8Array(16),
      owner.host.peer,
      (_peer, found) => resolve(found),
      stop.signal,
    )
  })
  stop.abort()
  assert(addresses.includes(owner.host.addresses[0] as string))
})
