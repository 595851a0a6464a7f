/**
 * One libp2p host a process: TCP, TLS or Noise, yamux, identify. It is made when the first job needs the network, and
 * everything it loads is loaded then. Discovery (mDNS, DHT) is added later by those who want it.
 */
import type { Connection, Libp2p, StreamHandler } from '@libp2p/interface'
import type { Identify } from '@libp2p/identify'
import type { KadDHTComponents } from '@libp2p/kad-dht'
import type { MulticastDNSComponents } from '@libp2p/mdns'
import { FerryError, toFerryError } from '../shared/errors.ts'
import { cancelled } from '../shared/concurrency.ts'
import type { RunOptions } from '../shared/options.ts'
import { displayAddress, formatAddress, localReach, parseAddress, reasonAgainst } from './addresses.ts'
import type { ParsedAddress } from './addresses.ts'
import { choiceOfUser, loadEncrypters } from './encrypters.ts'
import type { EncrypterChoice } from './encrypters.ts'
import type { Identity } from './identity.ts'
import { createLanePort, type LaneListener } from './lanes/lane-listener.ts'
import { addressDialTimeoutMs, maxSessionsPerPeer } from './limits.ts'
import { addressesToTell, findPort, parseListenAddress } from './own-addresses.ts'

export const ferryProtocol = '/ferry/1'

export interface HostOptions {
  readonly identity: Identity
  /** Where to listen, as the user wrote it; default: everywhere. `false`: nowhere, for receivers that do not serve. */
  readonly listen?: readonly string[] | false | undefined
  /** The port used last time; another one is taken when it is not free. */
  readonly port?: number | undefined
  /** What to tell others in place of the addresses found. */
  readonly announce?: readonly string[] | undefined
  /** No one outside private address ranges is dialled, answered, or told of. */
  readonly local?: boolean | undefined
  readonly encrypters?: EncrypterChoice
}

export interface DialAttempt {
  readonly address: string
  readonly reason: string
}

export interface ConnectOptions extends RunOptions {
  readonly timeoutMs?: number
  /** Told of each address that failed. */
  readonly onAttempt?: (attempt: DialAttempt) => void
}

export interface Host extends AsyncDisposable {
  /** Peer id as text. */
  readonly peer: string
  /** The port that was asked for was taken, so that tickets with the old one do not lead here. */
  readonly portChanged: boolean
  /** Undefined when not listening. */
  readonly port: number | undefined
  /** For the ticket, most useful first; empty when not listening. */
  readonly addresses: readonly string[]
  readonly local: boolean
  /** Content may go over lanes (see lanes/), as far as the other end has them too. */
  readonly usesLanes: boolean
  /** Accepts lanes; undefined when not listening, or without them. */
  readonly lanes: LaneListener | undefined
  /**
   * A link to exactly this peer, over an existing connection or whichever address answers first.
   * @throws E_UNREACHABLE when none does, or someone else answers; E_CANCELLED
   */
  connect(peer: string, addresses: readonly string[], options?: ConnectOptions): Promise<Connection>
  /** Answers every stream of `/ferry/1` until the returned function is called. */
  serve(handler: StreamHandler): Promise<() => Promise<void>>
  /** For discovery/ alone. The parts are not in libp2p's interface, but what it hands to its own services. */
  readonly node: Libp2p<{ readonly identify: Identify }> & {
    readonly components: KadDHTComponents & MulticastDNSComponents
  }
}

