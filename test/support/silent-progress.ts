/** A progress sink that keeps what tests ask about. */
import type { ProgressSink, ReportedError } from '../../src/progress/events.ts'

export interface SilentProgress extends ProgressSink {
  readonly failed: { readonly path: string; readonly error: ReportedError }[]
  readonly warnings: string[]
  readonly done: { files: number; bytes: number; hadFiles: number }
  readonly lastTotals: { files: number; bytes: number; final: boolean }
}

export function silentProgress(): SilentProgress {
  const failed: SilentProgress['failed'] = []
  const warnings: string[] = []
  const done = { files: 0, bytes: 0, hadFiles: 0 }
  const lastTotals = { files: 0, bytes: 0, final: false }
  return {
    failed,
    warnings,
    done,
    lastTotals,
    name() {},
    phase() {},
    peer() {},
    sync() {},
    totals: (totals) => void Object.assign(lastTotals, totals),
    beginStep: () => ({ bytes: () => undefined, done: () => undefined, fail: () => undefined }),
    beginItem: (path, _phase, totalBytes) => ({
      bytes() {},
      done() {
        done.files++
        done.bytes += totalBytes
      },
      fail: (error) => void failed.push({ path, error }),
    }),
    addDone(counts) {
      done.files += counts.files
      done.bytes += counts.bytes
      done.hadFiles += counts.hadFiles ?? 0
    },
    failItem: (path, error) => void failed.push({ path, error }),
    warn: (message) => void warnings.push(message),
  }
}
