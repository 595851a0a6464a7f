/** How ferry sees what a server tells of a file. Times are whole seconds, and a version is no more than size and time. */
import type { Stats } from 'ssh2'
import type { TreePath } from '../../../shared/paths.ts'
import type { SyncEntry, Version } from '../../source.ts'

/** The step of SFTP's times (version 3 has whole seconds). */
export const secondNs = 1_000_000_000n
/** Seconds are an unsigned 32-bit number in SFTP: 1970 … 2106. */
const maxSeconds = 0xffff_ffffn

const formatMask = 0o170000
const kinds: Readonly<Record<number, SyncEntry['kind']>> = {
  [0o100000]: 'file',
  [0o040000]: 'directory',
  [0o120000]: 'symlink',
}

/** `other` when the server does not tell the type. */
export function kindOf(stats: Pick<Stats, 'mode'>): SyncEntry['kind'] {
  return kinds[(stats.mode ?? 0) & formatMask] ?? 'other'
}

/**
 * A folder's is always the same, because its time changes with what is in it; of a file that someone writes twice in
 * one second, with equal sizes, SFTP tells no difference.
 */
export function versionOf(stats: Pick<Stats, 'mode' | 'size' | 'mtime'>, target?: string): Version {
  const kind = kindOf(stats)
  if (kind === 'directory') return 'folder'
  if (kind === 'symlink') return `link ${stats.mtime} ${target ?? ''}`
  return `${stats.size}-${stats.mtime}`
}

/** `target`: of a link. */
export function toEntry(path: string, stats: Stats, target?: string): SyncEntry {
  const kind = kindOf(stats)
  return {
    path: path as TreePath,
    kind,
    size: kind === 'file' ? (stats.size ?? 0) : 0,
    mtimeNs: stats.mtime === undefined ? undefined : BigInt(stats.mtime) * secondNs,
    mode: stats.mode === undefined ? undefined : stats.mode & 0o7777,
    ...(kind === 'symlink' ? { target: target ?? '' } : {}),
    version: versionOf(stats, target),
  }
}

/** Whole seconds, rounded down; what SFTP cannot say becomes the nearest it can. */
export function toSeconds(mtimeNs: bigint): number {
  const seconds = mtimeNs < 0n ? 0n : mtimeNs / secondNs
  return Number(seconds > maxSeconds ? maxSeconds : seconds)
}
