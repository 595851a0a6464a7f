/**
 * How many bytes a task has gone through, while it is still at it: a number in memory that both threads see, so that
 * telling costs the task nothing and a slow disk is no silence. It only grows, and may count a byte twice.
 */

export type MovedBytes = BigInt64Array<SharedArrayBuffer>

/** Often enough for any viewer, who looks ten times a second at most. */
const lookEveryMs = 100

export interface MovedWatch extends Disposable {
  /** For the input of tasks. */
  readonly moved: MovedBytes
}

export function createMovedBytes(): MovedBytes {
  return new BigInt64Array(new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT))
}

/** For the task. */
export function addMovedBytes(moved: MovedBytes | undefined, bytes: number): void {
  if (moved) Atomics.add(moved, 0, BigInt(bytes))
}

export function readMovedBytes(moved: MovedBytes): number {
  return Number(Atomics.load(moved, 0))
}

/** Tells whenever the count has grown, until it is disposed of. */
export function watchMovedBytes(
  tell: (bytes: number) => void,
  moved: MovedBytes = createMovedBytes(),
): MovedWatch {
  let told = 0
  const timer = setInterval(() => {
    const bytes = readMovedBytes(moved)
    if (bytes === told) return
    told = bytes
    tell(bytes)
  }, lookEveryMs)
  timer.unref()
  return { moved, [Symbol.dispose]: () => clearInterval(timer) }
}
