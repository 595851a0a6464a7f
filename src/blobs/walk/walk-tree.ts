/**
 * Walks what is to be shared, in manifest order, with synchronous calls; `walk.ts` runs it in a thread of its own.
 *
 * Every folder comes before what is in it. Links are entries of their own and are never followed, unless asked for.
 * What cannot be shared is named and passed over, and the others go on. Of a folder only its names are in memory.
 */
import { lstatSync, readlinkSync, realpathSync, statSync, type BigIntStats } from 'node:fs'
import { isUtf8 } from 'node:buffer'
import { basename } from 'node:path'
import { FerryError, toFerryError } from '../../shared/errors.ts'
import { compareSortKeys, isReservedName, treePathProblem } from '../../shared/paths.ts'
import { maxTargetBytes } from '../manifest/limits.ts'
import { isDirectory, sortedNames, type FolderNames } from './sorted-names.ts'
import { createPatterns, type PatternOptions, type Patterns } from './patterns.ts'
import { createWalkPacker, type PackedWalk, type WalkPacker, type WalkProblem } from './walk-batch.ts'

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

interface Context {
  readonly packer: WalkPacker
  readonly follow: boolean
  /** Identities of folders. */
  readonly leaveOut: ReadonlySet<string>
  /** Fresh for each top-level folder, since patterns are relative to it. */
  readonly patterns: Patterns
  /** Folders that are emitted only once something in them is, because only some files are wanted. */
  readonly waiting: Folder[]
  readonly emptyFolders: boolean
}

/**
 * Yields each batch when it has `batchItems` items, and at last the rest, which may be none.
 * @throws E_USAGE when a pattern is too long.
 */
export function* walkTree(
  roots: readonly WalkRoot[],
  options: WalkOptions,
  batchItems: number,
): Generator<PackedWalk> {
  const packer = createWalkPacker(batchItems)
  const leaveOut = new Set(
    options.leaveOut?.flatMap((path) => {
      const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
      return stats ? [identityOf(stats)] : []
    }),
  )
  const sorted = roots
    .map((root) => ({ ...root, path: root.name, kind: isDirectory(root.diskPath) ? 'directory' : 'other' }))
    .sort(compareSortKeys)
  for (const { name, diskPath } of sorted) {
    const context: Context = {
      packer,
      leaveOut,
      follow: options.followSymlinks ?? false,
      patterns: createPatterns(options),
      waiting: [],
      emptyFolders: (options.include ?? []).length === 0,
    }
    const folder = visit({ path: name, diskPath, inside: '', above: [] }, context)
    if (folder) yield* visitFolder(folder, context)
    if (packer.isFull) yield packer.take()
  }
  yield packer.take()
}

const identityOf = (stats: BigIntStats): string => `${stats.dev}:${stats.ino}`

/** Where the walk is: one path of the manifest, and what leads to it. */
interface Place {
  readonly path: string
  readonly diskPath: string
  /** Path below the top-level folder, for patterns; '' for that itself. */
  readonly inside: string
  /** Devices and inodes of the folders above, to find loops of followed links. */
  readonly above: readonly string[]
}

interface Folder extends Place {
  readonly stats: BigIntStats
}

/** Packs what is there, unless it is passed over; but a folder is returned, as it is packed by who goes into it. */
function visit(place: Place, context: Context): Folder | undefined {
  const { path, inside } = place
  const { packer, patterns } = context
  try {
    const { diskPath, stats } = look(place.diskPath, context.follow)
    const isFolder = stats.isDirectory()
    const matched = inside === '' ? basename(path) : inside
    // What an unfinished receive left beside its files.
    if (isReservedName(matched)) return undefined
    // A top-level folder is wanted whatever its name; a top-level file may be left out by its name.
    if ((inside !== '' || !isFolder) && !patterns.keeps(matched, isFolder)) return undefined
    if (!isFolder && !patterns.includes(matched)) return undefined
    const problem = treePathProblem(path)
    if (problem !== undefined) packer.addProblem(failure(path, problem))
    else if (isFolder) return { ...place, diskPath, stats }
    else if (stats.isFile()) {
      packWaiting(context)
      packer.addFile(path, diskPath, stats)
    } else packOther(path, diskPath, stats, context)
  } catch (error) {
    packer.addProblem(unreadable(path, error))
  }
  return undefined
}

