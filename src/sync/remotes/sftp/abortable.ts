/** Waiting for a server that may never answer, without the user waiting as long. */
import { cancelled } from '../../../shared/concurrency.ts'

/** Settles as `promise` does, or rejects with `E_CANCELLED` as soon as the signal aborts; the call itself goes on. */
export function abortable<Result>(
  promise: Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(cancelled(signal))
    if (signal.aborted) {
      promise.catch(() => undefined)
      return onAbort()
    }
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
