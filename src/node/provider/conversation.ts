/**
 * One conversation with one receiver, from its first byte to its last. Everything that the receiver can make this end
 * do is bounded: requests under way, bytes read ahead, requests a second, and time without movement.
 */
import { setMaxListeners } from 'node:events'
import type { Stream } from '@libp2p/interface'
import { FerryError } from '../../shared/errors.ts'
import { createSemaphore, type Semaphore } from '../../shared/concurrency.ts'
import {
  dataFrameBytes,
  handshakeTimeoutMs,
  idleTimeoutMs,
  laneFrameBytes,
  maxOutstandingBytes,
  maxOutstandingRequests,
  maxReadBytes,
  readAheadBytes,
} from '../limits.ts'
import { watchProgress } from '../progress-watch.ts'
import type { Numbering, ShareOffer } from '../share-offer.ts'
import type { SlabPool } from '../../shared/slabs.ts'
import { createLaneSecret, laneKeyOf } from '../lanes/keys.ts'
import { laneLink, type LaneSocket } from '../lanes/lane-link.ts'
import type { LaneListener } from '../lanes/lane-listener.ts'
import { openChannel } from '../wire/channel.ts'
import type { Channel } from '../wire/channel.ts'
import { broken, frameType, laneReceiverFrames, receiverFrames } from '../wire/frames.ts'
import { streamLink } from '../wire/stream-link.ts'
import {
  decodeAsk,
  decodeCredit,
  decodeId,
  decodeRanges,
  encodeHello,
  encodeProblem,
  wireVersion,
} from '../wire/messages.ts'
import { answerAsk, answerRead, answerRecheck, answerSubChunks } from './answers.ts'
import type { AnswerContext } from './answers.ts'
import { createNonce, judgeAuth } from './handshake.ts'
import type { PeerRegistry } from './peer-registry.ts'
import { createRateLimit } from './rate-limit.ts'
import type { ProviderEvent } from './provider.ts'

export interface Timing {
  readonly handshakeTimeoutMs?: number
  readonly progressWindowMs?: number
  readonly idleTimeoutMs?: number
}

export interface ConversationOptions {
  readonly ownPeer: string
  readonly peer: string
  readonly address: string
  readonly timing?: Timing | undefined
  /** Undefined where the host accepts none. */
  readonly lanes: LaneListener | undefined
  /** For what is read and not yet sent. */
  readonly slabs: SlabPool
  /** Bounds that for all receivers together. */
  readonly allReadAhead: Semaphore
  find(id: Uint8Array): { readonly share: ShareOffer; readonly registry: PeerRegistry } | undefined
  hasRoom(share: ShareOffer): boolean
  /** Called exactly once: with the share when the receiver was let in, without it when it was not or went away. */
  onJudged(share: ShareOffer | undefined): void
  /** Called exactly once, behind everything else. */
  onEnded(): void
  onEvent(event: ProviderEvent): void
}

export interface Conversation {
  readonly peer: string
  close(): Promise<void>
}

/** Reports of bytes are this far apart. */
const reportIntervalMs = 100

export function converse(stream: Stream, options: ConversationOptions): Conversation {
  const { peer, address, timing = {} } = options
  const nonce = createNonce()
  const ending = new AbortController()
  setMaxListeners(0, ending.signal)
  const laneSecret = options.lanes && createLaneSecret()
  let served: Served | undefined
  let isJudged = false

  const judge = (share: ShareOffer | undefined): void => {
    if (isJudged) return
    isJudged = true
    clearTimeout(deadline)
    options.onJudged(share)
  }
  const channel = openChannel(streamLink(stream), receiverFrames, {
    frame(type, body) {
      if (served) return served.request(type, body)
      if (type !== frameType.auth || isJudged) throw broken('a request came before the proof')
      const outcome = judgeAuth(body, {
        ownPeer: options.ownPeer,
        remotePeer: peer,
        nonce,
        laneSecret,
        findShare: (id) => options.find(id)?.share,
        hasRoom: (share) => options.hasRoom(share),
      })
      if ('refused' in outcome) {
        judge(undefined)
        channel.send(frameType.refused, outcome.refused)
        if (outcome.share)
          options.onEvent({
            type: 'refused',
            shareId: outcome.share.id,
            peer,
            address,
            bytes: 0,
            reason: outcome.code,
          })
        void channel.close()
        return
      }
      const registry = options.find(outcome.share.id)?.registry as PeerRegistry
      judge(outcome.share)
      channel.send(frameType.welcome, outcome.welcome)
      const { share, numbering } = outcome
      const serving = serve(channel, ending.signal, share, numbering, registry, options)
      served = serving
      if (!options.lanes || !laneSecret) return
      const stopLanes = options.lanes.expect(laneKeyOf(laneSecret), (lane) => serving.lane(lane))
      ending.signal.addEventListener('abort', stopLanes)
    },
    data() {
      throw broken('content came from a receiver')
    },
    ended(error) {
      judge(undefined)
      ending.abort()
      served?.ended(error)
      options.onEnded()
    },
  })
  const deadline = setTimeout(
    () => channel.abort(silent('it did not prove the ticket in time')),
    timing.handshakeTimeoutMs ?? handshakeTimeoutMs,
  )
  deadline.unref()
  channel.send(frameType.hello, encodeHello({ version: wireVersion, nonce }))
  return { peer, close: () => channel.close() }
}

