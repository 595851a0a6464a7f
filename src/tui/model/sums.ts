/** Sums over all jobs, for the head of the list. Pure. */
import type { JobView } from '../../jobs/engine-types.ts'

export interface Sums {
  /** Bytes a second. */
  readonly down: number
  readonly up: number
  /** Of jobs that run or wait. */
  readonly bytes: { readonly done: number; readonly total: number; readonly reused: number }
  readonly files: { readonly done: number; readonly total: number; readonly failed: number }
  /** Jobs that run or wait and will end. */
  readonly works: number
  /** Files under way. */
  readonly active: number
  /** Whole, rounded down; undefined while a total is not known or nothing runs. */
  readonly percent: number | undefined
  readonly etaMs: number | undefined
}

const isGoing = ({ state }: JobView): boolean =>
  state === 'running' || state === 'paused' || state === 'interrupted'

/** Shares that are served are no work that ends: their speed counts, their size does not. */
export function sumJobs(jobs: readonly JobView[]): Sums {
  const bytes = { done: 0, total: 0, reused: 0 }
  const files = { done: 0, total: 0, failed: 0 }
  let [down, up, active, etaMs, isKnown, works] = [0, 0, 0, 0, true, 0]
  for (const job of jobs) {
    const { snapshot } = job
    if (job.state === 'running' && job.kind === 'receive') down += snapshot.rate
    if (job.state === 'running' && (job.kind === 'sync' || snapshot.phase === 'serve')) up += snapshot.rate
    files.failed += isGoing(job) ? snapshot.files.failed : 0
    if (!isGoing(job) || snapshot.phase === 'serve') continue
    works++
    active += snapshot.active.length
    bytes.done += snapshot.bytes.done
    bytes.total += snapshot.bytes.total
    bytes.reused += snapshot.bytes.reused
    files.done += snapshot.files.done
    files.total += snapshot.files.total
    isKnown &&= snapshot.files.final
    if (snapshot.etaSeconds !== undefined) etaMs = Math.max(etaMs, snapshot.etaSeconds * 1000)
  }
  const percent =
    works > 0 && isKnown && bytes.total > 0
      ? Math.min(99, Math.floor((bytes.done / bytes.total) * 100))
      : undefined
  return { down, up, bytes, files, works, active, percent, etaMs: etaMs > 0 ? etaMs : undefined }
}
