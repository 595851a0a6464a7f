/** Peers that break the rules on purpose, as raw streams, and what they cost the other side. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import test from 'node:test'
import type { Stream } from '@libp2p/interface'
import { proofOf, shareIdOf } from '../../src/node/auth.ts'
import { openStream } from '../../src/node/host.ts'
import { maxOutstandingBytes } from '../../src/node/limits.ts'
import { createFrameParser, encodeFrame, frameType, providerFrames } from '../../src/node/wire/frames.ts'
import {
  decodeHello,
  encodeAnswer,
  encodeAsk,
  encodeAuth,
  encodeHello,
  encodeId,
  encodeRanges,
  encodeReply,
  encodeWelcome,
  wireVersion,
} from '../../src/node/wire/messages.ts'
import { testHost, testProvider, testSession } from '../support/hosts.ts'
import type { Served, TestHost } from '../support/hosts.ts'
import { memoryOffer, newSecret } from '../support/memory-offer.ts'

const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length))

interface RawPeer {
  readonly stream: Stream
  /** Types of the frames received so far. */
  readonly types: number[]
  next(type: number): Promise<Uint8Array>
  readonly closed: Promise<unknown>
}

function raw(stream: Stream): RawPeer {
  const types: number[] = []
  const frames: { type: number; body: Uint8Array }[] = []
  const waiting: (() => void)[] = []
  const parser = createFrameParser(providerFrames, {
    frame(type, body) {
      types.push(type)
      frames.push({ type, body })
      for (const wake of waiting.splice(0)) wake()
    },
    data() {
      if (types.at(-1) !== frameType.data) types.push(frameType.data)
    },
  })
  stream.addEventListener('message', ({ data }) => parser.push(data.subarray()))
  return {
    stream,
    types,
    closed: stream.status === 'open' ? once(stream, 'close') : Promise.resolve(),
    async next(type) {
      for (;;) {
        const found = frames.find((frame) => frame.type === type)
        if (found) return found.body
        await new Promise<void>((resolve) => waiting.push(resolve))
      }
    },
  }
}

async function connectRaw(receiver: TestHost, served: Served): Promise<RawPeer> {
  const connection = await receiver.connect(served.host.peer, served.host.addresses)
  return raw(await openStream(connection))
}

/** A raw peer that is past the proof. */
async function welcomeRaw(receiver: TestHost, served: Served, secret: Uint8Array): Promise<RawPeer> {
  const peer = await connectRaw(receiver, served)
  const { nonce: providerNonce } = decodeHello(await peer.next(frameType.hello))
  const [shareId, nonce] = [shareIdOf(secret), random(32)]
  const proof = proofOf({
    secret,
    shareId,
    role: 'receiver',
    providerPeer: served.host.peer,
    receiverPeer: receiver.peer,
    providerNonce,
    receiverNonce: nonce,
  })
  peer.stream.send(encodeFrame(frameType.auth, encodeAuth({ shareId, nonce, proof })))
  await peer.next(frameType.welcome)
  return peer
}

test('Provider: whatever a stranger sends before a proof ends its conversation and no other', async () => {
  await using served = await testProvider()
  await using honest = await testHost({ listen: false })
  await using stranger = await testHost({ listen: false })
  const offer = memoryOffer({ owner: served.host.identity, files: [random(1000)] })
  served.provider.offer(offer)
  await using session = await testSession(honest, served, offer.secret)
  const want = encodeRanges({ id: 1, ranges: [{ entry: 0, offset: 0, length: 10 }] })
  const garbage: Uint8Array[] = [
    random(500),
    new Uint8Array(5).fill(0xff),
    encodeFrame(frameType.want, want),
    encodeFrame(frameType.auth, random(100)),
    encodeFrame(frameType.welcome, random(10)),
    encodeFrame(frameType.ask, encodeAsk({ id: 1, kind: 'root', numbers: [], texts: [] })),
    new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n'),
  ]
  for (const bytes of garbage) {
    const peer = await connectRaw(stranger, served)
    peer.stream.send(bytes)
    await peer.closed
    assert(!peer.types.includes(frameType.data) && !peer.types.includes(frameType.welcome))
  }
  assert.equal((await session.read([{ entry: 0, offset: 0, length: 1000 }])).failed.length, 0)
})

test('Provider: a peer that stays silent is let go, at the start and in the middle of a frame', async () => {
  await using served = await testProvider({ timing: { handshakeTimeoutMs: 50 } })
  await using stranger = await testHost({ listen: false })
  const silent = await connectRaw(stranger, served)
  await silent.next(frameType.hello)
  await silent.closed
  const slow = await connectRaw(stranger, served)
  slow.stream.send(encodeFrame(frameType.auth, random(100)).subarray(0, 7))
  await slow.closed
})

