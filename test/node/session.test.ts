import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import test from 'node:test'
import { hash } from '../../src/blobs/hash.ts'
import { createIdentity } from '../../src/node/identity.ts'
import type { EntryRange } from '../../src/node/session.ts'
import type { LiveEvent } from '../../src/blobs/live-event.ts'
import { testHost, testProvider, testSession } from '../support/hosts.ts'
import { memoryLog, memoryOffer, newSecret } from '../support/memory-offer.ts'

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length))

test('openSession: the whole conversation, byte for byte', async () => {
  await using served = await testProvider()
  await using receiver = await testHost({ listen: false })
  const files = [random(3_000_000), random(10), random(70_000)]
  const pages = Array.from({ length: 40 }, (_, index) => random(1000 + index))
  const offer = memoryOffer({ owner: served.host.identity, files, pages, changed: new Set([2]) })
  served.provider.offer(offer)

  await using session = await testSession(receiver, served, offer.secret)
  assert.equal(session.peer, served.host.peer)
  assert.equal(session.address, `127.0.0.1:${served.host.port}`)
  assert.equal(session.owner, true)
  const { signature, ...told } = session.share
  assert.deepEqual(told, { name: 'Pictures', live: false, root: offer.rootHash, exclusive: false })
  assert.equal(signature?.byteLength, 64)
  assert((session.roundTripMs as number) > 0)
  assert.deepEqual(await session.root(), offer.rootBytes)

  const wanted = pages.map((page, number) => ({ number, hash: hash(page) }))
  const got: Uint8Array[] = []
  for await (const { number, bytes } of session.pages(wanted)) got[number] = bytes
  assert.deepEqual(got, pages)

  const ranges: EntryRange[] = [
    { entry: 0, offset: 100, length: 1_500_000 },
    { entry: 1, offset: 0, length: 10 },
  ]
  const { bytes, failed } = await session.read(ranges)
  assert.deepEqual(failed, [])
  assert(Buffer.from(bytes.subarray(0, 1_500_000)).equals((files[0] as Uint8Array).subarray(100, 1_500_100)))
  assert.deepEqual(new Uint8Array(bytes.subarray(1_500_000)), files[1])

  const mixed = await session.read([
    { entry: 2, offset: 0, length: 5 },
    { entry: 1, offset: 2, length: 3 },
    { entry: 9, offset: 0, length: 7 },
    { entry: 1, offset: 0, length: 2 },
    { entry: 1, offset: 9, length: 9 },
  ])
  assert.deepEqual(
    mixed.failed.map(({ index, reason }) => [index, reason]),
    [
      [0, 'changed'],
      [2, 'unknown'],
      [4, 'unknown'],
    ],
  )
  const [file] = files.slice(1)
  assert.deepEqual(
    [...new Uint8Array(mixed.bytes)],
    [
      ...new Uint8Array(5),
      ...(file as Uint8Array).subarray(2, 5),
      ...new Uint8Array(7),
      ...(file as Uint8Array).subarray(0, 2),
      ...new Uint8Array(9),
    ],
  )
  const allFailed = await session.read([{ entry: 77, offset: 0, length: 4 }])
  assert.equal(allFailed.failed.length, 1)
  assert.equal(allFailed.bytes.byteLength, 4)

  assert.equal(await session.recheck([{ entry: 0, offset: 0, length: 5 }]), 'fine')
  assert.equal(await session.recheck([{ entry: 2, offset: 0, length: 5 }]), 'changed')
  assert.deepEqual(await session.subChunks(ranges), [
    new Uint8Array(18).fill(1_500_000 & 0xff),
    new Uint8Array(18).fill(10),
  ])
  const list = new Uint8Array(36).fill(7)
  assert.deepEqual(await session.nodeList(0, hash(list)), list)
  const nodes = [0, 2].map((index) => ({ index, hash: hash(new Uint8Array(36).fill(index)) }))
  assert.deepEqual(await session.nodes(0, nodes), [new Uint8Array(36).fill(0), new Uint8Array(36).fill(2)])
  await session.finished()
  assert.deepEqual(offer.finishedBy, [receiver.peer])
})

