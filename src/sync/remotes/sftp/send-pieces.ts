/**
 * Fills a file on the server, from its beginning to its end: bytes of a content, and ranges that the server copies from
 * another file. Requests go out in order, and only so many are under way that all before the oldest unanswered one is
 * known to be there. The content is read a little ahead.
 */
import { throwIfCancelled } from '../../../shared/concurrency.ts'
import { countDeadBuffers, giveBack } from '../../../shared/dead-buffers.ts'
import { FerryError } from '../../../shared/errors.ts'
import type { TransferProgress } from '../../remote.ts'
import type { Content } from '../../source.ts'
import { abortable } from './abortable.ts'
import type { SftpChannel } from './channel.ts'
import { copiesAtOnce, readsAhead, windowBytes } from './limits.ts'

export type Piece =
  /** Bytes of the content at `at`, where they also go. */
  | { readonly kind: 'data'; readonly at: number; readonly length: number }
  | { readonly kind: 'copy'; readonly from: number; readonly at: number; readonly length: number }

export interface SendTarget {
  readonly channel: SftpChannel
  readonly handle: Buffer
  readonly content: Content
  /** What copies come from. */
  readonly old?: Buffer | undefined
  readonly signal: AbortSignal | undefined
}

/** Counters of one transfer; they outlive lost connections. */
export interface SendCounters {
  sentBytes: number
  copiedBytes: number
  readonly onProgress?: ((progress: TransferProgress) => void) | undefined
}

export interface Sender {
  /** Resolves when everything is on its way, not when it has arrived. */
  send(pieces: Iterable<Piece>): Promise<void>
  /** Resolves when everything has arrived. */
  drain(): Promise<void>
  /** Waits until nothing is under way, whatever comes of it. */
  settle(): Promise<void>
  /** All bytes of the file before this are there. */
  readonly acknowledged: number
}

/** `start`: what is there already. */
export function createSender(target: SendTarget, counters: SendCounters, start: number): Sender {
  const { channel, handle, content, old, signal } = target
  const underWay: { readonly done: Promise<void>; readonly weight: number; readonly end: number }[] = []
  const reading = new Set<Promise<unknown>>()
  let weight = 0
  let acknowledged = start

  const awaitOldest = async (): Promise<void> => {
    const oldest = underWay[0]
    if (!oldest) return
    await abortable(oldest.done, signal)
    underWay.shift()
    weight -= oldest.weight
    acknowledged = oldest.end
  }
  const hasRoom = (cost: number): boolean => underWay.length === 0 || weight + cost <= windowBytes
  const push = async (
    call: () => Promise<void>,
    cost: number,
    end: number,
    count: () => void,
  ): Promise<void> => {
    while (!hasRoom(cost)) await awaitOldest()
    throwIfCancelled(signal)
    const answered = async (): Promise<void> => {
      await call()
      count()
      counters.onProgress?.({ sentBytes: counters.sentBytes, copiedBytes: counters.copiedBytes })
    }
    const done = answered()
    done.catch(() => undefined)
    underWay.push({ done, weight: cost, end })
    weight += cost
  }

  const sendData = async (bytes: Uint8Array, at: number): Promise<void> => {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const step = channel.features.requestBytes
    const { byteLength } = bytes
    let unanswered = byteLength
    for (let done = 0; done < byteLength; done += step) {
      const length = Math.min(step, byteLength - done)
      await push(
        () => channel.write(handle, buffer, done, length, at + done),
        length,
        at + done + length,
        () => {
          counters.sentBytes += length
          unanswered -= length
          if (unanswered === 0) giveBack(bytes)
          // As a request, as packets, and encrypted.
          countDeadBuffers(3 * length)
        },
      )
    }
  }
  const sendCopy = async (piece: Extract<Piece, { kind: 'copy' }>): Promise<void> => {
    if (old === undefined) throw new FerryError('E_INTERNAL', 'Cannot copy: there is no old version')
    await push(
      () => channel.copyData(old, piece.from, piece.length, handle, piece.at),
      windowBytes / copiesAtOnce,
      piece.at + piece.length,
      () => (counters.copiedBytes += piece.length),
    )
  }
  const read = async (piece: Piece): Promise<Uint8Array> => {
    const bytes = await content.read(piece.at, piece.length, { signal })
    if (bytes.byteLength === piece.length) return bytes
    throw new FerryError(
      'E_INTERNAL',
      `Cannot write: the source gave ${bytes.byteLength} bytes and not ${piece.length}`,
    )
  }

  return {
    get acknowledged() {
      return acknowledged
    },
    async send(pieces) {
      const iterator = pieces[Symbol.iterator]()
      const queue: { readonly piece: Piece; readonly bytes: Promise<Uint8Array> | undefined }[] = []
      let reads = 0
      let ended = false
      for (;;) {
        while (!ended && reads < readsAhead && queue.length < 4 * readsAhead) {
          throwIfCancelled(signal)
          const next = iterator.next()
          if (next.done === true) {
            ended = true
            break
          }
          const piece = next.value
          if (piece.kind === 'copy') {
            queue.push({ piece, bytes: undefined })
            continue
          }
          const bytes = read(piece)
          reading.add(bytes)
          bytes.catch(() => undefined).finally(() => reading.delete(bytes))
          reads++
          queue.push({ piece, bytes })
        }
        const first = queue.shift()
        if (!first) return
        if (first.piece.kind === 'copy') await sendCopy(first.piece)
        else if (first.bytes) {
          const bytes = await abortable(first.bytes, signal)
          reads--
          await sendData(bytes, first.piece.at)
        }
      }
    },
    async drain() {
      while (underWay.length > 0) await awaitOldest()
    },
    async settle() {
      await Promise.allSettled(underWay.map(({ done }) => done))
      // What was read ahead must not be read from a content that is closed.
      await Promise.allSettled(reading)
    },
  }
}

/** The whole content from `from` on, in reads of `step` bytes. */
export function* wholePieces(size: number, from: number, step: number): Generator<Piece> {
  for (let at = from; at < size; at += step) yield { kind: 'data', at, length: Math.min(step, size - at) }
}
