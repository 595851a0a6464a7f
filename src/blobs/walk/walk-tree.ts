/**
 * Walks what is to be shared, in manifest order, with synchronous calls; `walk.ts` runs it in a thread of its own.
 *
 * Every folder comes before what is in it. Links are entries of their own and are never followed, unless asked for.
 * What cannot be shared is named and passed over, and the others go on. Of a folder only its names are in memory.
 */
import {
  lstatSync,
  opendirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  statSync,
  type BigIntStats,
} from 'node:fs'
import { isUtf8 } from 'node:buffer'
import { basename } from 'node:path'
import { FerryError, toFerryError } from '../../shared/errors.ts'
import {
  compareSortKeys,
  compareUtf8,
  isReservedName,
  treePathProblem,
  type TreePath,
} from '../../shared/paths.ts'
import { fingerprintOf } from '../fingerprint.ts'
import { maxTargetBytes } from '../manifest/limits.ts'
import type { FileFingerprint } from '../store/store.ts'
import { createPatterns, type PatternOptions, type Patterns } from './patterns.ts'

export interface WalkRoot {
  /** Top-level name in the manifest. */
  readonly name: string
  /** Absolute path without links in it. */
  readonly diskPath: string
}

export interface WalkOptions extends PatternOptions {
  readonly followSymlinks?: boolean | undefined
  /** Folders that are left out without a word, however they are reached: ferry's own data directory has keys in it. */
  readonly leaveOut?: readonly string[] | undefined
}

interface WalkedBase {
  readonly path: TreePath
  /** Absolute; no link in its last name. */
  readonly diskPath: string
  /** Permission bits. */
  readonly mode: number
  readonly mtimeNs: bigint
}
export interface WalkedFile extends WalkedBase {
  readonly kind: 'file'
  readonly fingerprint: FileFingerprint
}
export interface WalkedDirectory extends WalkedBase {
  readonly kind: 'directory'
}
export interface WalkedSymlink extends WalkedBase {
  readonly kind: 'symlink'
  readonly target: string
}
/** Something that is not shared, and why. */
export interface WalkProblem {
  readonly kind: 'problem'
  readonly path: string
  readonly error: FerryError
  /** True for what is passed over by design (a socket, a link to a folder that it is in), false for what failed. */
  readonly skipped: boolean
}
export type WalkItem = WalkedFile | WalkedDirectory | WalkedSymlink | WalkProblem

/** Names read from a folder at once. */
const directoryBufferSize = 512
/** Half of a surrogate pair: only then is the order of UTF-16 units not that of UTF-8 bytes. */
const surrogate = /[\ud800-\udfff]/

interface Context {
  readonly follow: boolean
  /** Identities of folders. */
  readonly leaveOut: ReadonlySet<string>
  /** Fresh for each top-level folder, since patterns are relative to it. */
  readonly patterns: Patterns
  /** Folders that are emitted only once something in them is, because only some files are wanted. */
  readonly waiting: WalkedDirectory[]
  readonly emptyFolders: boolean
}

/** @throws E_USAGE when a pattern is too long. */
export function* walkTree(roots: readonly WalkRoot[], options: WalkOptions): Generator<WalkItem> {
  const leaveOut = new Set(
    options.leaveOut?.flatMap((path) => {
      const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
      return stats ? [identityOf(stats)] : []
    }),
  )
  const sorted = roots
    .map((root) => ({ ...root, path: root.name, kind: isDirectory(root.diskPath) ? 'directory' : 'other' }))
    .sort(compareSortKeys)
  for (const { name, diskPath } of sorted)
    yield* visit(
      { path: name, diskPath, inside: '', above: [] },
      {
        leaveOut,
        follow: options.followSymlinks ?? false,
        patterns: createPatterns(options),
        waiting: [],
        emptyFolders: (options.include ?? []).length === 0,
      },
    )
}

const identityOf = (stats: BigIntStats): string => `${stats.dev}:${stats.ino}`

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

/** Where the walk is: one path of the manifest, and what leads to it. */
interface Place {
  readonly path: string
  readonly diskPath: string
  /** Path below the top-level folder, for patterns; '' for that itself. */
  readonly inside: string
  /** Devices and inodes of the folders above, to find loops of followed links. */
  readonly above: readonly string[]
}

