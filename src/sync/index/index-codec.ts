/**
 * An index as bytes (docs/format.md, "Chunk index"): a header, seven columns, a checksum. All lengths follow from the two
 * counts of the header, so there is nothing to parse and nothing to unpack: a file of another length is damaged.
 */
import { maxChunkSizeLog2, minChunkSizeLog2 } from '../../blobs/manifest/limits.ts'
import { hashBytes } from '../../blobs/chunk-records.ts'
import { hasHash, hash } from '../../blobs/hash.ts'
import { equalBytes } from '../../shared/bytes.ts'
import { FerryError } from '../../shared/errors.ts'
import { nameBytes } from './names.ts'
import { unknownMode, unknownTime, type Row, type RowTable } from './row-table.ts'

const magic: Uint8Array = new TextEncoder().encode('ferryidx')
const indexFormat = 1
/** Names one state of an index beside the data. */
export const indexIdBytes = 16
const rowsAt = 12
const namedAt = 16
const idAt = 20
const headerBytes = 36
/** Path, version, time, mode, chunk size, flags. */
const columnBytes: number = nameBytes + nameBytes + 8 + 2 + 1 + 1
const isOwnFlag = 1
/** Bytes of the record that tells the index's id: a header without counts. */
export const idRecordBytes: number = rowsAt + indexIdBytes

export function indexBytes(rows: number, named: number): number {
  return headerBytes + rows * columnBytes + named * hashBytes + hashBytes
}

function writeHead(bytes: Uint8Array): DataView {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  bytes.set(magic)
  view.setUint16(magic.byteLength, indexFormat, true)
  return view
}

/** Of a newer ferry: left as it is, since that ferry can read it. */
export function isNewerIndex(bytes: Uint8Array): boolean {
  return (
    bytes.byteLength >= magic.byteLength + 2 &&
    equalBytes(bytes.subarray(0, magic.byteLength), magic) &&
    ((bytes[magic.byteLength] as number) | ((bytes[magic.byteLength + 1] as number) << 8)) > indexFormat
  )
}

/** @throws E_STORE when it is no index of this format */
function checkHead(bytes: Uint8Array, least: number): DataView {
  if (bytes.byteLength < least || !equalBytes(bytes.subarray(0, magic.byteLength), magic))
    throw damaged('it does not begin as one does')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint16(magic.byteLength, true) !== indexFormat) throw damaged('its format is not known here')
  return view
}

function damaged(reason: string): FerryError {
  return new FerryError('E_STORE', `Cannot read an index: ${reason}`)
}

/** All rows of the table. `id` names this state. */
export function encodeIndex(rows: RowTable, id: Uint8Array): Uint8Array {
  let named = 0
  for (let place = 0; place < rows.places; place++) if (rows.at(place)?.blob) named++
  const bytes = new Uint8Array(indexBytes(rows.size, named))
  const view = writeHead(bytes)
  view.setUint32(rowsAt, rows.size, true)
  view.setUint32(namedAt, named, true)
  bytes.set(id, idAt)
  const at = columnsOf(rows.size)
  let index = 0
  let blob = 0
  for (let place = 0; place < rows.places; place++) {
    const row = rows.at(place)
    if (!row) continue
    bytes.set(row.path, at.paths + index * nameBytes)
    bytes.set(row.version, at.versions + index * nameBytes)
    view.setBigInt64(at.times + index * 8, row.mtimeNs ?? unknownTime, true)
    view.setUint16(at.modes + index * 2, row.mode ?? unknownMode, true)
    bytes[at.chunkSizes + index] = row.blob ? 31 - Math.clz32(row.chunkSize) : 0
    bytes[at.flags + index] = row.isOwn ? isOwnFlag : 0
    if (row.blob) bytes.set(row.blob, at.blobs + blob++ * hashBytes)
    index++
  }
  const end = bytes.byteLength - hashBytes
  bytes.set(hash(bytes.subarray(0, end)), end)
  return bytes
}

/** Where each column begins. */
function columnsOf(rows: number) {
  const paths = headerBytes
  const versions = paths + rows * nameBytes
  const times = versions + rows * nameBytes
  const modes = times + rows * 8
  const chunkSizes = modes + rows * 2
  const flags = chunkSizes + rows
  return { paths, versions, times, modes, chunkSizes, flags, blobs: flags + rows }
}

/**
 * Tells every row; its arrays are views of `bytes`. Nothing is told of an index that is damaged anywhere.
 * @returns the id of this state
 * @throws E_STORE when it is damaged or of another format
 */
export function decodeIndex(bytes: Uint8Array, maxRows: number, onRow: (row: Row) => void): Uint8Array {
  const view = checkHead(bytes, headerBytes + hashBytes)
  const count = view.getUint32(rowsAt, true)
  const named = view.getUint32(namedAt, true)
  if (count > maxRows || named > count || bytes.byteLength !== indexBytes(count, named))
    throw damaged('its length is wrong')
  const end = bytes.byteLength - hashBytes
  if (!hasHash(bytes.subarray(0, end), bytes, end)) throw damaged('its checksum is wrong')
  const at = columnsOf(count)
  checkChunkSizes(bytes.subarray(at.chunkSizes, at.chunkSizes + count), named)
  let blob = 0
  for (let index = 0; index < count; index++) {
    const log2 = bytes[at.chunkSizes + index] as number
    const path = at.paths + index * nameBytes
    const version = at.versions + index * nameBytes
    const time = view.getBigInt64(at.times + index * 8, true)
    const mode = view.getUint16(at.modes + index * 2, true)
    const blobStart = at.blobs + blob * hashBytes
    if (log2 > 0) blob++
    onRow({
      path: bytes.subarray(path, path + nameBytes),
      version: bytes.subarray(version, version + nameBytes),
      mtimeNs: time === unknownTime ? undefined : time,
      mode: mode > maxMode ? undefined : mode,
      chunkSize: log2 === 0 ? 0 : 2 ** log2,
      blob: log2 === 0 ? undefined : bytes.subarray(blobStart, blobStart + hashBytes),
      isOwn: ((bytes[at.flags + index] as number) & isOwnFlag) !== 0,
    })
  }
  return bytes.slice(idAt, idAt + indexIdBytes)
}

const maxMode = 0o7777

function checkChunkSizes(chunkSizes: Uint8Array, named: number): void {
  let found = 0
  for (const log2 of chunkSizes) {
    if (log2 === 0) continue
    found++
    if (log2 < minChunkSizeLog2 || log2 > maxChunkSizeLog2) throw damaged('a chunk size is impossible')
  }
  if (found !== named) throw damaged('its counts do not fit')
}

/** The small record beside an index: whoever knows this state need not read the index. */
export function encodeIndexId(id: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(idRecordBytes)
  writeHead(bytes)
  bytes.set(id, rowsAt)
  return bytes
}

/** @throws E_STORE as `decodeIndex` */
export function decodeIndexId(bytes: Uint8Array): Uint8Array {
  checkHead(bytes, idRecordBytes)
  if (bytes.byteLength !== idRecordBytes) throw damaged('its length is wrong')
  return bytes.slice(rowsAt)
}
