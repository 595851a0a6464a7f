/**
 * Where a local location is on disk. Reading goes to the location as it is named; writing goes to the folder behind it,
 * which is made with the first file and must stay the same one: were a disk unmounted meanwhile, everything else would be
 * written beside it.
 */
import { realpathSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { FerryError, toFerryError } from '../../../shared/errors.ts'
import { openDestination, type Destination } from '../../../blobs/tree-writer/destination.ts'
import { createFolders, type Folders } from '../../../blobs/tree-writer/folders.ts'
import { newFolderMode } from '../../../blobs/tree-writer/growing-part.ts'

export interface Place {
  /** As the location is named. */
  readonly path: string
  /** The name of the only entry, when the location is a file. */
  readonly single: string | undefined
  /** Where an entry is on disk; '' is the location itself. Links in the location's own path are resolved. */
  diskPath(path: string): string
  /** The folder to write into. @throws E_CONFLICT when it was removed or replaced; E_PERMISSION, E_NO_SPACE */
  writable(): string
  /** The folders in it, each looked at once more: for one change. @see writable */
  folders(): Folders
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    // Not there (yet), or not to be seen: whoever uses it is told.
    return path
  }
}

/** `path` is absolute. */
export function openPlace(path: string): Place {
  let root = realPath(path)
  let destination: Destination | undefined
  const found = statSync(root, { throwIfNoEntry: false })
  const single = found && !found.isDirectory() ? basename(path) : undefined

  function writable(): string {
    if (single !== undefined)
      throw new FerryError('E_CONFLICT', `Cannot write into "${path}": it is not a folder`, {
        hint: 'name the folder that it is in',
      })
    if (destination) destination.check()
    else {
      try {
        const opened = openDestination(path)
        opened.create()
        destination = opened
        root = opened.root
      } catch (error) {
        throw toFerryError(error, `Cannot write into "${path}"`)
      }
    }
    return root
  }

  return {
    path,
    single,
    diskPath: (below) =>
      below === '' || below === single ? root : root === '/' ? `/${below}` : `${root}/${below}`,
    writable,
    folders: () => createFolders(writable(), false, newFolderMode),
  }
}
