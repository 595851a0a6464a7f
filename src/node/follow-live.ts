/**
 * Follows a live share: the events of its log, in order, as fast as they are consumed. The provider may be ahead by the
 * credit given, and no more.
 */
import { setMaxListeners } from 'node:events'
import { FerryError } from '../shared/errors.ts'
import type { RunOptions } from '../shared/options.ts'
import { dataFrameBytes, followCreditBytes } from './limits.ts'
import type { RequestTable } from './request-table.ts'
import { pendingStream } from './session-requests.ts'
import type { LiveEvent } from '../blobs/live-event.ts'
import { broken, frameType } from './wire/frames.ts'
import { encodeAsk, encodeCredit } from './wire/messages.ts'

/** Turns the bytes of a live log, however split, into events. @throws E_MANIFEST */
export interface LiveDecoder {
  push(bytes: Uint8Array): Iterable<LiveEvent>
}

/**
 * Ends behind the `end` event, whose root `checkRoot` has accepted.
 * @throws E_MANIFEST, E_PROTOCOL, E_VERIFY, E_UNREACHABLE, E_CANCELLED
 */
export async function* followLive(
  table: RequestTable,
  decoder: LiveDecoder,
  { signal }: RunOptions,
  checkRoot: (root: Uint8Array, signature: Uint8Array) => void,
): AsyncGenerator<LiveEvent> {
  const stop = new AbortController()
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  setMaxListeners(0, either)
  /** Not yet consumed; its bytes never exceed the credit. */
  let queue: Uint8Array[] = []
  let wake = (): void => {}
  let ended: { readonly error?: unknown } | undefined
  let id = 0
  const finish = (error?: unknown): void => {
    ended ??= error === undefined ? {} : { error }
    wake()
  }
  let allowed = followCreditBytes
  const asked = table.request<void>(
    either,
    (number) => {
      id = number
      table.channel.send(
        frameType.ask,
        encodeAsk({ id, kind: 'follow', numbers: [followCreditBytes], texts: [] }),
      )
    },
    (resolve, reject) =>
      pendingStream(
        (piece) => {
          allowed -= piece.byteLength
          if (allowed < 0) throw broken('more live events than there was credit for')
          // The piece is a view that is reused after this call.
          queue.push(new Uint8Array(piece))
          wake()
        },
        () => resolve(),
        reject,
      ),
  )
  asked.then(() => finish(), finish)

  let consumed = 0
  let isComplete = false
  try {
    for (;;) {
      const pieces = queue
      queue = []
      for (const piece of pieces) {
        for (const event of decoder.push(piece)) {
          if (isComplete) throw broken('live events behind the end')
          if (event.type === 'end') {
            checkRoot(event.root, event.signature)
            isComplete = true
          }
          yield event
        }
        consumed += piece.byteLength
        if (consumed < dataFrameBytes) continue
        table.channel.send(frameType.credit, encodeCredit(id, consumed))
        allowed += consumed
        consumed = 0
      }
      if (isComplete && queue.length === 0) return
      if (queue.length > 0) continue
      if (ended) {
        if ('error' in ended) throw ended.error
        throw new FerryError('E_PROTOCOL', 'Cannot go on with the peer: it ended the list of files too early')
      }
      await new Promise<void>((resolve) => (wake = resolve))
    }
  } finally {
    if (!ended) stop.abort()
  }
}
