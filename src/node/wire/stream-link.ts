/** The link of a conversation: one libp2p stream. */
import type { Stream } from '@libp2p/interface'
import { toFerryError } from '../../shared/errors.ts'
import type { Link } from './link.ts'

/** After a clean end the other side has this long to take what was sent. */
const closeTimeoutMs = 5_000

export function streamLink(stream: Stream): Link {
  let waiting: PromiseWithResolvers<void>[] = []
  const settle = (how: (waiter: PromiseWithResolvers<void>) => void): void => {
    const settled = waiting
    waiting = []
    for (const waiter of settled) how(waiter)
  }
  const link: Link = {
    open(handler) {
      stream.addEventListener('message', ({ data }) => {
        if (data instanceof Uint8Array) handler.data(data)
        else for (const bytes of data) handler.data(bytes)
      })
      stream.addEventListener('remoteCloseWrite', () => handler.remoteEnded())
      stream.addEventListener('close', ({ error }) => {
        settle(({ reject }) => reject(error ?? new Error('the stream was closed')))
        handler.closed(error)
      })
      // One listener for good: `stream.onDrain()` never waits again after its first promise. libp2p's own listener
      // runs before this one and sends on in a microtask, so the state is known only after that.
      stream.addEventListener('drain', () =>
        queueMicrotask(() => {
          if (!stream.writableNeedsDrain) settle(({ resolve }) => resolve())
        }),
      )
    },
    send(bytes) {
      stream.send(bytes)
    },
    get isFull() {
      return stream.writableNeedsDrain
    },
    drained() {
      const waiter = Promise.withResolvers<void>()
      waiting.push(waiter)
      return waiter.promise
    },
    async sendContent(head, content) {
      stream.send(head)
      // The muxer keeps what it cannot send yet, for nobody knows how long.
      stream.send(content.slice())
      if (link.isFull) await link.drained()
    },
    get queuedBytes() {
      return stream.writeBufferLength
    },
    async close() {
      try {
        await stream.close({ signal: AbortSignal.timeout(closeTimeoutMs) })
      } catch (error) {
        stream.abort(toFerryError(error, 'Cannot end the conversation'))
      }
    },
    abort(error) {
      stream.abort(error)
    },
  }
  return link
}
