/**
 * What is to be done with one entry of the source, given what stands at its place in the destination: the rules of
 * rsync's options, in its order. Pure. Whether deletions may make way for an entry is decided by `plan-sync.ts`.
 */
import type { SyncSettings } from '../options.ts'
import type {
  AttributesAction,
  Differences,
  FolderAction,
  LinkAction,
  PlanFacts,
  SameAction,
  SkipAction,
  SyncAction,
  WriteAction,
} from '../plan-types.ts'
import type { Attributes } from '../remote.ts'
import type { SyncEntry } from '../source.ts'
import { backupPath } from './backup-path.ts'

export type ComparisonSettings = Pick<
  SyncSettings,
  | 'backup'
  | 'backupDir'
  | 'checksum'
  | 'existing'
  | 'filesFrom'
  | 'ignoreExisting'
  | 'links'
  | 'maxSize'
  | 'minSize'
  | 'modifyWindow'
  | 'perms'
  | 'recursive'
  | 'sizeOnly'
  | 'suffix'
  | 'times'
  | 'update'
>

export interface Comparison {
  /**
   * `existing` is whatever stands at the path of `entry`. `described`: what the places can tell of both was told; until
   * then the answer may be `describe`.
   */
  decide(entry: SyncEntry, existing: SyncEntry | undefined, described?: boolean): SyncAction
}

const nsPerSecond = 1_000_000_000n
const permissionBits = 0o7777
const newModeBits = 0o777

const none: Differences = { content: false, size: false, time: false, perms: false }

/** True when `ns` lies in the same step of `step` ns as `other`. */
function sameStep(ns: bigint, other: bigint, step: bigint): boolean {
  return floorDivide(ns, step) === floorDivide(other, step)
}

/** Before 1970 too, a second holds the nanoseconds that follow it. */
function floorDivide(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor
  return value % divisor < 0n ? quotient - 1n : quotient
}

function difference(a: bigint, b: bigint): bigint {
  return a < b ? b - a : a - b
}

