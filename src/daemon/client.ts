/**
 * The engine of a daemon, from another process: the same interface, over HTTP. A stream of changes that breaks is opened
 * again and begins with everything, so that its reader never notices more than a pause.
 */
import type {
  Engine,
  EngineChange,
  EngineStatus,
  JobView,
  PeerView,
  RemoteView,
  ShareView,
} from '../jobs/engine-types.ts'
import type { HistoryRow } from '../jobs/engine-types.ts'
import { backoffMs, delay } from '../shared/concurrency.ts'
import { FerryError } from '../shared/errors.ts'
import { createHttpClient } from './client/http.ts'
import type { DaemonAddress, DaemonInfo } from './runtime-files.ts'
import { readInfo, readToken } from './runtime-files.ts'

export interface EngineClient extends Engine {
  readonly address: DaemonAddress
  /** Asks the daemon to save everything and end. */
  shutdown(): Promise<void>
}

export interface EngineClientOptions {
  readonly address: DaemonAddress
  readonly token: string
  /** Told when a stream broke and when it came back; for a sign on the screen. */
  readonly onLink?: (state: 'connected' | 'reconnecting') => void
  /** Attempts to open a broken stream again before its reader is told; default 40, some minutes. */
  readonly attempts?: number
}

const defaultAttempts = 40
const pauses = { baseMs: 250, capMs: 5000 }

/** Nothing is sent before the first call. Disposing it leaves the daemon alone. */
export function createEngineClient(options: EngineClientOptions): EngineClient {
  const { address, token, onLink = () => undefined, attempts = defaultAttempts } = options
  const http = createHttpClient(address, token)
  const ending = new AbortController()
  const api = '/api/v1'
  const job = (id: string): string => `${api}/transfers/${encodeURIComponent(id)}`

  async function* changes(signal: AbortSignal | undefined): AsyncGenerator<EngineChange> {
    const until = signal ? AbortSignal.any([signal, ending.signal]) : ending.signal
    let failures = 0
    while (!until.aborted) {
      try {
        for await (const data of http.stream(`${api}/events`, until)) {
          if (failures > 0) onLink('connected')
          failures = 0
          yield JSON.parse(data) as EngineChange
        }
      } catch (error) {
        const isLost = error instanceof FerryError && error.retryable
        if (until.aborted) return
        if (!isLost || failures >= attempts) throw error
      }
      if (until.aborted) return
      onLink('reconnecting')
      await delay(backoffMs(++failures, pauses), until).catch(() => undefined)
    }
  }

  return {
    address,
    start: (spec) => http.ask<JobView>('POST', `${api}/transfers`, spec),
    list: () => http.ask<JobView[]>('GET', `${api}/transfers`),
    get: (id) => http.ask<JobView>('GET', job(id)),
    pause: (id) => http.ask<JobView>('POST', `${job(id)}/pause`, {}),
    resume: (id) => http.ask<JobView>('POST', `${job(id)}/resume`, {}),
    cancel: (id, how = {}) => http.ask<JobView>('POST', `${job(id)}/cancel`, how),
    retry: (id, files = {}) => http.ask<JobView>('POST', `${job(id)}/retry`, files),
    cancelFiles: (id, files) => http.ask<JobView>('POST', `${job(id)}/files/cancel`, files),
    setLimits: (id, limits) => http.ask<JobView>('POST', `${job(id)}/limits`, limits),
    shares: () => http.ask<ShareView[]>('GET', `${api}/shares`),
    removeShare: (id) => http.ask<undefined>('DELETE', `${api}/shares/${encodeURIComponent(id)}`),
    peers: () => http.ask<PeerView[]>('GET', `${api}/peers`),
    remotes: () => http.ask<RemoteView[]>('GET', `${api}/remotes`),
    history({ limit, beforeMs } = {}) {
      const query = new URLSearchParams()
      if (limit !== undefined) query.set('limit', String(limit))
      if (beforeMs !== undefined) query.set('beforeMs', String(beforeMs))
      return http.ask<HistoryRow[]>('GET', `${api}/history?${query.toString()}`)
    },
    status: () => http.ask<EngineStatus>('GET', `${api}/status`),
    changes: ({ signal } = {}) => changes(signal),
    async shutdown(): Promise<void> {
      await http.ask('POST', `${api}/shutdown`, {})
    },
    async [Symbol.asyncDispose](): Promise<void> {
      ending.abort()
      http[Symbol.dispose]()
    },
  }
}

export interface FoundDaemon {
  readonly info: DaemonInfo
  readonly client: EngineClient
}

/** The daemon that runs, or undefined when none answers. @throws E_PERMISSION when its token cannot be read */
export async function findDaemon(
  runtimeDirectory: string,
  options: Omit<EngineClientOptions, 'address' | 'token'> = {},
): Promise<FoundDaemon | undefined> {
  const info = readInfo(runtimeDirectory)
  if (!info) return undefined
  const { address } = info
  const client = createEngineClient({ ...options, address, token: readToken(runtimeDirectory) })
  try {
    await client.status()
    return { info, client }
  } catch (error) {
    await client[Symbol.asyncDispose]()
    if (error instanceof FerryError && error.code === 'E_UNREACHABLE') return undefined
    throw error
  }
}
