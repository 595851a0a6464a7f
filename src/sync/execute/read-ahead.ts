/** Lets a slow producer and a slow consumer work at once, with a bounded number of items between them. */

/**
 * Pulls `items` from now on, whether or not anybody reads, at most `limit` ahead. Whoever asked for it must read it, or
 * `return` it: then the producer is ended and awaited too. A failure of the producer comes behind what it had given.
 */
export function readAhead<Item>(items: AsyncIterable<Item>, limit: number): AsyncGenerator<Item, void> {
  const waiting: Item[] = []
  let failure: { readonly error: unknown } | undefined
  let isEnded = false
  let isStopped = false
  let wakeReader: (() => void) | undefined
  let wakeProducer: (() => void) | undefined

  async function pull(): Promise<void> {
    try {
      for await (const item of items) {
        if (isStopped) return
        waiting.push(item)
        wakeReader?.()
        if (waiting.length >= limit) await new Promise<void>((resolve) => (wakeProducer = resolve))
        if (isStopped) return
      }
    } catch (error) {
      failure = { error }
    } finally {
      isEnded = true
      wakeReader?.()
    }
  }
  const pulling = pull()

  async function stop(): Promise<void> {
    isStopped = true
    wakeProducer?.()
    await pulling
  }

  async function* read(): AsyncGenerator<Item, void> {
    for (;;) {
      const item = waiting.shift()
      if (item !== undefined) {
        wakeProducer?.()
        yield item
      } else if (isEnded) {
        if (failure) throw failure.error
        return
      } else await new Promise<void>((resolve) => (wakeReader = resolve))
    }
  }

  const reader = read()
  // A generator that was never asked does not run its own `finally`.
  return Object.assign(reader, {
    return: async (): Promise<IteratorResult<Item, void>> => {
      await stop()
      return { done: true as const, value: undefined }
    },
    [Symbol.asyncDispose]: stop,
  })
}