export function createComparison(
  settings: ComparisonSettings,
  facts: Pick<PlanFacts, 'modes' | 'timeStepNs' | 'links' | 'newModeMask'>,
): Comparison {
  const window = BigInt(settings.modifyWindow)
  const { timeStepNs } = facts
  const secondStep = timeStepNs > nsPerSecond ? timeStepNs : nsPerSecond
  // Kept beside the originals, backups change the times of folders: rsync leaves those alone then.
  const folderTimes = settings.times && !(settings.backup && settings.backupDir === undefined)
  const perms = settings.perms && facts.modes

  function sameTime(a: bigint | undefined, b: bigint | undefined): boolean {
    if (a === b) return a !== undefined
    if (a === undefined || b === undefined) return false
    if (window < 0n) return sameStep(a, b, timeStepNs)
    if (window === 0n) return sameStep(a, b, secondStep)
    return difference(floorDivide(a, nsPerSecond), floorDivide(b, nsPerSecond)) <= window
  }

  /** An implied folder, or an object without metadata, has no time or mode that could differ. */
  function timeDiffers(entry: SyncEntry, existing: SyncEntry): boolean {
    if (entry.mtimeNs === undefined || existing.mtimeNs === undefined) return false
    return !sameTime(entry.mtimeNs, existing.mtimeNs)
  }

  function permsDiffer(entry: SyncEntry, existing: SyncEntry): boolean {
    if (!perms || entry.kind === 'symlink' || entry.mode === undefined || existing.mode === undefined)
      return false
    return ((entry.mode ^ existing.mode) & permissionBits) !== 0
  }

  function keepsTime(entry: SyncEntry): boolean {
    return entry.kind === 'directory' ? folderTimes : settings.times
  }

  /** What a thing that is made gets. */
  function attributesOf(entry: SyncEntry, existing: SyncEntry | undefined): Attributes {
    let mode: number | undefined
    if (facts.modes && entry.kind !== 'symlink' && entry.mode !== undefined) {
      if (perms) mode = entry.mode & permissionBits
      else mode = existing?.mode ?? entry.mode & facts.newModeMask & newModeBits
    }
    return { mode, mtimeNs: keepsTime(entry) ? entry.mtimeNs : undefined }
  }

  function backupOf(replaced: SyncEntry | undefined): string | undefined {
    return replaced === undefined ? undefined : backupPath(replaced, settings)
  }

  /** A thing that is made: `stands` is of another kind, or its content is replaced. */
  function making(
    entry: SyncEntry,
    stands: SyncEntry | undefined,
    content: boolean,
  ): Omit<WriteAction, 'kind'> {
    const existing = stands?.kind === entry.kind ? stands : undefined
    const differences: Differences =
      existing === undefined
        ? none
        : {
            content,
            size: entry.kind === 'file' && entry.size !== existing.size,
            time: keepsTime(entry) ? !sameTime(entry.mtimeNs, existing.mtimeNs) : true,
            perms: permsDiffer(entry, existing),
          }
    return {
      entry,
      existing,
      inTheWay: existing === undefined ? stands : undefined,
      backup: backupOf(stands),
      differences,
      attributes: attributesOf(entry, existing),
    }
  }

  /** Content is the same: what else is to be set. */
  function touchUp(entry: SyncEntry, existing: SyncEntry): AttributesAction | SameAction {
    const time = keepsTime(entry) && timeDiffers(entry, existing)
    const mode = permsDiffer(entry, existing)
    if (entry.kind === 'directory') {
      const attributes: Attributes = {
        mode: mode ? entry.mode : undefined,
        mtimeNs: keepsTime(entry) ? entry.mtimeNs : undefined,
      }
      if (!time && !mode) return { kind: 'same', entry, existing, attributes }
      return {
        kind: 'attributes',
        entry,
        existing,
        differences: { ...none, time, perms: mode },
        attributes,
      }
    }
    // With -c rsync sets times to the nanosecond, and does not say so when the seconds were equal.
    const settle =
      settings.checksum && entry.kind === 'file' && keepsTime(entry) && entry.mtimeNs !== existing.mtimeNs
    const attributes: Attributes = {
      mode: mode ? entry.mode : undefined,
      mtimeNs: time || settle ? entry.mtimeNs : undefined,
    }
    if (!time && !mode) return { kind: 'same', entry, existing, attributes }
    return {
      kind: 'attributes',
      entry,
      existing,
      differences: { ...none, time, perms: mode },
      attributes,
    }
  }

  function decideFile(entry: SyncEntry, stands: SyncEntry | undefined, described: boolean): SyncAction {
    if (settings.maxSize !== undefined && entry.size > settings.maxSize)
      return passedOver(entry, `${entry.path} is over max-size`)
    if (settings.minSize !== undefined && entry.size < settings.minSize)
      return passedOver(entry, `${entry.path} is under min-size`)
    const existing = stands?.kind === 'file' ? stands : undefined
    if (existing === undefined) return { kind: 'write', ...making(entry, stands, false) }

    const sameSize = entry.size === existing.size
    const byTime = !settings.checksum && !settings.sizeOnly
    const timeUnknown = entry.mtimeNs === undefined || existing.mtimeNs === undefined
    if (!described && timeUnknown && (settings.update || (sameSize && (byTime || settings.times))))
      return { kind: 'describe', entry, existing }
    if (settings.update && entry.mtimeNs !== undefined && existing.mtimeNs !== undefined) {
      const newerBy = floorDivide(entry.mtimeNs, nsPerSecond) - floorDivide(existing.mtimeNs, nsPerSecond)
      if (newerBy < window) return passedOver(entry, `${entry.path} is newer`)
    }
    if (!sameSize) return { kind: 'write', ...making(entry, existing, settings.checksum) }
    if (settings.checksum)
      return {
        kind: 'compare',
        entry,
        existing,
        different: { kind: 'write', ...making(entry, existing, true) },
        equal: touchUp(entry, existing),
      }
    if (byTime && !sameTime(entry.mtimeNs, existing.mtimeNs))
      return { kind: 'write', ...making(entry, existing, false) }
    return touchUp(entry, existing)
  }

  function decideLink(entry: SyncEntry, stands: SyncEntry | undefined): SyncAction {
    const isSame = stands?.kind === 'symlink' && stands.target === entry.target
    if (isSame) return touchUp(entry, stands)
    const link: LinkAction = { kind: 'link', ...making(entry, stands, true) }
    return link
  }

  function decideFolder(entry: SyncEntry, stands: SyncEntry | undefined): SyncAction {
    if (!settings.recursive && settings.filesFrom === undefined)
      return skipped(entry, `skipping directory ${entry.path === '' ? '.' : entry.path}`)
    if (stands?.kind === 'directory') return touchUp(entry, stands)
    const folder: FolderAction = { kind: 'folder', ...making(entry, stands, false) }
    return folder
  }

  return {
    decide(entry, existing, described = false) {
      if (settings.existing && existing === undefined) {
        const what = entry.kind === 'directory' ? 'directory' : 'file'
        return passedOver(entry, `not creating new ${what} "${entry.path}"`)
      }
      if (
        settings.ignoreExisting &&
        existing !== undefined &&
        !(entry.kind === 'directory' && existing.kind === 'directory')
      )
        return passedOver(entry, `${entry.path} exists`)
      if (entry.kind === 'directory') return decideFolder(entry, existing)
      if (entry.kind === 'file') return decideFile(entry, existing, described)
      if (entry.kind === 'symlink' && settings.links) {
        if (facts.links) return decideLink(entry, existing)
        return skipped(entry, `skipping symbolic link "${entry.path}": the destination has none`)
      }
      return skipped(entry, `skipping non-regular file "${entry.path}"`)
    },
  }
}

/** By an option that the user gave for this: told with `-vv` only. */
function passedOver(entry: SyncEntry, reason: string): SkipAction {
  return { kind: 'skip', entry, reason, told: 'verbose', failed: false }
}

function skipped(entry: SyncEntry, reason: string): SkipAction {
  return { kind: 'skip', entry, reason, told: 'always', failed: false }
}
