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
      let pending: Waiting<IteratorResult<EngineChange>> | undefined
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
              pending ??= waitFor(iterator.next())
              if (!(await pending.isThere(beatMs))) return controller.enqueue(heartbeat)
              const next = await pending.value
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

interface Waiting<Value> {
  readonly value: Promise<Value>
  /** False when it takes longer; then it can be asked again. */
  isThere(ms: number): Promise<boolean>
}

/** A race with the value for each sign of life would leave something behind with it each time, for days. */
function waitFor<Value>(value: Promise<Value>): Waiting<Value> {
  let isSettled = false
  let wake = (): void => undefined
  const settle = (): void => {
    isSettled = true
    wake()
  }
  value.then(settle, settle)
  return {
    value,
    isThere: (ms) =>
      new Promise((resolve) => {
        if (isSettled) return resolve(true)
        const timer = setTimeout(resolve, ms, false)
        timer.unref()
        wake = () => {
          clearTimeout(timer)
          resolve(true)
        }
      }),
  }
}
