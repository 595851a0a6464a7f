/** How the connection to the daemon stands, in words. Pure. */
import type { PageState } from './page-state.ts'
import type { Tone } from './words.ts'

export interface ConnectionWords {
  readonly text: string
  readonly tone: Tone
}

/** `live`, `reconnecting in 4 s`, `polling`, or `no connection`. */
export function connectionWords({
  link,
  retryAtMs,
  nowMs,
}: Pick<PageState, 'link' | 'retryAtMs' | 'nowMs'>): ConnectionWords {
  const { connection, isPolling } = link
  if (connection === 'connected') return { text: 'live', tone: 'good' }
  if (connection === 'idle') return { text: 'not connected', tone: 'quiet' }
  const seconds = retryAtMs === undefined ? 0 : Math.ceil((retryAtMs - nowMs) / 1000)
  const when = seconds > 0 ? ` in ${seconds} s` : ''
  if (connection === 'disconnected') return { text: `no connection${when && `, trying${when}`}`, tone: 'bad' }
  if (isPolling) return { text: 'polling', tone: 'held' }
  return { text: retryAtMs === undefined ? 'connecting' : `reconnecting${when || '…'}`, tone: 'held' }
}
