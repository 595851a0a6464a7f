/** What happens when something already has the name of a file or link to be written: pure decisions. */
import type { Existing } from '../worker/inspect-files-tasks.ts'

export type OverwritePolicy = 'never' | 'always' | 'newer' | 'rename'

export type OverwriteDecision =
  /** The name is free. */
  | 'write'
  /** What stands there goes once the new content is whole. */
  | 'replace'
  /** What stands there is newer and stays. */
  | 'keep'
  /** The new one takes another name. */
  | 'rename'
  | 'conflict'

/** `existing` is known to differ from what is to be written. A folder or a device is never replaced. */
export function decideOverwrite(
  existing: Existing,
  policy: OverwritePolicy,
  mtimeNs: bigint,
): OverwriteDecision {
  if (existing.kind === 'none') return 'write'
  if (policy === 'rename') return 'rename'
  if (policy === 'never' || existing.kind === 'directory' || existing.kind === 'other') return 'conflict'
  if (policy === 'always') return 'replace'
  return existing.fingerprint.mtimeNs >= mtimeNs ? 'keep' : 'replace'
}

/** Names tried by `rename` before giving up. */
export const maxRenameTries = 9999

/** `photo.jpg` → `photo (2).jpg`. A leading dot begins no ending. */
export function numberedName(name: string, number: number): string {
  const dot = name.lastIndexOf('.')
  const split = dot > 0 ? dot : name.length
  return `${name.slice(0, split)} (${number})${name.slice(split)}`
}
