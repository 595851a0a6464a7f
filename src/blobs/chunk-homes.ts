/**
 * Where the chunks of one receive are or will be on this disk: the first file that holds a chunk fetches it, all others
 * copy it from there. Memory is bounded; beyond the bound chunks are simply not remembered and may be fetched twice.
 */
import { createHashTable, hashHigh, hashLow } from './hash-table.ts'

/** Chunks remembered: about 24 bytes each, 48 MiB in all; with average chunks, 128 GiB of content. */
const maxRemembered = 2 * 1024 * 1024

/** A file of this receive that holds chunks for others. */
export interface ChunkHome {
  /** Where to look for its content, in this order: it is in the first until it gets its final name. */
  readonly paths: readonly string[]
  /** Small files of one batch wait for each other; a large file under way is not waited for by them. */
  readonly isLarge: boolean
  readonly arrival: Arrival
}

/** When the content of one large file, or of a batch of small ones, is here. */
export interface Arrival {
  /** Resolves when all that is fetched for it has been written, or has failed; never rejects. */
  readonly settled: Promise<void>
  settle(): void
}

export function createArrival(): Arrival {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { settled: promise, settle: resolve }
}

export interface ChunkPlace {
  readonly home: ChunkHome
  readonly offset: number
}

export interface ChunkHomes {
  /** The place of a chunk as a number for `at`, or -1. */
  find(chunkHash: Uint8Array): number
  at(place: number): ChunkPlace
  add(chunkHash: Uint8Array, home: ChunkHome, offset: number): void
}

export function createChunkHomes(): ChunkHomes {
  const table = createHashTable()
  const homes: ChunkHome[] = []
  const numbers = new Map<ChunkHome, number>()
  let places = { homes: new Uint32Array(1024), offsets: new Float64Array(1024) }
  let count = 0

  function grow(): void {
    const larger = { homes: new Uint32Array(count * 2), offsets: new Float64Array(count * 2) }
    larger.homes.set(places.homes)
    larger.offsets.set(places.offsets)
    places = larger
  }

  return {
    find: (chunkHash) => table.get(hashLow(chunkHash), hashHigh(chunkHash)),
    at: (place) => ({
      home: homes[places.homes[place] as number] as ChunkHome,
      offset: places.offsets[place] as number,
    }),
    add(chunkHash, home, offset) {
      if (count === maxRemembered) return
      if (table.add(hashLow(chunkHash), hashHigh(chunkHash), count) >= 0) return
      let number = numbers.get(home)
      if (number === undefined) {
        number = homes.push(home) - 1
        numbers.set(home, number)
      }
      if (count === places.homes.length) grow()
      places.homes[count] = number
      places.offsets[count] = offset
      count++
    },
  }
}
