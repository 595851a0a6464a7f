/**
 * Accepts lanes at the port of the libp2p host, so that one open port is enough for both: the first byte of a connection
 * tells them apart. A TLS record begins with 22, everything in libp2p with the length of its first line.
 */
import { Server, type Socket } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import type { Listener, Transport } from '@libp2p/interface'
import { handshakeTimeoutMs, maxHandshakes, maxLanes } from '../limits.ts'
import { laneTls, type LaneKey } from './keys.ts'
import type { LaneSocket } from './lane-link.ts'

const tlsHandshakeByte = 22

export interface LaneListener {
  /** Hands over every lane that proves `key`, at most `maxLanes` at once, until the returned function is called. */
  expect(key: LaneKey, onLane: (lane: LaneSocket) => void): () => void
  /** Ends every lane, and what may become one. */
  close(): void
}

export interface LanePort {
  readonly lanes: LaneListener
  /** The transport, with lanes accepted at every port that it listens on. */
  share<Components>(create: (components: Components) => Transport): (components: Components) => Transport
}

interface Expected {
  readonly psk: Buffer
  readonly onLane: (lane: LaneSocket) => void
  open: number
}

export function createLanePort(): LanePort {
  const expected = new Map<string, Expected>()
  const owners = new WeakMap<TLSSocket, Expected>()
  /** Connections that have not said what they are. */
  const undecided = new Set<Socket>()
  /** Under a lane, or what may become one. */
  const carriers = new Set<Socket>()
  let handshaking = 0

  /** Does the handshakes; it listens nowhere itself. */
  const handshakes = createServer({
    ...laneTls,
    handshakeTimeout: handshakeTimeoutMs,
    pskCallback(secured: TLSSocket, identity: string) {
      const owner = expected.get(identity)
      if (!owner || owner.open >= maxLanes) return null
      owners.set(secured, owner)
      return owner.psk
    },
  })
  handshakes.on('tlsClientError', (_error, secured) => {
    handshaking--
    secured.destroy()
  })
  handshakes.on('secureConnection', (secured) => {
    handshaking--
    const owner = owners.get(secured)
    if (!owner || owner.open >= maxLanes) {
      secured.destroy()
      return
    }
    owner.open++
    secured.once('close', () => owner.open--)
    owner.onLane({ socket: secured, onData: ({ data }) => void secured.on('data', data) })
  })

  function secure(socket: Socket): void {
    if (handshaking >= maxHandshakes) return void socket.destroy()
    handshaking++
    carriers.add(socket)
    socket.once('close', () => carriers.delete(socket))
    handshakes.emit('connection', socket)
  }

  function decide(socket: Socket, accept: (socket: Socket) => void): void {
    if (undecided.size >= maxHandshakes) return void socket.destroy()
    undecided.add(socket)
    const deadline = setTimeout(() => socket.destroy(), handshakeTimeoutMs)
    const decided = (): void => {
      clearTimeout(deadline)
      undecided.delete(socket)
      socket.off('close', decided)
      socket.off('error', ignore)
    }
    socket.once('close', decided)
    socket.on('error', ignore)
    socket.once('data', (first: Buffer) => {
      decided()
      socket.pause()
      socket.unshift(first)
      if (first[0] === tlsHandshakeByte) return secure(socket)
      accept(socket)
      socket.resume()
    })
  }

  return {
    lanes: {
      expect({ identity, psk }, onLane) {
        expected.set(identity, { psk, onLane, open: 0 })
        return () => expected.delete(identity)
      },
      close() {
        for (const socket of [...undecided, ...carriers]) socket.destroy()
      },
    },
    share: (create) => (components) => {
      const transport = create(components)
      const createListener = transport.createListener.bind(transport)
      transport.createListener = (options): Listener => {
        const listener = createListener(options)
        const server = serverOf(listener)
        const [accept] = server.listeners('connection') as ((socket: Socket) => void)[]
        server.removeAllListeners('connection')
        server.on('connection', (socket: Socket) => decide(socket, (known) => accept?.call(server, known)))
        return listener
      }
      return transport
    },
  }
}

/** A reset before the first byte is nobody's business. */
const ignore = (): void => undefined

/**
 * The TCP server of a listener of @libp2p/tcp. The field is not part of libp2p's interface;
 * `test/node/lanes/lane-listener.test.ts` fails when it is gone.
 */
function serverOf(listener: Listener): Server {
  const { server } = listener as { server?: unknown }
  if (server instanceof Server) return server
  throw new TypeError('a listener of @libp2p/tcp has no server')
}
