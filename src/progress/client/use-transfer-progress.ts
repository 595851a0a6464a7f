/** The progress of one transfer as React state, in a browser as in a terminal. */
import { useCallback, useEffect, useMemo, useState } from 'react'
import type { ConnectionState, FeedStatus } from './live-feed.ts'
import { createProgressClient, type ProgressClientOptions, type TransferEvent } from './progress-client.ts'

export interface TransferProgress<Event extends TransferEvent> {
  /** Undefined before the first event. */
  readonly progress: Event | undefined
  readonly error: Error | undefined
  readonly status: ConnectionState
  readonly isConnected: boolean
  readonly isReconnecting: boolean
  readonly isPolling: boolean
  /** Milliseconds that the present pause takes; undefined when there is none. */
  readonly retryInMs: number | undefined
  readonly start: () => void
  readonly stop: () => void
}

export interface UseTransferOptions<Event extends TransferEvent> extends ProgressClientOptions<Event> {
  /** Let go when the component does. Default true. */
  readonly autoStop?: boolean
}

const notStarted: FeedStatus = {
  connection: 'idle',
  isPolling: false,
  failures: 0,
  retryInMs: undefined,
}

/**
 * Follows `id` from when it is given, and another one when that changes; undefined follows nothing. `options` must be the
 * same object from render to render.
 */
export function useTransferProgress<Event extends TransferEvent>(
  id: string | undefined,
  options: UseTransferOptions<Event>,
): TransferProgress<Event> {
  const { autoStop = true } = options
  const client = useMemo(() => createProgressClient(options), [options])
  const [progress, setProgress] = useState<Event>()
  const [error, setError] = useState<Error>()
  const [status, setStatus] = useState(notStarted)

  const start = useCallback(() => {
    if (id === undefined) return
    setError(undefined)
    client.start(id, setProgress, setError, setStatus)
  }, [client, id])
  const stop = useCallback(() => client.stop(), [client])

  useEffect(() => {
    setProgress(undefined)
    start()
    return autoStop ? stop : undefined
  }, [start, stop, autoStop])

  return {
    progress,
    error,
    status: status.connection,
    isConnected: status.connection === 'connected',
    isReconnecting: status.connection === 'reconnecting',
    isPolling: status.isPolling,
    retryInMs: status.retryInMs,
    start,
    stop,
  }
}
