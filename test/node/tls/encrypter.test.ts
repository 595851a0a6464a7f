import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { connect as connectTcp, createServer, type Socket } from 'node:net'
import test from 'node:test'
import { connect as connectTls } from 'node:tls'
import { noise } from '@chainsafe/libp2p-noise'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { ConnectionEncrypter, Libp2p } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { tcp } from '@libp2p/tcp'
import { tls as stockTls } from '@libp2p/tls'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { createCertificate, verifyCertificate } from '../../../src/node/tls/certificate.ts'
import { derTag, readDer } from '../../../src/node/tls/der.ts'
import { socketTls } from '../../../src/node/tls/encrypter.ts'

type Encrypters = NonNullable<Parameters<typeof createLibp2p>[0]>['connectionEncrypters']

function host(encrypters: NonNullable<Encrypters>): Promise<Libp2p> {
  return createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: encrypters,
    streamMuxers: [yamux()],
  })
}

/** Sends `bytes` to an echo on the other host and gives back what came. */
async function echo(server: Libp2p, client: Libp2p, bytes: Uint8Array): Promise<Uint8Array> {
  await server.handle('/echo', (stream) => {
    stream.addEventListener('message', (event) => stream.send(event.data))
  })
  const stream = await client.dialProtocol(server.getMultiaddrs(), '/echo')
  const parts: Uint8Array[] = []
  let got = 0
  const { promise, resolve } = Promise.withResolvers<void>()
  stream.addEventListener('message', (event) => {
    parts.push(event.data.subarray())
    got += event.data.byteLength
    if (got >= bytes.byteLength) resolve()
  })
  stream.send(bytes)
  await promise
  return Buffer.concat(parts)
}

const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 31) & 0xff)

for (const [serverName, clientName, expected] of [
  ['ours', 'ours', '/tls/1.0.0'],
  ['stock', 'ours', '/tls/1.0.0'],
  ['ours', 'stock', '/tls/1.0.0'],
  ['both', 'noise', '/noise'],
  ['noise', 'both', '/noise'],
  ['both', 'both', '/tls/1.0.0'],
] as const) {
  test(`socketTls: a ${clientName} client talks to a ${serverName} server over ${expected}`, async () => {
    const kinds = { ours: [socketTls()], stock: [stockTls()], noise: [noise()], both: [socketTls(), noise()] }
    const server = await host(kinds[serverName])
    const client = await host(kinds[clientName])
    try {
      assert.deepEqual(new Uint8Array(await echo(server, client, bytes)), bytes)
      assert.equal(client.getConnections()[0]?.encryption, expected)
      assert.equal(client.getConnections()[0]?.remotePeer.toString(), server.peerId.toString())
      assert.equal(server.getConnections()[0]?.remotePeer.toString(), client.peerId.toString())
    } finally {
      await Promise.all([client.stop(), server.stop()])
    }
  })
}

test('socketTls refuses a peer that is not the one that was dialled', async () => {
  const server = await host([socketTls()])
  const client = await host([socketTls()])
  const other = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
  try {
    const address = server.getMultiaddrs()[0]?.decapsulate('/p2p') ?? assert.fail('no address')
    await assert.rejects(client.dial(multiaddr(`${address.toString()}/p2p/${other.toString()}`)))
    assert.equal(client.getConnections().length, 0)
  } finally {
    await Promise.all([client.stop(), server.stop()])
  }
})

/** Speaks multistream-select up to the start of TLS, as a client would. */
async function rawClient(server: Libp2p): Promise<Socket> {
  const address = server.getMultiaddrs()[0]?.toString().split('/') ?? []
  const socket = connectTcp({ host: String(address[2]), port: Number(address[4]) })
  const line = (text: string): Buffer =>
    Buffer.from(`${String.fromCharCode(text.length + 1)}${text}\n`, 'latin1')
  socket.write(Buffer.concat([line('/multistream/1.0.0'), line('/tls/1.0.0')]))
  const want = line('/multistream/1.0.0').length + line('/tls/1.0.0').length
  let got = 0
  while (got < want) {
    const [chunk] = (await new Promise<Buffer[]>((resolve) =>
      socket.once('data', (data) => resolve([data])),
    )) as [Buffer]
    got += chunk.length
  }
  return socket
}

