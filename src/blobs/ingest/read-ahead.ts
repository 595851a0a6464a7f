/** Keeps several pieces of work under way and gives them in their order. */

/**
 * Yields what `source` yields, having pulled up to `limit` of it ahead. So when each value is work that has begun, that
 * many are under way at once, and the consumer's pace bounds them.
 */
export async function* readAhead<Value>(source: AsyncIterable<Value>, limit: number): AsyncGenerator<Value> {
  const iterator = source[Symbol.asyncIterator]()
  const pulled: Promise<IteratorResult<Value>>[] = []
  const pull = (): void => {
    const next = iterator.next()
    // Reported when its turn comes, if it comes.
    next.catch(() => undefined)
    pulled.push(next)
  }
  try {
    for (;;) {
      while (pulled.length < limit) pull()
      const result = await (pulled.shift() as Promise<IteratorResult<Value>>)
      if (result.done) return
      pull()
      yield result.value
    }
  } finally {
    await iterator.return?.()
  }
}
