/**
 * Items of a walk, packed for the way between threads: one text and one array of numbers for hundreds of files, since
 * cloning an object for each would take longer than walking.
 */
import type { TreePath } from '../../shared/paths.ts'
import { fingerprintFields, packFingerprint, unpackFingerprint } from '../fingerprint.ts'
import { packError, unpackError, type PackedError } from '../worker/packed-error.ts'
import type { WalkItem, WalkProblem } from './walk-tree.ts'

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

/** The items in their order, and behind them the problems. */
export function unpackWalk(packed: PackedWalk): WalkItem[] {
  const { numbers, targets } = packed
  const diskPaths = packed.diskPaths.split('\0')
  const items: WalkItem[] = []
  for (const [index, text] of packed.paths === '' ? [] : packed.paths.split('\0').entries()) {
    const at = index * fields
    const path = text as TreePath
    const diskPath = diskPaths[index] as string
    const mode = Number(numbers[at + 1])
    const mtimeNs = numbers[at + 2] as bigint
    const base = { path, diskPath, mode, mtimeNs }
    const kind = kinds[Number(numbers[at])]
    if (kind === 'file')
      items.push({ kind, ...base, fingerprint: unpackFingerprint(numbers.subarray(at + 3), 0) })
    else if (kind === 'symlink') items.push({ kind, ...base, target: targets.get(index) as string })
    else items.push({ kind: 'directory', ...base })
  }
  for (const { path, skipped, error } of packed.problems)
    items.push({ kind: 'problem', path, skipped, error: unpackError(error) } satisfies WalkProblem)
  return items
}
