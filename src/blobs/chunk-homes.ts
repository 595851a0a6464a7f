/**
 * Where the chunks of one receive are or will be on this disk: the first file that holds a chunk fetches it, all others
 * copy it from there. Memory is bounded; beyond the bound chunks are simply not remembered and may be fetched twice.
 */
import { createHashTable, hashHigh, hashLow } from './hash-table.ts'

/** Chunks remembered: about 32 bytes each, 64 MiB in all; with average chunks, 128 GiB of content. */
const maxRemembered = 2 * 1024 * 1024
/** Of those, how many may be in small files: each of them costs its path too, 6 MiB in all. */
const maxRememberedSmall = 64 * 1024

/** A large file, or a batch of small ones, of this receive that holds chunks for others. */
export interface ChunkHome {
  /** Where to look for the content of file `file` of it, in this order: it is in the first until it gets its final name. */
  pathsOf(file: number): readonly string[]
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
  /** Number of the file in its home; 0 for a large one. */
  readonly file: number
  readonly offset: number
}

export interface ChunkHomes {
  /** The place of a chunk as a number for `at`, or -1. */
  find(chunkHash: Uint8Array): number
  /** The same for the hash that stands in `hashes` at `offset`. */
  findAt(hashes: Uint8Array, offset: number): number
  at(place: number): ChunkPlace
  add(hashes: Uint8Array, hashOffset: number, home: ChunkHome, file: number, offset: number): void
}

export function createChunkHomes(): ChunkHomes {
  const table = createHashTable()
  const homes: ChunkHome[] = []
  let places = createPlaces(1024)
  let count = 0
  let small = 0

  function grow(): void {
    const larger = createPlaces(count * 2)
    larger.homes.set(places.homes)
    larger.files.set(places.files)
    larger.offsets.set(places.offsets)
    places = larger
  }

  const findAt = (hashes: Uint8Array, offset: number): number =>
    table.get(hashLow(hashes, offset), hashHigh(hashes, offset))

  return {
    find: (chunkHash) => findAt(chunkHash, 0),
    findAt,
    at: (place) => ({
      home: homes[places.homes[place] as number] as ChunkHome,
      file: places.files[place] as number,
      offset: places.offsets[place] as number,
    }),
    add(hashes, hashOffset, home, file, offset) {
      if (count === maxRemembered || (!home.isLarge && small === maxRememberedSmall)) return
      if (table.add(hashLow(hashes, hashOffset), hashHigh(hashes, hashOffset), count) >= 0) return
      if (homes.at(-1) !== home) homes.push(home)
      if (!home.isLarge) small++
      if (count === places.homes.length) grow()
      places.homes[count] = homes.length - 1
      places.files[count] = file
      places.offsets[count] = offset
      count++
    },
  }
}

function createPlaces(length: number): { homes: Uint32Array; files: Uint16Array; offsets: Float64Array } {
  return {
    homes: new Uint32Array(length),
    files: new Uint16Array(length),
    offsets: new Float64Array(length),
  }
}
