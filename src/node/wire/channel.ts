/**
 * Frames over one libp2p stream. Receiving holds nothing back: every byte goes through the parser to the handler at
 * once, so that the bounds are those of what was asked for. Sending gathers small frames and tells the caller to wait
 * while the link is full.
 */
import type { Stream } from '@libp2p/interface'
import { FerryError, toFerryError } from '../../shared/errors.ts'
import { broken, createFrameParser, encodeDataHeader, encodeFrame } from './frames.ts'
import type { FrameHandler, FrameLimits, FrameType } from './frames.ts'

export interface Channel {
  /** Queues a control frame. Its size is bounded by what the other end may ask, so nobody waits. */
  send(type: FrameType, body: Uint8Array): void
  /** Sends content of request `id` without copying it; resolves when the link can take more. Rejects when it is gone. */
  sendData(id: number, content: Uint8Array): Promise<void>
  /** Bytes handed to the link and taken by it, and bytes received; only grow. */
  readonly sentBytes: number
  readonly receivedBytes: number
  /** Ends the conversation well: what was queued is still sent. */
  close(): Promise<void>
  /** Ends it at once; `closed` resolves with the error. */
  abort(error: FerryError): void
  /** Resolves once, when the link is gone; undefined when the other end closed it well. */
  readonly closed: Promise<FerryError | undefined>
  readonly isOpen: boolean
}

/** Frames are gathered up to this size before they go out, otherwise at the end of the event loop's turn. */
const gatherBytes = 64 * 1024
/** Content of this size and above goes out as it is: copying it would cost more than a write of its own. */
const directBytes = 32 * 1024
/** After a clean end the other side has this long to take what was sent. */
const closeTimeoutMs = 5_000

export interface ChannelHandler extends FrameHandler {
  /** Called once, before `closed` resolves. */
  ended(error: FerryError | undefined): void
}

/** Takes over a fresh stream: frames may arrive as soon as this returns. */
export function openChannel(stream: Stream, accepts: FrameLimits, handler: ChannelHandler): Channel {
  const closed = Promise.withResolvers<FerryError | undefined>()
  let isOpen = true
  let receivedBytes = 0
  let sentBytes = 0
  let gathered: Uint8Array[] = []
  let gatheredBytes = 0
  let flushTimer: NodeJS.Immediate | undefined
  let waiting: { resolve(): void; reject(error: FerryError): void }[] = []

  const finish = (error: FerryError | undefined): void => {
    if (!isOpen) return
    isOpen = false
    clearImmediate(flushTimer)
    gathered = []
    for (const waiter of waiting) waiter.reject(error ?? lost())
    waiting = []
    handler.ended(error)
    closed.resolve(error)
  }
  const abort = (error: FerryError): void => {
    finish(error)
    stream.abort(error)
  }

  const parser = createFrameParser(accepts, handler)
  stream.addEventListener('message', (event) => {
    if (!isOpen) return
    receivedBytes += event.data.byteLength
    try {
      if (event.data instanceof Uint8Array) parser.push(event.data)
      else for (const bytes of event.data) parser.push(bytes)
    } catch (error) {
      abort(toFerryError(error, 'Cannot go on with the peer'))
    }
  })
  stream.addEventListener('remoteCloseWrite', () => {
    if (parser.atBoundary) void close()
    else abort(broken('it ended in the middle of a frame'))
  })
  stream.addEventListener('close', (event) =>
    finish(event.error || !parser.atBoundary ? lost(event.error) : undefined),
  )
  // One listener for good: `stream.onDrain()` never waits again after its first promise. libp2p's own listener runs
  // before this one and sends on in a microtask, so the state is known only after that.
  stream.addEventListener('drain', () => queueMicrotask(wake))

  function wake(): void {
    if (stream.writableNeedsDrain) return
    const ready = waiting
    waiting = []
    for (const waiter of ready) waiter.resolve()
  }

  function flush(): void {
    clearImmediate(flushTimer)
    flushTimer = undefined
    if (!isOpen || gatheredBytes === 0) return
    const bytes = Buffer.concat(gathered, gatheredBytes)
    gathered = []
    gatheredBytes = 0
    sendNow(bytes)
  }

  function sendNow(bytes: Uint8Array): void {
    try {
      stream.send(bytes)
      sentBytes += bytes.byteLength
    } catch (error) {
      finish(lost(error))
    }
  }

  function gather(bytes: Uint8Array): void {
    gathered.push(bytes)
    gatheredBytes += bytes.byteLength
    if (gatheredBytes >= gatherBytes) flush()
    else flushTimer ??= setImmediate(flush)
  }

  async function close(): Promise<void> {
    if (!isOpen) return
    flush()
    finish(undefined)
    try {
      await stream.close({ signal: AbortSignal.timeout(closeTimeoutMs) })
    } catch (error) {
      stream.abort(toFerryError(error, 'Cannot end the conversation'))
    }
  }

  return {
    get sentBytes() {
      // What waits in the link's own buffer has not moved yet.
      return sentBytes - stream.writeBufferLength
    },
    get receivedBytes() {
      return receivedBytes
    },
    get isOpen() {
      return isOpen
    },
    closed: closed.promise,
    send(type, body) {
      if (isOpen) gather(encodeFrame(type, body))
    },
    async sendData(id, content) {
      if (!isOpen) throw lost()
      gather(encodeDataHeader(id, content.byteLength))
      if (content.byteLength < directBytes) gather(content)
      else {
        flush()
        if (isOpen) sendNow(content)
      }
      if (!stream.writableNeedsDrain) return
      await new Promise<void>((resolve, reject) => waiting.push({ resolve, reject }))
    },
    close,
    abort,
  }
}

/** The link is gone; the same again may work over a new one. */
export function lost(cause?: unknown): FerryError {
  return new FerryError('E_UNREACHABLE', 'Cannot go on with the peer: the connection was lost', {
    cause,
    hint: 'is the other computer still running ferry? Then run the same command again',
    retryable: true,
  })
}
