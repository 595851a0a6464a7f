/**
 * The `keeps` of both listings, made of the filter rules and `--files-from`. The rules are those of both sides: what is
 * excluded is not seen at the destination either, and so never deleted.
 */
import { parentPath } from '../../shared/paths.ts'
import type { FilterOptions, TransferOptions } from '../options.ts'
import { createListedNames } from './files-from.ts'
import { compileRules } from './filter-rules.ts'

/** As `ListOptions.keeps`. */
export type Keeps = (path: string, isFolder: boolean) => boolean

/**
 * With `filesFrom` both listings have to be recursive: this keeps them from going too deep. At the destination more is seen,
 * as a folder that is deleted goes with all that is in it.
 * @throws E_USAGE when a rule or a name cannot be used
 */
export function createKeeps(
  settings: FilterOptions & Pick<TransferOptions, 'recursive'>,
  side: 'source' | 'destination',
): Keeps {
  const judge = compileRules(settings.rules)
  const keeps: Keeps = (path, isFolder) => judge(path, isFolder) !== 'exclude'
  if (settings.filesFrom === undefined) return keeps
  const listed = createListedNames(settings.filesFrom, settings.recursive)
  return (path, isFolder) => {
    const wanted = side === 'destination' && listed.isInWhole(path) ? 'listed' : listed.wants(path, isFolder)
    return wanted === 'implied' || (wanted === 'listed' && keeps(path, isFolder))
  }
}

export interface WatchedKeeps {
  readonly keeps: Keeps
  /** For `PlanFacts.holdsExcluded`. Forgets the folder, so that little is remembered at any time. */
  readonly holdsExcluded: (folder: string) => boolean
}

/** Remembers in which folders of the destination something was left out: these cannot be deleted. */
export function watchKeeps(keeps: Keeps): WatchedKeeps {
  const holding = new Set<string>()
  return {
    keeps(path, isFolder) {
      const kept = keeps(path, isFolder)
      if (!kept) holding.add(parentPath(path))
      return kept
    },
    holdsExcluded: (folder) => holding.delete(folder),
  }
}
