/**
 * Makes many small files at once: each is written beside its place, all are synced together, and only then are they
 * named; the folders are synced once for all of them. Per file there are as few calls as the promises allow
 * (docs/decisions/011), and nothing is made that lives longer than the file. For workers.
 */
import { closeSync, constants, fchmodSync, fsyncSync, fstatSync, lstatSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { FerryError, isSystemError } from '../../shared/errors.ts'
import { setFileTimes } from '../native-times.ts'
import { syncTogether } from '../native-sync.ts'
import { removeIfThere } from './part-file.ts'
import { partNames, type PartNames } from './part-names.ts'
import { syncFolder } from './publish.ts'

export interface PlacedFile {
  /** The caller's number. */
  readonly index: number
  /** Where it goes. */
  readonly path: string
  readonly folder: string
  readonly names: PartNames
  readonly fd: number
}

export interface PlaceOptions {
  /** Undefined: what a new file gets. */
  readonly mode: number | undefined
  /** Undefined: now. */
  readonly mtimeNs: bigint | undefined
}

export interface Placer {
  /** Begins file `index` at `path`, whose folder exists; `fill` writes its content. Never throws: failures are told. */
  add(index: number, path: string, options: PlaceOptions, fill: (fd: number) => void): void
  /** Syncs and names all; `name` gives one its name, and may look at it afterwards. Never throws. */
  finish(name: (file: PlacedFile) => void): void
}

const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
const modeBits = 0o7777
/** Of these the others are lost when someone who is not root writes: they are set behind the content. */
const openModeBits = 0o777
const usualMode = 0o666

/** A new file at `part`; what an interrupted run left there goes. */
function createPartFile(part: string, mode: number): number {
  try {
    return openSync(part, flags, mode)
  } catch (error) {
    if (!isSystemError(error) || error.code !== 'EEXIST') throw error
    const stat = lstatSync(part)
    if (!stat.isFile() || (process.getuid !== undefined && stat.uid !== process.getuid())) throw error
    removeIfThere(part)
    return openSync(part, flags, mode)
  }
}

/** False when another process has put a part of its own in place of ours. */
function isNamed(fd: number, part: string): boolean {
  const stat = fstatSync(fd)
  // Some file systems do not count names.
  return stat.nlink > 0 || lstatSync(part, { throwIfNoEntry: false })?.ino === stat.ino
}

/** What is the same for all new files of one folder: it need not be asked for each. */
interface FolderTraits {
  readonly device: number
  /** Mode asked for → the mode that new files get, after the umask or the folder's own rules. */
  readonly modes: Map<number, number>
}

/** `fail` is told what became of a file that was not placed. */
export function createPlacer(fail: (index: number, error: unknown) => void): Placer {
  const open: PlacedFile[] = []
  const folders = new Map<string, FolderTraits>()
  let lastFolder = ''

  function setMode(fd: number, folder: string, asked: number, wanted: number | undefined): void {
    let traits = folders.get(folder)
    let given = traits?.modes.get(asked)
    if (given === undefined) {
      const stat = fstatSync(fd)
      given = stat.mode & modeBits
      if (!traits) folders.set(folder, (traits = { device: stat.dev, modes: new Map() }))
      traits.modes.set(asked, given)
    }
    if (wanted !== undefined && given !== wanted) fchmodSync(fd, wanted)
  }

  /** Neighbours mostly share a folder, so they share the text of it too. */
  function folderOf(path: string): string {
    const own = dirname(path)
    return own === lastFolder ? lastFolder : (lastFolder = own)
  }

  function closeAndRemove({ fd, names }: Pick<PlacedFile, 'fd' | 'names'>): void {
    closeSync(fd)
    removeIfThere(names.part)
  }

  return {
    add(index, path, { mode, mtimeNs }, fill) {
      const names = partNames(path)
      const asked = (mode ?? usualMode) & openModeBits
      let fd: number | undefined
      try {
        fd = createPartFile(names.part, asked)
        fill(fd)
        const folder = folderOf(path)
        setMode(fd, folder, asked, mode)
        if (mtimeNs !== undefined) setFileTimes(fd, mtimeNs)
        open.push({ index, path, folder, names, fd })
      } catch (error) {
        if (fd !== undefined) closeAndRemove({ fd, names })
        fail(index, error)
      }
    },
    finish(name) {
      // Something may be mounted inside the tree.
      const devices = new Set([...folders.values()].map(({ device }) => device))
      const isSynced = open[0] !== undefined && devices.size === 1 && syncTogether(open[0].fd, open.length)
      const named = new Set<string>()
      for (const file of open) {
        const { index, path, folder, names, fd } = file
        try {
          if (!isSynced) fsyncSync(fd)
          if (!isNamed(fd, names.part))
            throw new FerryError('E_CONFLICT', `Cannot write "${path}": another ferry is writing it`)
          name(file)
          named.add(folder)
        } catch (error) {
          if (isNamed(fd, names.part)) removeIfThere(names.part)
          fail(index, error)
        } finally {
          closeSync(fd)
        }
      }
      for (const folder of named) {
        try {
          syncFolder(folder)
        } catch (error) {
          for (const file of open) if (file.folder === folder) fail(file.index, error)
        }
      }
    },
  }
}
