/** The daemon as the page asks it: the part of `Engine` that a page needs, over `fetch` with the token in a header. */
import type { Engine, EngineChange, JobView } from '../../jobs/engine-types.ts'
import type { FeedSource } from '../../progress/client/live-feed.ts'
import { createHttpSource } from '../../progress/client/http-source.ts'
import type { ProgressEvent } from '../../progress/progress-event.ts'

export interface PageApi
  extends Pick<
    Engine,
    'start' | 'pause' | 'resume' | 'retry' | 'setLimits' | 'shares' | 'removeShare' | 'peers' | 'status'
  > {
  cancel(id: string): Promise<JobView>
  history(): ReturnType<Engine['history']>
  /** All jobs, by one stream. */
  readonly changes: FeedSource<EngineChange>
  /** One job. */
  progress(id: string): FeedSource<ProgressEvent>
}

/** What the daemon said instead of an answer, in its own words. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly hint: string | undefined

  constructor(status: number, message: string, hint: string | undefined) {
    super(message)
    this.status = status
    this.hint = hint
  }
}

/** An answer takes no longer: all is on one computer. */
const timeoutMs = 30_000
const base = '/api/v1'

export function createPageApi(token: string, fetch: typeof globalThis.fetch = globalThis.fetch): PageApi {
  async function ask<Value>(method: string, path: string, body?: object): Promise<Value> {
    const response = await fetch(`${base}${path}`, {
      method,
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${token}`,
        ...(body && { 'content-type': 'application/json' }),
      },
      body: body ? JSON.stringify(body) : null,
      cache: 'no-store',
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((cause: unknown) => {
      throw new ApiError(
        0,
        `The daemon does not answer${cause instanceof Error && cause.name === 'TimeoutError' ? ' in time' : ''}`,
        'start it with: ferry daemon start',
      )
    })
    if (!response.ok) throw await errorOf(response)
    return (response.status === 204 ? undefined : await response.json()) as Value
  }
  const job = (id: string, rest = ''): string => `/transfers/${encodeURIComponent(id)}${rest}`

  return {
    start: (spec) => ask('POST', '/transfers', spec),
    pause: (id) => ask('POST', job(id, '/pause'), {}),
    resume: (id) => ask('POST', job(id, '/resume'), {}),
    cancel: (id) => ask('POST', job(id, '/cancel'), {}),
    retry: (id) => ask('POST', job(id, '/retry'), {}),
    setLimits: (id, limits) => ask('POST', job(id, '/limits'), limits),
    shares: () => ask('GET', '/shares'),
    removeShare: (id) => ask('DELETE', `/shares/${encodeURIComponent(id)}`),
    peers: () => ask('GET', '/peers'),
    history: () => ask('GET', '/history'),
    status: () => ask('GET', '/status'),
    changes: createHttpSource({
      streamUrl: `${base}/events`,
      pollUrl: `${base}/transfers`,
      token,
      fetch,
      parse: parseChange,
    }),
    progress: (id) =>
      createHttpSource({
        streamUrl: `${base}${job(id, '/progress/stream')}`,
        pollUrl: `${base}${job(id, '/progress')}`,
        token,
        fetch,
        parse: (text) => JSON.parse(text) as ProgressEvent,
      }),
  }
}

/** A stream tells changes, a poll tells all jobs. */
export function parseChange(text: string): EngineChange {
  const value = JSON.parse(text) as EngineChange | readonly JobView[]
  return Array.isArray(value)
    ? { whole: true, jobs: value as readonly JobView[], removed: [] }
    : (value as EngineChange)
}

async function errorOf(response: Response): Promise<ApiError> {
  const fallback = `The daemon answered ${response.status}`
  try {
    const { detail, hint } = (await response.json()) as { readonly detail?: unknown; readonly hint?: unknown }
    return new ApiError(
      response.status,
      typeof detail === 'string' ? detail : fallback,
      typeof hint === 'string' ? hint : undefined,
    )
  } catch {
    return new ApiError(response.status, fallback, undefined)
  }
}
