/** A job of the daemon as a source of snapshots, so that it is shown by the very reporter that shows a job of this process. */
import type { Engine, JobView } from '../../jobs/engine-types.ts'
import type { Snapshot } from '../../progress/events.ts'
import type { SnapshotSource } from '../../progress/snapshot-source.ts'

export interface JobSource extends SnapshotSource {
  readonly view: JobView
}

const isOver = (view: JobView): boolean => view.endedAtMs !== null

/** Ends with the end of the run, when the signal fires, or when `isEnough` says so. */
export function followJob(
  engine: Engine,
  first: JobView,
  signal?: AbortSignal,
  isEnough: (view: JobView) => boolean = () => false,
): JobSource {
  let view = first
  async function* read(): AsyncGenerator<Snapshot> {
    yield view.snapshot
    if (isOver(view) || isEnough(view)) return
    for await (const { jobs, removed, whole } of engine.changes({ signal })) {
      const mine = jobs.filter((job) => job.id === first.id)
      for (const next of mine) {
        view = next
        yield view.snapshot
        if (isOver(view) || isEnough(view)) return
      }
      if (removed.includes(first.id) || (whole && mine.length === 0)) return
    }
  }
  return {
    get current(): Snapshot {
      return view.snapshot
    },
    get view(): JobView {
      return view
    },
    [Symbol.asyncIterator]: read,
  }
}
