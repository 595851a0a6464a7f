/**
 * Looks files up in the store's index while a walk goes through a tree: both are in the same order, so one pass over the
 * index replaces a query for each file.
 */
import { compareUtf8 } from '../../shared/paths.ts'
import type { FileIndex, IndexedFile } from '../store/store.ts'

export interface IndexCursor extends Disposable {
  /** What the index knows of a path. Fast when the paths asked for ascend. */
  find(diskPath: string): IndexedFile | undefined
}

export function createIndexCursor(files: Pick<FileIndex, 'get' | 'under'>, root: string): IndexCursor {
  const rows = files.under(root)
  let row: IndexedFile | undefined
  let ended = false
  let last = ''

  function advance(): void {
    const next = rows.next()
    ended = next.done === true
    row = next.done ? undefined : next.value
  }
  return {
    find(diskPath) {
      // Followed links lead elsewhere, and out of the order.
      if (last !== '' && compareUtf8(diskPath, last) <= 0) return files.get(diskPath)
      last = diskPath
      if (!row && !ended) advance()
      while (row && compareUtf8(row.path, diskPath) < 0) advance()
      return row?.path === diskPath ? row : undefined
    },
    [Symbol.dispose]() {
      rows.return?.()
    },
  }
}