test('openSession: objects that do not match their hash, or are not there, are refused', async () => {
  await using served = await testProvider()
  await using receiver = await testHost({ listen: false })
  const offer = memoryOffer({ owner: served.host.identity, pages: [random(100)] })
  served.provider.offer(offer)
  await using session = await testSession(receiver, served, offer.secret)
  const wrong = async (): Promise<void> => {
    for await (const page of session.pages([{ number: 0, hash: hash(random(5)) }]))
      assert.fail(String(page.number))
  }
  await assert.rejects(wrong, { code: 'E_VERIFY' })
  const missing = async (): Promise<void> => {
    for await (const page of session.pages([{ number: 5, hash: hash(random(5)) }]))
      assert.fail(String(page.number))
  }
  await assert.rejects(missing, { code: 'E_REFUSED' })
  await assert.rejects(session.nodeList(0, hash(random(4))), { code: 'E_VERIFY' })
  await assert.rejects(session.nodeList(3, hash(random(4))), { code: 'E_REFUSED' })
  await assert.rejects(session.nodes(0, [{ index: 9, hash: random(32) }]), { code: 'E_REFUSED' })
  assert.deepEqual(await session.root(), offer.rootBytes, 'the session goes on')
})

test('openSession: many small reads at once are answered each with its own bytes', async () => {
  await using served = await testProvider()
  await using receiver = await testHost({ listen: false })
  const file = random(1_010_000)
  const offer = memoryOffer({ owner: served.host.identity, files: [file] })
  served.provider.offer(offer)
  await using session = await testSession(receiver, served, offer.secret)
  const reads = Array.from({ length: 500 }, async (_, index) => {
    const range = { entry: 0, offset: index * 1999, length: 4096 - (index % 7) }
    const { bytes } = await session.read([range])
    assert(Buffer.from(bytes).equals(file.subarray(range.offset, range.offset + range.length)))
  })
  await Promise.all(reads)
})

test('openSession: a live share is followed to its signed end', async () => {
  await using served = await testProvider()
  await using receiver = await testHost({ listen: false })
  const log = memoryLog()
  const offer = memoryOffer({ owner: served.host.identity, live: log, files: [random(10)] })
  served.provider.offer(offer)
  await using session = await testSession(receiver, served, offer.secret)
  assert.equal(session.share.live, true)
  const seen: LiveEvent[] = []
  const events = session.follow()
  // More than the credit, so that it has to be given again.
  const reason = 'x'.repeat(100_000)
  for (let number = 0; number < 30; number++) log.append({ type: 'drop', number, path: 'a', reason })
  for (let count = 0; count < 30; count++)
    seen.push((await events[Symbol.asyncIterator]().next()).value as LiveEvent)
  const signature = offer.describe().signature
  assert.equal(signature, undefined)
  log.end()
  const sealed = offer.describe()
  log.append({
    type: 'end',
    root: sealed.root as Uint8Array,
    signature: sealed.signature as Uint8Array,
    dropped: [3],
  })
  for await (const event of events) seen.push(event)
  assert.equal(seen.length, 31)
  assert.deepEqual(seen.at(-1), {
    type: 'end',
    root: offer.rootHash,
    signature: sealed.signature,
    dropped: [3],
  })
  assert.equal((await session.read([{ entry: 0, offset: 0, length: 10 }])).failed.length, 0)
  assert.throws(() => session.follow(), { code: 'E_INTERNAL' })
})

test('openSession: the end of a live share that the owner did not sign is refused', async () => {
  await using served = await testProvider()
  await using receiver = await testHost({ listen: false })
  const log = memoryLog()
  const offer = memoryOffer({ owner: served.host.identity, live: log })
  served.provider.offer(offer)
  await using session = await testSession(receiver, served, offer.secret)
  log.append({ type: 'end', root: random(32), signature: random(64), dropped: [] })
  log.end()
  await assert.rejects(
    async () => {
      for await (const event of session.follow()) assert.fail(event.type)
    },
    { code: 'E_VERIFY' },
  )
})

