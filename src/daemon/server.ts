/**
 * The HTTP server over an engine: bounded in connections, headers, bodies and time. It subscribes to the engine once,
 * however many look on.
 */
import { createServer, type Server } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import type { Engine, JobView } from '../jobs/engine-types.ts'
import { createChangeFeed } from '../jobs/engine/change-feed.ts'
import { systemClock } from '../progress/limiter.ts'
import { createApp } from './app.ts'
import { hostsOfPort } from './guard.ts'
import {
  headersTimeoutMs,
  maxConnections,
  maxHeaderBytes,
  maxHeaders,
  requestTimeoutMs,
  streamIntervalMs,
  timeoutCheckMs,
} from './limits.ts'
import { listen } from './listen.ts'
import { createMetrics } from './metrics.ts'
import type { DaemonAddress } from './runtime-files.ts'
import { createStreams } from './sse.ts'
import { loadStaticFiles, type StaticFile } from './static-files.ts'

export interface DaemonServerOptions {
  readonly engine: Engine
  readonly token: string
  readonly address: DaemonAddress
  readonly onShutdown: () => void
  /** Default: the page that was built. */
  readonly files?: ReadonlyMap<string, StaticFile>
  /** Of a request as a whole, and between signs of life of a stream; for tests. */
  readonly requestTimeoutMs?: number
  readonly heartbeatMs?: number
}

export interface DaemonServer extends AsyncDisposable {
  readonly address: DaemonAddress
}

/** Disposing it ends all streams; the engine is closed by whoever opened it. @throws as `listen` */
export async function createDaemonServer(options: DaemonServerOptions): Promise<DaemonServer> {
  const { engine } = options
  const ending = new AbortController()
  const views = new Map<string, JobView>()
  const metrics = createMetrics()
  const feed = createChangeFeed(
    (id) => views.get(id),
    () => [...views.values()].toSorted((a, b) => b.createdAtMs - a.createdAtMs),
    systemClock,
    streamIntervalMs,
  )
  const streams = createStreams(metrics, options.heartbeatMs)
  let port: number | undefined

  async function follow(): Promise<void> {
    for await (const { jobs, removed } of engine.changes({ signal: ending.signal })) {
      for (const view of jobs) {
        views.set(view.id, view)
        feed.changed(view.id, view.endedAtMs === null ? undefined : view)
      }
      for (const id of removed) {
        views.delete(id)
        feed.removed(id)
      }
      metrics.seen(jobs, removed)
    }
  }

  const app = createApp({
    ...options,
    files: options.files ?? loadStaticFiles(),
    // A Unix socket has no port; whoever can open it is the user.
    isHost: (host) =>
      'socketPath' in options.address
        ? host.toLowerCase() === 'localhost'
        : port !== undefined && hostsOfPort(port)(host),
    streams,
    metrics,
    changes: (signal, only) => feed.read(signal, only),
  })
  const answer = getRequestListener(app.fetch, { overrideGlobalObjects: false, hostname: 'localhost' })
  const server = createServer(
    {
      maxHeaderSize: maxHeaderBytes,
      requestTimeout: options.requestTimeoutMs ?? requestTimeoutMs,
      headersTimeout: Math.min(headersTimeoutMs, options.requestTimeoutMs ?? headersTimeoutMs),
      connectionsCheckingInterval: Math.min(timeoutCheckMs, (options.requestTimeoutMs ?? timeoutCheckMs) / 2),
      requireHostHeader: true,
    },
    (incoming, outgoing) => void answer(incoming, outgoing),
  )
  server.maxHeadersCount = maxHeaders
  server.maxConnections = maxConnections
  const address = await listen(server, options.address)
  if ('port' in address) port = address.port
  const following = follow()
  return {
    address,
    async [Symbol.asyncDispose](): Promise<void> {
      ending.abort()
      await following
      feed.close()
      await close(server)
      streams.close()
    },
  }
}

/** Readers that do not take what was sent must not keep the daemon. */
const closeAfterMs = 500

/** What is being answered gets a moment; then nothing is left open. */
async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve())
  })
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), closeAfterMs)
  await closed
  clearTimeout(timer)
}
