/**
 * Joins many small calls into few large ones: what is asked while workers are busy goes to them together. Nothing waits
 * for company when a worker is free.
 */

export interface BatchOptions<Item, Result> {
  /** Batches under way at once. */
  readonly lanes: number
  /** Items and bytes of one batch; an item with more bytes goes alone. */
  readonly mostItems: number
  readonly mostBytes: number
  /** A result for each item, in their order. When it rejects, each of them does. */
  readonly run: (items: readonly Item[]) => Promise<readonly Result[]>
}

interface Waiting<Item, Result> {
  readonly item: Item
  readonly bytes: number
  resolve(result: Result): void
  reject(error: unknown): void
}

export function createBatches<Item, Result>(
  options: BatchOptions<Item, Result>,
): (item: Item, bytes: number) => Promise<Result> {
  const { lanes, mostItems, mostBytes, run } = options
  let queue: Waiting<Item, Result>[] = []
  let running = 0
  let isPlanned = false

  function take(): Waiting<Item, Result>[] {
    let bytes = 0
    let count = 0
    while (count < queue.length && count < mostItems) {
      bytes += (queue[count] as Waiting<Item, Result>).bytes
      if (count > 0 && bytes > mostBytes) break
      count++
    }
    const batch = queue.slice(0, count)
    queue = queue.slice(count)
    return batch
  }

  async function start(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    running++
    try {
      const results = await run(batch.map(({ item }) => item))
      for (const [index, waiting] of batch.entries()) waiting.resolve(results[index] as Result)
    } catch (error) {
      for (const waiting of batch) waiting.reject(error)
    } finally {
      running--
      plan()
    }
  }

  /** Behind all that is asked in this turn of the event loop. */
  function plan(): void {
    if (isPlanned || queue.length === 0 || running >= lanes) return
    isPlanned = true
    setImmediate(() => {
      isPlanned = false
      while (queue.length > 0 && running < lanes) void start(take())
    })
  }

  return (item, bytes) =>
    new Promise((resolve, reject) => {
      queue.push({ item, bytes, resolve, reject })
      plan()
    })
}
