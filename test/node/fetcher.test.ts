import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import test from 'node:test'
import { createFetcher } from '../../src/node/create-fetcher.ts'
import type { Fetcher, FetcherEvent } from '../../src/node/fetcher.ts'
import { createProviderSource } from '../../src/node/find-providers.ts'
import type { FindOptions } from '../../src/node/find-providers.ts'
import { createHoldings } from '../../src/node/holdings.ts'
import { createIdentity } from '../../src/node/identity.ts'
import { createProvider } from '../../src/node/provider/provider.ts'
import type { Ticket } from '../../src/node/ticket.ts'
import { testHost, testProvider } from '../support/hosts.ts'
import type { Served, TestHost } from '../support/hosts.ts'
import { memoryOffer, newSecret } from '../support/memory-offer.ts'

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length))

interface Fetching extends AsyncDisposable {
  readonly fetcher: Fetcher
  readonly source: ReturnType<typeof createProviderSource>
  readonly events: FetcherEvent[]
}

function fetching(host: TestHost, ticket: Ticket, options: Partial<FindOptions> = {}): Fetching {
  const events: FetcherEvent[] = []
  const source = createProviderSource(host, { ticket, timeoutMs: 5_000, ...options })
  const fetcher = createFetcher({ source, onEvent: (event) => events.push(event) })
  return {
    fetcher,
    source,
    events,
    async [Symbol.asyncDispose]() {
      await fetcher[Symbol.asyncDispose]()
      await source[Symbol.asyncDispose]()
    },
  }
}

const ticketOf = (served: Served, secret: Uint8Array, addrs = served.host.addresses): Ticket => ({
  version: 1,
  peer: served.host.peer,
  addrs,
  secret,
})

test('Fetcher: reads from the owner; more requests than fit into the window wait their turn', async () => {
  await using served = await testProvider()
  await using receiver = await testHost({ listen: false })
  const file = random(4_000_000)
  const offer = memoryOffer({ owner: served.host.identity, files: [file] })
  served.provider.offer(offer)
  await using own = fetching(receiver, ticketOf(served, offer.secret))
  const session = await own.fetcher.session()
  assert.equal(session.peer, served.host.peer)
  await Promise.all(
    Array.from({ length: 40 }, async (_, index) => {
      const offset = index * 50_000
      const { bytes, session: from } = await own.fetcher.read([{ entry: 0, offset, length: 1_000_000 }])
      assert(Buffer.from(bytes).equals(file.subarray(offset, offset + 1_000_000)))
      assert.equal(from, session)
    }),
  )
  assert.deepEqual(own.events[0], { type: 'connected', session })
  assert(own.events.some(({ type }) => type === 'bytes'))
})

test('Fetcher: a liar is found out, dropped and named; an honest provider finishes', async () => {
  await using honest = await testProvider()
  await using liar = await testProvider()
  await using receiver = await testHost({ listen: false })
  const [file, secret] = [random(1_000_000), newSecret()]
  const owner = honest.host.identity
  honest.provider.offer(memoryOffer({ owner, secret, files: [file] }))
  liar.provider.offer(memoryOffer({ owner, secret, files: [file], lies: true }))
  await using own = fetching(receiver, ticketOf(honest, secret))
  await own.fetcher.session()
  own.source.learn(liar.host.peer, liar.host.addresses)
  // The owner names the liar as another provider, as a peer exchange would.
  const offered = honest.provider.offer(memoryOffer({ owner, secret, files: [file] }))
  offered.tell(liar.host.peer, liar.host.addresses)
  await using second = fetching(receiver, ticketOf(honest, secret))
  await second.fetcher.session()
  let dropped = 0
  for (let offset = 0; offset < file.byteLength; ) {
    const range = { entry: 0, offset, length: 50_000 }
    const reads = await Promise.all(Array.from({ length: 8 }, () => second.fetcher.read([range])))
    for (const { bytes, session } of reads) {
      if (Buffer.from(bytes).equals(file.subarray(offset, offset + 50_000))) continue
      assert.equal(session.peer, liar.host.peer)
      assert.equal(await second.fetcher.reportBad(session, [range]), 'dropped')
      dropped++
    }
    offset += 50_000
    if (dropped === 0 && offset >= file.byteLength) offset = 0
  }
  const drop = second.events.find(({ type }) => type === 'dropped')
  assert(drop?.type === 'dropped' && drop.session.peer === liar.host.peer)
  assert.match(drop.reason, /do not match their hash/)
  assert.deepEqual(
    second.fetcher.sessions.map(({ peer }) => peer),
    [honest.host.peer],
  )
})

