/**
 * Pairs the entries of two sorted listings and says what is to be done with each. It is fed one key after the other, in
 * order, and keeps little: deletions, packed, and the stack of what the present key lies in.
 *
 * A file `a` and a folder `a` do not sort next to each other (`a`, `a.txt`, `a/`). So what only one side has and is no
 * folder is *held* until the folder of the same name cannot come any more. Everything held at one time is a beginning of
 * the present key.
 */
import { parentPath } from '../../shared/paths.ts'
import type { SyncSettings } from '../options.ts'
import type { LinkAction, PlanFacts, SkipAction, SyncAction, WriteAction } from '../plan-types.ts'
import type { SyncEntry } from '../source.ts'
import { isBackupName } from './backup-path.ts'
import type { Comparison, ComparisonSettings } from './comparison.ts'
import { createDeletions, type Deletions } from './deletions.ts'
import type { ListedNames } from './files-from.ts'
import type { Judge } from './filter-rules.ts'

export type PlanSettings = ComparisonSettings & Pick<SyncSettings, 'delete' | 'maxDelete' | 'rules'>

/** A folder of the destination that had to be emptied, and what comes to its place. */
export interface Cleared {
  readonly action: WriteAction | LinkAction
  readonly deletions: Deletions
  /** Something in it cannot be deleted. */
  readonly stays: boolean
}

export interface LockStep {
  /** To be called first for each key, and with '' at the end. */
  arrive(key: string): Cleared | undefined
  /** Both have something at the key last arrived at: both folders, or both not. */
  both(entry: SyncEntry, existing: SyncEntry): void
  onlySource(entry: SyncEntry): void
  onlyExisting(existing: SyncEntry): void
  /** What only the destination has, complete after `arrive('')`. */
  readonly deletions: Deletions
}

interface Held {
  readonly kind: 'held'
  readonly path: string
  readonly entry: SyncEntry | undefined
  readonly existing: SyncEntry | undefined
}

interface Folder {
  readonly kind: 'folder'
  readonly path: string
  /** The source has it too; or it goes, or is emptied; or neither, and nothing in it is extraneous. */
  readonly state: 'shared' | 'goes' | 'stays'
  /** Its number in `deletions` when it is to be deleted. */
  readonly number: number | undefined
  /** What comes to its place when it is empty. */
  readonly action: WriteAction | LinkAction | undefined
  /** Takes what is in it, when that goes. */
  readonly deletions: Deletions
  stays: boolean
}

const slash = 0x2f

/** True when `key` may still be followed by the folder of that name, or is it. */
function mayMeet(held: Held, key: string): boolean {
  return key.startsWith(held.path) && key.charCodeAt(held.path.length) <= slash
}

function contains(folder: string, key: string): boolean {
  return key.startsWith(folder) && key.charCodeAt(folder.length) === slash
}

export interface LockStepParts {
  readonly comparison: Comparison
  readonly judge: Judge
  readonly listed: ListedNames | undefined
  readonly tell: (action: SyncAction) => void
}

