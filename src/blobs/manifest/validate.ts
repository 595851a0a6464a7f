/**
 * Checks a manifest entry by entry, in order, before anything of it is written: strict order, every folder before its
 * content, no name twice, nothing below a file or a link, and the rules of each single entry. Memory is flat (the chain
 * of open folders), but for the check of folded names, which keeps 16 to 32 bytes an entry.
 */
import { FerryError } from '../../shared/errors.ts'
import { compareSortKeys, foldName, isDirectlyIn, portabilityProblem } from '../../shared/paths.ts'
import { createPathSet } from '../path-set.ts'
import { checkEntry, refuseEntry } from './entry-rules.ts'
import type { ManifestEntry } from './entry.ts'
import { maxEntries } from './limits.ts'
import type { ManifestTotals } from './root.ts'

export interface ValidatorOptions {
  /** The destination takes names that differ in case or Unicode form for one; such pairs are then refused. */
  readonly foldsNames?: boolean
  /** The destination is Windows: names that it cannot hold are refused. */
  readonly windowsNames?: boolean
  /** Lower than the format's limit, when the caller wants it. */
  readonly maxEntries?: number
}

export interface ManifestValidator {
  /** What was accepted so far. */
  readonly totals: ManifestTotals
  /**
   * Takes the next entry. `contentFollows`: the file's chunks are told later and checked by a `ChunkListCheck`.
   * @throws E_MANIFEST when the entry may not stand here; the validator must not be used after it.
   */
  add(entry: ManifestEntry, contentFollows?: boolean): void
  /** @throws E_MANIFEST when the totals of the root object are not those of the entries. */
  end(announced: ManifestTotals): void
}

export function createManifestValidator(options: ValidatorOptions = {}): ManifestValidator {
  const most = Math.min(options.maxEntries ?? maxEntries, maxEntries)
  /** The paths seen, as a folding file system sees them. */
  const folded = options.foldsNames === true ? createPathSet() : undefined
  /** The folders that are open here, outermost first; the next entry lies directly in one of them or at the top. */
  const folders: string[] = []
  /**
   * Files and links whose name the next paths still begin with. Between `a` and `a/` others such as `a-b` may stand,
   * so comparing neighbours would not find that a file and a folder share a name.
   */
  const leaves: string[] = []
  let previous: ManifestEntry | undefined
  let entries = 0
  let files = 0
  let bytes = 0

  function checkPlace(entry: ManifestEntry): void {
    const { path } = entry
    if (previous !== undefined) {
      const order = compareSortKeys(previous, entry)
      if (order === 0) refuseEntry(path, 'it comes twice')
      if (order > 0) refuseEntry(path, 'it is not in order')
    }
    for (let top = folders.at(-1); top !== undefined && !isBelow(path, top); top = folders.at(-1))
      folders.pop()
    if (!isDirectlyIn(path, folders.at(-1) ?? '')) refuseEntry(path, 'its folder does not come before it')
    for (let top = leaves.at(-1); top !== undefined && !path.startsWith(top); top = leaves.at(-1))
      leaves.pop()
    if (entry.kind === 'directory') {
      if (leaves.includes(path)) refuseEntry(path, 'it is both a folder and something else')
      folders.push(path)
    } else leaves.push(path)
  }

  return {
    get totals() {
      return { entries, files, bytes }
    },
    add(entry, contentFollows = false) {
      if (entries === most) refuseEntry(entry.path, `the manifest has more than ${most} entries`)
      checkPlace(entry)
      checkEntry(entry, contentFollows)
      if (options.windowsNames === true) {
        const problem = portabilityProblem(entry.path)
        if (problem !== undefined) refuseEntry(entry.path, problem)
      }
      if (folded?.add(foldName(entry.path)) === false)
        refuseEntry(entry.path, 'this folder takes its name and that of another entry for one')
      previous = entry
      entries++
      if (entry.kind === 'file') {
        files++
        bytes += entry.size
        if (!Number.isSafeInteger(bytes)) refuseEntry(entry.path, 'the sizes add up to an impossible number')
      }
    },
    end(announced) {
      if (announced.entries !== entries || announced.files !== files || announced.bytes !== bytes)
        throw new FerryError(
          'E_MANIFEST',
          'Cannot accept the manifest: its totals are not those of its entries',
        )
    },
  }
}

function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder) && path.charCodeAt(folder.length) === 0x2f
}
