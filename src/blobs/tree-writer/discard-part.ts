/** Throws away what has arrived of a file that is not whole: its part, the journal, and those that were set aside. */
import { closeSync, lstatSync, realpathSync } from 'node:fs'
import { dirname } from 'node:path'
import { isSystemError, toFerryError } from '../../shared/errors.ts'
import { lockPart, openOwn, removeIfThere } from './part-file.ts'
import { partNames } from './part-names.ts'

/**
 * `path`: of the file, absolute, without links in it. Nothing happens where there is no part, or its folder is gone.
 * @throws E_CONFLICT when something foreign has its name, or another process writes it; E_PERMISSION, E_IO
 */
export function discardPart(path: string): void {
  const names = partNames(path)
  let fd: number | undefined
  try {
    // Behind a link that was put in the way since lies something else.
    if (realpathSync(dirname(path)) !== dirname(path)) return
    if (lstatSync(names.part, { throwIfNoEntry: false })) {
      fd = openOwn(names.part)
      lockPart(fd, path, names)
    }
    for (const name of [names.part, names.journal, names.oldPart, names.oldJournal]) removeIfThere(name)
  } catch (error) {
    if (isSystemError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return
    throw toFerryError(error, `Cannot throw away the part of "${path}"`)
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}
