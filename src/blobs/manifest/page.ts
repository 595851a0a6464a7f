/**
 * One page of a manifest, by columns: all paths in one byte string, all modes in the next, and so on. A million entries
 * decode in about a second this way, where a million CBOR maps would take minutes. The codec checks shape only (lengths,
 * shortest forms, paths); what entries may stand beside each other is the business of `validate.ts`.
 */
import { FerryError } from '../../shared/errors.ts'
import { maxPathBytes, parseTreePath, type TreePath } from '../../shared/paths.ts'
import { createByteColumn, createByteReader, type ByteColumn } from '../byte-column.ts'
import { chunkCount, chunkRecordBytes, hashBytes } from '../chunk-records.ts'
import { maxInlineChunks } from './entry.ts'
import type { BlobReference, FileEntry, ManifestEntry } from './entry.ts'
import {
  entryWeight,
  maxChunkSizeLog2,
  maxPageBytes,
  maxPageEntries,
  maxTargetBytes,
  minChunkSizeLog2,
} from './limits.ts'
import { decodeTuple, encodeTuple } from './tuple.ts'

const kinds = ['file', 'directory', 'symlink'] as const
/** Stands where the count of inline chunks would, before a blob reference. */
export const referenceMark = 0xff

/** The UTF-8 of `path` into `into`; the count of bytes. A loop, because most paths are short and ASCII. */
export function encodePath(path: string, into: Buffer): number {
  const length = path.length
  for (let index = 0; index < length; index++) {
    const unit = path.charCodeAt(index)
    if (unit >= 0x80) return into.write(path, 0, 'utf8')
    into[index] = unit
  }
  return length
}

/** Never less than the bytes that the entry adds to a page; depends on nothing but the entry. */
export function entryPageWeight(entry: ManifestEntry, pathBytes: number): number {
  const fixed = entryWeight + pathBytes
  if (entry.kind === 'directory') return fixed
  if (entry.kind === 'symlink') return fixed + Buffer.byteLength(entry.target)
  return fixed + (entry.content instanceof Uint8Array ? entry.content.byteLength : hashBytes)
}

/** What a page holds, before it is put into its frame: paths, kinds, modes, times, sizes, chunk sizes, contents, targets. */
export interface PageColumns {
  /** Entries. */
  readonly count: number
  readonly columns: readonly Uint8Array[]
}

/** Entries that follow each other in a page, as byte ranges of its columns; see `page-scanner.ts`. */
export interface PageRun {
  readonly count: number
  readonly columns: readonly Uint8Array[]
  /** Where the first entry begins and the last one ends in each column. */
  readonly from: Uint32Array
  readonly to: Uint32Array
  /** UTF-8 of the first path, … */
  readonly firstPath: Uint8Array
  /** … where the paths behind it begin, … */
  readonly restFrom: number
  /** … and of the last path. */
  readonly lastPath: Uint8Array
}

export interface PageEncoder {
  /** Entries added since the last page was taken. */
  readonly count: number
  /** `path` is the UTF-8 of the entry's path in `path[0, length)`; it may be reused afterwards. */
  add(entry: ManifestEntry, path: Uint8Array, length: number): void
  /** Adds entries that are encoded already. Everything is copied. */
  addRun(run: PageRun): void
  /** The encoded page; the encoder is empty afterwards. */
  take(): Uint8Array
  /** The same without the frame around the columns. */
  takeColumns(): PageColumns
}

export function createPageEncoder(): PageEncoder {
  const paths = createByteColumn(1 << 16)
  const kindColumn = createByteColumn()
  const modes = createByteColumn()
  const times = createByteColumn()
  const sizes = createByteColumn()
  const chunkSizes = createByteColumn()
  const contents = createByteColumn(1 << 16)
  const targets = createByteColumn()
  const previous = new Uint8Array(maxPathBytes)
  let previousLength = 0
  let count = 0

  function addFile(entry: FileEntry): void {
    sizes.varint(entry.size)
    chunkSizes.u8(31 - Math.clz32(entry.chunkSize))
    const content = entry.content
    if (content instanceof Uint8Array) {
      contents.u8(chunkCount(content))
      contents.bytes(content)
    } else {
      contents.u8(referenceMark)
      contents.u32(content.chunks)
      contents.bytes(content.blob)
    }
  }

  /** By what it does not share with the path before. */
  function addPath(path: Uint8Array, length: number): void {
    let shared = 0
    const most = Math.min(length, previousLength)
    while (shared < most && path[shared] === previous[shared]) shared++
    for (let index = shared; index < length; index++) previous[index] = path[index] as number
    previousLength = length
    paths.varint(shared)
    paths.varint(length - shared)
    paths.bytes(path, shared, length)
  }

  const all = [paths, kindColumn, modes, times, sizes, chunkSizes, contents, targets]
  function takeColumns(): PageColumns {
    const taken = { count, columns: all.map((column) => column.take()) }
    count = 0
    previousLength = 0
    return taken
  }

  return {
    get count() {
      return count
    },
    add(entry, path, length) {
      addPath(path, length)
      modes.u16(entry.mode)
      times.i64(entry.mtimeNs)
      kindColumn.u8(entry.kind === 'file' ? 0 : entry.kind === 'directory' ? 1 : 2)
      if (entry.kind === 'file') addFile(entry)
      else if (entry.kind === 'symlink') {
        const target = Buffer.from(entry.target)
        targets.varint(target.byteLength)
        targets.bytes(target)
      }
      count++
    },
    addRun({ count: added, columns, from, to, firstPath, restFrom, lastPath }) {
      addPath(firstPath, firstPath.byteLength)
      paths.bytes(columns[0] as Uint8Array, restFrom, to[0])
      for (let index = 1; index < all.length; index++)
        (all[index] as ByteColumn).bytes(columns[index] as Uint8Array, from[index], to[index])
      previous.set(lastPath)
      previousLength = lastPath.byteLength
      count += added
    },
    take: () => encodeColumns(takeColumns()),
    takeColumns,
  }
}

