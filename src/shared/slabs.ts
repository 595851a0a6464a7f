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
  /** `byteLength` bytes with whatever was in them. More than a slab holds is made for this once. */
  lend(byteLength: number): Slab
}

/** In front of the bytes of every slab, so that a frame and its head can be sent as one piece. */
export const slabHeadBytes = 16

/** Smaller pieces come as they are: a slab each would spread them over too much memory. */
const smallBytes = 32 * 1024

export interface SlabPoolOptions {
  /** What a slab holds. Memory that was never touched costs nothing. */
  readonly slabBytes: number
  /** Slabs kept for later when nobody uses them. */
  readonly kept: number
}

export function createSlabPool({ slabBytes, kept }: SlabPoolOptions): SlabPool {
  const free: SharedArrayBuffer[] = []
  return {
    lend(byteLength) {
      const isPooled = byteLength > smallBytes && byteLength <= slabBytes
      // The one given back last is likely to be in the processor's cache.
      const buffer =
        (isPooled ? free.pop() : undefined) ??
        new SharedArrayBuffer(slabHeadBytes + (isPooled ? slabBytes : byteLength))
      let isLent = true
      return {
        bytes: new Uint8Array(buffer, slabHeadBytes, byteLength),
        release() {
          if (isLent && isPooled && free.length < kept) free.push(buffer)
          isLent = false
        },
      }
    },
  }
}
