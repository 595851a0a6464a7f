/**
 * Hands snapshots to any number of readers, each at its own pace: a reader gets the newest picture when it asks, never
 * a queue of old ones, and always the terminal one. A reader that never reads costs nothing.
 */
import type { Snapshot } from './events.ts'

export interface SnapshotSource extends AsyncIterable<Snapshot> {
  /** The picture right now. */
  readonly current: Snapshot
}

export interface SnapshotFeed {
  readonly source: SnapshotSource
  /** There is something new to show. */
  emit(): void
  /** The present picture is the last one; every reader gets it, then ends. */
  end(): void
}

export function createSnapshotFeed(take: () => Snapshot): SnapshotFeed {
  let version = 0
  let ended = false
  const waiting = new Set<() => void>()
  const wake = (): void => {
    for (const resolve of waiting) resolve()
    waiting.clear()
  }

  async function* read(): AsyncGenerator<Snapshot> {
    // The first picture comes at once, so that a late reader sees where things stand.
    let seen = -1
    while (true) {
      if (seen === version) {
        if (ended) return
        await new Promise<void>((resolve) => waiting.add(resolve))
        continue
      }
      seen = version
      yield take()
    }
  }

  return {
    source: {
      get current(): Snapshot {
        return take()
      },
      [Symbol.asyncIterator]: read,
    },
    emit(): void {
      if (ended) return
      version++
      wake()
    },
    end(): void {
      if (ended) return
      version++
      ended = true
      wake()
    },
  }
}
