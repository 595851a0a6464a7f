/**
 * Changes to the user's file of settings and to the file of remotes: read, changed, checked as a whole, looked at once more
 * for what others did meanwhile, and written at once.
 */
import { mkdirSync, realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import { FerryError, isSystemError, toFerryError } from '../../shared/errors.ts'
import { quoteName } from '../../shared/terminal-text.ts'
import { writeFileAtomic } from '../../shared/write-file.ts'
import type { FileRole } from './read-config-file.ts'
import { checkConfigText, readRawFile } from './read-config-file.ts'

/**
 * `change` gets the text of the file ('' when there is none) and returns the new one, or undefined to leave it.
 * @throws E_USAGE when the file is not right before or afterwards; E_CONFLICT when it changed meanwhile; E_PERMISSION …
 */
export async function changeConfigFile(
  path: string,
  role: FileRole,
  change: (text: string) => Promise<string | undefined>,
): Promise<void> {
  const target = resolveLinks(path)
  const before = readRawFile(target)
  const text = await change(before?.text ?? '')
  if (text === undefined || text === before?.text) return
  await checkConfigText(text, path, role)
  if (readRawFile(target)?.text !== before?.text)
    throw new FerryError(
      'E_CONFLICT',
      `Cannot change ${quoteName(path)}: something else has just changed it`,
      {
        hint: 'run the same command again',
      },
    )
  try {
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 })
    writeFileAtomic(target, text, role === 'remotes' ? 0o600 : (before?.mode ?? 0o600) & 0o777)
  } catch (error) {
    throw toFerryError(error, `Cannot write ${quoteName(path)}`)
  }
}

/** A file kept elsewhere, as with dotfiles, stays there: the link is followed and not replaced. */
function resolveLinks(path: string): string {
  try {
    return realpathSync(path)
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return path
    throw toFerryError(error, `Cannot use ${quoteName(path)}`)
  }
}
