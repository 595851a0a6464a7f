/**
 * Goes over the entries of a page in columns without making objects of them: for each its path, its weight and where it
 * ends in each column, so that whole runs of entries can be copied into another page. It trusts what it reads: the
 * columns are this process's own, or were decoded and checked before.
 */
import { maxPathBytes } from '../../shared/paths.ts'
import { chunkRecordBytes, hashBytes } from '../chunk-records.ts'
import { entryWeight } from './limits.ts'
import { referenceMark, type PageColumns } from './page.ts'

export interface PageScanner {
  /** Of the present entry: its UTF-8 is `path[0, pathLength)`; … */
  readonly path: Uint8Array
  readonly pathLength: number
  /** … see `entryPageWeight`; … */
  readonly weight: number
  readonly isFile: boolean
  /** … bytes of a file; … */
  readonly size: number
  /** … and where it ends in each column. */
  readonly ends: Uint32Array
  /** Starts with a page; its first entry comes with `next`. */
  begin(page: PageColumns): void
  next(): void
}

const fileKind = 0
const linkKind = 2

export function createPageScanner(): PageScanner {
  const path = new Uint8Array(maxPathBytes)
  const ends = new Uint32Array(8)
  let columns: readonly Uint8Array[] = []
  let pathLength = 0
  let weight = 0
  let size = 0
  let isFile = false

  function varint(number: number): number {
    const column = columns[number] as Uint8Array
    let at = ends[number] as number
    let value = 0
    for (let scale = 1; ; scale *= 0x80) {
      const byte = column[at++] as number
      value += (byte & 0x7f) * scale
      if (byte < 0x80) break
    }
    ends[number] = at
    return value
  }

  function skip(number: number, bytes: number): void {
    ends[number] = (ends[number] as number) + bytes
  }

  function nextPath(): void {
    const shared = varint(0)
    const suffix = varint(0)
    const column = columns[0] as Uint8Array
    const at = ends[0] as number
    for (let index = 0; index < suffix; index++) path[shared + index] = column[at + index] as number
    skip(0, suffix)
    pathLength = shared + suffix
  }

  /** Bytes that count as weight. */
  function nextContent(): number {
    const chunks = (columns[6] as Uint8Array)[ends[6] as number] as number
    const bytes = chunks === referenceMark ? 4 + hashBytes : chunks * chunkRecordBytes
    skip(6, 1 + bytes)
    return chunks === referenceMark ? hashBytes : bytes
  }

  return {
    path,
    ends,
    get pathLength() {
      return pathLength
    },
    get weight() {
      return weight
    },
    get isFile() {
      return isFile
    },
    get size() {
      return size
    },
    begin(page) {
      columns = page.columns
      ends.fill(0)
    },
    next() {
      nextPath()
      const kind = (columns[1] as Uint8Array)[ends[1] as number]
      skip(1, 1)
      skip(2, 2)
      skip(3, 8)
      weight = entryWeight + pathLength
      isFile = kind === fileKind
      if (isFile) {
        size = varint(4)
        skip(5, 1)
        weight += nextContent()
      } else if (kind === linkKind) {
        const target = varint(7)
        skip(7, target)
        weight += target
      }
    },
  }
}
