/**
 * The chunk list of one version of a file as a record of its own (docs/format.md, "Chunk index"). It says which path and
 * version it is for, so that a record that was moved or copied is noticed, and is checked whole before any of it is used.
 */
import { chunkRecordBytes, hashBytes } from '../../blobs/chunk-records.ts'
import { hash, hasHash } from '../../blobs/hash.ts'
import { createChunkListCheck } from '../../blobs/manifest/entry-rules.ts'
import { maxChunkSizeLog2, minChunkSizeLog2 } from '../../blobs/manifest/limits.ts'
import { equalBytes, toHex } from '../../shared/bytes.ts'
import { FerryError } from '../../shared/errors.ts'
import type { ChunkList, SyncEntry } from '../source.ts'
import { nameBytes, nameOfPath, nameOfVersion } from './names.ts'

const magic: Uint8Array = new TextEncoder().encode('ferrysig')
const format = 1
const chunkSizeAt = 10
const pathAt = 12
const versionAt: number = pathAt + nameBytes
const headerBytes: number = versionAt + nameBytes
/** Bytes of a record besides the chunks. */
export const listFrameBytes: number = headerBytes + hashBytes

type Listed = Pick<SyncEntry, 'path' | 'version' | 'size'>

/** What a list is kept under: the names of path and version in hexadecimal. */
export interface ListName {
  readonly path: string
  readonly version: string
}

export function listNameOf(path: Uint8Array, version: Uint8Array): ListName {
  return { path: toHex(path), version: toHex(version) }
}

export function encodeList(entry: Listed, { chunkSize, records }: ChunkList): Uint8Array {
  const bytes = new Uint8Array(listFrameBytes + records.byteLength)
  bytes.set(magic)
  bytes[magic.byteLength] = format
  bytes[chunkSizeAt] = 31 - Math.clz32(chunkSize)
  bytes.set(nameOfPath(entry.path), pathAt)
  bytes.set(nameOfVersion(entry), versionAt)
  bytes.set(records, headerBytes)
  const end = bytes.byteLength - hashBytes
  bytes.set(hash(bytes.subarray(0, end)), end)
  return bytes
}

/** @throws E_STORE or E_MANIFEST when it is damaged, newer, or not the list of this version of this file */
export function decodeList(bytes: Uint8Array, entry: Listed): ChunkList {
  if (bytes.byteLength < listFrameBytes || !equalBytes(bytes.subarray(0, magic.byteLength), magic))
    throw refused(entry, 'it does not begin as one does')
  const found = (bytes[magic.byteLength] as number) | ((bytes[magic.byteLength + 1] as number) << 8)
  if (found > format) throw refused(entry, 'a newer ferry has written it')
  const end = bytes.byteLength - hashBytes
  if (found !== format || !hasHash(bytes.subarray(0, end), bytes, end))
    throw refused(entry, 'its checksum is wrong')
  const isOfFile = equalBytes(bytes.subarray(pathAt, versionAt), nameOfPath(entry.path))
  if (!isOfFile || !equalBytes(bytes.subarray(versionAt, headerBytes), nameOfVersion(entry)))
    throw refused(entry, 'it belongs to something else')
  const log2 = bytes[chunkSizeAt] as number
  if (log2 < minChunkSizeLog2 || log2 > maxChunkSizeLog2) throw refused(entry, 'its chunk size is impossible')
  const records = bytes.slice(headerBytes, end)
  if (records.byteLength % chunkRecordBytes !== 0) throw refused(entry, 'its length is wrong')
  const chunkSize = 2 ** log2
  const check = createChunkListCheck({ path: entry.path, size: entry.size, chunkSize })
  check.push(records)
  check.end()
  return { chunkSize, records }
}

function refused({ path }: Listed, reason: string): FerryError {
  return new FerryError('E_STORE', `Cannot use the chunk list of "${path}": ${reason}`)
}