function unreadable(path: string, error: unknown): WalkProblem {
  return { kind: 'problem', path, error: toFerryError(error, `Cannot share "${path}"`), skipped: false }
}

/** The folders above something that is wanted. */
function packWaiting({ packer, waiting }: Context): void {
  if (waiting.length === 0) return
  for (const { path, diskPath, stats } of waiting.splice(0)) packer.addFolder(path, diskPath, stats)
}

function look(diskPath: string, follow: boolean): { diskPath: string; stats: BigIntStats } {
  const stats = lstatSync(diskPath, { bigint: true })
  if (!follow || !stats.isSymbolicLink()) return { diskPath, stats }
  const target = realpathSync(diskPath)
  return { diskPath: target, stats: lstatSync(target, { bigint: true }) }
}

function* visitFolder(folder: Folder, context: Context): Generator<PackedWalk> {
  const { path, diskPath, inside, stats } = folder
  const { packer } = context
  const identity = identityOf(stats)
  if (context.leaveOut.has(identity)) return
  if (folder.above.includes(identity)) {
    packer.addProblem(failure(path, 'it is a link to a folder that it is in', { skipped: true }))
    return
  }
  let listed: FolderNames
  try {
    context.patterns.enter(inside, diskPath)
    listed = sortedNames(diskPath, context.follow)
  } catch (error) {
    packer.addProblem(unreadable(path, error))
    return
  }
  if (context.emptyFolders) packer.addFolder(path, diskPath, stats)
  else context.waiting.push(folder)
  for (const name of listed.refused)
    packer.addProblem(
      failure(`${path}/${name}`, 'its name is not valid UTF-8', {
        hint: 'rename it, for example with convmv',
      }),
    )
  const above = [...folder.above, identity]
  for (const name of listed.names) {
    if (packer.isFull) yield packer.take()
    const below = visit(
      {
        path: `${path}/${name}`,
        diskPath: `${diskPath}/${name}`,
        inside: inside === '' ? name : `${inside}/${name}`,
        above,
      },
      context,
    )
    if (below) yield* visitFolder(below, context)
  }
  if (context.waiting.at(-1) === folder) context.waiting.pop()
}

/** What is neither a file nor a folder. */
function packOther(path: string, diskPath: string, stats: BigIntStats, context: Context): void {
  const { packer } = context
  if (!stats.isSymbolicLink()) {
    packer.addProblem(failure(path, `it is ${specialKind(stats)}`, { skipped: true }))
    return
  }
  const target = readlinkSync(diskPath, { encoding: 'buffer' })
  const problem = linkProblem(target)
  if (problem === undefined) {
    packWaiting(context)
    packer.addLink(path, diskPath, stats, target.toString('utf8'))
  } else
    packer.addProblem(
      failure(path, `it is a link ${problem}`, {
        skipped: true,
        hint: 'to share what it points at, add --follow-symlinks',
      }),
    )
}

function failure(path: string, why: string, options: { skipped?: boolean; hint?: string } = {}): WalkProblem {
  const error = new FerryError('E_IO', `Cannot share "${path}": ${why}`, { hint: options.hint })
  return { kind: 'problem', path, error, skipped: options.skipped ?? false }
}

/** What a file is that is neither a regular one, nor a folder, nor a link. */
export function specialKind(stats: BigIntStats): string {
  if (stats.isFIFO()) return 'a named pipe'
  if (stats.isSocket()) return 'a socket'
  return 'a device'
}

/** Why a link cannot be carried. Where it leads does not matter: nothing is ever written through a link. */
export function linkProblem(target: Buffer): string | undefined {
  if (!isUtf8(target)) return 'whose target is not valid UTF-8'
  return target.byteLength > maxTargetBytes
    ? `whose target is longer than ${maxTargetBytes} bytes`
    : undefined
}
