/**
 * Streams of events: the present state first, then the newest one whenever it changed, at most four times a second, and
 * every end. Who does not read is not written to; then it gets the newest state, and has cost one picture of a job.
 */
import type { EngineChange } from '../jobs/engine-types.ts'
import { HttpError } from './api/problem.ts'
import { heartbeatMs, maxStreams } from './limits.ts'
import type { StreamMetrics } from './metrics.ts'

export interface StreamEvent {
  /** Left out: `message`. */
  readonly event?: string
  /** One line. */
  readonly data: string
  /** Nothing follows. */
  readonly isLast?: boolean
}

export interface Streams {
  readonly open: number
  /** @throws HttpError 503 when there are too many */
  respond(
    changes: (signal: AbortSignal) => AsyncIterable<EngineChange>,
    eventsOf: (change: EngineChange) => readonly StreamEvent[],
  ): Response
  /** Ends all of them. */
  close(): void
}

const headers = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  connection: 'keep-alive',
  'x-accel-buffering': 'no',
  // Said here, so that nothing is collected before the first part is sent.
  'transfer-encoding': 'chunked',
}

const encoder = new TextEncoder()
const heartbeat = encoder.encode(': still here\n\n')
/** How soon a browser's own EventSource comes back. */
const preamble = 'retry: 1000\n\n'

export function createStreams(metrics: StreamMetrics, beatMs: number = heartbeatMs): Streams {
  const open = new Set<AbortController>()
  /** Rises with every event of whatever stream, so that an id never comes twice. */
  let lastId = 0

  return {
    get open(): number {
      return open.size
    },
    respond(changes, eventsOf): Response {
      if (open.size >= maxStreams) {
        metrics.refused()
        throw new HttpError(
          503,
          'E_REFUSED',
          'Cannot open another stream: there are too many',
          'poll instead',
        )
      }
      const ending = new AbortController()
      open.add(ending)
      metrics.opened()
      const iterator = changes(ending.signal)[Symbol.asyncIterator]()
      let pending: Promise<IteratorResult<EngineChange>> | undefined
      let isFirst = true
      const end = (): void => {
        open.delete(ending)
        ending.abort()
      }
      const write = (events: readonly StreamEvent[]): Uint8Array => {
        let text = isFirst ? preamble : ''
        isFirst = false
        for (const { event, data } of events)
          text += `${event === undefined ? '' : `event: ${event}\n`}id: ${++lastId}\ndata: ${data}\n\n`
        return encoder.encode(text)
      }
      const body = new ReadableStream<Uint8Array>(
        {
          // Called when the reader has room, and not before.
          async pull(controller) {
            for (;;) {
              pending ??= iterator.next()
              const next = await within(pending, beatMs)
              if (!next) return controller.enqueue(heartbeat)
              pending = undefined
              if (next.done) {
                end()
                return controller.close()
              }
              const events = eventsOf(next.value)
              if (events.length === 0 && !isFirst) continue
              controller.enqueue(write(events))
              metrics.sent(next.value.jobs)
              if (events.at(-1)?.isLast !== true) return
              end()
              return controller.close()
            }
          },
          cancel: end,
        },
        { highWaterMark: 0 },
      )
      return new Response(body, { headers })
    },
    close(): void {
      for (const ending of open) ending.abort()
    },
  }
}

/** Undefined when it takes longer. */
async function within<Value>(promise: Promise<Value>, ms: number): Promise<Value | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined)
    timer.unref()
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
