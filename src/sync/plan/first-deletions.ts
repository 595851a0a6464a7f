/**
 * Which deletions `--max-delete` leaves: the first ones in the order in which rsync makes them. It goes through the
 * folders that stay, by name; in each, from the last name to the first, folders before files, and what is in a folder
 * before the folder itself.
 */
import { compareUtf8 } from '../../shared/paths.ts'
import type { SyncEntry } from '../source.ts'
import type { Deletions } from './deletions.ts'

interface Candidate {
  readonly entry: SyncEntry
  readonly names: readonly string[]
  /** Names of the topmost deleted thing that this lies in (or is): everything above it stays. */
  readonly topDepth: number
}

function compare(a: Candidate, b: Candidate): number {
  let depth = 0
  while (depth < a.names.length && a.names[depth] === b.names[depth]) depth++
  // One lies in the other: the deeper one goes first.
  if (depth === a.names.length || depth === b.names.length) return b.names.length - a.names.length
  const aGoes = depth + 1 >= a.topDepth
  const bGoes = depth + 1 >= b.topDepth
  if (!aGoes && !bGoes) return byName(a, b, depth, '/')
  if (aGoes !== bGoes) return aGoes ? -1 : 1
  const aIsFolder = depth + 1 < a.names.length || a.entry.kind === 'directory'
  const bIsFolder = depth + 1 < b.names.length || b.entry.kind === 'directory'
  if (aIsFolder !== bIsFolder) return aIsFolder ? -1 : 1
  return -byName(a, b, depth, aIsFolder ? '/' : '')
}

/** rsync sorts a folder as if a slash stood behind its name. */
function byName(a: Candidate, b: Candidate, depth: number, ending: string): number {
  return compareUtf8(`${a.names[depth]}${ending}`, `${b.names[depth]}${ending}`)
}

/** At most `limit` entries, in rsync's order; memory goes with `limit`. */
export function firstDeletions(deletions: Deletions, limit: number): SyncEntry[] {
  const first: Candidate[] = []
  const cut = (): void => {
    first.sort(compare)
    if (first.length > limit) first.length = limit
  }
  let top: string | undefined
  let topDepth = 0
  for (const { entry, isSpared } of deletions.all()) {
    const names = entry.path.split('/')
    if (top === undefined || !entry.path.startsWith(top)) {
      top = entry.kind === 'directory' ? `${entry.path}/` : undefined
      topDepth = names.length
    }
    if (isSpared) continue
    first.push({ entry, names, topDepth })
    // Sorting now and then, not for each: a twice as long list costs less.
    if (first.length >= limit * 2 + 1024) cut()
  }
  cut()
  return first.map(({ entry }) => entry)
}
