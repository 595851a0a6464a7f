/**
 * `--files-from`: which paths a list of names brings into the transfer. A name brings itself and the folders above it;
 * what is in a folder comes with `-r`, or, one level of it, with a slash behind its name.
 */
import { FerryError } from '../../shared/errors.ts'
import { parentPath } from '../../shared/paths.ts'

export interface ListedNames {
  /** Paths as they were listed, cleaned; '' is the top. */
  readonly names: Iterable<string>
  /** `implied`: only as a folder above a listed name, which no filter looks at. */
  wants(path: string, isFolder: boolean): 'listed' | 'implied' | 'no'
  /** True for what lies, however deep, in a folder that is whole. */
  isInWhole(path: string): boolean
  /** True when everything in this folder is in the transfer, so that what else is at the destination is extraneous. */
  isWhole(folder: string): boolean
}

/** The names in a file: one a line, without comments and empty lines. */
export function namesOfFile(text: string): string[] {
  return text
    .split(/\r\n|[\r\n]/)
    .filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith(';'))
}

/** @throws E_USAGE when a name leads out of the source. */
export function createListedNames(lines: readonly string[], recursive: boolean): ListedNames {
  /** Path → what is directly in it comes too. */
  const listed = new Map<string, boolean>()
  const above = new Set<string>()
  for (const line of lines) {
    const parts = line.split('/').filter((part) => part !== '' && part !== '.')
    if (parts.includes('..'))
      throw new FerryError('E_USAGE', `Cannot use the name "${line}" of --files-from: it has ".." in it`, {
        hint: 'give names relative to the source',
      })
    const path = parts.join('/')
    // rsync takes what is behind it as the name at the destination.
    if (/[^/.]\/+\.\/+[^/]/.test(line))
      throw new FerryError(
        'E_USAGE',
        `Cannot use the name "${line}" of --files-from: "/./" is not supported yet`,
      )
    const withContents = path === '' || /\/\.?$/.test(line)
    listed.set(path, withContents || listed.get(path) === true)
    for (let folder = parentPath(path); folder !== '' && !above.has(folder); folder = parentPath(folder))
      above.add(folder)
  }

  /** `folder`, or one above it, was listed. */
  function isBelowListed(folder: string): boolean {
    for (let path = folder; ; path = parentPath(path)) {
      if (listed.has(path)) return true
      if (path === '') return false
    }
  }

  const isWhole = (folder: string): boolean =>
    recursive ? isBelowListed(folder) : listed.get(folder) === true

  return {
    names: listed.keys(),
    wants(path, isFolder) {
      if (listed.has(path) || isWhole(parentPath(path))) return 'listed'
      return isFolder && above.has(path) ? 'implied' : 'no'
    },
    isInWhole(path) {
      for (let folder = path; folder !== ''; ) {
        folder = parentPath(folder)
        if (isWhole(folder)) return true
      }
      return false
    },
    isWhole,
  }
}
