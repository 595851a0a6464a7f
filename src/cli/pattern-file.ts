/** A file of patterns, one a line; empty lines and lines with `#` in front are left out. */
import { readFileSync } from 'node:fs'
import { FerryError, toFerryError } from '../shared/errors.ts'
import { quoteName } from '../shared/terminal-text.ts'

/** More is no list of patterns that a person wrote. */
const maxPatternBytes = 1024 * 1024

/** @throws E_NOT_FOUND, E_PERMISSION, E_IO when it cannot be read; E_USAGE when it is too large. */
export function readPatternFile(path: string): string[] {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw toFerryError(error, `Cannot read the patterns of ${quoteName(path)}`)
  }
  if (text.length > maxPatternBytes) {
    throw new FerryError('E_USAGE', `Cannot use the patterns of ${quoteName(path)}: the file is too large`)
  }
  return text.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#'))
}
