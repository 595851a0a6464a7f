/**
 * Worker tasks that write the part of a large file (see tree-writer/growing-part.ts): piece after piece, out of bytes and
 * of ranges of another file, and at last its name.
 */
import { closeSync, fchmodSync, fstatSync, fsyncSync, lstatSync } from 'node:fs'
import { dirname } from 'node:path'
import { giveBack } from '../../shared/dead-buffers.ts'
import { FerryError, toFerryError } from '../../shared/errors.ts'
import { parentPath } from '../../shared/paths.ts'
import { versionText } from '../fingerprint.ts'
import { cloneFile, copyRange } from '../native-copy.ts'
import { setFileTimes } from '../native-times.ts'
import { changedError, checkVersion, openVersion } from '../open-source.ts'
import { createFolders } from '../tree-writer/folders.ts'
import { newFolderMode, type GrowTarget } from '../tree-writer/growing-part.ts'
import { removeIfThere } from '../tree-writer/part-file.ts'
import { partNames } from '../tree-writer/part-names.ts'
import { replaceStanding, syncFolder } from '../tree-writer/publish.ts'
import { writeAllSync } from '../tree-writer/write-all.ts'
import { modeOfStanding, type LocalFile } from './place-files-task.ts'

/** The next bytes of the new file: given, or a range of `from`. */
export type GrowStep = { readonly bytes: Uint8Array } | { readonly offset: number; readonly length: number }

export interface GrowPartInput {
  readonly fd: number
  /** For messages. */
  readonly path: string
  /** Where the first step goes: the end of the part. */
  readonly at: number
  readonly steps: readonly GrowStep[]
  /** What is copied from, which must be this version before and behind it. */
  readonly from: LocalFile | undefined
}

/** @throws E_CHANGED when `from` is not that version, E_NO_SPACE, E_IO */
export function growPart({ fd, path, at, steps, from }: GrowPartInput): void {
  const source = from && openVersion(from.path, from.version)
  try {
    let position = at
    for (const step of steps) {
      if ('bytes' in step) {
        writeAllSync(fd, step.bytes, position)
        position += step.bytes.byteLength
        giveBack(step.bytes)
        continue
      }
      if (source === undefined || !from)
        throw new FerryError('E_INTERNAL', `Cannot write "${path}": no source`)
      const { offset, length } = step
      if (!copyRange({ from: source, offset, to: fd, at: position, length })) throw changedError(from.path)
      position += length
    }
    if (source !== undefined && from) checkVersion(source, from.path, from.version)
  } catch (error) {
    throw toFerryError(error, `Cannot write "${path}"`)
  } finally {
    if (source !== undefined) closeSync(source)
  }
}

export interface ClonePartInput {
  readonly fd: number
  readonly path: string
  readonly from: LocalFile
}

/** Makes the empty part share the blocks of a whole file. False where that cannot be. @throws E_CHANGED */
export function clonePart({ fd, path, from }: ClonePartInput): boolean {
  const source = openVersion(from.path, from.version)
  try {
    const isCloned = cloneFile(source, fd)
    checkVersion(source, from.path, from.version)
    return isCloned
  } catch (error) {
    throw toFerryError(error, `Cannot write "${path}"`)
  } finally {
    closeSync(source)
  }
}

export interface FinishGrowingInput extends GrowTarget {
  readonly fd: number
  readonly size: number
  /** Undefined: that of what is replaced, or what a new file gets. */
  readonly mode: number | undefined
  readonly mtimeNs: bigint | undefined
}

/**
 * Data and attributes to disk, then the name, then the name to disk. The folders above are looked at once more: they may
 * have been swapped for links since the part was opened. Returns the version.
 * @throws E_CONFLICT when something else stands there now; E_IO and others when the data is not safely on disk.
 */
export function finishGrowing(input: FinishGrowingInput): string {
  const { root, path, standing, fd, size, mtimeNs } = input
  const folders = createFolders(root, false, newFolderMode)
  const diskPath = folders.diskPath(path)
  const names = partNames(diskPath)
  try {
    const mode = input.mode ?? modeOfStanding(diskPath) ?? 0o666 & ~process.umask()
    fchmodSync(fd, mode)
    if (mtimeNs !== undefined) setFileTimes(fd, mtimeNs)
    fsyncSync(fd)
    folders.ensure(parentPath(path))
    const part = fstatSync(fd, { bigint: true })
    const named = lstatSync(names.part, { bigint: true, throwIfNoEntry: false })
    if (named?.ino !== part.ino || named.dev !== part.dev || Number(part.size) !== size)
      throw new FerryError(
        'E_CONFLICT',
        `Cannot write "${diskPath}": its part was moved or changed meanwhile`,
        {
          hint: 'is another ferry writing to the same folder? Run the same command again',
        },
      )
    replaceStanding(names.part, diskPath, standing)
    syncFolder(dirname(diskPath))
    removeIfThere(names.journal)
    return versionText(fstatSync(fd, { bigint: true }))
  } catch (error) {
    throw toFerryError(error, `Cannot write "${diskPath}"`)
  }
}
