/**
 * Follows the progress of one transfer: the newest event at once and every change, until it has ended. The same for a
 * page, a terminal and a command.
 */
import type { Clock } from '../../shared/clock.ts'
import type { ConnectionState, FeedSource, FeedStatus, LiveFeed } from './live-feed.ts'
import { startLiveFeed } from './live-feed.ts'

/** What a server tells of one transfer; see progress-event.ts. */
export interface TransferEvent {
  readonly transferId: string
  readonly step: string
  /** Only when it failed. */
  readonly error?: string | undefined
}

export interface ProgressClientOptions<Event extends TransferEvent> {
  /** Where the events of a transfer come from. */
  readonly open: (id: string) => FeedSource<Event>
  readonly clock: Clock
  readonly random?: () => number
  readonly pollIntervalMs?: number
  readonly isHidden?: () => boolean
}

export interface ProgressClient<Event extends TransferEvent> {
  /** Follows this transfer, and no other one any more. */
  start(
    id: string,
    onProgress: (event: Event) => void,
    onError?: (error: Error) => void,
    onStatus?: (status: FeedStatus) => void,
  ): void
  stop(): void
  readonly connection: ConnectionState
  isConnected(): boolean
  isPolling(): boolean
}

/** Steps behind which nothing comes. */
const lastSteps: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled'])

export function isLastStep({ step }: Pick<TransferEvent, 'step'>): boolean {
  return lastSteps.has(step)
}

export function createProgressClient<Event extends TransferEvent>(
  options: ProgressClientOptions<Event>,
): ProgressClient<Event> {
  const { open, ...feedOptions } = options
  let feed: LiveFeed | undefined
  return {
    start(id, onProgress, onError, onStatus) {
      feed?.stop()
      feed = startLiveFeed({
        ...feedOptions,
        source: open(id),
        isLast: isLastStep,
        onEvent: onProgress,
        onError,
        onStatus,
      })
    },
    stop: () => feed?.stop(),
    get connection() {
      return feed?.status.connection ?? 'idle'
    },
    isConnected: () => feed?.status.connection === 'connected',
    isPolling: () => feed?.status.isPolling ?? false,
  }
}
