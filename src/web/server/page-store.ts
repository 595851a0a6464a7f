/**
 * The one store of the page, fed by one stream. Nobody looks at a hidden page: it gives its stream back, since a browser
 * opens six connections to a server at most, for all its tabs together, and asks now and then, for the tab's title.
 */
import type { EngineChange } from '../../jobs/engine-types.ts'
import type { FeedSource, LiveFeed } from '../../progress/client/live-feed.ts'
import { startLiveFeed } from '../../progress/client/live-feed.ts'
import type { Clock } from '../../shared/clock.ts'
import type { PageAction, PageState } from '../model/page-state.ts'
import { emptyState, reducePage } from '../model/page-state.ts'

export interface PageStore {
  getState(): PageState
  /** Calls back after every change; returns what ends that. */
  subscribe(listener: () => void): () => void
  dispatch(action: PageAction): void
  /** Follows the server from now on, or otherwise than before. */
  follow(isHidden: boolean): void
  stop(): void
}

export interface PageStoreOptions {
  readonly source: FeedSource<EngineChange>
  readonly clock: Clock
  /** Milliseconds since 1970. */
  readonly now?: () => number
  readonly random?: () => number
}

export const tickMs = 1000
export const hiddenPollMs = 5000

export function createPageStore({
  source,
  clock,
  now = Date.now,
  random = Math.random,
}: PageStoreOptions): PageStore {
  const listeners = new Set<() => void>()
  let state = emptyState
  let feed: LiveFeed | undefined
  let cancelTick: (() => void) | undefined

  function dispatch(action: PageAction): void {
    state = reducePage(state, action)
    for (const listener of listeners) listener()
  }

  function tick(): void {
    dispatch({ type: 'tick', atMs: now() })
    cancelTick = clock.after(tickMs, tick)
  }

  function stop(): void {
    feed?.stop()
    cancelTick?.()
    feed = cancelTick = undefined
  }

  return {
    getState: () => state,
    subscribe(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    dispatch,
    follow(isHidden) {
      stop()
      feed = startLiveFeed({
        source: isHidden ? { poll: source.poll } : source,
        ...(isHidden && { pollIntervalMs: hiddenPollMs }),
        clock,
        random,
        onEvent: (change) => dispatch({ type: 'change', change, atMs: now() }),
        onStatus: (status) => dispatch({ type: 'link', status, atMs: now() }),
        onError(error) {
          if ('permanent' in error && error.permanent === true)
            dispatch({ type: 'refused', message: error.message })
        },
      })
      tick()
    },
    stop,
  }
}
