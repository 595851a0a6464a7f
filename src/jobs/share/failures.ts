/** Keeps the first failures of single items for a job's result, on their way to the progress. */
import { maxFailuresKept } from '../../progress/events.ts'
import type { ProgressSink, ReportedError } from '../../progress/events.ts'
import type { FailureSummary, ItemFailure } from '../types.ts'

export interface FailureCollector {
  /** Use this in place of the sink that was given. */
  readonly progress: ProgressSink
  failures(): FailureSummary
}

export function collectFailures(sink: ProgressSink): FailureCollector {
  const first: ItemFailure[] = []
  let count = 0
  const keep = (path: string, { code, message, hint }: ReportedError): void => {
    count++
    if (first.length < maxFailuresKept) first.push({ path, error: { code, message, hint } })
  }
  return {
    progress: {
      ...sink,
      failItem(path, error) {
        keep(path, error)
        sink.failItem(path, error)
      },
      beginItem(path, phase, totalBytes) {
        const item = sink.beginItem(path, phase, totalBytes)
        return {
          ...item,
          fail(error) {
            keep(path, error)
            item.fail(error)
          },
        }
      },
    },
    failures: () => ({ count, first }),
  }
}
