/** The names in a folder in the order of a manifest, as every walk needs them. */
import { isUtf8 } from 'node:buffer'
import { opendirSync, readdirSync, statSync } from 'node:fs'
import { compareUtf8 } from '../../shared/paths.ts'

/** Names read from a folder at once. */
const directoryBufferSize = 512
/** Half of a surrogate pair: only then is the order of UTF-16 units not that of UTF-8 bytes. */
const surrogate = /[\ud800-\udfff]/

export interface FolderNames {
  /** A folder counts with a slash behind its name. */
  readonly names: readonly string[]
  /** Names whose bytes are no UTF-8, with replacement characters. */
  readonly refused: readonly string[]
}

/** True for a folder, and for a link to one; not for what cannot be looked at, which whoever visits it reports. */
export function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
  } catch {
    // A link to itself, or one that leads where one may not look.
    return false
  }
}

/**
 * Reads the folder `diskPath`. `follow`: a link to a folder counts as one.
 * @throws a system error when it cannot be read.
 */
export function sortedNames(diskPath: string, follow: boolean): FolderNames {
  const names: string[] = []
  const folders = new Set<string>()
  let suspect = false
  let astral = false
  const directory = opendirSync(diskPath, { bufferSize: directoryBufferSize })
  try {
    for (let found = directory.readSync(); found; found = directory.readSync()) {
      const { name } = found
      suspect ||= name.includes('\ufffd')
      astral ||= surrogate.test(name)
      if (found.isDirectory() || (follow && found.isSymbolicLink() && isDirectory(`${diskPath}/${name}`)))
        folders.add(name)
      else names.push(name)
    }
  } finally {
    directory.closeSync()
  }
  const refused = suspect ? undecodable(diskPath) : new Set<string>()
  const keys = names.concat(Array.from(folders, (name) => `${name}/`))
  if (astral) keys.sort(compareUtf8)
  else keys.sort()
  const sorted = keys
    .map((key) => (key.endsWith('/') ? key.slice(0, -1) : key))
    .filter((name) => !refused.has(name))
  return { names: sorted, refused: [...refused] }
}

/** Names whose bytes are no UTF-8. */
function undecodable(diskPath: string): Set<string> {
  const raw = readdirSync(diskPath, { encoding: 'buffer' })
  return new Set(raw.filter((name) => !isUtf8(name)).map((name) => name.toString('utf8')))
}
