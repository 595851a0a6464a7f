/**
 * Names of what a receive keeps beside a file until it is whole. They are reserved (see shared/paths.ts), so they never
 * meet a file of a manifest.
 */
import { basename } from 'node:path'
import { maxNameBytes, partJournalSuffix, partSuffix } from '../../shared/paths.ts'
import { hash } from '../hash.ts'

export interface PartNames {
  readonly part: string
  readonly journal: string
  /** A part of other content, set aside because its chunks may still be of use. */
  readonly oldPart: string
  readonly oldJournal: string
}

const longestSuffix = partSuffix.length + partJournalSuffix.length

/** A name that is too long for a suffix is cut, and told apart from others that begin alike by its hash. */
function stem(name: string): string {
  // A UTF-16 unit is at most three bytes of UTF-8.
  if (name.length * 3 + longestSuffix <= maxNameBytes) return name
  if (Buffer.byteLength(name) + longestSuffix <= maxNameBytes) return name
  const digest = Buffer.from(hash(Buffer.from(name)).subarray(0, 8)).toString('hex')
  let cut = ''
  let bytes = 0
  for (const character of name) {
    bytes += Buffer.byteLength(character)
    if (bytes > maxNameBytes - longestSuffix - digest.length - 1) break
    cut += character
  }
  return `${cut}~${digest}`
}

/** `path`: where the finished file goes. */
export function partNames(path: string): PartNames {
  const name = basename(path)
  const base = path.slice(0, path.length - name.length) + stem(name)
  return {
    part: base + partSuffix,
    journal: base + partJournalSuffix,
    oldPart: base + partSuffix + partSuffix,
    oldJournal: base + partSuffix + partJournalSuffix,
  }
}
