/** Which entries of a sorted tree a listing tells, where all of them are known anyway. Pure. */
import { isDirectlyIn, type TreePath } from '../../shared/paths.ts'
import type { ListOptions } from '../../sync/source.ts'

interface Listed {
  readonly path: TreePath
  readonly kind: 'file' | 'directory' | 'symlink'
}

/** Ask it for every entry, in order: it remembers the folder that was refused last. */
export function createListFilter({
  keeps,
  recursive,
  under,
}: Pick<ListOptions, 'keeps' | 'recursive' | 'under'>): (entry: Listed) => boolean {
  let refused: string | undefined
  return ({ path, kind }) => {
    if (refused !== undefined && path.startsWith(refused)) return false
    if (under !== undefined && path !== under && !path.startsWith(`${under}/`)) return false
    if (!recursive && path !== under && !isDirectlyIn(path, under ?? '')) return false
    const isFolder = kind === 'directory'
    if (!keeps || keeps(path, isFolder)) return true
    if (isFolder) refused = `${path}/`
    return false
  }
}