/** @throws E_USAGE for addresses that are none; E_CONFLICT, E_PERMISSION when listening is not possible. */
export async function createHost(options: HostOptions): Promise<Host> {
  const { identity, local = false } = options
  const listening = await chooseListening(options)
  const [
    libp2p,
    { tcp },
    { yamux },
    { identify },
    { privateKeyFromRaw },
    { FaultTolerance },
    { multiaddr },
    encrypters,
  ] = await Promise.all([
    import('libp2p'),
    import('@libp2p/tcp'),
    import('@libp2p/yamux'),
    import('@libp2p/identify'),
    import('@libp2p/crypto/keys'),
    import('@libp2p/interface'),
    import('@multiformats/multiaddr'),
    loadEncrypters(options.encrypters),
  ])
  const announced = options.announce?.map((text) => {
    const { host, port } = parseListenAddress(text, listening[0]?.port)
    return formatAddress(host, port)
  })
  const addresses = listening.length === 0 ? [] : (announced ?? addressesToTell(listening, local))
  const encrypterChoice = options.encrypters ?? choiceOfUser()
  // Noise alone means: nothing but what every libp2p has.
  const usesLanes = encrypterChoice !== 'noise-only'
  const lanePort = usesLanes && listening.length > 0 ? createLanePort() : undefined
  const isOutside = (address: string): boolean => reasonAgainst(stripPeer(address), localReach) !== undefined

  const node = (await libp2p.createLibp2p({
    privateKey: privateKeyFromRaw(identity.rawPrivateKey()),
    addresses: {
      listen: listening.map(({ host, port }) => formatAddress(host, port)),
      // Without this, libp2p hides public addresses that nobody has confirmed yet.
      announce: [...addresses],
    },
    transports: [lanePort ? lanePort.share(tcp()) : tcp()],
    connectionEncrypters: encrypters,
    streamMuxers: [
      yamux({
        streamOptions: {
          // With the defaults the window outgrows the buffer, and a paused stream is aborted.
          maxStreamWindowSize: 4 * 1024 * 1024,
          maxReadBufferLength: 8 * 1024 * 1024,
        },
      }),
    ],
    // Says nothing about the version or the machine.
    nodeInfo: { userAgent: 'ferry' },
    services: { identify: identify() },
    connectionManager: {
      maxConnections: 300,
      addressDialTimeout: addressDialTimeoutMs,
      // Receivers behind one address start together, and each dials every address of the ticket.
      inboundConnectionThreshold: 50,
      maxIncomingPendingConnections: 64,
    },
    // IPv6 may be switched off; whether IPv4 works has been tried before.
    transportManager: { faultTolerance: FaultTolerance.NO_FATAL },
    ...(local && {
      connectionGater: {
        denyDialMultiaddr: (address) => isOutside(address.toString()),
        denyInboundConnection: (connection) => isOutside(connection.remoteAddr.toString()),
      },
    }),
  })) as unknown as Host['node']

  return {
    peer: identity.peer,
    local,
    usesLanes,
    lanes: lanePort?.lanes,
    port: listening[0]?.port,
    portChanged: options.port !== undefined && listening.length > 0 && listening[0]?.port !== options.port,
    addresses,
    node,
    async connect(peer, dialled, { signal, timeoutMs = addressDialTimeoutMs, onAttempt } = {}) {
      if (signal?.aborted) throw cancelled(signal)
      if (peer === identity.peer)
        throw new FerryError(
          'E_INTERNAL',
          'Cannot connect to this very computer: its shares are read directly',
        )
      // Only one to an address that was asked for: several processes of one computer are one peer, and do not all
      // offer the same.
      const existing = node
        .getConnections()
        .find(
          (one) =>
            one.status === 'open' &&
            one.remotePeer.toString() === peer &&
            dialled.includes(stripPeer(one.remoteAddr.toString())),
        )
      if (existing) return existing
      // The first address that leads to the peer ends the dials of all others.
      const race = new AbortController()
      const stop = AbortSignal.any([race.signal, AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])])
      const attempts: DialAttempt[] = []
      const dial = async (address: string): Promise<Connection> => {
        try {
          // Without the peer id: libp2p would otherwise try one address of a peer after the other.
          const connection = await node.dial(multiaddr(address), { signal: stop })
          if (connection.remotePeer.toString() === peer) return connection
          await connection.close().catch(() => connection.abort(new Error('wrong peer')))
          throw new FerryError('E_UNREACHABLE', `someone else answers at ${displayAddress(address)}`)
        } catch (error) {
          const attempt = { address, reason: dialFailure(error, address) }
          attempts.push(attempt)
          if (!race.signal.aborted) onAttempt?.(attempt)
          throw error
        }
      }
      try {
        return await Promise.any(dialled.map(dial))
      } catch {
        if (signal?.aborted) throw cancelled(signal)
        throw unreachable(peer, attempts)
      } finally {
        race.abort()
      }
    },
    async serve(handler) {
      // More than are served, so that what is too many is refused in words.
      await node.handle(ferryProtocol, handler, { maxInboundStreams: 2 * maxSessionsPerPeer })
      return () => node.unhandle(ferryProtocol)
    },
    async [Symbol.asyncDispose]() {
      lanePort?.lanes.close()
      await node.stop()
    },
  }
}

