/**
 * Worker task: makes a complete part file the real one. Order: data and attributes to disk, then the final name, then
 * the name to disk, then the journal goes. A crash at any point leaves either the part with its journal or the whole file.
 */
import { fchmodSync, fsyncSync, fstatSync, lstatSync } from 'node:fs'
import { dirname } from 'node:path'
import { FerryError, toFerryError } from '../../shared/errors.ts'
import { setFileTimes } from '../native-times.ts'
import type { FileFingerprint } from '../store/store.ts'
import { removeIfThere } from '../tree-writer/part-file.ts'
import type { PartNames } from '../tree-writer/part-names.ts'
import { fingerprintOf } from '../fingerprint.ts'
import { publish, syncFolder } from '../tree-writer/publish.ts'

export interface FinishPartInput {
  readonly fd: number
  readonly names: PartNames
  /** Final path. */
  readonly path: string
  readonly size: number
  readonly mode: number
  readonly mtimeNs: bigint
  readonly replaces: FileFingerprint | undefined
}

export interface FinishPartOutput {
  readonly fingerprint: FileFingerprint
}

/** @throws E_CONFLICT when the final name was taken meanwhile; E_IO and others when the data is not safely on disk. */
export function finishPart(input: FinishPartInput): FinishPartOutput {
  const { fd, names, path } = input
  try {
    const part = fstatSync(fd, { bigint: true })
    const named = lstatSync(names.part, { bigint: true, throwIfNoEntry: false })
    if (named?.ino !== part.ino || named.dev !== part.dev || Number(part.size) !== input.size)
      throw new FerryError(
        'E_CONFLICT',
        `Cannot write "${path}": its part file was moved or changed meanwhile`,
        {
          hint: 'is another ferry writing to the same folder? Run the same command again',
        },
      )
    fchmodSync(fd, input.mode)
    setFileTimes(fd, input.mtimeNs)
    fsyncSync(fd)
    publish(names.part, path, input.replaces)
    syncFolder(dirname(path))
    removeIfThere(names.journal)
    removeIfThere(names.oldPart)
    removeIfThere(names.oldJournal)
    return { fingerprint: fingerprintOf(fstatSync(fd, { bigint: true })) }
  } catch (error) {
    throw toFerryError(error, `Cannot write "${path}"`)
  }
}
