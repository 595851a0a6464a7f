/**
 * Finds what lies in the folders of a manifest without being in it. The entries come in manifest order, so a folder is
 * over once an entry comes that is not in it: then what was named of it is compared with what it holds. In memory are
 * only the names in the folders that are not over. Links are not followed.
 */
import { opendirSync, type Dir, type Dirent } from 'node:fs'
import type { ManifestEntry } from '../../blobs/manifest/entry.ts'
import { inspectPath } from '../../blobs/worker/inspect-files-tasks.ts'

export interface ExtraFinder {
  /** The next entry of the manifest; gives the paths that are extra in the folders that are now over. */
  take(entry: ManifestEntry): Iterable<string>
  /** No more entries: what is extra in the last folders. */
  finish(): Iterable<string>
}

interface OpenFolder {
  readonly path: string
  /** Undefined when there is no such folder on disk. */
  readonly disk: string | undefined
  /** Names that the manifest has in it. */
  readonly named: Set<string>
}

/** `diskPath` says where a path of the manifest should be. */
export function createExtraFinder(diskPath: (path: string) => string): ExtraFinder {
  /** From the top-level folder down. */
  const open: OpenFolder[] = []

  /** Ends the folders that `path` is not in; all without one. */
  function closeUntil(path: string | undefined): Iterable<string> {
    const over: OpenFolder[] = []
    for (let last = open.at(-1); last && !path?.startsWith(`${last.path}/`); last = open.at(-1))
      over.push(open.pop() as OpenFolder)
    return over.length === 0 ? [] : extrasOf(over)
  }

  return {
    take({ kind, path }) {
      const extras = closeUntil(path)
      const parent = open.at(-1)
      parent?.named.add(path.slice(parent.path.length + 1))
      if (kind === 'directory') {
        const disk = diskPath(path)
        // Below what is no folder here, or a link to one, nothing is looked for.
        const isHere = (parent === undefined || parent.disk !== undefined) && inspectPath(disk).kind === kind
        open.push({ path, disk: isHere ? disk : undefined, named: new Set() })
      }
      return extras
    },
    finish: () => closeUntil(undefined),
  }
}

function* extrasOf(folders: readonly OpenFolder[]): Generator<string> {
  for (const { path, disk, named } of folders) {
    if (disk === undefined) continue
    for (const found of namesIn(disk)) if (!named.has(found.name)) yield* allOf(path, disk, found)
  }
}

/** Something extra, and all that is in it. */
function* allOf(parent: string, parentDisk: string, found: Dirent): Generator<string> {
  const path = `${parent}/${found.name}`
  yield path
  if (!found.isDirectory()) return
  const disk = `${parentDisk}/${found.name}`
  for (const below of namesIn(disk)) yield* allOf(path, disk, below)
}

/** Nothing for a folder that cannot be read: that it is there is all that can be told. */
function* namesIn(disk: string): Generator<Dirent> {
  let directory: Dir
  try {
    directory = opendirSync(disk)
  } catch {
    return
  }
  try {
    for (let found = directory.readSync(); found; found = directory.readSync()) yield found
  } finally {
    directory.closeSync()
  }
}
