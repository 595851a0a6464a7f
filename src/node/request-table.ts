/**
 * Numbers the requests of one session and leads every frame to the one it belongs to. A request that its caller gives
 * up is cancelled at the provider; what still arrives for it is thrown away until the provider confirms.
 */
import { cancelled } from '../shared/concurrency.ts'
import { FerryError } from '../shared/errors.ts'
import { minProgressBytes } from './limits.ts'
import { watchProgress } from './progress-watch.ts'
import { pendingNothing } from './session-requests.ts'
import type { Pending } from './session-requests.ts'
import { lost } from './wire/channel.ts'
import type { Channel } from './wire/channel.ts'
import { broken, frameType } from './wire/frames.ts'
import {
  decodeAnswer,
  decodeFailed,
  decodeProblem,
  decodeReply,
  encodeAsk,
  encodeId,
} from './wire/messages.ts'
import type { AskKind } from './wire/messages.ts'

export type CreatePending<Value> = (
  resolve: (value: Value) => void,
  reject: (error: FerryError) => void,
) => Pending

export interface RequestTable {
  frame(type: number, body: Uint8Array): void
  data(id: number, piece: Uint8Array): void
  /** Where the next content of a request may be put directly. */
  space(id: number): Uint8Array | undefined
  /** The link is gone: everything under way is rejected. */
  ended(error: FerryError | undefined): void
  /**
   * Sends a request under a new number and waits for its answer. A cancellation goes the same `way`, so that it cannot
   * overtake the request.
   * @throws E_CANCELLED, E_UNREACHABLE when the link is lost, E_REFUSED when the provider has no answer, E_PROTOCOL
   */
  request<Value>(
    signal: AbortSignal | undefined,
    send: (id: number) => void,
    create: CreatePending<Value>,
    way?: Channel,
  ): Promise<Value>
  /** The way of these requests is lost. */
  lost(ids: Iterable<number>, error: FerryError): void
  /** The same for the requests that are one `ask` frame. */
  ask<Value>(
    kind: AskKind,
    numbers: readonly number[],
    texts: readonly string[],
    signal: AbortSignal | undefined,
    create: CreatePending<Value>,
  ): Promise<Value>
  readonly channel: Channel
}

export function createRequestTable(
  channel: Channel,
  options: {
    readonly windowMs?: number | undefined
    /** Bytes received beside the channel. */
    readonly movedBeside?: () => number
  } = {},
): RequestTable {
  const underWay = new Map<number, Pending>()
  let lastId = 0
  let answered = 0
  let owed = 0
  let end: FerryError | undefined

  const find = (id: number): Pending => {
    const pending = underWay.get(id)
    if (!pending) throw broken('an answer to nothing that was asked')
    return pending
  }
  const remove = (id: number): void => {
    if (underWay.get(id)?.isPatient === false) owed--
    underWay.delete(id)
    answered++
  }
  const settle = (id: number, isWhole: boolean): void => {
    if (isWhole) remove(id)
  }
  const endWatch = watchProgress({
    isOwed: () => owed > 0,
    // Many small answers are movement too.
    movedBytes: () => channel.receivedBytes + (options.movedBeside?.() ?? 0) + answered * minProgressBytes,
    onStalled: () =>
      channel.abort(
        new FerryError('E_UNREACHABLE', 'Cannot go on with the peer: it sends nothing any more', {
          hint: 'is the other computer still there? Then run the same command again',
          retryable: true,
        }),
      ),
    windowMs: options.windowMs,
  })
  const table: RequestTable = {
    channel,
    frame(type, body) {
      switch (type) {
        case frameType.answer: {
          const { id, lengths } = decodeAnswer(body)
          return settle(id, find(id).answer(lengths))
        }
        case frameType.failed: {
          const { id, failed } = decodeFailed(body)
          return settle(id, find(id).failed(failed))
        }
        case frameType.reply: {
          const { id, value } = decodeReply(body)
          return settle(id, find(id).reply(value))
        }
        case frameType.problem: {
          const { id, message } = decodeProblem(body)
          find(id).reject(
            new FerryError('E_REFUSED', `Cannot get an answer from the peer: ${printable(message)}`, {
              retryable: true,
            }),
          )
          return remove(id)
        }
        default:
          throw broken(`a frame of type ${type} after the welcome`)
      }
    },
    space: (id) => underWay.get(id)?.space?.(),
    data(id, piece) {
      settle(id, find(id).data(piece))
    },
    ended(error) {
      endWatch()
      end = error ?? lost()
      for (const pending of underWay.values()) pending.reject(end)
      underWay.clear()
    },
    request(signal, send, create, way = channel) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(cancelled(signal))
        if (!channel.isOpen) return reject(end ?? lost())
        lastId = (lastId % 0xffff_ffff) + 1
        const id = lastId
        const done = (): void => signal?.removeEventListener('abort', onAbort)
        const pending = create(
          (value) => {
            done()
            resolve(value)
          },
          (error) => {
            done()
            reject(error)
          },
        )
        const onAbort = (): void => {
          way.send(frameType.cancel, encodeId(id))
          if (underWay.has(id)) underWay.set(id, { ...pendingNothing(), isPatient: pending.isPatient })
          reject(cancelled(signal as AbortSignal))
        }
        signal?.addEventListener('abort', onAbort, { once: true })
        underWay.set(id, pending)
        if (!pending.isPatient) owed++
        send(id)
      })
    },
    lost(ids, error) {
      for (const id of ids) {
        const pending = underWay.get(id)
        if (!pending) continue
        pending.reject(error)
        remove(id)
      }
    },
    ask: (kind, numbers, texts, signal, create) =>
      table.request(
        signal,
        (id) => channel.send(frameType.ask, encodeAsk({ id, kind, numbers, texts })),
        create,
      ),
  }
  return table
}

/** Words of a peer may hold anything; only plain ones are repeated. */
function printable(message: string): string {
  return message.replace(/[^\x20-\x7e]/g, '?')
}
