/** The link of a lane: one TLS socket. */
import type { TLSSocket } from 'node:tls'
import { slabHeadBytes } from '../../shared/slabs.ts'
import type { Link, LinkHandler } from '../wire/link.ts'

/** Longer than the delivery of anything that was queued should take. */
const closeTimeoutMs = 5_000

export interface LaneSocket {
  readonly socket: TLSSocket
  /** Hands over what arrives; whoever can, reads it to where `handler` wants it. */
  onData(handler: Pick<LinkHandler, 'data' | 'space'>): void
}

export function laneLink({ socket, onData }: LaneSocket): Link {
  let failure: Error | undefined
  const write = (bytes: Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => socket.write(bytes, (error) => (error ? reject(error) : resolve())))
  return {
    open(handler) {
      onData(handler)
      socket.on('error', (error) => (failure = error))
      // That the other end has ended says nothing: so does the system of one that was killed. It closes next.
      socket.on('close', () => handler.closed(failure))
      if (socket.destroyed) handler.closed(undefined)
    },
    send(bytes) {
      socket.write(bytes)
    },
    get isFull() {
      return socket.writableNeedDrain
    },
    drained: () => write(new Uint8Array(0)),
    async sendContent(head, content) {
      const before = content.byteOffset - head.byteLength
      if (content.byteOffset >= slabHeadBytes && content.buffer instanceof SharedArrayBuffer) {
        // One write of one piece: TLS takes it from here without a copy.
        const whole = new Uint8Array(content.buffer, before, head.byteLength + content.byteLength)
        whole.set(head)
        return write(whole)
      }
      socket.cork()
      socket.write(head)
      const written = write(content)
      socket.uncork()
      return written
    },
    get queuedBytes() {
      return socket.writableLength
    },
    async close() {
      socket.end()
      socket.setTimeout(closeTimeoutMs, () => socket.destroy())
    },
    abort() {
      socket.destroy()
    },
  }
}