function* visit(place: Place, context: Context): Generator<WalkItem> {
  const { path, inside } = place
  const { patterns } = context
  try {
    const { diskPath, stats } = look(place.diskPath, context.follow)
    const isFolder = stats.isDirectory()
    const matched = inside === '' ? basename(path) : inside
    // What an unfinished receive left beside its files.
    if (isReservedName(matched)) return
    // A top-level folder is wanted whatever its name; a top-level file may be left out by its name.
    if ((inside !== '' || !isFolder) && !patterns.keeps(matched, isFolder)) return
    if (!isFolder && !patterns.includes(matched)) return
    const problem = treePathProblem(path)
    if (problem !== undefined) yield failure(path, problem)
    else if (isFolder) yield* visitFolder({ ...place, diskPath }, stats, context)
    else {
      const item = leafItem(path, diskPath, stats)
      if (item.kind !== 'problem') yield* context.waiting.splice(0)
      yield item
    }
  } catch (error) {
    yield { kind: 'problem', path, error: toFerryError(error, `Cannot share "${path}"`), skipped: false }
  }
}

function look(diskPath: string, follow: boolean): { diskPath: string; stats: BigIntStats } {
  const stats = lstatSync(diskPath, { bigint: true })
  if (!follow || !stats.isSymbolicLink()) return { diskPath, stats }
  const target = realpathSync(diskPath)
  return { diskPath: target, stats: lstatSync(target, { bigint: true }) }
}

function* visitFolder(place: Place, stats: BigIntStats, context: Context): Generator<WalkItem> {
  const { path, diskPath, inside } = place
  const identity = identityOf(stats)
  if (context.leaveOut.has(identity)) return
  if (place.above.includes(identity)) {
    yield failure(path, 'it is a link to a folder that it is in', { skipped: true })
    return
  }
  const folder: WalkedDirectory = { kind: 'directory', ...common(path, diskPath, stats) }
  context.patterns.enter(inside, diskPath)
  const { names, refused } = list(diskPath, context.follow)
  if (context.emptyFolders) yield folder
  else context.waiting.push(folder)
  for (const name of refused)
    yield failure(`${path}/${name}`, 'its name is not valid UTF-8', {
      hint: 'rename it, for example with convmv',
    })
  const above = [...place.above, identity]
  for (const name of names) {
    const below = inside === '' ? name : `${inside}/${name}`
    yield* visit({ path: `${path}/${name}`, diskPath: `${diskPath}/${name}`, inside: below, above }, context)
  }
  if (context.waiting.at(-1) === folder) context.waiting.pop()
}

function leafItem(path: string, diskPath: string, stats: BigIntStats): WalkItem {
  const base = common(path, diskPath, stats)
  if (stats.isFile()) return { kind: 'file', ...base, fingerprint: fingerprintOf(stats) }
  if (!stats.isSymbolicLink()) return failure(path, `it is ${specialKind(stats)}`, { skipped: true })
  const target = readlinkSync(diskPath, { encoding: 'buffer' })
  const problem = linkProblem(target)
  if (problem === undefined) return { kind: 'symlink', ...base, target: target.toString('utf8') }
  return failure(path, `it is a link ${problem}`, {
    skipped: true,
    hint: 'to share what it points at, add --follow-symlinks',
  })
}

function common(path: string, diskPath: string, stats: BigIntStats): WalkedBase {
  return { path: path as TreePath, diskPath, mode: Number(stats.mode & 0o777n), mtimeNs: stats.mtimeNs }
}

function failure(path: string, why: string, options: { skipped?: boolean; hint?: string } = {}): WalkProblem {
  const error = new FerryError('E_IO', `Cannot share "${path}": ${why}`, { hint: options.hint })
  return { kind: 'problem', path, error, skipped: options.skipped ?? false }
}

function specialKind(stats: BigIntStats): string {
  if (stats.isFIFO()) return 'a named pipe'
  if (stats.isSocket()) return 'a socket'
  return 'a device'
}

/** The names in a folder, sorted for the manifest, and those that are not UTF-8 (shown as well as can be). */
function list(diskPath: string, follow: boolean): { names: string[]; refused: string[] } {
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

/** Names whose bytes are no UTF-8, as text with replacement characters. */
function undecodable(diskPath: string): Set<string> {
  const raw = readdirSync(diskPath, { encoding: 'buffer' })
  return new Set(raw.filter((name) => !isUtf8(name)).map((name) => name.toString('utf8')))
}

/** Why a link cannot be carried. Where it leads does not matter: nothing is ever written through a link. */
function linkProblem(target: Buffer): string | undefined {
  if (!isUtf8(target)) return 'whose target is not valid UTF-8'
  return target.byteLength > maxTargetBytes
    ? `whose target is longer than ${maxTargetBytes} bytes`
    : undefined
}
