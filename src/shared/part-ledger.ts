/**
 * Which parts of files a job has begun and not made whole: what it may throw away, and nothing else, whatever lies beside
 * them. Carried from one run of the job to the next.
 */

export interface PartLedger {
  /** Absolute path of the file that the part is of. */
  begin(path: string): void
  /** It is whole, or its part is gone. */
  end(path: string): void
  has(path: string): boolean
  list(): readonly string[]
}

export function createPartLedger(left: readonly string[] = []): PartLedger {
  const open = new Set(left)
  return {
    begin: (path) => void open.add(path),
    end: (path) => void open.delete(path),
    has: (path) => open.has(path),
    list: () => [...open],
  }
}
