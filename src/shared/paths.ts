/**
 * Names that came from outside. A `TreePath` is a path inside a manifest: relative, `/` between names, never `.` or
 * `..`, and safe to join to a folder. It is made by `parseTreePath` alone; disk paths are plain strings.
 *
 * Refused everywhere is what could escape the folder or break the manifest. A name that only Windows cannot hold
 * travels, and is refused by `portabilityProblem` where the receiver runs there. Control characters are legal in POSIX
 * names, so they travel too; whoever prints a name escapes it.
 */
import { isUtf8 } from 'node:buffer'
import { FerryError } from './errors.ts'

declare const treePath: unique symbol
export type TreePath = string & { readonly [treePath]: true }

/** What Linux, macOS and their usual file systems allow for one name. */
export const maxNameBytes = 255
/** PATH_MAX of Linux. */
export const maxPathBytes = 4096
/** Names in one path: deeper than real trees, shallow enough for every loop over ancestors. */
export const maxPathDepth = 256

/** Ending of the file that a receive writes into until it is whole; and of the journal beside it. */
export const partSuffix = '.ferry-part'
export const partJournalSuffix = '.ferry-part.journal'

const reservedName = /\.ferry-part(?:\.journal)?$/i
/** How a reserved name ends: most names are told by that. */
const reservedEnds = 'tTlL'
const drive = /^[a-z]:/i

/** True for a name that ferry itself uses beside the files it writes, so that no manifest may bring it. */
export function isReservedName(name: string): boolean {
  return name.length >= partSuffix.length && reservedName.test(name)
}

/** Looks at the name in `path[start, end)`. A million names are checked a second: none is cut out without need. */
function nameProblem(path: string, start: number, end: number): string | undefined {
  const length = end - start
  if (length === 0) return 'it has an empty name in it'
  if (length === 1 && path[start] === '.') return 'it has a "." in it'
  if (length === 2 && path[start] === '.' && path[start + 1] === '.') return 'it has a ".." in it'
  // A UTF-16 unit is at most three bytes of UTF-8.
  if (length * 3 > maxNameBytes && Buffer.byteLength(path.slice(start, end)) > maxNameBytes)
    return `a name in it is longer than ${maxNameBytes} bytes`
  const last = path[end - 1] as string
  if (reservedEnds.includes(last) && isReservedName(path.slice(start, end)))
    return `names that end in "${partSuffix}" are ferry's own`
  return undefined
}

/** Legal on POSIX, a separator on Windows: the path must be harmless under either reading. */
function backslashesLeadOut(path: string): boolean {
  for (const name of path.split('/')) {
    if (!name.includes('\\')) continue
    for (const part of name.split('\\')) if (part === '' || part === '.' || part === '..') return true
  }
  return false
}

/** Why `path` cannot be a `TreePath`, or undefined when it can. */
export function treePathProblem(path: string): string | undefined {
  if (path === '') return 'it is empty'
  if (path.length * 3 > maxPathBytes && Buffer.byteLength(path) > maxPathBytes)
    return `it is longer than ${maxPathBytes} bytes`
  if (!path.isWellFormed()) return 'it is not valid Unicode'
  if (path.includes('\0')) return 'it has a NUL character in it'
  if (path.startsWith('/')) return 'it is absolute'
  if (path[1] === ':' && drive.test(path)) return 'it starts with a drive letter'
  let depth = 0
  for (let start = 0; start <= path.length; ) {
    if (++depth > maxPathDepth) return `it is deeper than ${maxPathDepth} folders`
    const slash = path.indexOf('/', start)
    const end = slash < 0 ? path.length : slash
    const problem = nameProblem(path, start, end)
    if (problem !== undefined) return problem
    start = end + 1
  }
  if (path.includes('\\') && backslashesLeadOut(path)) return 'its backslashes could lead out of the folder'
  return undefined
}

/** At most 200 characters of a name, for a message; the printer escapes it. */
export function shortenName(name: string): string {
  return name.length <= 200 ? name : `${name.slice(0, 120)}…${name.slice(-79)}`
}