interface Served {
  request(type: number, body: Uint8Array): void
  lane(lane: LaneSocket): void
  ended(error: FerryError | undefined): void
}

/** The way by which a request came, and its answer goes. */
interface Way {
  readonly channel: Channel
  /** Answers that are handed to the link at once. */
  readonly sending: Semaphore
  /** Bytes read and not yet sent. */
  readonly readAhead: Semaphore
  /** Fires when it is gone. */
  readonly signal: AbortSignal
}

const createWay = (channel: Channel, answers: number, signal: AbortSignal): Way => ({
  channel,
  sending: createSemaphore(answers),
  readAhead: createSemaphore(readAheadBytes),
  signal,
})

/** While one answer leaves, the next one of a lane is waiting in memory. */
const answersAtOnce = 2

function serve(
  channel: Channel,
  signal: AbortSignal,
  share: ShareOffer,
  numbering: Numbering,
  registry: PeerRegistry,
  options: ConversationOptions,
): Served {
  const { peer, address, timing = {} } = options
  const underWay = new Map<number, AbortController>()
  const credits = new Map<number, (bytes: number) => void>()
  const rate = createRateLimit()
  const stem = createWay(channel, 1, signal)
  const lanes = new Set<Channel>()
  /** What lanes that are closed by now have sent. */
  let goneBytes = 0
  let outstandingBytes = 0
  let answersLeaving = 0
  let contentBytes = 0
  let reportedAtMs = 0
  let lastRequestMs = performance.now()

  const report = (type: ProviderEvent['type'], reason?: string): void =>
    options.onEvent({
      type,
      shareId: share.id,
      peer,
      address,
      bytes: contentBytes,
      ...(reason !== undefined && { reason }),
    })

  const context = (id: number, way: Way, control: AbortController): AnswerContext => ({
    id,
    peer,
    share,
    numbering,
    registry,
    signal: control.signal,
    rate,
    async hold(bytes) {
      const release = await way.readAhead.acquire(control.signal, bytes)
      try {
        const releaseAll = await options.allReadAhead.acquire(control.signal, Math.min(bytes, maxReadBytes))
        return () => {
          releaseAll()
          release()
        }
      } catch (error) {
        release()
        throw error
      }
    },
    slabs: options.slabs,
    frameBytes: Math.min(
      way === stem ? dataFrameBytes : laneFrameBytes,
      Math.floor(share.throttle?.pieceBytes ?? Number.POSITIVE_INFINITY),
    ),
    reply: (type, body) => way.channel.send(type, body),
    async send(write) {
      const release = await way.sending.acquire(control.signal)
      answersLeaving++
      try {
        await write(
          async (content) => {
            control.signal.throwIfAborted()
            await way.channel.sendData(id, content)
          },
          (bytes) => {
            const wait = share.throttle?.take(bytes, control.signal)
            if (!wait) return undefined
            // What we hold back ourselves is not something that the receiver does not take.
            answersLeaving--
            return wait.finally(() => answersLeaving++)
          },
        )
      } finally {
        answersLeaving--
        release()
      }
    },
    onCredit: (take) => credits.set(id, take),
    onContent(bytes) {
      contentBytes += bytes
      const now = performance.now()
      if (now - reportedAtMs < reportIntervalMs) return
      reportedAtMs = now
      report('bytes')
    },
    onFinished() {
      share.finished(peer)
      report('finished')
    },
  })

  const start = (
    id: number,
    way: Way,
    bytes: number,
    answer: (context: AnswerContext) => Promise<void>,
  ): void => {
    lastRequestMs = performance.now()
    if (underWay.has(id)) throw broken('a request number was used twice')
    if (underWay.size >= maxOutstandingRequests) throw broken('too many requests under way')
    if (outstandingBytes + bytes > maxOutstandingBytes) throw broken('too much content asked for at once')
    const control = new AbortController()
    setMaxListeners(0, control.signal)
    const stop = (): void => control.abort()
    way.signal.addEventListener('abort', stop, { once: true })
    underWay.set(id, control)
    outstandingBytes += bytes
    // What was cancelled no longer counts, even if its end is still on the way: the receiver may ask anew.
    let counted = bytes
    control.signal.addEventListener('abort', () => {
      outstandingBytes -= counted
      counted = 0
    })
    void answer(context(id, way, control))
      .catch((error: unknown) => {
        if (error instanceof FerryError && error.code === 'E_PROTOCOL') return channel.abort(error)
        // What went wrong here is not the receiver's to read in detail: paths of this computer may be in it.
        const reason = control.signal.aborted
          ? 'cancelled'
          : error instanceof FerryError
            ? error.code
            : 'E_INTERNAL'
        way.channel.send(frameType.problem, encodeProblem(id, reason))
      })
      .finally(() => {
        way.signal.removeEventListener('abort', stop)
        underWay.delete(id)
        credits.delete(id)
        outstandingBytes -= counted
        lastRequestMs = performance.now()
      })
  }

  const endWatch = watchProgress({
    isOwed: () => answersLeaving > 0,
    movedBytes() {
      let moved = channel.sentBytes + goneBytes
      for (const lane of lanes) moved += lane.sentBytes
      return moved
    },
    onStalled: () => channel.abort(silent('it does not take what it asked for')),
    windowMs: timing.progressWindowMs,
  })
  const idleAfterMs = timing.idleTimeoutMs ?? idleTimeoutMs
  const idleTimer = setInterval(() => {
    if (underWay.size === 0 && performance.now() - lastRequestMs > idleAfterMs) void channel.close()
  }, idleAfterMs / 2)
  idleTimer.unref()
  report('connected')

  function request(type: number, body: Uint8Array, way: Way): void {
    switch (type) {
      case frameType.want: {
        const { id, ranges } = decodeRanges(body)
        const bytes = ranges.reduce((sum, { length }) => sum + length, 0)
        if (bytes > maxReadBytes) throw broken('a read asks for too much')
        return start(id, way, bytes, (answering) => answerRead(answering, ranges, bytes))
      }
      case frameType.subChunks: {
        const { id, ranges } = decodeRanges(body)
        return start(id, way, 0, (answering) => answerSubChunks(answering, ranges))
      }
      case frameType.recheck: {
        const { id, ranges } = decodeRanges(body)
        return start(id, way, 0, (answering) => answerRecheck(answering, ranges))
      }
      case frameType.ask: {
        const ask = decodeAsk(body)
        return start(ask.id, way, 0, (answering) => answerAsk(answering, ask))
      }
      case frameType.credit: {
        const { id, bytes } = decodeCredit(body)
        // Credit for a request that has just ended crosses its end on the way.
        return credits.get(id)?.(bytes)
      }
      case frameType.cancel:
        return underWay.get(decodeId(body))?.abort()
      default:
        throw broken(`a frame of type ${type} after the welcome`)
    }
  }

  return {
    request: (type, body) => request(type, body, stem),
    lane(socket) {
      const ending = new AbortController()
      setMaxListeners(0, ending.signal)
      const lane = openChannel(laneLink(socket), laneReceiverFrames, {
        frame: (type, body) => request(type, body, way),
        data() {
          throw broken('content came from a receiver')
        },
        ended(error) {
          ending.abort()
          lanes.delete(lane)
          goneBytes += lane.sentBytes
          if (error?.code === 'E_PROTOCOL') channel.abort(error)
        },
      })
      const way = createWay(lane, answersAtOnce, ending.signal)
      lanes.add(lane)
    },
    ended(error) {
      endWatch()
      clearInterval(idleTimer)
      for (const lane of lanes) void lane.close()
      report('disconnected', error?.message)
    },
  }
}

function silent(why: string): FerryError {
  return new FerryError('E_UNREACHABLE', `Cannot go on with the receiver: ${why}`, { retryable: true })
}