test('Provider: a receiver that breaks the rules behind the proof is let go', async () => {
  await using served = await testProvider()
  await using receiver = await testHost({ listen: false })
  const offer = memoryOffer({ owner: served.host.identity, files: [random(3_000_000)] })
  served.provider.offer({ ...offer, read: () => new Promise<never>(() => {}) })
  const range = { entry: 0, offset: 0, length: 1_000_000 }
  const want = (id: number, length = 1_000_000): Uint8Array =>
    encodeFrame(frameType.want, encodeRanges({ id, ranges: [{ ...range, length }] }))
  const wrong: Record<string, Uint8Array[]> = {
    'a second proof': [encodeFrame(frameType.auth, random(10))],
    'a number used twice': [want(1), want(1)],
    'more content than the window': Array.from({ length: maxOutstandingBytes / 1_000_000 + 1 }, (_, id) =>
      want(id),
    ),
    'one read of too much': [want(1, 2 ** 31)],
    'too many requests': Array.from({ length: 1025 }, (_, id) => want(id, 1)),
    'following what is not live': [
      encodeFrame(frameType.ask, encodeAsk({ id: 1, kind: 'follow', numbers: [9], texts: [] })),
    ],
    'too many pages': [
      encodeFrame(
        frameType.ask,
        encodeAsk({ id: 1, kind: 'pages', numbers: Array.from({ length: 17 }, () => 0), texts: [] }),
      ),
    ],
    'a cut range list': [encodeFrame(frameType.want, random(30))],
    'a short cancel': [encodeFrame(frameType.cancel, random(3))],
  }
  for (const [name, frames] of Object.entries(wrong)) {
    const peer = await welcomeRaw(receiver, served, offer.secret)
    for (const frame of frames) {
      if (peer.stream.status === 'open') peer.stream.send(frame)
    }
    await peer.closed
    assert(!peer.types.includes(frameType.data), name)
  }
  // Cancelling what nobody knows, and credit that comes too late, are no offence.
  const peer = await welcomeRaw(receiver, served, offer.secret)
  peer.stream.send(encodeFrame(frameType.cancel, encodeId(7)))
  peer.stream.send(encodeFrame(frameType.ask, encodeAsk({ id: 1, kind: 'root', numbers: [], texts: [] })))
  await peer.next(frameType.answer)
})

test('Provider: a receiver that never reads costs bounded memory and is let go', async () => {
  const reads: number[] = []
  await using served = await testProvider({ timing: { progressWindowMs: 300 } })
  await using receiver = await testHost({ listen: false })
  const offer = memoryOffer({ owner: served.host.identity, files: [new Uint8Array(2_000_000)] })
  served.provider.offer({
    ...offer,
    read(ranges, numbering, into) {
      reads.push(ranges.length)
      return offer.read(ranges, numbering, into)
    },
  })
  const peer = await welcomeRaw(receiver, served, offer.secret)
  peer.stream.pause()
  for (let id = 1; id <= 8; id++)
    peer.stream.send(
      encodeFrame(frameType.want, encodeRanges({ id, ranges: [{ entry: 0, offset: 0, length: 2_000_000 }] })),
    )
  await peer.closed
  // Read ahead, and what fits into the windows of stream and sockets; not all that was asked for.
  assert(reads.length <= 5, `${reads.length} reads of 2 MB`)
})

test('Provider: no more conversations than fit, each peer within its own share of them', async () => {
  await using served = await testProvider()
  await using receiver = await testHost({ listen: false })
  await using other = await testHost({ listen: false })
  const offer = memoryOffer({ owner: served.host.identity })
  const offered = served.provider.offer(offer)
  const sessions = []
  for (let index = 0; index < 4; index++) sessions.push(await testSession(receiver, served, offer.secret))
  await assert.rejects(testSession(receiver, served, offer.secret), {
    code: 'E_REFUSED',
    message: /as many receivers/,
  })
  await using fine = await testSession(other, served, offer.secret)
  assert.deepEqual(await fine.root(), offer.rootBytes)
  assert(offered.sessions >= 1)
  for (const session of sessions) await session[Symbol.asyncDispose]()
})

test('Provider: a share that is withdrawn ends its conversations and is unknown from then on', async () => {
  await using served = await testProvider()
  await using receiver = await testHost({ listen: false })
  const offer = memoryOffer({ owner: served.host.identity })
  const offered = served.provider.offer(offer)
  await using session = await testSession(receiver, served, offer.secret)
  await offered[Symbol.asyncDispose]()
  await session.closed
  await assert.rejects(testSession(receiver, served, offer.secret), {
    code: 'E_REFUSED',
    message: /does not offer it/,
  })
})

