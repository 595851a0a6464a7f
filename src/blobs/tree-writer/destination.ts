/**
 * The folder into which a receive writes. It is looked at first, without changing anything, and made only when the
 * manifest was found good.
 */
import {
  accessSync,
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  realpathSync,
  statfsSync,
  statSync,
  unlinkSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { FerryError, isSystemError, toFerryError } from '../../shared/errors.ts'
import { partSuffix } from '../../shared/paths.ts'

export interface Destination {
  /** Absolute, links resolved; may not exist yet. */
  readonly root: string
  /** True when the file system takes names that differ in case or Unicode form for one. */
  readonly foldsNames: boolean
  /** True when nothing was there before this receive. */
  readonly isNew: boolean
  /** Bytes that may still be written; undefined when the system does not tell. */
  freeBytes(): number | undefined
  /** Makes the folder, parents included. @throws E_PERMISSION, E_NO_SPACE, E_CONFLICT */
  create(): void
  /** @throws E_CONFLICT when the folder was removed or replaced since `create`. */
  check(): void
}

/** File systems that may ignore case, by the type that Linux reports: FAT, exFAT, NTFS, HFS+, SMB. */
const foldingTypes: ReadonlySet<number> = new Set([
  0x4d44, 0x2011bab0, 0x5346544e, 0x7366746e, 0x482b, 0x517b, 0xff534d42, 0xfe534d42,
])

/** The nearest folder above `path`, itself included, that exists. */
function existingAncestor(path: string): string {
  for (let folder = path; ; folder = dirname(folder)) {
    const stat = statSync(folder, { throwIfNoEntry: false })
    if (stat?.isDirectory()) return folder
    // A dangling link is in the way as much as a file is.
    if (stat || lstatSync(folder, { throwIfNoEntry: false }))
      throw new FerryError('E_CONFLICT', `Cannot write into "${path}": "${folder}" is not a folder`, {
        hint: 'name a folder, or leave the destination out to use the current one',
      })
    if (dirname(folder) === folder)
      throw new FerryError('E_NOT_FOUND', `Cannot write into "${path}": "${folder}" does not exist`)
  }
}

/**
 * Makes a folder and those above it, one by one: the system's own way, with all of them at once, never returns where a
 * folder takes no other one and says that it does not exist, as in /proc.
 */
function makeFolders(path: string): void {
  const missing: string[] = []
  for (let folder = path; folder !== existingAncestor(folder); folder = dirname(folder)) missing.push(folder)
  for (const folder of missing.toReversed())
    try {
      mkdirSync(folder)
    } catch (error) {
      // Made by someone else in this moment.
      if (!isSystemError(error) || error.code !== 'EEXIST' || !statSync(folder).isDirectory()) throw error
    }
}

function probeFolding(folder: string): boolean {
  if (process.platform === 'linux') {
    try {
      if (!foldingTypes.has(statfsSync(folder).type)) return false
    } catch {
      return false
    }
  }
  const name = `probe-a${process.pid}${partSuffix}`
  try {
    closeSync(openSync(join(folder, name), 'wx', 0o600))
  } catch {
    // Cannot be told: assume the safer of the two.
    return true
  }
  try {
    return lstatSync(join(folder, name.toUpperCase()), { throwIfNoEntry: false }) !== undefined
  } finally {
    unlinkSync(join(folder, name))
  }
}

/**
 * Looks at a destination without changing it.
 * @throws E_USAGE for an impossible path, E_CONFLICT when it is a file, E_PERMISSION when it cannot be written.
 */
export function openDestination(path: string): Destination {
  if (path === '' || path.includes('\0'))
    throw new FerryError(
      'E_USAGE',
      'Cannot write into the destination: its path is empty or has a NUL in it',
      {
        hint: 'name a folder, or nothing for the present one',
      },
    )
  try {
    const wanted = resolve(path)
    const ancestor = existingAncestor(wanted)
    accessSync(ancestor, constants.W_OK | constants.X_OK)
    const root = join(realpathSync(ancestor), wanted.slice(ancestor.length))
    const isNew = wanted !== ancestor
    return createDestination(root, isNew, isNew ? dirname(root) : root, probeFolding(ancestor))
  } catch (error) {
    throw toFerryError(error, `Cannot write into "${path}"`)
  }
}

function createDestination(root: string, isNew: boolean, measured: string, foldsNames: boolean): Destination {
  let identity: { readonly dev: bigint; readonly ino: bigint } | undefined
  return {
    root,
    foldsNames,
    isNew,
    freeBytes() {
      for (let folder = identity ? root : measured; ; folder = dirname(folder)) {
        try {
          const { bavail, blocks, bsize } = statfsSync(folder)
          // Some file systems (proc, some network ones) do not count their blocks at all.
          return blocks === 0 ? undefined : bavail * bsize
        } catch (error) {
          const mayBeAbove = isSystemError(error) && error.code === 'ENOENT' && dirname(folder) !== folder
          if (!mayBeAbove) return undefined
        }
      }
    },
    create() {
      try {
        makeFolders(root)
        identity = statSync(root, { bigint: true })
      } catch (error) {
        throw toFerryError(error, `Cannot make the folder "${root}"`)
      }
    },
    check() {
      const now = statSync(root, { bigint: true, throwIfNoEntry: false })
      if (!identity || (now?.dev === identity.dev && now.ino === identity.ino)) return
      throw new FerryError(
        'E_CONFLICT',
        `Cannot go on writing into "${root}": the folder was removed or replaced`,
        {
          hint: 'was a disk unmounted? Run the same command again',
        },
      )
    },
  }
}
