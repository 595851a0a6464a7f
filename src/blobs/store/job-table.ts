/**
 * The jobs as they are remembered between runs, and how earlier ones ended. What a job is and how far it came is text to
 * this room: the engine writes and reads it (see jobs/engine). A ticket may be in `spec` and `extra`; it is never logged.
 */

export interface StoredJob {
  readonly id: string
  readonly state: string
  readonly createdAtMs: number
  readonly startedAtMs: number
  readonly endedAtMs: number | undefined
  readonly attempts: number
  /** JSON: what is to be done. */
  readonly spec: string
  /** JSON: what became known while it ran. */
  readonly extra: string
  /** JSON: the last picture. */
  readonly snapshot: string
}

export interface StoredEnd {
  readonly id: string
  readonly attempts: number
  readonly endedAtMs: number
  /** JSON: the row as it is shown. */
  readonly row: string
}

export interface JobTable {
  /** Adds it, or replaces what was known of it. */
  put(job: StoredJob): void
  get(id: string): StoredJob | undefined
  /** In the order in which they were made. */
  list(): StoredJob[]
  remove(id: string): void
  /** Remembers an end; of one run there is one. */
  addEnd(end: StoredEnd): void
  /** Newest first. */
  ends(limit: number, beforeMs: number): StoredEnd[]
}

/** Ends that are kept: a year of some tens a day. */
export const maxEndsKept = 10_000
/** Jobs that are kept; of more, those that ended first are forgotten. */
export const maxJobsKept = 1000

/** The table in memory: for engines that leave no trace, and the twin of the one on disk in tests. */
export function createMemoryJobs(): JobTable {
  const jobs = new Map<string, StoredJob>()
  let ends: StoredEnd[] = []
  return {
    put(job) {
      jobs.set(job.id, job)
      const ended = [...jobs.values()].filter((one) => one.endedAtMs !== undefined)
      if (jobs.size > maxJobsKept) {
        const [oldest] = ended.sort((a, b) => (a.endedAtMs as number) - (b.endedAtMs as number))
        if (oldest) jobs.delete(oldest.id)
      }
    },
    get: (id) => jobs.get(id),
    list: () => [...jobs.values()].sort((a, b) => a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1)),
    remove: (id) => void jobs.delete(id),
    addEnd(end) {
      ends = ends.filter(({ id, attempts }) => id !== end.id || attempts !== end.attempts)
      ends.unshift(end)
      ends.sort((a, b) => b.endedAtMs - a.endedAtMs)
      ends.length = Math.min(ends.length, maxEndsKept)
    },
    ends: (limit, beforeMs) => ends.filter(({ endedAtMs }) => endedAtMs < beforeMs).slice(0, limit),
  }
}
