/** The HTTP API: each route calls the engine and hands its answer on. Knows no socket; `server.ts` puts it on one. */
import { Hono } from 'hono'
import type { Context } from 'hono'
import * as v from 'valibot'
import type { Engine, EngineChange, JobSpec, JobView } from '../jobs/engine-types.ts'
import { isTerminal, progressEvent, type ProgressEvent } from '../progress/progress-event.ts'
import { FerryError, toFerryError } from '../shared/errors.ts'
import { openApiText } from './api/openapi-text.ts'
import { HttpError, problemOf } from './api/problem.ts'
import {
  cancelFilesSchema,
  cancelSchema,
  emptySchema,
  filesSchema,
  historySchema,
  jobSpecSchema,
  limitsSchema,
  shareSchema,
  syncSchema,
} from './api/schemas.ts'
import { createHostGuard, createTokenGuard, refuseHead, requireJson, withSecurityHeaders } from './guard.ts'
import { maxBodyBytes } from './limits.ts'
import type { Metrics } from './metrics.ts'
import type { StreamEvent, Streams } from './sse.ts'
import type { StaticFile } from './static-files.ts'

export interface AppOptions {
  readonly engine: Engine
  readonly token: string
  readonly isHost: (host: string) => boolean
  readonly streams: Streams
  readonly metrics: Metrics
  /** Changes of all jobs or of one, told apart for each reader. */
  readonly changes: (signal: AbortSignal, only?: string) => AsyncIterable<EngineChange>
  readonly files: ReadonlyMap<string, StaticFile>
  readonly onShutdown: () => void
}

export function createApp(options: AppOptions): Hono {
  const { engine, streams, metrics, changes, files } = options
  const app = new Hono()
  app.onError((caught, context) => {
    const problem = problemOf(toFerryError(caught, 'Cannot answer'))
    if (problem.status === 401) context.header('www-authenticate', 'Bearer')
    context.header('cache-control', 'no-store')
    return context.body(JSON.stringify(problem), problem.status as 400, {
      'content-type': 'application/problem+json',
    })
  })
  app.notFound(() => {
    throw new HttpError(
      404,
      'E_NOT_FOUND',
      'Cannot answer: there is nothing at this address',
      'see /api/v1/openapi.json',
    )
  })
  app.use('*', withSecurityHeaders, createHostGuard(options.isHost))
  app.get('/api/v1/health', (context) => context.json({ ok: true }))

  const guard = createTokenGuard(options.token)
  for (const path of ['/api/*', '/metrics']) app.use(path, guard, refuseHead, requireJson)
  app.use('/api/*', async (context, next) => {
    await next()
    if (!context.res.headers.has('cache-control')) context.res.headers.set('cache-control', 'no-store')
  })

  app.get('/api/v1/status', async (context) => context.json(await engine.status()))
  app.get('/api/v1/transfers', async (context) => context.json(await engine.list()))
  app.get('/api/v1/peers', async (context) => context.json(await engine.peers()))
  app.get('/api/v1/remotes', async (context) => context.json(await engine.remotes()))
  app.get('/api/v1/shares', async (context) => context.json(await engine.shares()))
  app.get('/api/v1/history', async (context) =>
    context.json(await engine.history(check(historySchema, context.req.query()))),
  )
  app.get('/api/v1/openapi.json', (context) =>
    context.body(openApiText, 200, { 'content-type': 'application/json' }),
  )
  app.get('/metrics', async (context) =>
    context.text(metrics.render(await engine.status(), streams.open), 200, {
      'content-type': 'text/plain; version=0.0.4; charset=utf-8',
    }),
  )

  const started = async (context: Context, spec: JobSpec): Promise<Response> => {
    const view = await engine.start(spec)
    context.header('location', `/api/v1/transfers/${view.id}`)
    return context.json(view, 201)
  }
  app.post('/api/v1/transfers', async (context) => started(context, await bodyOf(context, jobSpecSchema)))
  app.post('/api/v1/shares', async (context) =>
    started(context, { kind: 'share', ...(await bodyOf(context, shareSchema)) }),
  )
  app.post('/api/v1/syncs', async (context) =>
    started(context, { kind: 'sync', ...(await bodyOf(context, syncSchema)) }),
  )
  app.delete('/api/v1/shares/:id', async (context) => {
    await engine.removeShare(context.req.param('id'))
    return context.body(null, 204)
  })
  app.post('/api/v1/shutdown', async (context) => {
    await bodyOf(context, emptySchema)
    options.onShutdown()
    return context.json({ ok: true }, 202)
  })

  const transfer = '/api/v1/transfers/:id'
  app.get(transfer, async (context) => context.json(await engine.get(context.req.param('id'))))
  app.post(`${transfer}/pause`, async (context) => {
    await bodyOf(context, emptySchema)
    return context.json(await engine.pause(context.req.param('id')))
  })
  app.post(`${transfer}/resume`, async (context) => {
    await bodyOf(context, emptySchema)
    return context.json(await engine.resume(context.req.param('id')))
  })
  app.post(`${transfer}/cancel`, async (context) =>
    context.json(await engine.cancel(context.req.param('id'), await bodyOf(context, cancelSchema))),
  )
  app.post(`${transfer}/retry`, async (context) =>
    context.json(await engine.retry(context.req.param('id'), await bodyOf(context, filesSchema))),
  )
  app.post(`${transfer}/files/cancel`, async (context) =>
    context.json(await engine.cancelFiles(context.req.param('id'), await bodyOf(context, cancelFilesSchema))),
  )
  app.post(`${transfer}/limits`, async (context) =>
    context.json(await engine.setLimits(context.req.param('id'), await bodyOf(context, limitsSchema))),
  )

  app.get('/api/v1/events', () =>
    streams.respond(changes, (change) => [
      { event: change.whole ? 'state' : 'change', data: textOf(change) },
    ]),
  )
  app.get(`${transfer}/events`, async (context) => {
    const { id } = await engine.get(context.req.param('id'))
    return streams.respond(
      (signal) => changes(signal, id),
      ({ jobs }) => jobs.map((job) => ({ event: 'job', data: textOf(job) })),
    )
  })
  for (const base of [transfer, '/api/v1/projects/:id']) {
    const legacy = base !== transfer
    app.get(`${base}/progress`, async (context) =>
      context.json(eventOf(await engine.get(context.req.param('id') ?? ''), legacy)),
    )
    app.get(`${base}/progress/stream`, async (context) => {
      const view = await engine.get(context.req.param('id') ?? '')
      return streams.respond(
        // A job that is history already does not change any more.
        (signal) =>
          isListed(view) ? changes(signal, view.id) : once({ whole: true, jobs: [view], removed: [] }),
        ({ jobs, removed }) => progressStream(jobs, removed.length > 0, legacy),
      )
    })
  }

  for (const [path, file] of files) app.get(path, () => pageResponse(file))
  return app
}