export function encodeColumns({ count, columns }: PageColumns): Uint8Array {
  return encodeTuple([count, ...columns])
}

/** Encodes `entries` as one page, whatever its size. */
export function encodePage(entries: readonly ManifestEntry[]): Uint8Array {
  const encoder = createPageEncoder()
  const path = Buffer.allocUnsafe(maxPathBytes)
  for (const entry of entries) encoder.add(entry, path, encodePath(entry.path, path))
  return encoder.take()
}

function fail(reason: string): never {
  throw new FerryError('E_MANIFEST', `Cannot read a page of the manifest: ${reason}`)
}

/** The columns of a page: views into `bytes`, which must not be reused. @throws E_MANIFEST when it is not made like one. */
export function decodeColumns(bytes: Uint8Array): PageColumns {
  const [count, ...columns] = decodeTuple(bytes, maxPageBytes, 'a page of the manifest')
  if (typeof count !== 'number' || !Number.isInteger(count) || count < 0 || count > maxPageEntries)
    fail(`it does not have 0 … ${maxPageEntries} entries`)
  if (columns.length !== 8 || !columns.every((column) => column instanceof Uint8Array))
    fail('it does not have 8 columns')
  return { count, columns }
}

/** The entries of an encoded page. @throws E_MANIFEST for any input that no encoder would have made. */
export function decodePage(bytes: Uint8Array): ManifestEntry[] {
  return decodeEntries(decodeColumns(bytes))
}

/** The entries of a page. Their chunk records are views into its columns. @throws as `decodePage` */
export function decodeEntries({ count, columns }: PageColumns): ManifestEntry[] {
  const [paths, kindColumn, modes, times, sizes, chunkSizes, contents, targets] = columns.map((column) =>
    createByteReader(column, 'a page of the manifest'),
  ) as [Reader, Reader, Reader, Reader, Reader, Reader, Reader, Reader]

  const nextPath = createPathReader(paths)
  const entries: ManifestEntry[] = []
  for (let index = 0; index < count; index++) {
    const path = nextPath()
    const mode = modes.u16()
    const mtimeNs = times.i64()
    const kind = kinds[kindColumn.u8()]
    if (kind === 'file') {
      const size = sizes.varint()
      const chunkSize = readChunkSize(chunkSizes)
      entries.push({ kind, path, mode, mtimeNs, size, chunkSize, content: readContent(contents) })
    } else if (kind === 'directory') entries.push({ kind, path, mode, mtimeNs })
    else if (kind === 'symlink') entries.push({ kind, path, mode, mtimeNs, target: readTarget(targets) })
    else fail('an entry has an unknown kind')
  }
  for (const column of [paths, kindColumn, modes, times, sizes, chunkSizes, contents, targets])
    if (column.left > 0) fail('a column has bytes left over')
  return entries
}

type Reader = ReturnType<typeof createByteReader>

/** Each path replaces the end of the one before by what the column says. */
function createPathReader(column: Reader): () => TreePath {
  const path = Buffer.allocUnsafe(maxPathBytes)
  let length = 0
  /** Bytes at the beginning of `path` that are known to be ASCII. */
  let asciiLength = 0
  return () => {
    const shared = column.varint()
    const suffixLength = column.varint()
    if (shared > length) fail('a path continues more than the one before it has')
    if (shared + suffixLength > maxPathBytes) fail(`a path is longer than ${maxPathBytes} bytes`)
    const replaced = path[shared]
    const isAscii = column.copy(suffixLength, path, shared)
    // One path has one encoding: all that can be shared is.
    if (suffixLength > 0 && shared < length && path[shared] === replaced)
      fail('a path shares less than it could with the one before')
    length = shared + suffixLength
    asciiLength = isAscii && shared <= asciiLength ? length : Math.min(shared, asciiLength)
    // Most paths are ASCII, which is text already.
    return parseTreePath(
      asciiLength === length ? path.toString('latin1', 0, length) : path.subarray(0, length),
    )
  }
}

function readChunkSize(column: Reader): number {
  const log2 = column.u8()
  if (log2 < minChunkSizeLog2 || log2 > maxChunkSizeLog2) fail('a file has an impossible chunk size')
  return 2 ** log2
}

function readContent(column: Reader): Uint8Array | BlobReference {
  const chunks = column.u8()
  if (chunks === referenceMark) return { chunks: column.u32(), blob: column.bytes(hashBytes) }
  if (chunks > maxInlineChunks) fail('a file carries too many chunks')
  return column.bytes(chunks * chunkRecordBytes)
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function readTarget(column: Reader): string {
  const length = column.varint()
  if (length === 0 || length > maxTargetBytes) fail('a link has an empty or too long target')
  try {
    return utf8.decode(column.bytes(length))
  } catch (error) {
    if (error instanceof FerryError) throw error
    return fail('the target of a link is not valid UTF-8')
  }
}
