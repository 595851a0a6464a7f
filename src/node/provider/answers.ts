/** What each request of a receiver is answered with. Each function sends one whole answer or throws. */
import {
  dataFrameBytes,
  longPollMs,
  maxAnswerBytes,
  maxNodesPerAsk,
  maxObjectBytes,
  maxPagesPerAsk,
  maxReadBytes,
  maxSubChunkRangeBytes,
  maxSubChunkRanges,
  readAheadBytes,
  recheckCost,
} from '../limits.ts'
import type { SlabPool } from '../../shared/slabs.ts'
import type { EntryRange, ReadOutcome } from '../session.ts'
import type { Numbering, ShareOffer } from '../share-offer.ts'
import { broken, frameType } from '../wire/frames.ts'
import type { FrameType } from '../wire/frames.ts'
import { encodeAnswer, encodeFailed, encodeProblem, encodeReply } from '../wire/messages.ts'
import type { Ask } from '../wire/messages.ts'
import type { PeerRegistry } from './peer-registry.ts'
import type { RateLimit } from './rate-limit.ts'

/** Undefined when the content may leave at once. */
export type Pass = (bytes: number) => Promise<void> | undefined

export interface AnswerContext {
  readonly id: number
  readonly peer: string
  readonly share: ShareOffer
  readonly numbering: Numbering
  readonly registry: PeerRegistry
  /** Fires when the receiver cancels the request or goes away. */
  readonly signal: AbortSignal
  readonly rate: RateLimit
  /** Waits until so many bytes may be held for sending, and returns what ends that. More than may be: all of them. */
  hold(bytes: number): Promise<() => void>
  /** Where content is held. */
  readonly slabs: SlabPool
  /** Content of one frame. */
  readonly frameBytes: number
  reply(type: FrameType, body: Uint8Array): void
  /**
   * Has the link for itself until `write` is done; `put` sends bytes of this request, and `pass` waits until so much
   * content may leave.
   */
  send(write: (put: (content: Uint8Array) => Promise<void>, pass: Pass) => Promise<void>): Promise<void>
  onCredit(take: (bytes: number) => void): void
  onContent(bytes: number): void
  onFinished(): void
}

export async function answerRead(
  context: AnswerContext,
  ranges: readonly EntryRange[],
  totalBytes: number,
): Promise<void> {
  const { id, share, numbering, signal } = context
  await context.rate.take(1, signal)
  // Before it is read: who is held back holds no memory.
  await share.throttle?.take(0, signal)
  const release = await context.hold(totalBytes)
  const slab = context.slabs.lend(totalBytes)
  try {
    const outcome = await share.read(ranges, numbering, slab.bytes)
    signal.throwIfAborted()
    await context.send(async (put, pass) => {
      if (outcome.failed.length > 0)
        context.reply(frameType.failed, encodeFailed({ id, failed: outcome.failed }))
      for (const piece of goodPieces(ranges, outcome, context.frameBytes)) {
        const wait = pass(piece.byteLength)
        if (wait) await wait
        await put(piece)
        context.onContent(piece.byteLength)
      }
    })
  } finally {
    slab.release()
    release()
  }
}

/** The content of the ranges that did not fail, in pieces that fit into frames. */
function* goodPieces(
  ranges: readonly EntryRange[],
  { bytes, failed }: ReadOutcome,
  frameBytes: number,
): Generator<Uint8Array> {
  const bad = new Set(failed.map(({ index }) => index))
  let start = 0
  let end = 0
  for (const [index, { length }] of ranges.entries()) {
    if (bad.has(index)) {
      yield* pieces(bytes.subarray(start, end), frameBytes)
      start = end + length
    }
    end += length
  }
  yield* pieces(bytes.subarray(start, end), frameBytes)
}

function* pieces(bytes: Uint8Array, frameBytes = dataFrameBytes): Generator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += frameBytes) yield bytes.subarray(at, at + frameBytes)
}

export async function answerSubChunks(context: AnswerContext, ranges: readonly EntryRange[]): Promise<void> {
  const totalBytes = ranges.reduce((sum, { length }) => sum + length, 0)
  if (ranges.length > maxSubChunkRanges || totalBytes > maxSubChunkRangeBytes)
    throw broken('sub-chunks of too much')
  await context.rate.take(recheckCost, context.signal)
  await answerItems(context, await context.share.subChunks(ranges, context.numbering))
}

