/** A file of patterns, one a line; empty lines and lines with `#` in front are left out. */
import { readFileSync } from 'node:fs'
import { FerryError, toFerryError } from '../shared/errors.ts'
import { quoteName } from '../shared/terminal-text.ts'

/** More is no list of patterns that a person wrote. */
const maxPatternBytes = 1024 * 1024

/** @throws E_NOT_FOUND, E_PERMISSION, E_IO when it cannot be read; E_USAGE when it is too large. */
export function readPatternFile(path: string): string[] {
  const text = readTextFile(path, 'patterns', maxPatternBytes)
  return text.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#'))
}

/** A list of names is made by programs, too. */
const maxTextBytes = 256 * 1024 * 1024

/** `what` the file holds, for messages. @throws as `readPatternFile` */
export function readTextFile(path: string, what: string, maxBytes: number = maxTextBytes): string {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw toFerryError(error, `Cannot read the ${what} of ${quoteName(path)}`)
  }
  if (text.length > maxBytes)
    throw new FerryError('E_USAGE', `Cannot use the ${what} of ${quoteName(path)}: the file is too large`)
  return text
}
