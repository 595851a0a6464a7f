/** Steering single files of a job, and throwing away what has arrived of those that are not whole. */
import { discardPart } from '../../blobs/tree-writer/discard-part.ts'
import { FerryError } from '../../shared/errors.ts'
import { parseLocation } from '../../sync/parse-location.ts'
import type { CancelFilesOptions, FileSelection, JobSpec } from '../engine-types.ts'
import type { RemoteDefinition } from '../types.ts'
import type { Entry, Extra } from './entry.ts'

/** A share offers all or nothing; an archive is written in order. */
export function doesSingleFiles(spec: JobSpec): boolean {
  return spec.kind === 'sync' || (spec.kind === 'receive' && spec.options?.as === undefined)
}

/** True when parts of its files lie in a folder of this computer. What lies elsewhere `ferry sync --abort-stale` clears. */
export function canDeletePartial(spec: JobSpec, remotes?: ReadonlyMap<string, RemoteDefinition>): boolean {
  if (spec.kind !== 'sync') return doesSingleFiles(spec)
  return isFolder(spec.to, remotes)
}

function isFolder(to: string, remotes: ReadonlyMap<string, RemoteDefinition> = new Map()): boolean {
  try {
    return (
      parseLocation(to, { direction: 'destination', remotes, cwd: '/', home: '/' }).location.kind === 'local'
    )
  } catch {
    return false
  }
}

/** Files of which this job has begun a part, in this run or an earlier one. */
export function partsOf({ job, extra }: Pick<Entry, 'job' | 'extra'>): readonly string[] {
  return job?.parts() ?? extra.parts ?? []
}

/** @throws E_USAGE when no file is named, or the job does not do single ones */
export function namedPaths({ id, spec }: Entry, { paths = [] }: FileSelection): readonly string[] {
  if (!doesSingleFiles(spec))
    throw new FerryError('E_USAGE', `Cannot do single files of job ${id}: it is all or nothing`, {
      hint: 'act on the whole job',
    })
  if (paths.length === 0) throw new FerryError('E_USAGE', `Cannot do files of job ${id}: none is named`)
  return paths
}

/** What is left out with these as well. @throws E_USAGE as `namedPaths` */
export function leavingOut(entry: Entry, options: CancelFilesOptions): NonNullable<Extra['leftOut']> {
  const { partial = 'keep' } = options
  if (partial === 'delete' && entry.spec.kind === 'sync')
    throw new FerryError(
      'E_USAGE',
      'Cannot delete what has arrived of single files of a sync: not supported yet',
      {
        hint: 'leave them out and keep it, or cancel the whole job',
      },
    )
  const paths = namedPaths(entry, options)
  const named = new Set(paths)
  const before = (entry.extra.leftOut ?? []).filter(({ path }) => !named.has(path))
  return [...before, ...paths.map((path) => ({ path, partial }))]
}

/** @throws E_USAGE when what is there of unfinished files lies where it cannot be deleted from */
export function mustDeletePartial(
  { id, spec }: Entry,
  remotes?: ReadonlyMap<string, RemoteDefinition>,
): void {
  if (canDeletePartial(spec, remotes)) return
  const hint =
    spec.kind === 'sync'
      ? 'clear interrupted uploads with: ferry sync --abort-stale; or cancel it and keep them'
      : 'cancel it without that'
  throw new FerryError(
    'E_USAGE',
    `Cannot delete what has arrived of job ${id}: it keeps no parts in a folder`,
    {
      hint,
    },
  )
}

/** Gives back the parts that could not be thrown away, and why the first of them could not. */
export function discardParts(paths: readonly string[]): {
  readonly left: readonly string[]
  readonly error: unknown
} {
  const left: string[] = []
  let failure: unknown
  for (const path of paths) {
    try {
      discardPart(path)
    } catch (error) {
      failure ??= error
      left.push(path)
    }
  }
  return { left, error: failure }
}
