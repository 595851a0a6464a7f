/**
 * Finds where on this computer a chunk lies already: hash → places in indexed files. Built from the index when a receive
 * first asks, into typed arrays of 8 bytes a chunk and about as much for the slots, newest files first.
 *
 * The table only points at a file and the number of a chunk in it; the index row then says whether it is truly that chunk,
 * and where. Whoever copies verifies what it read: the file may have changed since.
 */
import { setImmediate } from 'node:timers/promises'
import { FerryError } from '../../shared/errors.ts'
import type { RunOptions } from '../../shared/options.ts'
import { chunkCount, chunkHashAt, chunkLengthAt, chunkRecordBytes } from '../chunk-records.ts'
import type { ChunkRecords } from '../chunk-records.ts'
import { hashHigh, hashLow, mixKey } from '../hash-table.ts'
import { equalBytes } from '../manifest/nodes.ts'
import type { FileFingerprint, FileIndex } from './store.ts'

export interface ChunkPlace {
  /** Absolute disk path. */
  readonly path: string
  readonly offset: number
  readonly length: number
  /** Of the file when it was read. */
  readonly fingerprint: FileFingerprint
}

export interface ChunkLookup {
  /** Chunks it knows, those in several places included. */
  readonly chunks: number
  /** Places of the chunk with this hash, newest file first, at most `maxPlaces`. */
  find(hash: Uint8Array): ChunkPlace[]
}

/** Enough to survive a file or two that have changed; also bounds the work on chunks that occur everywhere. */
export const maxPlaces = 3
/** About 256 GiB of content at the usual chunk size, in 80 MiB of memory. Older files beyond it are not searched. */
const maxChunks = 4_194_304
/** Each costs a string. */
const maxFiles = 524_288
/** Chunks between two looks at the event loop: a few milliseconds. */
const chunksPerTurn = 50_000
/** Files whose rows are kept decoded: neighbours in a new file mostly come from one old one. */
const filesKept = 8

interface KnownFile {
  readonly fingerprint: FileFingerprint
  readonly records: ChunkRecords
  readonly offsets: Float64Array
}

/** Reads the index once. @throws E_STORE; E_CANCELLED when the signal fires */
export async function openChunkLookup(
  files: Pick<FileIndex, 'all' | 'get'>,
  options: RunOptions = {},
): Promise<ChunkLookup> {
  const seed = crypto.getRandomValues(new Uint32Array(1))[0] as number
  let lows = new Uint32Array(1024)
  let highs = new Uint32Array(1024)
  /** Number of a chunk + 1; 0 is an empty slot. */
  let slots = new Uint32Array(2048)
  let chunks = 0
  const paths: string[] = []
  /** Number of each file's first chunk. */
  const firsts: number[] = []

  function insert(chunk: number): void {
    const low = lows[chunk] as number
    const high = highs[chunk] as number
    const mask = slots.length - 1
    let places = 0
    for (let slot = mixKey(low, high, seed) & mask; ; slot = (slot + 1) & mask) {
      const other = (slots[slot] as number) - 1
      if (other < 0) {
        slots[slot] = chunk + 1
        return
      }
      if (lows[other] === low && highs[other] === high && ++places === maxPlaces) return
    }
  }

  function grow(): void {
    lows = copyInto(new Uint32Array(lows.length * 2), lows)
    highs = copyInto(new Uint32Array(highs.length * 2), highs)
    slots = new Uint32Array(slots.length * 2)
    for (let chunk = 0; chunk < chunks; chunk++) insert(chunk)
  }

  function addFile(path: string, records: ChunkRecords): void {
    paths.push(path)
    firsts.push(chunks)
    const count = Math.min(chunkCount(records), maxChunks - chunks)
    for (let index = 0; index < count; index++) {
      if (chunks === lows.length) grow()
      lows[chunks] = hashLow(records, index * chunkRecordBytes + 4)
      highs[chunks] = hashHigh(records, index * chunkRecordBytes + 4)
      insert(chunks++)
    }
  }

  let turn = chunksPerTurn
  for (const file of files.all()) {
    addFile(file.path, file.records)
    if (chunks === maxChunks || paths.length === maxFiles) break
    if (chunks < turn) continue
    turn = chunks + chunksPerTurn
    await setImmediate()
    if (options.signal?.aborted === true)
      throw new FerryError('E_CANCELLED', 'Cannot search the store for chunks: stopped')
  }

  /** Number of the file that holds chunk `chunk`. */
  function fileOf(chunk: number): number {
    let low = 0
    let high = firsts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if ((firsts[middle] as number) <= chunk) low = middle
      else high = middle - 1
    }
    return low
  }

  /** Oldest use first. */
  const kept = new Map<number, KnownFile | undefined>()
  function openFile(number: number): KnownFile | undefined {
    const known = kept.has(number) ? kept.get(number) : readFile(paths[number] as string)
    kept.delete(number)
    kept.set(number, known)
    if (kept.size > filesKept) kept.delete(kept.keys().next().value as number)
    return known
  }

  function readFile(path: string): KnownFile | undefined {
    const file = files.get(path)
    if (file === undefined) return undefined
    const offsets = new Float64Array(chunkCount(file.records))
    let offset = 0
    for (let index = 0; index < offsets.length; index++) {
      offsets[index] = offset
      offset += chunkLengthAt(file.records, index)
    }
    return { fingerprint: file.fingerprint, records: file.records, offsets }
  }

  function placeOf(chunk: number, hash: Uint8Array): ChunkPlace | undefined {
    const number = fileOf(chunk)
    const file = openFile(number)
    const index = chunk - (firsts[number] as number)
    // The row may have been replaced since the table was built.
    const offset = file?.offsets[index]
    if (file === undefined || offset === undefined || !equalBytes(chunkHashAt(file.records, index), hash))
      return undefined
    const length = chunkLengthAt(file.records, index)
    return { path: paths[number] as string, offset, length, fingerprint: file.fingerprint }
  }

  return {
    chunks,
    find(hash) {
      const low = hashLow(hash)
      const high = hashHigh(hash)
      const mask = slots.length - 1
      const places: ChunkPlace[] = []
      for (let slot = mixKey(low, high, seed) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
        const chunk = (slots[slot] as number) - 1
        if (lows[chunk] !== low || highs[chunk] !== high) continue
        const place = placeOf(chunk, hash)
        if (place !== undefined) places.push(place)
      }
      return places
    },
  }
}

function copyInto(target: Uint32Array<ArrayBuffer>, source: Uint32Array): Uint32Array<ArrayBuffer> {
  target.set(source)
  return target
}