test('openSession: unknown share and wrong secret get the same answer; policies only speak after the proof', async () => {
  await using served = await testProvider()
  await using receiver = await testHost({ listen: false })
  const offer = memoryOffer({ owner: served.host.identity, refusal: 'expired' })
  served.provider.offer(offer)
  await assert.rejects(testSession(receiver, served, newSecret()), {
    code: 'E_REFUSED',
    message: /does not offer it/,
  })
  await assert.rejects(testSession(receiver, served, offer.secret), { code: 'E_REFUSED', message: /expired/ })
  for (const [refusal, message] of [
    ['used-up', /one download/],
    ['not-allowed', /other peers only/],
  ] as const) {
    const other = memoryOffer({ owner: served.host.identity, refusal })
    served.provider.offer(other)
    await assert.rejects(testSession(receiver, served, other.secret), { code: 'E_REFUSED', message })
  }
})

test('openSession: a root must be the ticket’s and signed by the owner', async () => {
  await using served = await testProvider()
  await using receiver = await testHost({ listen: false })
  const offer = memoryOffer({ owner: served.host.identity })
  served.provider.offer(offer)
  await using session = await testSession(receiver, served, offer.secret, { root: offer.rootHash })
  assert.deepEqual(session.share.root, offer.rootHash)
  await assert.rejects(testSession(receiver, served, offer.secret, { root: random(32) }), {
    code: 'E_CHANGED',
  })
  const { peer } = createIdentity()
  await assert.rejects(testSession(receiver, served, offer.secret, { owner: peer }), { code: 'E_VERIFY' })
})

test('openSession: someone else at the address is named and refused; nobody is said so', async () => {
  await using served = await testProvider()
  await using receiver = await testHost({ listen: false })
  const { peer } = createIdentity()
  const secret = newSecret()
  const target = { peer, addresses: served.host.addresses, secret, owner: peer }
  const { openSession } = await import('../../src/node/open-session.ts')
  await assert.rejects(openSession(receiver, target), {
    code: 'E_UNREACHABLE',
    message: /someone else answers at 127\.0\.0\.1/,
  })
  await assert.rejects(openSession(receiver, { ...target, addresses: ['/ip4/127.0.0.1/tcp/1'] }), {
    code: 'E_UNREACHABLE',
    message: /nothing listens/,
  })
  await assert.rejects(openSession(receiver, { ...target, addresses: [] }), { code: 'E_UNREACHABLE' })
})

test('PeerSession: a cancelled read ends at once and leaves the session as it was', async () => {
  await using served = await testProvider()
  await using receiver = await testHost({ listen: false })
  const offer = memoryOffer({ owner: served.host.identity, files: [random(2_000_000)] })
  served.provider.offer(offer)
  await using session = await testSession(receiver, served, offer.secret)
  const ranges = [{ entry: 0, offset: 0, length: 2_000_000 }]
  for (let round = 0; round < 20; round++) {
    const stop = new AbortController()
    const read = session.read(ranges, { signal: stop.signal })
    stop.abort()
    await assert.rejects(read, { code: 'E_CANCELLED' })
  }
  assert.equal((await session.read(ranges)).bytes.byteLength, 2_000_000)
})

test('PeerSession: a lost link rejects what is under way and resolves `closed`', async () => {
  const served = await testProvider()
  await using receiver = await testHost({ listen: false })
  const offer = memoryOffer({ owner: served.host.identity })
  const stuck = { ...offer, read: () => new Promise<never>(() => {}) }
  served.provider.offer(stuck)
  await using session = await testSession(receiver, served, offer.secret)
  const read = session.read([{ entry: 0, offset: 0, length: 1 }])
  const rejected = assert.rejects(read, { code: 'E_UNREACHABLE', retryable: true })
  await served[Symbol.asyncDispose]()
  await rejected
  await session.closed
  await assert.rejects(session.root(), { code: 'E_UNREACHABLE' })
})
