/**
 * Memory for content on its way between disk, threads and network: lent, given back, and lent again. A fresh buffer for
 * every piece would cost a clearing, page faults and garbage collections that take a third of a transfer's processor
 * time. Slabs are shared memory, so a worker reads or writes them in place and nothing is handed over.
 */
export interface Slab {
  readonly bytes: Uint8Array<SharedArrayBuffer>
  /** Gives it back; nobody may touch `bytes` from then on. Later calls do nothing. */
  release(): void
}

export interface SlabPool {
  /** `byteLength` bytes with whatever was in them. */
  lend(byteLength: number): Slab
}

/** In front of the bytes of every slab, so that a frame and its head can be sent as one piece. */
export const slabHeadBytes = 16

/** Slabs come in powers of two from here on, so that each fits the next piece of about its size. */
const smallestBytes = 64 * 1024

/** @param keptBytes kept for later while nobody uses them: as much as is usually lent at once, or every slab is made anew */
export function createSlabPool(keptBytes: number): SlabPool {
  /** By size. */
  const free = new Map<number, SharedArrayBuffer[]>()
  let freeBytes = 0

  function take(size: number): SharedArrayBuffer {
    // The one given back last is likely to be in the processor's cache.
    const buffer = free.get(size)?.pop()
    if (buffer) freeBytes -= size
    return buffer ?? new SharedArrayBuffer(slabHeadBytes + size)
  }
  function give(buffer: SharedArrayBuffer, size: number): void {
    if (freeBytes + size > keptBytes) return
    freeBytes += size
    const others = free.get(size)
    if (others) others.push(buffer)
    else free.set(size, [buffer])
  }

  return {
    lend(byteLength) {
      const size = Math.max(smallestBytes, 2 ** Math.ceil(Math.log2(Math.max(1, byteLength))))
      const buffer = take(size)
      let isLent = true
      return {
        bytes: new Uint8Array(buffer, slabHeadBytes, byteLength),
        release() {
          if (isLent) give(buffer, size)
          isLent = false
        },
      }
    },
  }
}