/** Ended jobs are listed for ten minutes; a stream of one that is older has nothing to wait for. */
const isListed = ({ endedAtMs }: JobView): boolean => endedAtMs === null

async function* once(change: EngineChange): AsyncGenerator<EngineChange> {
  yield change
}

/** An end is the last event, unless the job runs again already. */
function progressStream(jobs: readonly JobView[], isGone: boolean, legacy: boolean): readonly StreamEvent[] {
  const events = jobs.map((job) => eventOf(job, legacy))
  return events.map((event, index) => ({
    data: textOf(event),
    isLast: index === events.length - 1 && (isTerminal(event) || isGone),
  }))
}

function eventOf(view: JobView, legacy: boolean): ProgressEvent {
  const event = progressEvent(view)
  const withOldName = { projectId: event.transferId, ...event }
  return legacy ? withOldName : event
}

/** One picture is put into words once, however many read it. */
const texts = new WeakMap<object, string>()
function textOf(value: object): string {
  let text = texts.get(value)
  if (text === undefined) texts.set(value, (text = JSON.stringify(value)))
  return text
}

function pageResponse({ type, bytes, isFixed }: StaticFile): Response {
  return new Response(bytes, {
    headers: {
      'content-type': type,
      'cache-control': isFixed ? 'public, max-age=31536000, immutable' : 'no-cache',
    },
  })
}

async function bodyOf<Schema extends v.GenericSchema>(
  context: Context,
  schema: Schema,
): Promise<v.InferOutput<Schema>> {
  const text = await readBody(context.req.raw)
  let value: unknown
  try {
    value = text === '' ? {} : JSON.parse(text)
  } catch {
    throw new FerryError('E_USAGE', 'Cannot read the request: it is no JSON')
  }
  return check(schema, value)
}

/** Counted as it comes, since a length may be told wrong or not at all. @throws HttpError 413 */
async function readBody({ body }: Request): Promise<string> {
  if (body === null) return ''
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of body as AsyncIterable<Uint8Array>) {
    bytes += part.byteLength
    if (bytes > maxBodyBytes)
      throw new HttpError(413, 'E_USAGE', `Cannot read the request: it is longer than ${maxBodyBytes} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString()
}

/** @throws E_USAGE with what is wrong, and where */
function check<Schema extends v.GenericSchema>(schema: Schema, value: unknown): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value)
  if (result.success) return result.output
  const [issue] = result.issues
  const where = v.getDotPath(issue)
  throw new FerryError(
    'E_USAGE',
    `Cannot take the request: ${where === null ? '' : `${where}: `}${issue.message}`,
    { hint: 'see /api/v1/openapi.json' },
  )
}
