/**
 * What serving needs to know of the files on a page, by number: a few numbers for all of them instead of an object for
 * each, since pages are kept while receivers go through them.
 */
import { isAscii } from 'node:buffer'
import type { FileEntry } from './entry.ts'
import type { TreePath } from '../../shared/paths.ts'
import { createPageScanner } from './page-scanner.ts'
import type { PageColumns } from './page.ts'

export type FileOnPage = Pick<FileEntry, 'path' | 'size' | 'mtimeNs'>

export interface PageFiles {
  /** Undefined for what is no file. */
  file(index: number): FileOnPage | undefined
}

const scanner = createPageScanner()

/** Size of what is no file. */
const noFile = -1

export function createPageFiles(page: PageColumns): PageFiles {
  const sizes = new Float64Array(page.count)
  const pathEnds = new Uint32Array(page.count)
  const [, , , times] = page.columns as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]
  const timesView = new DataView(times.buffer, times.byteOffset, times.byteLength)
  let paths = Buffer.allocUnsafe(64 * page.count)
  let length = 0
  scanner.begin(page)
  for (let index = 0; index < page.count; index++) {
    scanner.next()
    sizes[index] = scanner.isFile ? scanner.size : noFile
    const end = length + scanner.pathLength
    if (end > paths.byteLength) {
      const larger = Buffer.allocUnsafe(2 * end)
      larger.set(paths)
      paths = larger
    }
    paths.set(scanner.path.subarray(0, scanner.pathLength), length)
    length = end
    pathEnds[index] = end
  }
  const encoding = isAscii(paths.subarray(0, length)) ? 'latin1' : 'utf8'
  return {
    file(index) {
      const size = sizes[index] ?? noFile
      if (size === noFile) return undefined
      const path = paths.toString(encoding, index === 0 ? 0 : pathEnds[index - 1], pathEnds[index])
      return { path: path as TreePath, size, mtimeNs: timesView.getBigInt64(index * 8, true) }
    },
  }
}