for (const [name, options] of [
  ['TLS 1.2', { maxVersion: 'TLSv1.2', minVersion: 'TLSv1.2' }],
  ['no certificate', {}],
] as const) {
  test(`socketTls refuses a client with ${name}`, async () => {
    const server = await host([socketTls()])
    try {
      const socket = connectTls({
        ...options,
        socket: await rawClient(server),
        rejectUnauthorized: false,
        ALPNProtocols: ['libp2p'],
      })
      await new Promise<void>((resolve) => {
        socket.on('error', () => {})
        socket.on('close', () => resolve())
        socket.resume()
      })
      assert.equal(server.getConnections().length, 0)
    } finally {
      await server.stop()
    }
  })
}

test('a connection of @libp2p/tcp still carries its socket, and others are refused', async () => {
  const [encrypter] = [
    socketTls()({
      privateKey: await generateKeyPair('Ed25519'),
      upgrader: { getStreamMuxers: () => new Map() },
    }),
  ] as [ConnectionEncrypter]
  await assert.rejects(encrypter.secureOutbound({ readBufferLength: 0 } as never), {
    code: 'E_PROTOCOL',
    message: /not plain TCP/,
  })
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const client = await host([
    (components: { privateKey: never; upgrader: never }) => {
      const inner = socketTls()(components)
      return Object.assign(inner, {
        secureOutbound: async (connection: { socket?: unknown }) => {
          throw new Error(`socket is a ${connection.socket?.constructor?.name}`)
        },
      })
    },
  ] as never)
  try {
    server.on('connection', (socket) => socket.on('error', () => {}).pipe(socket))
    // The echo agrees to every protocol that is proposed to it.
    await assert.rejects(client.dial(multiaddr(`/ip4/127.0.0.1/tcp/${port}`)), /socket is a Socket/)
  } finally {
    await client.stop()
    server.close()
  }
})

test('verifyCertificate takes a sound certificate and nothing else', async () => {
  const hostKey = await generateKeyPair('Ed25519')
  const { cert } = await createCertificate(hostKey)
  const raw = new X509Certificate(cert).raw
  assert.ok((await verifyCertificate(raw)).equals(hostKey.publicKey))
  await assert.rejects(verifyCertificate(raw, Date.now() + 101 * 365 * 24 * 3_600_000), {
    code: 'E_PROTOCOL',
    message: /not valid now/,
  })
  await assert.rejects(verifyCertificate(raw, Date.now() - 7_200_000), { code: 'E_PROTOCOL' })
  await assert.rejects(verifyCertificate(new Uint8Array()), { code: 'E_PROTOCOL' })
  let refused = 0
  for (let index = 0; index < raw.length; index++) {
    const changed = Buffer.from(raw)
    changed[index] = (changed[index] ?? 0) ^ 1
    await verifyCertificate(changed).then(
      () => assert.fail(`a certificate with byte ${index} changed was accepted`),
      (error: unknown) => {
        assert.equal((error as { code?: string }).code, 'E_PROTOCOL')
        refused++
      },
    )
  }
  assert.equal(refused, raw.length)
})

test('readDer refuses lengths that are not minimal or run over', () => {
  for (const hex of ['30', '3081', '30800000', '308101ff', '30820001ff', '3002ff', '3084000000010a']) {
    assert.throws(() => readDer(Buffer.from(hex, 'hex')), { code: 'E_PROTOCOL' }, hex)
  }
  assert.equal(readDer(Buffer.from('300003010a', 'hex')).length, 2)
  assert.equal(readDer(Buffer.from('300003010a', 'hex'))[0]?.tag, derTag.sequence)
})