test('Fetcher: when the only provider lies, the end says so', async () => {
  await using liar = await testProvider()
  await using receiver = await testHost({ listen: false })
  const offer = memoryOffer({ owner: liar.host.identity, files: [random(1000)], lies: true })
  liar.provider.offer(offer)
  await using own = fetching(receiver, ticketOf(liar, offer.secret), { timeoutMs: 100 })
  const range = { entry: 0, offset: 0, length: 1000 }
  const { session } = await own.fetcher.read([range])
  assert.equal(await own.fetcher.reportBad(session, [range]), 'dropped')
  await assert.rejects(own.fetcher.read([range]), {
    code: 'E_VERIFY',
    message: new RegExp(session.peer.slice(-8)),
  })
})

test('Fetcher: a changed file is nobody’s fault', async () => {
  await using served = await testProvider()
  await using receiver = await testHost({ listen: false })
  const offer = memoryOffer({ owner: served.host.identity, files: [random(1000)], changed: new Set([0]) })
  served.provider.offer(offer)
  await using own = fetching(receiver, ticketOf(served, offer.secret))
  const range = { entry: 0, offset: 0, length: 10 }
  const { session, failed } = await own.fetcher.read([range])
  assert.equal(failed[0]?.reason, 'changed')
  assert.equal(await own.fetcher.reportBad(session, [range]), 'changed')
  assert.equal(own.fetcher.sessions.length, 1)
})

test('Fetcher: a link lost in the middle is redialled, and what was under way is asked again', async () => {
  const identity = createIdentity()
  const file = random(3_000_000)
  const secret = newSecret()
  const first = await testProvider({ host: { identity } })
  const stuck = {
    ...memoryOffer({ owner: identity, secret, files: [file] }),
    read: () => new Promise<never>(() => {}),
  }
  first.provider.offer(stuck)
  await using receiver = await testHost({ listen: false })
  const port = first.host.port as number
  await using own = fetching(receiver, ticketOf(first, secret), { timeoutMs: 20_000 })
  await own.fetcher.session()
  const reads = Promise.all(
    [0, 1, 2].map((part) => own.fetcher.read([{ entry: 0, offset: part * 1_000_000, length: 1_000_000 }])),
  )
  await first[Symbol.asyncDispose]()
  await using again = await testProvider({ host: { identity, listen: [`127.0.0.1:${port}`] } })
  again.provider.offer(memoryOffer({ owner: identity, secret, files: [file] }))
  const outcomes = await reads
  assert(Buffer.concat(outcomes.map(({ bytes }) => Buffer.from(bytes))).equals(file))
  const types = own.events.map(({ type }) => type)
  assert(types.includes('lost') && types.includes('redialling'))
})

test('Fetcher: a receiver that serves is named by the owner and asked for what it holds', async () => {
  await using owner = await testProvider()
  await using helperHost = await testHost()
  await using helper = await createProvider(helperHost)
  await using receiver = await testHost({ listen: false })
  const [secret, files] = [newSecret(), [random(1000), random(1000)]]
  const identity = owner.host.identity
  const ownersOffer = memoryOffer({ owner: identity, secret, files, changed: new Set([0]) })
  owner.provider.offer(ownersOffer)
  const holdings = createHoldings(2)
  helper.offer(memoryOffer({ owner: identity, secret, files, holdings }))
  // The helper is itself a receiver: that is how the owner knows it.
  await using helping = fetching(helperHost, ticketOf(owner, secret))
  await (await helping.fetcher.session()).serve(helperHost.addresses)

  await using own = fetching(receiver, ticketOf(owner, secret))
  await own.fetcher.session()
  while (own.fetcher.sessions.length < 2) await new Promise((resolve) => setImmediate(resolve))
  const other = own.fetcher.sessions.find(({ peer }) => peer === helperHost.peer)
  assert.equal(other?.owner, false)
  assert.equal(other?.holdings.has({ entry: 0, offset: 0, length: 10 }), false)
  holdings.addEntry(0)
  while (!other?.holdings.has({ entry: 0, offset: 0, length: 10 }))
    await new Promise((resolve) => setImmediate(resolve))
  // The owner's file has changed; the helper still has what was promised.
  const { bytes, failed, session } = await own.fetcher.read([{ entry: 0, offset: 0, length: 1000 }])
  assert.deepEqual(failed, [])
  assert.equal(session.peer, helperHost.peer)
  assert(Buffer.from(bytes).equals(files[0] as Uint8Array))
})

