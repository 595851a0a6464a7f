/** A plain listing of a local folder, for tests of what is made of listings: short, synchronous, and slow. */
import { lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { compareSortKeys, parseTreePath, type TreePath } from '../../src/shared/paths.ts'
import type { SyncEntry } from '../../src/sync/source.ts'

export interface ListFolderOptions {
  readonly keeps?: (path: string, isFolder: boolean) => boolean
  readonly followLinks?: boolean
  /** Told of what cannot be listed. */
  readonly onProblem?: (path: string) => void
}

/** What stands at `disk`, as an entry of the path `path`. */
export function entryOf(disk: string, path: string, followLinks = false): SyncEntry {
  const stats = (followLinks ? statSync : lstatSync)(disk, { bigint: true })
  const kind = stats.isDirectory()
    ? 'directory'
    : stats.isFile()
      ? 'file'
      : stats.isSymbolicLink()
        ? 'symlink'
        : 'other'
  return {
    path: path === '' ? ('' as TreePath) : parseTreePath(path),
    kind,
    size: kind === 'file' ? Number(stats.size) : 0,
    mtimeNs: stats.mtimeNs,
    mode: Number(stats.mode) & 0o7777,
    version: `${stats.size}-${stats.mtimeNs}-${stats.ino}`,
    ...(kind === 'symlink' ? { target: readlinkSync(disk) } : {}),
  }
}

/** All of `root`, sorted, in batches of seven, so that tests meet the ends of batches. */
export async function* listFolder(
  root: string,
  options: ListFolderOptions = {},
): AsyncGenerator<readonly SyncEntry[]> {
  const entries: SyncEntry[] = []
  const visit = (folder: string): void => {
    for (const name of readdirSync(join(root, folder))) {
      const path = folder === '' ? name : `${folder}/${name}`
      let entry: SyncEntry
      try {
        entry = entryOf(join(root, path), path, options.followLinks)
      } catch {
        options.onProblem?.(path)
        continue
      }
      const isFolder = entry.kind === 'directory'
      if (options.keeps?.(path, isFolder) === false) continue
      entries.push(entry)
      if (isFolder) visit(path)
    }
  }
  visit('')
  entries.sort(compareSortKeys)
  for (let at = 0; at < entries.length; at += 7) yield entries.slice(at, at + 7)
}
