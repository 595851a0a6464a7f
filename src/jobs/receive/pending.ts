/** Work that was started and is not awaited one by one: the first failure counts, and nothing is left running. */

export interface Pending {
  /** Waits for `permit`, then starts `work` and gives the permit back when it ends. Resolves when it has started. */
  add(permit: Promise<() => void>, work: () => Promise<void>): Promise<void>
  /** @throws the first failure so far. */
  throwIfFailed(): void
  /** Waits for all that was started. @throws the first failure. */
  end(): Promise<void>
}

export function createPending(): Pending {
  const running = new Set<Promise<void>>()
  let failure: { readonly error: unknown } | undefined
  const throwIfFailed = (): void => {
    if (failure) throw failure.error
  }
  return {
    async add(permit, work) {
      const release = await permit
      if (failure) {
        release()
        throw failure.error
      }
      const task = work()
        .catch((error: unknown) => void (failure ??= { error }))
        .finally(() => {
          release()
          running.delete(task)
        })
      running.add(task)
    },
    throwIfFailed,
    async end() {
      while (running.size > 0) await Promise.all(running)
      throwIfFailed()
    },
  }
}
