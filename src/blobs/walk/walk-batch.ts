/**
 * Items of a walk, packed for the way between threads: one text and one array of numbers for hundreds of files, since
 * cloning an object for each would take longer than walking.
 */
import type { TreePath } from '../../shared/paths.ts'
import { fingerprintFields, packFingerprint, unpackFingerprint } from '../fingerprint.ts'
import { packError, unpackError, type PackedError } from '../worker/packed-error.ts'
import type { WalkedDirectory, WalkedFile, WalkedSymlink, WalkItem, WalkProblem } from './walk-tree.ts'

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

const kinds = ['file', 'directory', 'symlink'] as const
const fields = 3 + fingerprintFields
/** `kind` of a file. */
const fileKind = 0n

export function packWalk(items: readonly WalkItem[]): PackedWalk {
  const paths: string[] = []
  const diskPaths: string[] = []
  const targets = new Map<number, string>()
  const problems: PackedWalk['problems'][number][] = []
  const numbers = new BigInt64Array(items.length * fields)
  for (const item of items) {
    if (item.kind === 'problem') {
      const { path, skipped } = item
      problems.push({ path, skipped, error: packError(item.error, `Cannot share "${path}"`) })
      continue
    }
    const at = paths.length * fields
    numbers[at] = BigInt(kinds.indexOf(item.kind))
    numbers[at + 1] = BigInt(item.mode)
    numbers[at + 2] = item.mtimeNs
    if (item.kind === 'file') packFingerprint(numbers.subarray(at + 3), 0, item.fingerprint)
    if (item.kind === 'symlink') targets.set(paths.length, item.target)
    paths.push(item.path)
    diskPaths.push(item.diskPath)
  }
  return { paths: paths.join('\0'), diskPaths: diskPaths.join('\0'), numbers, targets, problems }
}

/** A batch whose items are made when they are asked for, and not at all where their columns are enough. */
export interface WalkBatch {
  /** Items that are no problems. */
  readonly count: number
  readonly paths: readonly string[]
  readonly diskPaths: readonly string[]
  readonly problems: readonly WalkProblem[]
  isFile(index: number): boolean
  /** Bytes of a file. */
  size(index: number): number
  /** Packed, of a file: a view. */
  fingerprint(index: number): BigInt64Array
  item(index: number): WalkedFile | WalkedDirectory | WalkedSymlink
}

export function openWalk(packed: PackedWalk): WalkBatch {
  const { numbers, targets } = packed
  const paths = packed.paths === '' ? [] : packed.paths.split('\0')
  const diskPaths = packed.diskPaths.split('\0')
  const fingerprint = (index: number): BigInt64Array =>
    numbers.subarray(index * fields + 3, (index + 1) * fields)
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
    size: (index) => Number(numbers[index * fields + 3]),
    fingerprint,
    item(index) {
      const at = index * fields
      const base = {
        path: paths[index] as TreePath,
        diskPath: diskPaths[index] as string,
        mode: Number(numbers[at + 1]),
        mtimeNs: numbers[at + 2] as bigint,
      }
      const kind = kinds[Number(numbers[at])]
      if (kind === 'file') return { kind, ...base, fingerprint: unpackFingerprint(fingerprint(index), 0) }
      if (kind === 'symlink') return { kind, ...base, target: targets.get(index) as string }
      return { kind: 'directory', ...base }
    },
  }
}

/** The items in their order, and behind them the problems. */
export function unpackWalk(packed: PackedWalk): WalkItem[] {
  const batch = openWalk(packed)
  const items: WalkItem[] = Array.from({ length: batch.count }, (_, index) => batch.item(index))
  return [...items, ...batch.problems]
}
