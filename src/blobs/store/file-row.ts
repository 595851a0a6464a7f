/**
 * A file of the index as one byte string: checksum, fingerprint, chunk list. One column instead of nine doubles the rows a
 * second, and the checksum, which covers the path too, makes a row that a bad disk has changed count as absent.
 *
 * 0: CRC-32 of the path and of everything behind itself · 4: log2 of the chunk size u8, zeros · 8: size u64 ·
 * 16: mtimeNs i64 · 24: ctimeNs i64 · 32: inode i64 · 40: device i64 · 48: indexedAtNs i64 · 56: chunk records
 */
import { crc32 } from 'node:zlib'
import type { IndexedFile } from './store.ts'

const checksumBytes = 4
const headerBytes = 56

/** A CRC finds what a disk spoils, at a tenth of the cost of a BLAKE3 of so few bytes. */
function checksumOf(path: string, row: Uint8Array): number {
  return crc32(row.subarray(checksumBytes), crc32(path))
}

export interface FileRowEncoder {
  /** The row of a file: a view that the next call overwrites. */
  encode(file: IndexedFile): Uint8Array
}

/** Keeps its memory: a row is copied into the database before the next one is made. */
export function createFileRowEncoder(): FileRowEncoder {
  let buffer = new Uint8Array(4096)
  let view = new DataView(buffer.buffer)
  return {
    encode(file) {
      const { fingerprint, records } = file
      const length = headerBytes + records.byteLength
      if (length > buffer.byteLength) {
        buffer = new Uint8Array(length)
        view = new DataView(buffer.buffer)
      }
      view.setUint32(4, 31 - Math.clz32(file.chunkSize), true)
      view.setBigUint64(8, BigInt(fingerprint.size), true)
      view.setBigInt64(16, fingerprint.mtimeNs, true)
      view.setBigInt64(24, fingerprint.ctimeNs, true)
      view.setBigInt64(32, fingerprint.inode, true)
      view.setBigInt64(40, fingerprint.device, true)
      view.setBigInt64(48, file.indexedAtNs, true)
      buffer.set(records, headerBytes)
      const row = buffer.subarray(0, length)
      view.setUint32(0, checksumOf(file.path, row), true)
      return row
    },
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
