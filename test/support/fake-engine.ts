/** An engine that runs nothing: it tells what it is handed, and notes what it is asked for. */
import type { Engine, EngineChange, JobView } from '../../src/jobs/engine-types.ts'
import type { Board } from '../../src/tui/model/board.ts'
import { FerryError } from '../../src/shared/errors.ts'

export interface FakeEngine extends Engine {
  /** Names of the methods that were called, with what they got. */
  readonly calls: readonly (readonly [string, ...unknown[]])[]
  /** The next call is refused with this message. */
  failNext(message: string): void
  /** Told to whoever follows the changes. */
  tell(change: Partial<EngineChange>): void
}

export function createFakeEngine(board: Board): FakeEngine {
  const calls: (readonly [string, ...unknown[]])[] = []
  const waiting: EngineChange[] = []
  let refusal: string | undefined
  let wake: () => void = () => undefined
  const noted =
    (name: string) =>
    (...args: readonly unknown[]): Promise<JobView> => {
      calls.push([name, ...args])
      const message = refusal
      refusal = undefined
      if (message !== undefined) return Promise.reject(new FerryError('E_CONFLICT', message))
      const job = board.jobs.find(({ id }) => id === args[0]) ?? board.jobs[0]
      return job ? Promise.resolve(job) : Promise.reject(new FerryError('E_NOT_FOUND', 'Cannot find the job'))
    }

  async function* changes(signal?: AbortSignal): AsyncGenerator<EngineChange> {
    signal?.addEventListener('abort', () => wake())
    yield { whole: true, jobs: board.jobs, removed: [] }
    for (;;) {
      if (signal?.aborted) return
      const next = waiting.shift()
      if (next) yield next
      else
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
  }

  return {
    calls,
    failNext: (message) => void (refusal = message),
    tell(change) {
      waiting.push({ whole: false, jobs: [], removed: [], ...change })
      wake()
    },
    start: noted('start'),
    list: () => Promise.resolve(board.jobs),
    get: noted('get'),
    pause: noted('pause'),
    resume: noted('resume'),
    cancel: noted('cancel'),
    retry: noted('retry'),
    cancelFiles: noted('cancelFiles'),
    setLimits: noted('setLimits'),
    shares: () => Promise.resolve(board.shares),
    async removeShare(id) {
      await noted('removeShare')(id)
    },
    peers: () => Promise.resolve(board.peers),
    history: () => Promise.resolve([]),
    remotes: () => Promise.resolve([]),
    status: () => Promise.resolve(board.status as NonNullable<Board['status']>),
    changes: ({ signal } = {}) => changes(signal),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}
