/**
 * A file of the index as one byte string: checksum, fingerprint, chunk list. One column instead of nine doubles the rows a
 * second, and the checksum, which covers the path too, makes a row that a bad disk has changed count as absent.
 *
 * 0: CRC-32 of the path and of everything behind itself · 4: log2 of the chunk size u8, zeros · 8: size u64 ·
 * 16: mtimeNs i64 · 24: ctimeNs i64 · 32: inode i64 · 40: device i64 · 48: indexedAtNs i64 · 56: chunk records
 */
import { crc32 } from 'node:zlib'
import { chunkRecordBytes, type ChunkRecords } from '../chunk-records.ts'
import { fingerprintFields } from '../fingerprint.ts'
import type { IndexedFile } from './store.ts'

const checksumBytes = 4
const headerBytes = 56

/** A CRC finds what a disk spoils, at a tenth of the cost of a BLAKE3 of so few bytes. */
function checksumOf(path: string, row: Uint8Array): number {
  return crc32(row.subarray(checksumBytes), crc32(path))
}

/** Rows of many files, one behind the other. */
export interface PackedRows {
  readonly rows: Uint8Array<ArrayBuffer>
  /** Where the row of each file ends. That of a file without a row ends where it begins. */
  readonly ends: Uint32Array<ArrayBuffer>
}

export interface FileRowWriter {
  /** Adds the row of the next file, whose fingerprint is number `index` of a packed list. */
  add(
    path: string,
    fingerprints: BigInt64Array,
    index: number,
    file: Pick<IndexedFile, 'chunkSize' | 'indexedAtNs' | 'records'>,
  ): void
  /** The next file has no row. */
  skip(): void
  /** A view that lasts until the next call of `add`; the writer is empty afterwards and keeps its memory. */
  take(): PackedRows
}

/** `files`: how many are expected. */
export function createFileRowWriter(files: number): FileRowWriter {
  let rows = new Uint8Array(files * (headerBytes + chunkRecordBytes))
  let view = new DataView(rows.buffer)
  let ends = new Uint32Array(files)
  let count = 0
  let length = 0

  function endRow(): void {
    if (count === ends.length) {
      const larger = new Uint32Array(2 * count + 1)
      larger.set(ends)
      ends = larger
    }
    ends[count++] = length
  }

  return {
    add(path, fingerprints, index, { chunkSize, indexedAtNs, records }) {
      const at = length
      length += headerBytes + records.byteLength
      if (length > rows.byteLength) {
        const larger = new Uint8Array(2 * length)
        larger.set(rows)
        rows = larger
        view = new DataView(rows.buffer)
      }
      view.setUint32(at + 4, 31 - Math.clz32(chunkSize), true)
      for (let field = 0; field < fingerprintFields; field++)
        view.setBigInt64(at + 8 + field * 8, fingerprints[index * fingerprintFields + field] as bigint, true)
      view.setBigInt64(at + 48, indexedAtNs, true)
      rows.set(records, at + headerBytes)
      view.setUint32(at, checksumOf(path, rows.subarray(at, length)), true)
      endRow()
    },
    skip: endRow,
    take() {
      const taken = { rows: rows.subarray(0, length), ends: ends.subarray(0, count) }
      count = 0
      length = 0
      return taken
    },
  }
}

/** What a manifest says of a file. */
export interface FileContent {
  readonly size: number
  readonly mtimeNs: bigint
  readonly mode: number
  readonly chunkSize: number
  readonly records: ChunkRecords
}

/** Out of a row that was made in this process; it does not have the mode. */
export function rowContent(rows: DataView, from: number, to: number, mode: number): FileContent {
  return {
    size: rows.getUint32(from + 8, true) + rows.getUint32(from + 12, true) * 2 ** 32,
    mtimeNs: rows.getBigInt64(from + 16, true),
    mode,
    chunkSize: 2 ** rows.getUint8(from + 4),
    records: new Uint8Array(rows.buffer, rows.byteOffset + from + headerBytes, to - from - headerBytes),
  }
}

/** The file, or undefined when the row is not as it was written; a spoilt database may even change a column's type. */
export function decodeFileRow(path: unknown, row: unknown): IndexedFile | undefined {
  if (typeof path !== 'string' || !(row instanceof Uint8Array) || row.byteLength < headerBytes)
    return undefined
  const view = new DataView(row.buffer, row.byteOffset, row.byteLength)
  if (view.getUint32(0, true) !== checksumOf(path, row)) return undefined
  return {
    path,
    fingerprint: {
      size: Number(view.getBigUint64(8, true)),
      mtimeNs: view.getBigInt64(16, true),
      ctimeNs: view.getBigInt64(24, true),
      inode: view.getBigInt64(32, true),
      device: view.getBigInt64(40, true),
    },
    indexedAtNs: view.getBigInt64(48, true),
    chunkSize: 2 ** view.getUint8(4),
    records: row.subarray(headerBytes),
  }
}
