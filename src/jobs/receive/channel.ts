/** A queue between one writer and one reader; the writer waits when it is full. */
import { abortable } from '../../shared/concurrency.ts'

export interface Channel<Item> extends AsyncIterable<Item> {
  /** Resolves when there is room for another item. Items after the end are dropped. */
  push(item: Item): Promise<void>
  /** No more items; with an error, the reader throws it behind those that are queued. */
  end(error?: unknown): void
}

/** @param capacity items queued before `push` waits; `Infinity` never waits */
export function createChannel<Item>(capacity: number): Channel<Item> {
  const queue: Item[] = []
  let ended: { readonly error?: unknown } | undefined
  let wakeReader = (): void => undefined
  let wakeWriter = (): void => undefined
  const isFull = (): boolean => queue.length > capacity && !ended

  return {
    async push(item) {
      if (ended) return
      queue.push(item)
      wakeReader()
      while (isFull())
        await new Promise<void>((resolve) => {
          wakeWriter = resolve
        })
    },
    end(error) {
      ended ??= error === undefined ? {} : { error }
      wakeReader()
      wakeWriter()
    },
    async *[Symbol.asyncIterator]() {
      try {
        for (;;) {
          while (queue.length > 0) {
            yield queue.shift() as Item
            wakeWriter()
          }
          if (ended) {
            if ('error' in ended) throw ended.error
            return
          }
          await new Promise<void>((resolve) => {
            wakeReader = resolve
          })
        }
      } finally {
        // A reader that went away must not keep the writer waiting.
        ended ??= {}
        wakeWriter()
      }
    },
  }
}

/** The same items, for a reader that does not wait for the next one when the signal aborts. @throws E_CANCELLED then */
export async function* untilAborted<Item>(
  items: AsyncIterable<Item>,
  signal: AbortSignal,
): AsyncGenerator<Item> {
  const iterator = items[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await abortable(iterator.next(), signal)
      if (next.done) return
      yield next.value
    }
  } finally {
    // It ends when the item that was waited for has come.
    void iterator.return?.().catch(() => undefined)
  }
}
