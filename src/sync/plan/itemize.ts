/**
 * The lines of `-i` and `-v`, letter for letter rsync's: `YXcstpoguax`, where Y is what happens (`>` written, `c` made,
 * `.` attributes), X the kind, and each other letter a difference. Names are not escaped: whoever prints does that.
 * Source: rsync(1), --itemize-changes.
 */
import type { SyncSettings } from '../options.ts'
import type { Differences, SyncAction } from '../plan-types.ts'
import type { SyncEntry } from '../source.ts'

const kindLetters: Readonly<Record<SyncEntry['kind'], string>> = {
  file: 'f',
  directory: 'd',
  symlink: 'L',
  other: 'S',
}

/** As rsync shows a name: folders with a slash, the top as `./`. */
export function shownName(entry: Pick<SyncEntry, 'kind' | 'path'>): string {
  if (entry.kind !== 'directory') return entry.path
  return entry.path === '' ? './' : `${entry.path}/`
}

function withTarget(entry: SyncEntry): string {
  const name = shownName(entry)
  return entry.kind === 'symlink' ? `${name} -> ${entry.target ?? ''}` : name
}

function letters(differences: Differences, timeLetter: string): string {
  const { content, size, time, perms } = differences
  return `${content ? 'c' : '.'}${size ? 's' : '.'}${time ? timeLetter : '.'}${perms ? 'p' : '.'}.....`
}

const unchanged = ' '.repeat(9)
const isNew = '+'.repeat(9)

/**
 * The line of `-i`; with `all` (`-ii`) also for what stays as it is. Undefined: there is none, as for actions whose outcome
 * is not known yet.
 */
export function itemizeLine(
  action: SyncAction,
  settings: Pick<SyncSettings, 'times'>,
  all = false,
): string | undefined {
  // Upper case: the time changes, but not to that of the source.
  const timeLetter = settings.times ? 't' : 'T'
  switch (action.kind) {
    case 'write':
    case 'link':
    case 'folder': {
      const { entry, existing, differences } = action
      const what = existing === undefined ? isNew : letters(differences, timeLetter)
      return `${action.kind === 'write' ? '>' : 'c'}${kindLetters[entry.kind]}${what} ${withTarget(entry)}`
    }
    case 'attributes':
      return `.${kindLetters[action.entry.kind]}${letters(action.differences, timeLetter)} ${withTarget(action.entry)}`
    case 'same':
      return all ? `.${kindLetters[action.entry.kind]}${unchanged} ${withTarget(action.entry)}` : undefined
    case 'delete':
      return `*deleting   ${shownName(action.existing)}`
    case 'compare':
    case 'describe':
    case 'skip':
    case 'missing':
    case 'withheld':
      break
  }
  return undefined
}

/** The line of `-v`: what is written, made or deleted, and folders whose attributes change. */
export function nameLine(action: SyncAction): string | undefined {
  switch (action.kind) {
    case 'write':
    case 'link':
    case 'folder':
      return withTarget(action.entry)
    case 'attributes':
      return action.entry.kind === 'directory' ? shownName(action.entry) : undefined
    case 'delete':
      return `deleting ${shownName(action.existing)}`
    case 'same':
    case 'compare':
    case 'describe':
    case 'skip':
    case 'missing':
    case 'withheld':
      break
  }
  return undefined
}
