/**
 * Looks files up in the store's index while a walk goes through a tree: both are in the same order, so one pass over the
 * index replaces a query for each file.
 */
import { compareUtf8 } from '../../shared/paths.ts'
import { isFresh } from '../store/is-fresh.ts'
import type { FileIndex, IndexedFile } from '../store/store.ts'
import type { WalkBatch } from '../walk/walk-batch.ts'

export interface IndexCursor extends Disposable {
  /** What the index knows of a file that has not changed since. Fast when the items ascend. */
  find(batch: WalkBatch, item: number): IndexedFile | undefined
}

export function createIndexCursor(files: Pick<FileIndex, 'get' | 'under'>): IndexCursor {
  /** Name of the top-level entry that `rows` are below, and a slash. */
  let top: string | undefined
  let rows: Iterator<IndexedFile> | undefined
  let row: IndexedFile | undefined
  let last = ''

  function advance(): void {
    const next = rows?.next()
    if (next?.done !== false) rows = undefined
    row = next?.done === false ? next.value : undefined
  }

  function enter(path: string, diskPath: string): void {
    rows?.return?.()
    const slash = path.indexOf('/')
    top = `${slash < 0 ? path : path.slice(0, slash)}/`
    rows = files.under(slash < 0 ? diskPath : diskPath.slice(0, slash - path.length))
    last = ''
    advance()
  }

  function seek(diskPath: string): IndexedFile | undefined {
    if (row?.path !== diskPath) {
      // Followed links lead elsewhere, and out of the order.
      if (last !== '' && compareUtf8(diskPath, last) <= 0) return files.get(diskPath)
      while (row && compareUtf8(row.path, diskPath) < 0) advance()
    }
    last = diskPath
    if (row?.path !== diskPath) return undefined
    const found = row
    // The next file is mostly the next row, which is seen without comparing their order.
    advance()
    return found
  }

  return {
    find(batch, item) {
      const path = batch.paths[item] as string
      const diskPath = batch.diskPaths[item] as string
      if (top === undefined || !path.startsWith(top)) enter(path, diskPath)
      const found = seek(diskPath)
      return found && isFresh(found, batch.file(item).fingerprint) ? found : undefined
    },
    [Symbol.dispose]() {
      rows?.return?.()
    },
  }
}