test('Fetcher: ranges are translated to the numbers of each session', async () => {
  await using served = await testProvider()
  await using receiver = await testHost({ listen: false })
  const offer = memoryOffer({ owner: served.host.identity, files: [random(10), random(10)] })
  served.provider.offer(offer)
  const source = createProviderSource(receiver, { ticket: ticketOf(served, offer.secret) })
  await using fetcher = createFetcher({
    source,
    translate: (_session, range) => ({ ...range, entry: range.entry - 5 }),
  })
  const { failed } = await fetcher.read([{ entry: 6, offset: 0, length: 10 }])
  assert.deepEqual(failed, [])
  await source[Symbol.asyncDispose]()
})

test('Fetcher: nobody there is an error that lists what was asked; cancelling ends the wait', async () => {
  await using served = await testProvider()
  await using receiver = await testHost({ listen: false })
  const ticket = ticketOf(served, newSecret(), [
    '/ip4/127.0.0.1/tcp/1',
    '/ip4/0.0.0.0/tcp/5',
    '/ip4/127.0.0.1/tcp/25',
  ])
  const attempts: string[] = []
  await using own = fetching(receiver, ticket, {
    timeoutMs: 50,
    onAttempt: ({ address }) => attempts.push(address),
  })
  await assert.rejects(own.fetcher.read([{ entry: 0, offset: 0, length: 1 }]), {
    code: 'E_UNREACHABLE',
    message: /asked 1 address .*127\.0\.0\.1:1\b/,
  })
  assert.deepEqual(attempts.slice(0, 2).toSorted(), ['/ip4/0.0.0.0/tcp/5', '/ip4/127.0.0.1/tcp/25'])
  await using patient = fetching(receiver, ticket, { timeoutMs: Number.POSITIVE_INFINITY })
  const stop = new AbortController()
  const waiting = patient.fetcher.session({ signal: stop.signal })
  const read = patient.fetcher.read([{ entry: 0, offset: 0, length: 1 }], { signal: stop.signal })
  stop.abort()
  await assert.rejects(waiting, { code: 'E_CANCELLED' })
  await assert.rejects(read, { code: 'E_CANCELLED' })
})

test('Fetcher: a provider that comes up later is found by waiting', async () => {
  const identity = createIdentity()
  const first = await testProvider({ host: { identity } })
  const port = first.host.port as number
  const ticket = ticketOf(first, newSecret())
  await first[Symbol.asyncDispose]()
  await using receiver = await testHost({ listen: false })
  await using own = fetching(receiver, ticket, { timeoutMs: 30_000 })
  const waiting = own.fetcher.session()
  await using later = await testProvider({ host: { identity, listen: [`127.0.0.1:${port}`] } })
  later.provider.offer(memoryOffer({ owner: identity, secret: ticket.secret }))
  assert.equal((await waiting).peer, identity.peer)
})

test('Fetcher: the owner’s refusal ends the search at once', async () => {
  await using served = await testProvider()
  await using receiver = await testHost({ listen: false })
  const offer = memoryOffer({ owner: served.host.identity, refusal: 'used-up' })
  served.provider.offer(offer)
  await using own = fetching(receiver, ticketOf(served, offer.secret), { timeoutMs: 60_000 })
  await assert.rejects(own.fetcher.session(), { code: 'E_REFUSED', message: /one download/ })
})