/** Answers every conversation with what `act` does behind a right handshake. */
async function hostileProvider(
  secret: Uint8Array,
  act: (stream: Stream) => void,
  options: { readonly proof?: Uint8Array } = {},
): Promise<TestHost> {
  const host = await testHost()
  await host.serve((stream, connection) => {
    const nonce = random(32)
    stream.send(encodeFrame(frameType.hello, encodeHello({ version: wireVersion, nonce })))
    stream.addEventListener(
      'message',
      ({ data }) => {
        const body = data.subarray().slice(5)
        // [bytes(32), bytes(32), bytes(32)]: each has two bytes of head behind the one of the list.
        const receiverNonce = body.slice(1 + 34 + 2, 1 + 34 + 34)
        const proof =
          options.proof ??
          proofOf({
            secret,
            role: 'provider',
            shareId: shareIdOf(secret),
            providerPeer: host.peer,
            receiverPeer: connection.remotePeer.toString(),
            providerNonce: nonce,
            receiverNonce,
          })
        const offer = memoryOffer({ owner: host.identity, secret }).describe()
        stream.send(
          encodeFrame(
            frameType.welcome,
            encodeWelcome({ ...offer, proof, complete: true, laneSecret: undefined }),
          ),
        )
        stream.addEventListener('message', () => act(stream), { once: true })
      },
      { once: true },
    )
  })
  return host
}

test('openSession: a provider that does not know the secret is refused', async () => {
  const secret = newSecret()
  await using host = await hostileProvider(secret, () => {}, { proof: random(32) })
  await using receiver = await testHost({ listen: false })
  await assert.rejects(testSession(receiver, { host }, secret), {
    code: 'E_PROTOCOL',
    message: /does not know the ticket/,
  })
})

test('PeerSession: unsolicited, oversized and malformed answers end the session with E_PROTOCOL', async () => {
  const data = (id: number, length: number): Uint8Array => {
    const body = new Uint8Array(4 + length)
    new DataView(body.buffer).setUint32(0, id, true)
    return encodeFrame(frameType.data, body)
  }
  const failed = encodeFrame(frameType.failed, Uint8Array.of(0x82, 1, 0x81, 0x83, 5, 0, 0x60))
  const wrong: Record<string, Uint8Array> = {
    'content of another request': data(77, 10),
    'more than was asked': data(1, 200),
    'an answer where content was asked': encodeFrame(frameType.answer, encodeAnswer(1, [10])),
    'a reply where content was asked': encodeFrame(frameType.reply, encodeReply(1, null)),
    'a failure of no range': failed,
    'a second welcome': encodeFrame(frameType.welcome, random(40)),
    'a frame of 2 GiB': Uint8Array.of(0xff, 0xff, 0xff, 0x7f, frameType.data),
    garbage: random(64),
  }
  for (const [name, bytes] of Object.entries(wrong)) {
    const secret = newSecret()
    await using host = await hostileProvider(secret, (stream) => stream.send(bytes))
    await using receiver = await testHost({ listen: false })
    await using session = await testSession(receiver, { host }, secret)
    await assert.rejects(session.read([{ entry: 0, offset: 0, length: 100 }]), { code: 'E_PROTOCOL' }, name)
  }
})

test('PeerSession: a provider that promises and sends nothing, or hangs up within a frame, is left', async () => {
  const secret = newSecret()
  await using silent = await hostileProvider(secret, () => {})
  await using cutting = await hostileProvider(secret, (stream) => {
    stream.send(Uint8Array.of(9, 0, 0))
    void stream.close()
  })
  await using receiver = await testHost({ listen: false })
  const ranges = [{ entry: 0, offset: 0, length: 100 }]
  await using waiting = await testSession(receiver, { host: silent }, secret, { progressWindowMs: 60 })
  await assert.rejects(waiting.read(ranges), { code: 'E_UNREACHABLE', message: /sends nothing any more/ })
  await using cut = await testSession(receiver, { host: cutting }, secret)
  await assert.rejects(cut.read(ranges), ({ code }) => code === 'E_PROTOCOL' || code === 'E_UNREACHABLE')
})

test('errors of the node room never carry the secret', async () => {
  await using served = await testProvider()
  await using receiver = await testHost({ listen: false })
  const secret = new TextEncoder().encode('canary-of-secret')
  const forms = [
    'canary-of-secret',
    Buffer.from(secret).toString('hex'),
    Buffer.from(secret).toString('base64'),
  ]
  const failures: unknown[] = []
  const collect = async (work: Promise<unknown>): Promise<void> => {
    await work.catch((error: unknown) => failures.push(error))
  }
  await collect(testSession(receiver, served, secret))
  await collect(
    testSession(receiver, { host: { ...served.host, addresses: ['/ip4/127.0.0.1/tcp/1'] } }, secret),
  )
  served.provider.offer(memoryOffer({ owner: served.host.identity, secret, refusal: 'expired' }))
  await collect(testSession(receiver, served, secret))
  assert.equal(failures.length, 3)
  const { inspect } = await import('node:util')
  for (const failure of failures) {
    const text = inspect(failure, { depth: 10, showHidden: true })
    for (const form of forms) assert(!text.includes(form))
  }
})
