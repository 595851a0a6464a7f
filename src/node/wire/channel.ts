/**
 * Frames over one link. Receiving holds nothing back: every byte goes through the parser to the handler at
 * once, so that the bounds are those of what was asked for. Sending gathers small frames and tells the caller to wait
 * while the link is full.
 */
import { FerryError, toFerryError } from '../../shared/errors.ts'
import { broken, createFrameParser, encodeDataHeader, encodeFrame } from './frames.ts'
import type { FrameHandler, FrameLimits, FrameType } from './frames.ts'
import type { Link } from './link.ts'

export interface Channel {
  /** Queues a control frame. Its size is bounded by what the other end may ask, so nobody waits. */
  send(type: FrameType, body: Uint8Array): void
  /**
   * Sends content of request `id`; resolves when the link can take more and `content` may be changed. Rejects when the
   * link is gone.
   */
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
/** Content of this size and above goes out in a write of its own, which costs less than gathering it. */
const directBytes = 32 * 1024

export interface ChannelHandler extends FrameHandler {
  /** Called once, before `closed` resolves. */
  ended(error: FerryError | undefined): void
}

/** Takes over a fresh link: frames may arrive as soon as this returns. */
export function openChannel(link: Link, accepts: FrameLimits, handler: ChannelHandler): Channel {
  const closed = Promise.withResolvers<FerryError | undefined>()
  let isOpen = true
  let receivedBytes = 0
  let sentBytes = 0
  let gathered: Uint8Array[] = []
  let gatheredBytes = 0
  let flushTimer: NodeJS.Immediate | undefined

  const finish = (error: FerryError | undefined): void => {
    if (!isOpen) return
    isOpen = false
    clearImmediate(flushTimer)
    gathered = []
    handler.ended(error)
    closed.resolve(error)
  }
  const abort = (error: FerryError): void => {
    finish(error)
    link.abort(error)
  }

  const parser = createFrameParser(accepts, handler)
  link.open({
    data(bytes) {
      if (!isOpen) return
      receivedBytes += bytes.byteLength
      try {
        parser.push(bytes)
      } catch (error) {
        abort(toFerryError(error, 'Cannot go on with the peer'))
      }
    },
    space: () => (isOpen ? parser.space() : undefined),
    remoteEnded() {
      if (parser.atBoundary) void close()
      else abort(broken('it ended in the middle of a frame'))
    },
    closed: (error) => finish(error || !parser.atBoundary ? lost(error) : undefined),
  })

  function flush(): void {
    clearImmediate(flushTimer)
    flushTimer = undefined
    if (!isOpen || gatheredBytes === 0) return
    const bytes = Buffer.concat(gathered, gatheredBytes)
    gathered = []
    gatheredBytes = 0
    try {
      link.send(bytes)
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
    await link.close()
  }

  return {
    get sentBytes() {
      // What waits in the link's own buffer has not moved yet.
      return sentBytes - link.queuedBytes
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
      const head = encodeDataHeader(id, content.byteLength)
      try {
        if (content.byteLength < directBytes) {
          gather(head)
          gather(content.slice())
          if (link.isFull) await link.drained()
          return
        }
        flush()
        sentBytes += head.byteLength + content.byteLength
        await link.sendContent(head, content)
      } catch (error) {
        throw lost(error)
      }
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
