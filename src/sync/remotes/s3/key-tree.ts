/**
 * Makes a tree out of sorted keys: each folder above a key is told once, right before what is in it, which keeps the
 * order of `sortKey`. Keys that are no paths are problems; nothing here reads anything.
 */
import { FerryError } from '../../../shared/errors.ts'
import { shortenName, treePathProblem, type TreePath } from '../../../shared/paths.ts'
import type { ListOptions, SyncEntry } from '../../source.ts'
import { isOwnPath, ownFolder } from '../../own-names.ts'

/** What a listing tells of a key. */
export interface ListedObject {
  readonly size: number
  readonly version: string
}

export interface KeyTree {
  /**
   * `name` is the key below the location; keys must come in the order of their bytes. One that ends in a slash is a
   * folder, with or without an object.
   */
  take(name: string, object: ListedObject | undefined): void
  /** The refused folder that the last key was in: nothing below it is wanted. */
  readonly refused: string | undefined
  /** What was told since the last call. */
  drain(): readonly SyncEntry[]
}

export function folderEntry(path: string, version = ''): SyncEntry {
  return { path: path as TreePath, kind: 'directory', size: 0, mtimeNs: undefined, mode: undefined, version }
}

export function createKeyTree({ keeps = () => true, onProblem, under }: ListOptions): KeyTree {
  let entries: SyncEntry[] = []
  let refused: string | undefined
  /** Folders that the current key is in, from the top. */
  const folders: { readonly path: string; readonly isKept: boolean }[] = []
  /** Files of which the current key is a continuation. */
  const files: string[] = []
  // Those above the folder that alone is wanted are not told.
  for (let slash = under?.indexOf('/') ?? -1; slash >= 0; slash = under?.indexOf('/', slash + 1) ?? -1)
    folders.push({ path: under?.slice(0, slash) ?? '', isKept: true })

  const problem = (path: string, reason: string): void =>
    onProblem({
      path,
      error: new FerryError('E_MANIFEST', `Cannot use the key "${shortenName(path)}": ${reason}`),
    })

  /** True when `path` is wanted as far as the folders above it go. */
  function enter(path: string, version: string | undefined): boolean {
    while (folders.length > 0 && !path.startsWith(`${folders.at(-1)?.path}/`)) folders.pop()
    if (folders.at(-1)?.isKept === false) return false
    for (let at = (folders.at(-1)?.path.length ?? -1) + 1; ; ) {
      const slash = path.indexOf('/', at)
      if (slash < 0) return true
      const folder = path.slice(0, slash)
      const isKept = folder !== ownFolder && keeps(folder, true)
      folders.push({ path: folder, isKept })
      if (!isKept) return false
      entries.push(folderEntry(folder, slash === path.length - 1 ? version : undefined))
      at = slash + 1
    }
  }

  return {
    get refused() {
      return refused
    },
    drain() {
      const told = entries
      entries = []
      return told
    },
    take(name, object) {
      refused = undefined
      const isFolder = name.endsWith('/')
      const path = isFolder ? name.slice(0, -1) : name
      if (path === '') {
        if (name !== '') problem(name, 'it has an empty name in it')
        return
      }
      while (files.length > 0 && !name.startsWith(files.at(-1) as string)) files.pop()
      const reason = treePathProblem(path)
      if (reason !== undefined) {
        if (!isOwnPath(path)) problem(name, reason)
        return
      }
      if (path === ownFolder && !isFolder) return
      const blocking = files.find((file) => name[file.length] === '/')
      if (blocking !== undefined) return problem(name, `"${shortenName(blocking)}" is a file and a folder`)
      // With its slash, a marker is in the folder that it makes.
      if (!enter(name, object?.version)) {
        refused = folders.at(-1)?.path
        return
      }
      if (isFolder) {
        if ((object?.size ?? 0) > 0) problem(name, 'it has content, and a name that ends in a slash')
        return
      }
      files.push(path)
      if (!object || !keeps(path, false)) return
      const { size, version } = object
      // Without either, what is read could not be told from something else.
      if (!Number.isSafeInteger(size) || size < 0) return problem(name, 'its size is no number of bytes')
      if (version === '') return problem(name, 'the server does not tell its version')
      entries.push({
        path: path as TreePath,
        kind: 'file',
        size,
        mtimeNs: undefined,
        mode: undefined,
        version,
      })
    },
  }
}
