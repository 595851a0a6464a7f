/**
 * libp2p's TLS 1.3 handshake on the TCP socket itself, so that node:tls encrypts natively and no copy goes through
 * JavaScript streams (two and a half times Noise's rate). Speaks the same `/tls/1.0.0` as every other libp2p, with early
 * muxer negotiation. Links that are not plain TCP are refused here: the host offers Noise for those.
 *
 * Source: https://github.com/libp2p/specs/blob/master/tls/tls.md
 */
import { Socket } from 'node:net'
import { connect, TLSSocket, type TLSSocketOptions } from 'node:tls'
import type {
  ConnectionEncrypter,
  MessageStream,
  PrivateKey,
  SecureConnectionOptions,
  SecuredConnection,
  StreamMuxerFactory,
  Upgrader,
} from '@libp2p/interface'
import { serviceCapabilities } from '@libp2p/interface'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { FerryError } from '../../shared/errors.ts'
import { type Certificate, createCertificate, verifyCertificate } from './certificate.ts'
import { createTlsConnection, destroyLater } from './connection.ts'

const protocol = '/tls/1.0.0'
/** What both ends name when the muxer is to be negotiated later. */
const plainAlpn = 'libp2p'

export interface TlsComponents {
  readonly privateKey: PrivateKey
  readonly upgrader: Pick<Upgrader, 'getStreamMuxers'>
}

/** For libp2p's `connectionEncrypters`; put it before Noise. */
export function socketTls(): (components: TlsComponents) => ConnectionEncrypter {
  return (components) => {
    // One certificate a process: it only has to be fresh enough not to link runs of ferry with each other.
    let certificate: Promise<Certificate> | undefined
    const secure = async (
      connection: MessageStream,
      isServer: boolean,
      options: SecureConnectionOptions | undefined,
    ): Promise<SecuredConnection> => {
      certificate ??= createCertificate(components.privateKey)
      const socket = await takeSocket(connection)
      const muxers = options?.skipStreamMuxerNegotiation ? new Map() : components.upgrader.getStreamMuxers()
      return await handshake(connection, socket, await certificate, muxers, isServer, options)
    }
    return {
      protocol,
      [Symbol.toStringTag]: 'ferry-tls',
      [serviceCapabilities]: ['@libp2p/connection-encryption'],
      secureInbound: (connection, options) => secure(connection, true, options),
      secureOutbound: (connection, options) => secure(connection, false, options),
    } as ConnectionEncrypter
  }
}

/**
 * The TCP socket under a connection of @libp2p/tcp, with everything that it read too early put back. The field is not
 * part of libp2p's interface; `test/node/tls/encrypter.test.ts` fails when it is gone.
 */
async function takeSocket(connection: MessageStream): Promise<Socket> {
  const socket = (connection as { socket?: unknown }).socket
  if (!(socket instanceof Socket)) {
    throw new FerryError('E_PROTOCOL', 'Cannot use TLS on a link that is not plain TCP')
  }
  socket.pause()
  socket.removeAllListeners('data')
  const early: Uint8Array[] = []
  if (connection.readBufferLength > 0) {
    const collect = (event: { data: Uint8Array | { subarray(): Uint8Array } }): void => {
      early.push(event.data.subarray())
    }
    connection.addEventListener('message', collect)
    while (connection.readBufferLength > 0 && connection.status === 'open') await Promise.resolve()
    connection.removeEventListener('message', collect)
  }
  if (early.length > 0) socket.unshift(Buffer.concat(early))
  return socket
}

async function handshake(
  connection: MessageStream,
  socket: Socket,
  certificate: Certificate,
  muxers: ReadonlyMap<string, StreamMuxerFactory>,
  isServer: boolean,
  options: SecureConnectionOptions | undefined,
): Promise<SecuredConnection> {
  const offered = [...muxers.keys(), plainAlpn]
  const tlsOptions: TLSSocketOptions = {
    ...certificate,
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    // AES first: it is twice as fast as ChaCha20 wherever the processor has instructions for it.
    ciphers: 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256',
    requestCert: true,
    // No authority stands behind these certificates; verifyCertificate judges them. None is named either: Node would
    // otherwise read all those that it comes with.
    rejectUnauthorized: false,
    ca: [],
  }
  const secured = isServer
    ? new TLSSocket(socket, {
        ...tlsOptions,
        isServer,
        ALPNCallback: ({ protocols }) => protocols.find((name) => offered.includes(name)),
      })
    : connect({ ...tlsOptions, socket, ALPNProtocols: offered })
  try {
    await whenSecure(secured, options?.signal)
    const key = await verifyCertificate(secured.getPeerCertificate()?.raw ?? new Uint8Array())
    const remotePeer = peerIdFromPublicKey(key)
    if (options?.remotePeer && !options.remotePeer.equals(remotePeer)) {
      throw new FerryError('E_PROTOCOL', `Cannot connect: another peer answers, ${remotePeer.toString()}`)
    }
    const chosen = secured.alpnProtocol
    const streamMuxer = typeof chosen === 'string' ? muxers.get(chosen) : undefined
    if (chosen !== plainAlpn && !streamMuxer) {
      throw new FerryError('E_PROTOCOL', 'Cannot connect: the peer chose a protocol that was not offered')
    }
    return {
      connection: createTlsConnection(connection, secured),
      remotePeer,
      ...(streamMuxer && { streamMuxer }),
    }
  } catch (error) {
    destroyLater(secured)
    throw error
  }
}

function whenSecure(socket: TLSSocket, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error): void => {
      socket.off('error', settle)
      socket.off('close', onClose)
      signal?.removeEventListener('abort', onAbort)
      if (error) {
        // A reset may follow; it has been reported already.
        socket.on('error', () => {})
        reject(error)
      } else resolve()
    }
    const onClose = (): void =>
      settle(new FerryError('E_UNREACHABLE', 'Cannot connect: the peer hung up during the handshake'))
    const onAbort = (): void =>
      settle(new FerryError('E_UNREACHABLE', 'Cannot connect: the handshake took too long'))
    socket.on('error', settle)
    socket.once('close', onClose)
    signal?.addEventListener('abort', onAbort)
    socket.once('secure', () => settle())
    if (signal?.aborted) onAbort()
  })
}
