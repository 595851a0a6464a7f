/**
 * Follows something that changes on a server: by a stream, and by asking again and again when no stream can be had. One
 * state machine for the browser, the terminal and the commands; it knows no socket and no clock but those it is given.
 *
 * After a break the stream is tried again with growing pauses; when that has failed `delaysMs.length` times in a row, the
 * server is polled, and the stream is tried again now and then. Invariant: nothing is told after `stop`, or behind the
 * last event; then no request and no timer is left.
 */
import type { Clock } from '../../shared/clock.ts'

/**
 * `idle`: not started, or at its end. `connected`: the stream is up. `reconnecting`: it is sought, or the server is polled
 * meanwhile. `disconnected`: polling fails too, or the server has said no for good.
 */
export type ConnectionState = 'idle' | 'connected' | 'disconnected' | 'reconnecting'

export interface FeedStatus {
  readonly connection: ConnectionState
  readonly isPolling: boolean
  /** Streams that failed in a row. */
  readonly failures: number
  /** Milliseconds until the next try, as it was set; undefined when none is set. */
  readonly retryInMs: number | undefined
}

export interface StreamHandlers<Event> {
  /** The server has accepted. */
  onOpen(): void
  onEvent(event: Event): void
}

/** Where events come from. What it throws with `permanent: true` ends the feed; after all else it is tried again. */
export interface FeedSource<Event> {
  /** Resolves when the server ends the stream. Left out: there are no streams here, and it is polled from the beginning. */
  readonly stream?: ((handlers: StreamHandlers<Event>, signal: AbortSignal) => Promise<void>) | undefined
  /** The present state. */
  poll(signal: AbortSignal): Promise<Event>
}

export interface FeedOptions<Event> {
  readonly source: FeedSource<Event>
  readonly onEvent: (event: Event) => void
  /** True for an event behind which nothing comes. */
  readonly isLast?: (event: Event) => boolean
  /** Told of failures that count: that no stream can be had, and of those for good. */
  readonly onError?: ((error: Error) => void) | undefined
  readonly onStatus?: ((status: FeedStatus) => void) | undefined
  readonly clock: Clock
  /** 0 … 1; spreads the tries of many clients. */
  readonly random?: () => number
  readonly pollIntervalMs?: number
  /** Nobody looks: nothing is polled. */
  readonly isHidden?: () => boolean
}

export interface LiveFeed {
  readonly status: FeedStatus
  /** Ends it; nothing is told any more. */
  stop(): void
}

/** Pauses before the stream is tried again, by how often it has failed in a row. */
export const delaysMs: readonly number[] = [1000, 2000, 4000, 8000, 15_000]
/** While polling, the stream is tried again so often; no pause is longer. */
export const longestDelayMs = 30_000
/** A stream that was up so long had not failed: the pauses begin anew. */
export const stableAfterMs = 10_000
export const defaultPollIntervalMs = 1000
/** Part of a pause by which it is made longer or shorter. */
const jitter = 0.2

export function startLiveFeed<Event>(options: FeedOptions<Event>): LiveFeed {
  const { source, clock, random = Math.random, pollIntervalMs = defaultPollIntervalMs } = options
  const stopping = new AbortController()
  const cancels = new Set<() => void>()
  let cancelPoll: (() => void) | undefined
  let status: FeedStatus = { connection: 'idle', isPolling: false, failures: 0, retryInMs: undefined }

  function setStatus(change: Partial<FeedStatus>): void {
    status = { ...status, ...change }
    options.onStatus?.(status)
  }

  /** As `clock.after`, gone with the feed. */
  function after(ms: number, callback: () => void): () => void {
    const cancel = clock.after(ms, () => {
      cancels.delete(cancel)
      callback()
    })
    cancels.add(cancel)
    return () => {
      cancels.delete(cancel)
      cancel()
    }
  }

  function end(connection: ConnectionState): void {
    if (stopping.signal.aborted) return
    stopping.abort()
    for (const cancel of cancels) cancel()
    cancels.clear()
    setStatus({ connection, isPolling: false, retryInMs: undefined })
  }

  function take(event: Event): void {
    if (stopping.signal.aborted) return
    options.onEvent(event)
    if (options.isLast?.(event)) end('idle')
  }

  /** True when the feed has ended with it. */
  function endsWith(error: unknown): boolean {
    if (stopping.signal.aborted) return true
    if (!isPermanent(error)) return false
    end('disconnected')
    options.onError?.(toError(error))
    return true
  }

  async function openStream(stream: NonNullable<FeedSource<Event>['stream']>): Promise<void> {
    let openedAtMs: number | undefined
    let error: unknown = new Error('The server has ended the stream')
    try {
      await stream(
        {
          onOpen() {
            if (stopping.signal.aborted) return
            openedAtMs = clock.now()
            cancelPoll?.()
            setStatus({ connection: 'connected', isPolling: false, retryInMs: undefined })
          },
          onEvent: take,
        },
        stopping.signal,
      )
    } catch (caught) {
      error = caught
    }
    if (endsWith(error)) return
    const wasStable = openedAtMs !== undefined && clock.now() - openedAtMs >= stableAfterMs
    const failures = (wasStable ? 0 : status.failures) + 1
    const wait = delaysMs[failures - 1]
    const retryInMs =
      wait === undefined
        ? longestDelayMs
        : Math.min(longestDelayMs, Math.round(wait * (1 + jitter * (2 * random() - 1))))
    const startsPolling = wait === undefined && !status.isPolling
    if (startsPolling) options.onError?.(toError(error))
    setStatus({
      connection: status.isPolling ? status.connection : 'reconnecting',
      failures,
      retryInMs,
      isPolling: wait === undefined,
    })
    after(retryInMs, () => void openStream(stream))
    if (startsPolling) void poll()
  }

  async function poll(): Promise<void> {
    if (!options.isHidden?.())
      try {
        const event = await source.poll(stopping.signal)
        if (status.isPolling && status.connection === 'disconnected')
          setStatus({ connection: 'reconnecting' })
        if (status.isPolling) take(event)
      } catch (error) {
        if (endsWith(error)) return
        if (status.isPolling && status.connection !== 'disconnected')
          setStatus({ connection: 'disconnected' })
      }
    // A stream may have come up meanwhile.
    if (status.isPolling && !stopping.signal.aborted) cancelPoll = after(pollIntervalMs, () => void poll())
  }

  setStatus({ connection: 'reconnecting', isPolling: source.stream === undefined })
  if (source.stream) void openStream(source.stream)
  else void poll()
  return {
    get status() {
      return status
    },
    stop: () => end('idle'),
  }
}

function isPermanent(error: unknown): boolean {
  return error instanceof Error && 'permanent' in error && error.permanent === true
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error))
}
