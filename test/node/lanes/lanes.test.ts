import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { connect as connectTcp } from 'node:net'
import { connect as connectTls } from 'node:tls'
import test from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { createLaneSecret, laneKeyOf, laneTls } from '../../../src/node/lanes/keys.ts'
import { laneLink, type LaneSocket } from '../../../src/node/lanes/lane-link.ts'
import { openLane } from '../../../src/node/lanes/open-lane.ts'
import { lanesFor } from '../../../src/node/lanes/session-lanes.ts'
import { maxLanes } from '../../../src/node/limits.ts'
import { openChannel } from '../../../src/node/wire/channel.ts'
import { encodeDataHeader, laneProviderFrames } from '../../../src/node/wire/frames.ts'
import { createSlabPool } from '../../../src/shared/slabs.ts'
import { testHost, testProvider, testSession, type Served } from '../../support/hosts.ts'
import { memoryOffer } from '../../support/memory-offer.ts'

const local = '127.0.0.1'
/** Whatever the user's choice is while the tests run. */
const withLanes = { encrypters: 'tls-first' } as const

test('a lane carries bytes both ways, behind the key alone', async () => {
  await using host = await testHost(withLanes)
  const key = laneKeyOf(createLaneSecret())
  const arrived = Promise.withResolvers<LaneSocket>()
  assert.ok(host.lanes && host.port)
  const forget = host.lanes.expect(key, arrived.resolve)
  const opened = await openLane({ host: local, port: host.port }, key)
  const accepted = await arrived.promise

  const received: Buffer[] = []
  const whole = Promise.withResolvers<void>()
  const nothing = { space: () => undefined, remoteEnded: () => undefined, closed: () => undefined }
  laneLink(opened).open({
    ...nothing,
    data(bytes) {
      received.push(Buffer.from(bytes))
      if (Buffer.concat(received).byteLength === 4 + 1_000_000 + 4 + 100_000) whole.resolve()
    },
  })
  const back = laneLink(accepted)
  back.open({ ...nothing, data: () => undefined })
  const head = Buffer.from('head')
  const slab = createSlabPool(0).lend(1_000_000)
  const content = randomBytes(1_000_000)
  slab.bytes.set(content)
  await back.sendContent(head, slab.bytes)
  // From now on the memory is ours again: what is written there must not show up at the other end.
  slab.bytes.fill(0)
  const plain = randomBytes(100_000)
  await back.sendContent(head, plain)
  await whole.promise
  assert.ok(Buffer.concat(received).equals(Buffer.concat([head, content, head, plain])))
  assert.equal(opened.socket.getProtocol(), 'TLSv1.3')
  forget()
  await assert.rejects(openLane({ host: local, port: host.port }, key), { code: 'E_UNREACHABLE' })
  opened.socket.destroy()
})

test('nobody gets a lane with another key, an unknown name, or no key at all', async () => {
  await using host = await testHost(withLanes)
  const key = laneKeyOf(createLaneSecret())
  assert.ok(host.lanes && host.port)
  host.lanes.expect(key, () => assert.fail('a lane was given away'))
  const { port } = host
  for (const wrong of [
    { ...key, psk: randomBytes(32) },
    { ...key, identity: 'someone' },
    laneKeyOf(createLaneSecret()),
  ])
    await assert.rejects(openLane({ host: local, port }, wrong), { code: 'E_UNREACHABLE' })
  const stranger = connectTls({ ...laneTls, host: local, port, rejectUnauthorized: false })
  const ended = await new Promise<string>((resolve) => {
    stranger.once('secureConnect', () => resolve('secure'))
    stranger.once('error', () => resolve('refused'))
  })
  assert.equal(ended, 'refused')
})

test('one key opens so many lanes and no more', async () => {
  await using host = await testHost(withLanes)
  const key = laneKeyOf(createLaneSecret())
  const accepted: LaneSocket[] = []
  assert.ok(host.lanes && host.port)
  host.lanes.expect(key, (lane) => accepted.push(lane))
  const address = { host: local, port: host.port }
  const opened = await Promise.all(Array.from({ length: maxLanes }, () => openLane(address, key)))
  await assert.rejects(openLane(address, key), { code: 'E_UNREACHABLE' })
  for (const { socket } of opened) socket.destroy()
  while (accepted.some(({ socket }) => !socket.destroyed)) await wait(5)
  const again = await openLane(address, key)
  again.socket.destroy()
})

test('garbage, silence and half a handshake at the port hurt nobody', async () => {
  await using served = await testProvider({ host: withLanes })
  const { port = 0 } = served.host
  const sockets = [
    Buffer.alloc(0),
    Buffer.from([22]),
    Buffer.from([22, 3, 1, 0, 5, 1, 2]),
    randomBytes(500),
  ].map((bytes) => {
    const socket = connectTcp({ host: local, port })
    socket.on('error', () => undefined)
    socket.write(bytes)
    return socket
  })
  const files = [new Uint8Array(randomBytes(100_000))]
  const offer = memoryOffer({ owner: served.host.identity, files })
  served.provider.offer(offer)
  await using receiver = await testHost({ ...withLanes, listen: false })
  await using session = await testSession(receiver, served, offer.secret)
  const { bytes } = await session.read([{ entry: 0, offset: 0, length: 100_000 }])
  assert.deepEqual(Buffer.from(bytes), Buffer.from(files[0] as Uint8Array))
  for (const socket of sockets) socket.destroy()
})

