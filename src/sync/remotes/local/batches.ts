/**
 * Joins many small calls into few large ones: what is asked while workers are busy goes to them together, and what is asked
 * at about the same time is shared out among those that are free. A call waits for company only while more keep coming.
 */

export interface BatchOptions<Item, Result> {
  /** Batches under way at once. */
  readonly lanes: number
  /** Fewer items than this are not parted among free lanes, and wait while another lane is at work. */
  readonly leastItems: number
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
  const { lanes, leastItems, mostItems, mostBytes, run } = options
  let queue: Waiting<Item, Result>[] = []
  let running = 0
  let isPlanned = false

  function take(): Waiting<Item, Result>[] {
    const share = Math.max(leastItems, Math.ceil(queue.length / (lanes - running)))
    let bytes = 0
    let count = 0
    while (count < queue.length && count < Math.min(share, mostItems)) {
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

  const mayStart = (): boolean =>
    queue.length > 0 && running < lanes && (running === 0 || queue.length >= leastItems)

  /** Starts what waits as soon as a turn of the event loop has brought nothing more. */
  function plan(seen = 0): void {
    if (isPlanned || !mayStart()) return
    isPlanned = true
    setImmediate(() => {
      isPlanned = false
      if (queue.length > seen && queue.length < mostItems) plan(queue.length)
      else while (mayStart()) void start(take())
    })
  }

  return (item, bytes) =>
    new Promise((resolve, reject) => {
      queue.push({ item, bytes, resolve, reject })
      plan()
    })
}
