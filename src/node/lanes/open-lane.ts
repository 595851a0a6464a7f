/** Opens a lane to a provider that has told its secret. */
import type { SocketConstructorOpts } from 'node:net'
import { connect, type ConnectionOptions } from 'node:tls'
import { FerryError } from '../../shared/errors.ts'
import type { RunOptions } from '../../shared/options.ts'
import { handshakeTimeoutMs } from '../limits.ts'
import { laneTls, type LaneKey } from './keys.ts'
import type { LinkHandler } from '../wire/link.ts'
import type { LaneSocket } from './lane-link.ts'

/** TLS hands over at most one record of 16 KiB at a time. */
const readBufferBytes = 64 * 1024

export interface OpenedLane extends LaneSocket {
  /** What the TCP handshake took: close to the round trip, as nothing but the two systems has a part in it. */
  readonly connectMs: number
}

/** @throws E_UNREACHABLE when the port does not answer, or answers without knowing the key; E_CANCELLED */
export function openLane(
  { host, port }: { readonly host: string; readonly port: number },
  { identity, psk }: LaneKey,
  { signal }: RunOptions = {},
): Promise<OpenedLane> {
  return new Promise((resolve, reject) => {
    let handler: Pick<LinkHandler, 'data' | 'space'> | undefined
    const scratch = new Uint8Array(readBufferBytes)
    const options: ConnectionOptions & Pick<SocketConstructorOpts, 'onread'> = {
      ...laneTls,
      host,
      port,
      pskCallback: () => ({ psk, identity }),
      // The key is the identity: without it the handshake fails, since no authority is trusted for anything else.
      ca: [],
      checkServerIdentity: () => undefined,
      // Read to where it is wanted, or into one buffer for everything else: as stream events each 16 KiB would be an
      // allocation of its own, and twice the processor time.
      onread: {
        buffer: () => handler?.space() ?? scratch,
        callback(length: number, buffer: Uint8Array) {
          handler?.data(buffer.subarray(0, length))
          return true
        },
      },
    }
    const startedMs = performance.now()
    let connectMs = 0
    const socket = connect(options)
    socket.once('connect', () => (connectMs = performance.now() - startedMs))
    const fail = (cause?: Error): void => {
      settle()
      socket.destroy()
      reject(new FerryError('E_UNREACHABLE', 'Cannot open a lane to the peer', { cause, retryable: true }))
    }
    const stop = (): void => fail()
    const deadline = setTimeout(stop, handshakeTimeoutMs)
    const settle = (): void => {
      clearTimeout(deadline)
      signal?.removeEventListener('abort', stop)
      socket.off('error', fail)
      socket.off('close', stop)
      // What follows a failure has been reported already; what follows a success is the link's to handle.
      socket.on('error', () => undefined)
    }
    socket.setNoDelay(true)
    socket.once('error', fail)
    socket.once('close', stop)
    socket.once('secureConnect', () => {
      settle()
      resolve({ socket, connectMs, onData: (to) => (handler = to) })
    })
    signal?.addEventListener('abort', stop, { once: true })
    if (signal?.aborted) stop()
  })
}
