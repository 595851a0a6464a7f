/** An engine over journeys that touch nothing, behind a real HTTP server on a port or socket of its own. */
import { readFileSync } from 'node:fs'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import { createEngineClient, type EngineClient } from '../../src/daemon/client.ts'
import { createToken, type DaemonAddress } from '../../src/daemon/runtime-files.ts'
import { createDaemonServer, type DaemonServer, type DaemonServerOptions } from '../../src/daemon/server.ts'
import { createEngine } from '../../src/jobs/engine.ts'
import type { Engine, JobState, JobView, ReceiveSpec } from '../../src/jobs/engine-types.ts'
import { createFerry } from '../../src/jobs/ferry.ts'
import type { Journeys } from '../../src/jobs/journeys.ts'
import { delay } from '../../src/shared/concurrency.ts'
import { fakeJourneys, fakeReceiveResult } from './fake-journeys.ts'
import { temporaryFolder, type TemporaryFolder } from './temporary-folder.ts'

const vectors = join(import.meta.dirname, '..', '..', '..', 'test', 'vectors', 'tickets.json')
/** A whole ticket of nobody. */
export const wholeTicket: string = /ferry1[a-z0-9]+/.exec(readFileSync(vectors, 'utf8'))?.[0] as string
export const receiveSpec: ReceiveSpec = { kind: 'receive', ticket: wholeTicket, into: '/into' }

/** A receive of so many pieces, each through the throttle of the job. */
export const receiving = (pieces: number): Partial<Journeys> => ({
  async receive(_ticket, _into, _options, { progress, throttle, signal }) {
    progress.name('Pictures')
    progress.totals({ files: pieces, bytes: pieces, final: true })
    progress.phase('fetch')
    for (let piece = 0; piece < pieces; piece++) {
      await (throttle.take(1, signal) ?? delay(1, signal))
      progress.addDone({ files: 1, bytes: 1 })
    }
    return fakeReceiveResult
  },
})

/** Resolves when a job is in this state. */
export async function untilState(engine: Engine, id: string, state: JobState): Promise<JobView> {
  for await (const { jobs } of engine.changes()) {
    const found = jobs.find((job) => job.id === id && job.state === state)
    if (found) return found
  }
  throw new Error(`job ${id} never was ${state}`)
}

export interface TestDaemon extends AsyncDisposable {
  readonly folder: TemporaryFolder
  readonly engine: Engine
  readonly server: DaemonServer
  readonly token: string
  readonly client: EngineClient
  /** One request; headers in addition to a right host and token, which can be replaced or (with '') left out. */
  ask(method: string, path: string, options?: AskOptions): Promise<Answer>
  /** Ends the server and starts another in its place, over the same engine. */
  restart(): Promise<void>
}

/** As a browser opens its page. */
export function pageUrl({ server: { address }, token }: Pick<TestDaemon, 'server' | 'token'>): string {
  if (!('port' in address)) throw new Error('no page on a socket')
  return `http://127.0.0.1:${address.port}/#token=${token}`
}

export interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

export async function testDaemon(
  journeys: Partial<Journeys> = {},
  options: Partial<DaemonServerOptions> & { readonly socket?: boolean } = {},
): Promise<TestDaemon> {
  const folder = temporaryFolder()
  const ferry = createFerry({ directory: folder.at('data') }, fakeJourneys(journeys))
  const engine = createEngine({ ferry, version: '1.2.3' })
  const token = createToken()
  const wanted: DaemonAddress = options.socket ? { socketPath: folder.at('run', 's') } : { port: 0 }
  const start = (address: DaemonAddress): Promise<DaemonServer> =>
    createDaemonServer({ engine, token, onShutdown: () => undefined, ...options, address })
  let server = await start(wanted)
  const { address } = server
  const client = createEngineClient({ address, token })
  return {
    folder,
    engine,
    get server() {
      return server
    },
    token,
    client,
    ask: (method, path, asked) => ask(address, token, method, path, asked),
    async restart() {
      await server[Symbol.asyncDispose]()
      server = await start(address)
    },
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
      await engine[Symbol.asyncDispose]()
      await ferry[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

function ask(
  address: DaemonAddress,
  token: string,
  method: string,
  path: string,
  { headers = {}, body }: AskOptions = {},
): Promise<Answer> {
  const place = 'port' in address ? { host: '127.0.0.1', port: address.port } : address
  const host = 'port' in address ? `127.0.0.1:${address.port}` : 'localhost'
  const all = {
    host,
    authorization: `Bearer ${token}`,
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...headers,
  }
  const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''))
  return new Promise((resolve, reject) => {
    const request = httpRequest({ ...place, method, path, headers: sent, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => (text += part))
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }))
    })
    request.on('error', reject)
    request.end(body)
  })
}