/** A provider, and its ends of the lanes so far, which can be broken from here. */
async function servedWithLanes(): Promise<Served & { readonly lanes: readonly LaneSocket[] }> {
  const served = await testProvider({ host: withLanes })
  const lanes: LaneSocket[] = []
  const { lanes: listener } = served.host
  assert.ok(listener, '@libp2p/tcp has no server any more that lanes can share')
  const expect = listener.expect.bind(listener)
  listener.expect = (key, onLane) =>
    expect(key, (lane) => {
      lanes.push(lane)
      onLane(lane)
    })
  return { ...served, lanes }
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await wait(2)
}

test('a session moves content to its lane, and back when the lane breaks', async () => {
  await using served = await servedWithLanes()
  const { lanes } = served
  await using receiver = await testHost({ ...withLanes, listen: false })
  const content = new Uint8Array(randomBytes(2_000_000))
  const offer = memoryOffer({ owner: served.host.identity, files: [content] })
  const stalled = Promise.withResolvers<void>()
  let isHeld = false
  served.provider.offer({
    ...offer,
    async read(ranges, numbering, into) {
      if (isHeld) await stalled.promise
      return await offer.read(ranges, numbering, into)
    },
  })
  await using session = await testSession(receiver, served, offer.secret)
  const all = [{ entry: 0, offset: 0, length: 2_000_000 }]
  await until(() => lanes.length > 0)
  const read = async (): Promise<void> => {
    const into = new Uint8Array(2_000_000)
    const { bytes } = await session.read(all, { into })
    assert.equal(bytes, into)
    assert.ok(Buffer.from(into).equals(content))
  }
  await read()
  const written = lanes.reduce((sum, { socket }) => sum + socket.bytesWritten, 0)
  assert.ok(written > 2_000_000, 'content went another way')

  isHeld = true
  const underWay = Promise.all([read(), read()])
  await wait(20)
  const before = lanes.length
  for (const { socket } of lanes) socket.destroy()
  isHeld = false
  stalled.resolve()
  await underWay
  await until(() => lanes.length > before)
  await read()
})

test('a request on a lane can be cancelled, and others go on', async () => {
  await using served = await servedWithLanes()
  const { lanes } = served
  await using receiver = await testHost({ ...withLanes, listen: false })
  const offer = memoryOffer({ owner: served.host.identity, files: [new Uint8Array(randomBytes(1_000_000))] })
  served.provider.offer(offer)
  await using session = await testSession(receiver, served, offer.secret)
  await until(() => lanes.length > 0)
  await read(session, 1000)
  const stop = new AbortController()
  const cancelled = session.read([{ entry: 0, offset: 0, length: 1_000_000 }], { signal: stop.signal })
  stop.abort()
  await assert.rejects(cancelled, { code: 'E_CANCELLED' })
  for (let round = 0; round < 20; round++) await read(session, 50_000)

  async function read(from: typeof session, length: number): Promise<void> {
    assert.equal((await from.read([{ entry: 0, offset: 0, length }])).bytes.byteLength, length)
  }
})

test('without TLS at one of the ends there are no lanes, and everything works', async () => {
  await using served = await testProvider({ host: { encrypters: 'noise-only' } })
  assert.equal(served.host.lanes, undefined)
  await using receiver = await testHost({ ...withLanes, listen: false })
  const offer = memoryOffer({ owner: served.host.identity, files: [new Uint8Array(1_000_000).fill(7)] })
  served.provider.offer(offer)
  await using session = await testSession(receiver, served, offer.secret)
  const { bytes } = await session.read([{ entry: 0, offset: 0, length: 1_000_000 }])
  assert.ok(bytes.every((byte) => byte === 7))
})

test('long round trips get several lanes, short ones one', () => {
  assert.equal(lanesFor(0.3), 1)
  assert.equal(lanesFor(50), maxLanes)
})

test('a lane that ends in the middle of an answer is a lost one, not a breach of the protocol', async () => {
  await using host = await testHost(withLanes)
  const key = laneKeyOf(createLaneSecret())
  assert.ok(host.lanes && host.port)
  host.lanes.expect(key, ({ socket }) => {
    socket.write(encodeDataHeader(1, 1000))
    // Half of it, and then what the system of a killed process says.
    socket.end(new Uint8Array(500))
  })
  const opened = await openLane({ host: local, port: host.port }, key)
  const channel = openChannel(laneLink(opened), laneProviderFrames, {
    frame: () => undefined,
    data: () => undefined,
    ended: () => undefined,
  })
  assert.equal((await channel.closed)?.code, 'E_UNREACHABLE')
})