export async function answerRecheck(context: AnswerContext, ranges: readonly EntryRange[]): Promise<void> {
  if (ranges.reduce((sum, { length }) => sum + length, 0) > maxReadBytes)
    throw broken('a recheck of too much')
  await context.rate.take(recheckCost, context.signal)
  const word = await context.share.recheck(ranges, context.numbering)
  context.reply(frameType.reply, encodeReply(context.id, word))
}

export async function answerAsk(context: AnswerContext, ask: Ask): Promise<void> {
  const { id, share, signal } = context
  await context.rate.take(1, signal)
  const [first = 0, ...rest] = ask.numbers
  switch (ask.kind) {
    case 'root':
      return answerItems(context, [await share.root()])
    case 'pages': {
      if (ask.numbers.length > maxPagesPerAsk) throw broken('too many pages asked for at once')
      const release = await context.hold(readAheadBytes)
      try {
        return await answerItems(
          context,
          await Promise.all(ask.numbers.map(async (number) => share.page(number))),
        )
      } finally {
        release()
      }
    }
    case 'node-list':
      return answerItems(context, [await share.nodeList(first)])
    case 'nodes': {
      if (rest.length > maxNodesPerAsk) throw broken('too many nodes asked for at once')
      return answerItems(context, (await share.nodes(first, rest)) ?? [undefined])
    }
    case 'follow':
      return answerFollow(context, first)
    case 'finished':
      context.onFinished()
      return context.reply(frameType.reply, encodeReply(id, null))
    case 'serve':
      context.registry.add(context.peer, ask.texts)
      return context.reply(frameType.reply, encodeReply(id, null))
    case 'peers': {
      await context.registry.changed(first, patience(signal))
      const others = context.registry.others(context.peer)
      const rows = others.map(({ peer, addresses }) => [peer, ...addresses])
      return context.reply(frameType.reply, encodeReply(id, [[String(context.registry.version)], ...rows]))
    }
    case 'holdings': {
      await share.holdings?.changed(first, patience(signal))
      return answerItems(context, [share.holdings?.encode()])
    }
  }
}

/** Ends a wait for news before either side takes the silence for a dead link. */
const patience = (signal: AbortSignal): AbortSignal =>
  AbortSignal.any([signal, AbortSignal.timeout(longPollMs)])

async function answerItems(
  context: AnswerContext,
  items: readonly (Uint8Array | undefined)[],
): Promise<void> {
  const found = items.filter((item) => item !== undefined)
  const bytes = found.reduce((sum, { byteLength }) => sum + byteLength, 0)
  const isTooLarge = bytes > maxAnswerBytes || found.some(({ byteLength }) => byteLength > maxObjectBytes)
  if (found.length < items.length || isTooLarge)
    return context.reply(frameType.problem, encodeProblem(context.id, isTooLarge ? 'too large' : 'not there'))
  await context.send(async (put) => {
    context.reply(
      frameType.answer,
      encodeAnswer(
        context.id,
        found.map(({ byteLength }) => byteLength),
      ),
    )
    for (const item of found) for (const piece of pieces(item)) await put(piece)
  })
}

/** The live log from its beginning, as fast as the receiver gives credit, until it ends. */
async function answerFollow(context: AnswerContext, firstCredit: number): Promise<void> {
  const { id, signal } = context
  const log = context.share.live
  if (!log || context.numbering !== 'live') throw broken('only a live share can be followed')
  let credit = firstCredit
  let wake = (): void => {}
  context.onCredit((bytes) => {
    credit += bytes
    if (credit > maxAnswerBytes) credit = maxAnswerBytes
    wake()
  })
  signal.addEventListener('abort', () => wake(), { once: true })
  const mustWait = (): boolean => credit <= 0 && !signal.aborted
  let offset = 0
  for (;;) {
    await log.grown(offset, signal)
    while (mustWait()) await new Promise<void>((resolve) => (wake = resolve))
    signal.throwIfAborted()
    const bytes = log.read(offset, Math.min(credit, dataFrameBytes))
    if (bytes.byteLength === 0) {
      if (log.ended && offset >= log.length) break
      continue
    }
    offset += bytes.byteLength
    credit -= bytes.byteLength
    await context.send((put) => put(bytes))
  }
  context.reply(frameType.reply, encodeReply(id, null))
}
