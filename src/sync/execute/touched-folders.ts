/**
 * Folders whose mode and time are set last: what is written into a folder changes its time, and one that is to be
 * read-only must be filled before. Invariant: actions are entered in the order of the plan, so that the folders above an
 * entry are the ones that were entered last; deletions come behind all others and are entered too.
 */
import { parentPath } from '../../shared/paths.ts'
import type { SyncAction } from '../plan-types.ts'
import type { Attributes } from '../remote.ts'

export interface FolderEnd {
  readonly path: string
  readonly attributes: Attributes
}

export interface TouchedFolders {
  /** Takes the next action of the plan. */
  enter(action: SyncAction): void
  /** All that have to be set, deepest first. */
  take(): FolderEnd[]
}

/** The location itself has the path '' and the depth 0. */
export function depthOf(path: string): number {
  return path === '' ? 0 : path.split('/').length
}

export function createTouchedFolders(): TouchedFolders {
  /** Of every folder of the source, what it must have in the end. */
  const all = new Map<string, Attributes>()
  const touched = new Set<string>()

  return {
    enter(action): void {
      switch (action.kind) {
        case 'withheld':
        case 'missing':
        case 'skip':
          return
        case 'delete':
          touched.add(parentPath(action.existing.path))
          return
        case 'compare':
        case 'describe':
        case 'link':
        case 'write':
          touched.add(parentPath(action.entry.path))
          return
        case 'same':
        case 'attributes':
        case 'folder': {
          if (action.entry.kind !== 'directory') return
          const { path } = action.entry
          all.set(path, action.attributes)
          if (action.kind !== 'same') touched.add(path)
          if (action.kind === 'folder' && path !== '') touched.add(parentPath(path))
        }
      }
    },
    take: () =>
      [...touched]
        .flatMap((path) => {
          const attributes = all.get(path)
          return attributes ? [{ path, attributes }] : []
        })
        .toSorted((a, b) => depthOf(b.path) - depthOf(a.path)),
  }
}