export function createLockStep(settings: PlanSettings, facts: PlanFacts, parts: LockStepParts): LockStep {
  const { comparison, judge, listed, tell } = parts
  const deletions = createDeletions()
  const stack: (Held | Folder)[] = []
  /** A folder in which nothing is made or deleted. */
  let leftAlone: string | undefined

  function fail(entry: SyncEntry, reason: string): SkipAction {
    return { kind: 'skip', entry, reason, told: 'always', failed: true }
  }

  function openFolder(): Folder | undefined {
    for (let index = stack.length - 1; index >= 0; index--) {
      const item = stack[index] as Held | Folder
      if (item.kind === 'folder') return item
    }
    return undefined
  }

  /** Old backups stay, as if the rule `P *~` (or `P /DIR/`) stood behind all others. */
  function isProtected(entry: SyncEntry): boolean {
    return isBackupName(entry.path, settings) && judge(entry.path, entry.kind === 'directory') !== 'include'
  }

  const isWhole = (folder: string): boolean => listed?.isWhole(folder) ?? settings.recursive

  function isExtraneous(entry: SyncEntry, parent: Folder | undefined): boolean {
    if (parent?.state === 'goes') return true
    // A listed folder that the source does not have is not an empty one.
    return settings.delete && parent?.state !== 'stays' && isWhole(parentPath(entry.path))
  }

  /** Deletes `entry` if it is extraneous; returns its number then. */
  function remove(entry: SyncEntry): number | undefined {
    const parent = openFolder()
    if (!isExtraneous(entry, parent)) return undefined
    if (isProtected(entry)) {
      if (parent !== undefined) parent.stays = true
      if (entry.kind === 'directory') leftAlone = entry.path
      return undefined
    }
    return (parent?.deletions ?? deletions).add(entry)
  }

  function settle(held: Held): void {
    if (held.entry !== undefined) tell(comparison.decide(held.entry, undefined))
    else if (held.existing !== undefined) remove(held.existing)
  }

  function close(folder: Folder): Cleared | undefined {
    if (facts.holdsExcluded?.(folder.path) === true) folder.stays = true
    if (folder.action !== undefined)
      return { action: folder.action, deletions: folder.deletions, stays: folder.stays }
    if (folder.stays && folder.number !== undefined) {
      folder.deletions.spare(folder.number)
      const parent = openFolder()
      if (parent !== undefined) parent.stays = true
    }
    return undefined
  }

  /** What was held under the path of a folder that comes now. */
  function takeHeld(path: string, side: 'entry' | 'existing'): SyncEntry | undefined {
    const top = stack.at(-1)
    if (top?.kind !== 'held' || top.path !== path) return undefined
    const found = top[side]
    if (found !== undefined) stack.pop()
    return found
  }

  /** Tells what a folder of the source needs; false: nothing in it is done. */
  function tellFolder(entry: SyncEntry, existing: SyncEntry | undefined): boolean {
    const action = comparison.decide(entry, existing)
    if (action.kind === 'skip') leftAlone = entry.path
    // Where folders are parts of names, there is nothing to be done for one.
    if (action.kind === 'skip' || facts.folders) tell(action)
    return action.kind !== 'skip'
  }

  return {
    deletions,
    arrive(key) {
      let cleared: Cleared | undefined
      for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
        if (top.kind === 'held' ? mayMeet(top, key) : contains(top.path, key)) break
        stack.pop()
        if (top.kind === 'held') settle(top)
        else {
          const closed = close(top)
          cleared ??= closed
        }
      }
      if (leftAlone !== undefined && !contains(leftAlone, key)) leftAlone = undefined
      return cleared
    },
    both(entry, existing) {
      if (leftAlone !== undefined) return
      if (entry.kind !== 'directory') {
        tell(comparison.decide(entry, existing))
        return
      }
      if (facts.folders) {
        const file = takeHeld(entry.path, 'entry')
        if (file !== undefined)
          tell(fail(file, `cannot write "${file.path}": the source has a folder of the same name`))
      }
      if (!tellFolder(entry, existing)) return
      if (entry.isClosed === true || existing.isClosed === true) {
        leftAlone = entry.path
        return
      }
      const { path } = entry
      const plain = { kind: 'folder', path, number: undefined, action: undefined, deletions } as const
      stack.push({ ...plain, state: 'shared', stays: false })
    },
    onlySource(entry) {
      if (leftAlone !== undefined) return
      if (entry.kind !== 'directory') {
        stack.push({ kind: 'held', path: entry.path, entry, existing: undefined })
        return
      }
      const top = stack.at(-1)
      if (facts.folders && top?.kind === 'held' && top.path === entry.path && top.entry !== undefined) {
        leftAlone = entry.path
        tell(fail(entry, `cannot make folder "${entry.path}": the source has a file of the same name`))
        return
      }
      tellFolder(entry, facts.folders ? takeHeld(entry.path, 'existing') : undefined)
    },
    onlyExisting(existing) {
      if (leftAlone !== undefined) return
      const { path } = existing
      if (existing.kind !== 'directory') {
        stack.push({ kind: 'held', path, entry: undefined, existing })
        return
      }
      if (facts.folders) {
        const entry = takeHeld(path, 'entry')
        if (entry !== undefined) {
          const action = comparison.decide(entry, existing)
          if (action.kind === 'write' || action.kind === 'link') {
            const own = createDeletions()
            const emptied = { kind: 'folder', path, number: undefined, action, deletions: own } as const
            stack.push({ ...emptied, state: 'goes', stays: false })
          } else {
            leftAlone = path
            tell(action)
          }
          return
        }
      }
      const parent = openFolder()
      // Where folders are parts of names, one goes with what is in it.
      const state = isExtraneous(existing, parent) ? 'goes' : 'stays'
      const number = facts.folders ? remove(existing) : undefined
      if (leftAlone !== undefined) return
      const into = parent?.deletions ?? deletions
      const extraneous = { kind: 'folder', path, number, action: undefined, deletions: into } as const
      stack.push({ ...extraneous, state, stays: false })
    },
  }
}
