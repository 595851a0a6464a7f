/** Makes symbolic links. They come last, so that nothing of the same tree is ever written through one. */
import { lstatSync, renameSync, symlinkSync } from 'node:fs'
import { FerryError, toFerryError } from '../../shared/errors.ts'
import { setPathTimes } from '../native-times.ts'
import type { FileFingerprint } from '../store/store.ts'
import { removeIfThere } from './part-file.ts'
import { partNames } from './part-names.ts'
import { fingerprintOf, equalFingerprints } from '../fingerprint.ts'

/**
 * Makes the link `path`. `replaces`: the file or link that stands there and is to go.
 * @throws E_CONFLICT when the name was taken meanwhile; E_PERMISSION, E_IO when the system refuses.
 */
export function writeLink(
  path: string,
  link: { readonly target: string; readonly mtimeNs: bigint },
  replaces: FileFingerprint | undefined,
): void {
  try {
    if (!replaces) {
      symlinkSync(link.target, path)
      setPathTimes(path, link.mtimeNs)
      return
    }
    const { part } = partNames(path)
    removeIfThere(part)
    symlinkSync(link.target, part)
    setPathTimes(part, link.mtimeNs)
    const now = lstatSync(path, { bigint: true, throwIfNoEntry: false })
    if (now && !equalFingerprints(fingerprintOf(now), replaces)) {
      removeIfThere(part)
      throw new FerryError('E_CONFLICT', `Cannot write "${path}": something else was put there meanwhile`)
    }
    renameSync(part, path)
  } catch (error) {
    throw toFerryError(error, `Cannot make the link "${path}"`)
  }
}