async function chooseListening({ listen, port }: HostOptions): Promise<ParsedAddress[]> {
  if (listen === false) return []
  if (listen && listen.length > 0) {
    const wanted = listen.map((text) => parseListenAddress(text))
    // A port that the user named is taken or refused; a remembered one is only a wish.
    return Promise.all(
      wanted.map(async (address) => {
        const ports = address.port !== 0 ? [address.port] : port !== undefined ? [port, 0] : [0]
        return { ...address, port: await findPort(address.host, ports) }
      }),
    )
  }
  const chosen = await findPort('0.0.0.0', port !== undefined ? [port, 0] : [0])
  return ['/ip4/0.0.0.0', '/ip6/::'].map((host) => parseAddress(`${host}/tcp/${chosen}`) as ParsedAddress)
}

const stripPeer = (address: string): string => address.replace(/\/p2p\/.*$/, '')

function dialFailure(error: unknown, address: string): string {
  if (error instanceof FerryError) return error.message
  const { code, name, message } = toSystemLike(error)
  if (code === 'ECONNREFUSED') return `nothing listens at ${displayAddress(address)}`
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH') return `no way to ${displayAddress(address)}`
  if (name === 'AbortError' || name === 'TimeoutError' || code === 'ETIMEDOUT')
    return `no answer from ${displayAddress(address)}`
  return `${displayAddress(address)}: ${message}`
}

function toSystemLike(error: unknown): { code: string; name: string; message: string } {
  const {
    code = '',
    name = '',
    message = String(error),
  } = (error ?? {}) as { code?: string; name?: string; message?: string }
  return { code, name, message }
}

function unreachable(peer: string, attempts: readonly DialAttempt[]): FerryError {
  const other = attempts.find(({ reason }) => reason.startsWith('someone else'))
  const why =
    other?.reason ??
    (attempts.length === 0 ? 'no address is known' : attempts.map(({ reason }) => reason).join(', '))
  return new FerryError('E_UNREACHABLE', `Cannot reach ${peer.slice(-8)}: ${why}`, {
    hint: other
      ? 'the computer may have a new address: ask for a new ticket'
      : 'is "ferry share" still running there?',
    retryable: true,
  })
}

/** Opens the conversation's stream. @throws E_UNREACHABLE when the peer does not speak ferry or is gone. */
export async function openStream(
  connection: Connection,
  options: RunOptions = {},
): ReturnType<Connection['newStream']> {
  try {
    return await connection.newStream(ferryProtocol, options.signal ? { signal: options.signal } : {})
  } catch (error) {
    if (options.signal?.aborted) throw cancelled(options.signal)
    const isForeign = error instanceof Error && error.name === 'UnsupportedProtocolError'
    if (isForeign)
      throw new FerryError('E_REFUSED', 'Cannot talk to the peer: it offers nothing right now', {
        cause: error,
        hint: 'is "ferry share" still running there?',
        retryable: true,
      })
    const { message } = toFerryError(error, 'Cannot open a conversation with the peer')
    throw new FerryError('E_UNREACHABLE', message, { cause: error, retryable: true })
  }
}