/**
 * Takes a path from outside, as text or as UTF-8 bytes.
 * @throws E_MANIFEST when it could lead out of a folder, is not valid UTF-8, or breaks a limit of this file.
 */
export function parseTreePath(input: string | Uint8Array): TreePath {
  let path: string
  if (typeof input === 'string') path = input
  else if (input.byteLength > maxPathBytes)
    throw new FerryError('E_MANIFEST', `Cannot accept a path: it is longer than ${maxPathBytes} bytes`)
  else if (isUtf8(input))
    path = Buffer.from(input.buffer, input.byteOffset, input.byteLength).toString('utf8')
  else throw new FerryError('E_MANIFEST', 'Cannot accept a path: it is not valid UTF-8')
  const problem = treePathProblem(path)
  if (problem !== undefined)
    throw new FerryError('E_MANIFEST', `Cannot accept the path "${shortenName(path)}": ${problem}`)
  return path as TreePath
}

/** True when `path` lies in the folder `parent` itself, not deeper; '' is the top. */
export function isDirectlyIn(path: string, parent: string): boolean {
  const start = parent === '' ? 0 : parent.length + 1
  return (
    (start === 0 || (path.startsWith(parent) && path.charCodeAt(parent.length) === 0x2f)) &&
    path.indexOf('/', start) < 0
  )
}

/** The folder that holds `path`, or '' at the top. */
export function parentPath(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '' : path.slice(0, slash)
}

/** The last name of `path`. */
export function lastName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

// Superscript digits count as digits here, as they do for Windows.
const windowsDevice =
  /^(?:con|prn|aux|nul|clock\$|conin\$|conout\$|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])(?: *\.| *$)/i
// oxlint-disable-next-line no-control-regex -- control characters are what this looks for
const windowsForbidden = /[\u0000-\u001f<>:"\\|?*]/

/** Why a receiver on Windows cannot hold `path`, or undefined when it can. */
export function portabilityProblem(path: TreePath): string | undefined {
  for (const name of path.split('/')) {
    if (windowsDevice.test(name)) return `"${shortenName(name)}" is a device name on Windows`
    if (windowsForbidden.test(name))
      return `"${shortenName(name)}" has a character that Windows does not allow`
    if (/[. ]$/.test(name)) return `"${shortenName(name)}" ends in a dot or a space, which Windows drops`
  }
  return undefined
}

/**
 * Compares two texts by their UTF-8 bytes, without encoding them: only where both differ in a surrogate or above it
 * is the order of UTF-16 units another one.
 */
export function compareUtf8(a: string, b: string): number {
  const shared = Math.min(a.length, b.length)
  for (let index = 0; index < shared; index++) {
    const left = a.charCodeAt(index)
    const right = b.charCodeAt(index)
    if (left !== right) return utf8Rank(left) - utf8Rank(right)
  }
  return a.length - b.length
}

/** Puts the surrogates (the characters beyond U+FFFF) behind all other units. */
function utf8Rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}

interface Sortable {
  readonly kind: string
  readonly path: string
}

/** Compares two entries by the UTF-8 bytes of their sort keys (the path, with a `/` behind it for a folder). */
export function compareSortKeys(a: Sortable, b: Sortable): number {
  return compareUtf8(
    a.kind === 'directory' ? `${a.path}/` : a.path,
    b.kind === 'directory' ? `${b.path}/` : b.path,
  )
}

/**
 * A name as a file system sees it that ignores case and normalisation: two names with the same result would be one
 * file there. Upper case first, because it unfolds `ß`, ligatures and the dotless `ı`.
 */
export function foldName(name: string): string {
  // ASCII, by far the most usual, needs no tables.
  // oxlint-disable-next-line no-control-regex -- the whole ASCII range
  if (/^[\u0000-\u007f]*$/.test(name)) return name.toLowerCase()
  return name.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC')
}
