/**
 * The rows of an index in memory: 48 bytes a file in blocks, found through a hash table, so that a million files are no
 * objects and growing copies nothing. Rows keep the order in which they came.
 */
import { createHashTable, hashHigh, hashLow } from '../../blobs/hash-table.ts'
import { hashBytes } from '../../blobs/chunk-records.ts'
import { nameBytes } from './names.ts'

export interface Row {
  /** See names.ts. */
  readonly path: Uint8Array
  readonly version: Uint8Array
  readonly mtimeNs: bigint | undefined
  readonly mode: number | undefined
  /** A power of two, or 0 when the file was never cut. */
  readonly chunkSize: number
  /** Present when it was cut. */
  readonly blob: Uint8Array | undefined
  /** This computer wrote or read this version itself; otherwise it is hearsay. */
  readonly isOwn: boolean
}

export interface RowTable {
  /** Places in use, those of removed rows as well: `at(0)` … `at(places − 1)`. */
  readonly places: number
  /** Rows that are there. */
  readonly size: number
  /** The place of the row of a path, or -1. */
  find(path: Uint8Array): number
  isVersion(place: number, version: Uint8Array): boolean
  /** Undefined when the row was removed. Its arrays are views. */
  at(place: number): Row | undefined
  /** Replaces the row of the same path. Everything is copied. */
  put(row: Row): void
  remove(place: number): void
}

const rowBytes = 48
const versionAt = nameBytes
const timeAt = 32
const modeAt = 40
const chunkSizeAt = 42
const flagsAt = 43
const blobAt = 44
const isThere = 1
const isOwnFlag = 2

/** Stand for what is not known; neither is a possible value (a mode has twelve bits, times begin one later). */
export const unknownTime: bigint = -(2n ** 63n)
export const unknownMode = 0xffff

const rowsPerBlock = 16_384
const blobsPerBlock = 1024

interface Block {
  readonly bytes: Uint8Array
  readonly view: DataView
}

export function createRowTable(): RowTable {
  const blocks: Block[] = []
  /** Names of content, of those rows that have one. A row keeps its place here for good. */
  const blobBlocks: Uint8Array[] = []
  const table = createHashTable()
  let places = 0
  let blobs = 0
  let size = 0

  const blockOf = (place: number): Block => blocks[Math.floor(place / rowsPerBlock)] as Block
  const offsetOf = (place: number): number => (place % rowsPerBlock) * rowBytes

  function blobView(number: number): Uint8Array {
    const at = (number % blobsPerBlock) * hashBytes
    return (blobBlocks[Math.floor(number / blobsPerBlock)] as Uint8Array).subarray(at, at + hashBytes)
  }

  function holds(place: number, from: number, wanted: Uint8Array): boolean {
    const { bytes } = blockOf(place)
    const at = offsetOf(place) + from
    for (let index = 0; index < nameBytes; index++) if (bytes[at + index] !== wanted[index]) return false
    return true
  }

  /** The place of a path, whether its row was removed or not; -1 when it has none. */
  function placeOf(path: Uint8Array): number {
    const place = table.get(hashLow(path), hashHigh(path))
    return place >= 0 && holds(place, 0, path) ? place : -1
  }

  const flagsOf = (place: number): number => blockOf(place).bytes[offsetOf(place) + flagsAt] as number

  function addPlace(path: Uint8Array): number {
    // Two paths with the same 64 bits: the second is not remembered, which costs a request at each sync.
    if (table.add(hashLow(path), hashHigh(path), places) >= 0) return -1
    if (places % rowsPerBlock === 0) {
      const bytes = new Uint8Array(rowsPerBlock * rowBytes)
      blocks.push({ bytes, view: new DataView(bytes.buffer) })
    }
    const place = places++
    blockOf(place).bytes.set(path, offsetOf(place))
    return place
  }

  /** Where the row's blob is kept, counted from 1; 0 for none. */
  function keepBlob(known: number, blob: Uint8Array | undefined): number {
    if (!blob) return 0
    let number = known
    if (number === 0) {
      if (blobs % blobsPerBlock === 0) blobBlocks.push(new Uint8Array(blobsPerBlock * hashBytes))
      number = ++blobs
    }
    blobView(number - 1).set(blob)
    return number
  }

  return {
    get places() {
      return places
    },
    get size() {
      return size
    },
    find(path) {
      const place = placeOf(path)
      return place >= 0 && (flagsOf(place) & isThere) !== 0 ? place : -1
    },
    isVersion: (place, version) => holds(place, versionAt, version),
    at(place) {
      const { bytes, view } = blockOf(place)
      const at = offsetOf(place)
      const flags = bytes[at + flagsAt] as number
      if ((flags & isThere) === 0) return undefined
      const time = view.getBigInt64(at + timeAt, true)
      const mode = view.getUint16(at + modeAt, true)
      const log2 = bytes[at + chunkSizeAt] as number
      const blob = view.getUint32(at + blobAt, true)
      return {
        path: bytes.subarray(at, at + nameBytes),
        version: bytes.subarray(at + versionAt, at + versionAt + nameBytes),
        mtimeNs: time === unknownTime ? undefined : time,
        mode: mode === unknownMode ? undefined : mode,
        chunkSize: log2 === 0 ? 0 : 2 ** log2,
        blob: blob === 0 || log2 === 0 ? undefined : blobView(blob - 1),
        isOwn: (flags & isOwnFlag) !== 0,
      }
    },
    put(row) {
      const known = placeOf(row.path)
      const place = known >= 0 ? known : addPlace(row.path)
      if (place < 0) return
      const { bytes, view } = blockOf(place)
      const at = offsetOf(place)
      if (((bytes[at + flagsAt] as number) & isThere) === 0) size++
      bytes.set(row.version, at + versionAt)
      view.setBigInt64(at + timeAt, row.mtimeNs ?? unknownTime, true)
      view.setUint16(at + modeAt, row.mode ?? unknownMode, true)
      bytes[at + chunkSizeAt] = row.blob && row.chunkSize > 0 ? 31 - Math.clz32(row.chunkSize) : 0
      bytes[at + flagsAt] = isThere | (row.isOwn ? isOwnFlag : 0)
      const blob = view.getUint32(at + blobAt, true)
      // A row without a name keeps the room for one.
      view.setUint32(at + blobAt, keepBlob(blob, row.blob) || blob, true)
    },
    remove(place) {
      const { bytes } = blockOf(place)
      const at = offsetOf(place) + flagsAt
      if (((bytes[at] as number) & isThere) !== 0) size--
      bytes[at] = 0
    },
  }
}
