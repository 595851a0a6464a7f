/** The stream of plain text over a TLS socket, in the form that libp2p's muxers take. */
import { once } from 'node:events'
import type { TLSSocket } from 'node:tls'
import type { AbortOptions, MessageStream } from '@libp2p/interface'
import { AbstractMessageStream, type SendResult } from '@libp2p/utils'

/**
 * Without the TCP socket under it, Node frees the state of TLS as soon as this turn of the event loop allows; when that
 * turn began with arriving data, the reader of that data still uses it, and the process crashes. Such a turn is the one in
 * which libp2p finds that it has a connection to the peer already.
 */
export function destroyLater(socket: TLSSocket): void {
  setImmediate(() => socket.destroy())
}

class TlsConnection extends AbstractMessageStream {
  readonly #socket: TLSSocket
  /** The connection that the socket was taken from; closed and aborted together with it. */
  readonly #transport: MessageStream

  constructor(transport: MessageStream, socket: TLSSocket) {
    super({
      log: transport.log,
      direction: transport.direction,
      inactivityTimeout: transport.inactivityTimeout,
      maxReadBufferLength: transport.maxReadBufferLength,
    })
    this.#socket = socket
    this.#transport = transport
    socket.on('data', (bytes: Uint8Array) => this.onData(bytes))
    socket.on('drain', () => this.safeDispatchEvent('drain'))
    socket.on('error', (error) => this.abort(error))
    socket.on('close', () => this.onTransportClosed())
    transport.addEventListener('close', (event) => {
      destroyLater(socket)
      if (event.error) this.abort(event.error)
      else this.onTransportClosed()
    })
  }

  async close(options?: AbortOptions): Promise<void> {
    if (!this.#socket.closed) {
      this.#socket.destroySoon()
      await once(this.#socket, 'close', options)
    }
    await this.#transport.close(options)
  }

  sendData(data: Parameters<AbstractMessageStream['sendData']>[0]): SendResult {
    let sentBytes = 0
    let canSendMore = true
    for (const bytes of data) {
      sentBytes += bytes.byteLength
      canSendMore = this.#socket.write(bytes)
      if (!canSendMore) break
    }
    return { sentBytes, canSendMore }
  }

  sendReset(error: Error): void {
    destroyLater(this.#socket)
    this.#transport.abort(error)
  }

  sendPause(): void {
    this.#socket.pause()
  }

  sendResume(): void {
    this.#socket.resume()
  }
}

/** Wraps a TLS socket whose handshake is done; `transport` is the connection it was made on. */
export function createTlsConnection(transport: MessageStream, socket: TLSSocket): MessageStream {
  return new TlsConnection(transport, socket)
}
