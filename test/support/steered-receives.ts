/** Receives that do what a test tells them, one after the other as they are started. */
import type { Journeys } from '../../src/jobs/journeys.ts'
import type { ReceiveResult } from '../../src/jobs/types.ts'
import type { ProgressSink } from '../../src/progress/events.ts'
import { fakeReceiveResult } from './fake-journeys.ts'

export interface SteeredReceive {
  readonly progress: ProgressSink
  /** Ends it well. */
  finish(): void
  fail(error: Error): void
}

export interface SteeredReceives {
  readonly journeys: Partial<Journeys>
  /** Resolves to the next one that is started. */
  next(): Promise<SteeredReceive>
}

/** Each of 100 files of 1 MB, if the test does not say otherwise. */
export function steeredReceives(): SteeredReceives {
  const started: SteeredReceive[] = []
  const waiting: ((run: SteeredReceive) => void)[] = []
  return {
    journeys: {
      async receive(_ticket, _into, _options, { progress, signal }) {
        progress.name('Pictures')
        const { promise, resolve, reject } = Promise.withResolvers<ReceiveResult>()
        signal.addEventListener('abort', () => reject(signal.reason as Error))
        const run: SteeredReceive = { progress, finish: () => resolve(fakeReceiveResult), fail: reject }
        const taker = waiting.shift()
        if (taker) taker(run)
        else started.push(run)
        return promise
      },
    },
    next: () =>
      new Promise((resolve) => {
        const run = started.shift()
        if (run) resolve(run)
        else waiting.push(resolve)
      }),
  }
}
