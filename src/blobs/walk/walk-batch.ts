/**
 * Items of a walk, packed for the way between threads: one text and one array of numbers for hundreds of files, since
 * an object for each, made and cloned, would take longer than walking.
 */
import type { BigIntStats } from 'node:fs'
import type { FerryError } from '../../shared/errors.ts'
import type { TreePath } from '../../shared/paths.ts'
import { fingerprintFields, packStats, unpackFingerprint } from '../fingerprint.ts'
import type { FileFingerprint } from '../store/store.ts'
import { packError, unpackError, type PackedError } from '../worker/packed-error.ts'

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

export interface PackedWalk {
  /** Joined with NUL, which no path has. Problems are not among them. */
  readonly paths: string
  readonly diskPaths: string
  /** For each path: kind, mode, mtimeNs, then the fingerprint of a file. */
  readonly numbers: BigInt64Array<ArrayBuffer>
  /** Targets of links, by number of the path. */
  readonly targets: ReadonlyMap<number, string>
  readonly problems: readonly {
    readonly path: string
    readonly skipped: boolean
    readonly error: PackedError
  }[]
}

const fields = 3 + fingerprintFields
const fileKind = 0n
const folderKind = 1n
const linkKind = 2n

/** Fills one batch after the other. Paths of files, folders and links are those that a manifest may hold. */
export interface WalkPacker {
  /** True when the batch has as many items as it should have. */
  readonly isFull: boolean
  addFile(path: string, diskPath: string, stats: BigIntStats): void
  addFolder(path: string, diskPath: string, stats: BigIntStats): void
  addLink(path: string, diskPath: string, stats: BigIntStats, target: string): void
  addProblem(problem: WalkProblem): void
  /** The batch so far; the next one begins. */
  take(): PackedWalk
}

export function createWalkPacker(batchItems: number): WalkPacker {
  let paths: string[] = []
  let diskPaths: string[] = []
  let targets = new Map<number, string>()
  let problems: PackedWalk['problems'][number][] = []
  // A folder that waits for its content brings those above it along.
  let numbers = new BigInt64Array(batchItems * fields)

  function add(kind: bigint, path: string, diskPath: string, stats: BigIntStats): number {
    const at = paths.length * fields
    if (at === numbers.length) {
      const larger = new BigInt64Array(2 * numbers.length)
      larger.set(numbers)
      numbers = larger
    }
    numbers[at] = kind
    numbers[at + 1] = stats.mode & 0o777n
    numbers[at + 2] = stats.mtimeNs
    paths.push(path)
    diskPaths.push(diskPath)
    return at + 3
  }

  return {
    get isFull() {
      return paths.length + problems.length >= batchItems
    },
    addFile(path, diskPath, stats) {
      const at = add(fileKind, path, diskPath, stats)
      packStats(numbers, at, stats)
    },
    addFolder(path, diskPath, stats) {
      add(folderKind, path, diskPath, stats)
    },
    addLink(path, diskPath, stats, target) {
      targets.set(paths.length, target)
      add(linkKind, path, diskPath, stats)
    },
    addProblem({ path, skipped, error }) {
      problems.push({ path, skipped, error: packError(error, `Cannot share "${path}"`) })
    },
    take() {
      const packed = { paths: paths.join('\0'), diskPaths: diskPaths.join('\0'), numbers, targets, problems }
      paths = []
      diskPaths = []
      targets = new Map()
      problems = []
      numbers = new BigInt64Array(batchItems * fields)
      return packed
    },
  }
}

/** A batch whose items are made when they are asked for, and not at all where their columns are enough. */
export interface WalkBatch {
  /** Items that are no problems. */
  readonly count: number
  readonly paths: readonly string[]
  readonly diskPaths: readonly string[]
  readonly problems: readonly WalkProblem[]
  isFile(index: number): boolean
  /** Permission bits. */
  mode(index: number): number
  /** Of a file: its bytes, … */
  size(index: number): number
  /** … its fingerprint, as number `to` of a packed list, … */
  copyFingerprint(index: number, list: BigInt64Array, to: number): void
  /** … and all of it. */
  file(index: number): WalkedFile
  /** What is no file. */
  other(index: number): WalkedDirectory | WalkedSymlink
}

export function openWalk(packed: PackedWalk): WalkBatch {
  const { numbers, targets } = packed
  const paths = packed.paths === '' ? [] : packed.paths.split('\0')
  const diskPaths = packed.diskPaths.split('\0')
  const mode = (index: number): number => Number(numbers[index * fields + 1])
  const base = (index: number): WalkedBase => ({
    path: paths[index] as TreePath,
    diskPath: diskPaths[index] as string,
    mode: mode(index),
    mtimeNs: numbers[index * fields + 2] as bigint,
  })
  return {
    count: paths.length,
    paths,
    diskPaths,
    problems: packed.problems.map(
      ({ path, skipped, error }): WalkProblem => ({
        kind: 'problem',
        path,
        skipped,
        error: unpackError(error),
      }),
    ),
    isFile: (index) => numbers[index * fields] === fileKind,
    mode,
    size: (index) => Number(numbers[index * fields + 3]),
    copyFingerprint(index, list, to) {
      const at = index * fields + 3
      for (let field = 0; field < fingerprintFields; field++)
        list[to * fingerprintFields + field] = numbers[at + field] as bigint
    },
    file(index) {
      const at = index * fields + 3
      return {
        kind: 'file',
        ...base(index),
        fingerprint: unpackFingerprint(numbers.subarray(at, at + fingerprintFields), 0),
      }
    },
    other: (index) =>
      numbers[index * fields] === linkKind
        ? { kind: 'symlink', ...base(index), target: targets.get(index) as string }
        : { kind: 'directory', ...base(index) },
  }
}
