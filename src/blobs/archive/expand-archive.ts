/**
 * Unpacks an archive from anywhere into a new folder. Names go through the rules of every manifest, nothing is written
 * through a link or outside of the folder, and what it grows to is bounded by what the disk can spare.
 */
import {
  chmodSync,
  closeSync,
  constants,
  linkSync,
  lstatSync,
  openSync,
  statfsSync,
  symlinkSync,
} from 'node:fs'
import { throwIfCancelled } from '../../shared/concurrency.ts'
import { FerryError, toFerryError } from '../../shared/errors.ts'
import { parentPath, parseTreePath, type TreePath } from '../../shared/paths.ts'
import { formatBytes } from '../../shared/units.ts'
import { maxEntries, maxTargetBytes } from '../manifest/limits.ts'
import { setFileTimes, setPathTimes } from '../native-times.ts'
import { createFolders, type Folders } from '../tree-writer/folders.ts'
import { writeAllSync } from '../tree-writer/write-all.ts'
import { openArchive, type ArchivedEntry } from './read-archive.ts'

/** Of the free space, what unpacking must leave: a full disk harms everything else on it. */
const reservedShare = 0.05
/** Links wait in memory until all files are there: text of all their names and targets, far more than a tree has. */
const maxLinkChars: number = 256 * 1024 * 1024

export interface ExpandOptions {
  readonly signal: AbortSignal
  /** Counters so far, and what is being unpacked. */
  readonly onProgress: (done: {
    readonly entries: number
    readonly bytes: number
    readonly name: string
  }) => void
  /** A file begins; what is returned is told how many of its bytes are out, and `done` when all are. */
  readonly onFile?: (path: TreePath, size: number) => { bytes(done: number): void; done(): void }
  /** Devices and the like, which are left out. */
  readonly onSkipped: (name: string) => void
}

/**
 * `into`: an empty folder. When this throws, what is there is of no use.
 * @throws E_USAGE when it is no archive; E_VERIFY when it is damaged; E_MANIFEST when a name in it leads out or is taken
 * twice; E_NO_SPACE when it is larger than the disk can take; E_CANCELLED
 */
export async function expandArchive(path: string, into: string, options: ExpandOptions): Promise<void> {
  const { signal, onProgress } = options
  const archive = await openArchive(path, { signal })
  const folders = createFolders(into, true)
  const room = createRoom(into, path)
  /** Made last, so that nothing is ever written through one. */
  const links: { readonly disk: string; readonly target: string; readonly mtimeNs: bigint }[] = []
  let linkChars = 0
  let entries = 0
  try {
    for await (const entry of archive.entries()) {
      throwIfCancelled(signal)
      if (++entries > maxEntries)
        throw new FerryError('E_MANIFEST', `Cannot unpack "${path}": it has more than ${maxEntries} entries`)
      // Archives of the present folder begin their names so.
      const name = entry.name.replace(/^(?:\.\/)+/, '')
      if (name === '' || name === '.') continue
      const treePath = pathOf(path, name)
      onProgress({ entries, bytes: room.used, name })
      if (entry.kind === 'other') options.onSkipped(name)
      else if (entry.kind === 'directory') {
        folders.ensure(treePath)
        folders.keep({
          kind: 'directory',
          path: treePath,
          mode: (entry.mode ?? 0o755) & 0o777,
          mtimeNs: entry.mtimeNs,
        })
      } else {
        folders.ensure(parentPath(treePath))
        const disk = folders.diskPath(treePath)
        if (entry.kind === 'symlink') {
          const target = await targetOf(entry, treePath)
          linkChars += disk.length + target.length
          if (linkChars > maxLinkChars)
            throw new FerryError('E_MANIFEST', `Cannot unpack "${path}": it has more links than any tree`)
          links.push({ disk, target, mtimeNs: entry.mtimeNs })
        } else if (entry.kind === 'hardlink') linkFile(folders, path, entry, disk)
        else {
          const file = options.onFile?.(treePath, entry.size)
          let written = 0
          await writeFile(disk, entry, (bytes) => {
            throwIfCancelled(signal)
            room.take(bytes)
            written += bytes
            file?.bytes(written)
            onProgress({ entries, bytes: room.used, name })
          })
          file?.done()
        }
      }
    }
    for (const { disk, target, mtimeNs } of links) {
      symlinkSync(target, disk)
      setPathTimes(disk, mtimeNs)
    }
    const [failure] = folders.finish()
    if (failure) throw failure.error
  } catch (error) {
    throwIfCancelled(signal)
    throw toFerryError(error, `Cannot unpack "${path}"`)
  } finally {
    archive.close()
  }
}

function pathOf(archive: string, name: string): TreePath {
  try {
    return parseTreePath(name)
  } catch (error) {
    throw new FerryError('E_MANIFEST', `Cannot unpack "${archive}": ${(error as Error).message}`, {
      cause: error,
    })
  }
}

/** What may be written. */
function createRoom(folder: string, archive: string): { readonly used: number; take(bytes: number): void } {
  const { bavail, bsize, blocks } = statfsSync(folder)
  const most = bavail * bsize - blocks * bsize * reservedShare
  let used = 0
  return {
    get used() {
      return used
    },
    take(bytes) {
      used += bytes
      if (used > most)
        throw new FerryError(
          'E_NO_SPACE',
          `Cannot unpack "${archive}": it grows beyond the ${formatBytes(Math.max(0, most))} that the disk can spare`,
          { hint: 'share the archive as it is, without --expand' },
        )
    },
  }
}

async function writeFile(disk: string, entry: ArchivedEntry, count: (bytes: number) => void): Promise<void> {
  const fd = openSync(
    disk,
    constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o600,
  )
  try {
    for await (const bytes of entry.content()) {
      count(bytes.byteLength)
      writeAllSync(fd, bytes)
    }
    chmodSync(disk, (entry.mode ?? 0o644) & 0o777)
    setFileTimes(fd, entry.mtimeNs)
  } finally {
    closeSync(fd)
  }
}

/** A zip keeps a link's target as its content. @throws E_MANIFEST when it is longer than any may be */
async function targetOf(entry: ArchivedEntry, path: TreePath): Promise<string> {
  const pieces: Uint8Array[] = []
  let length = 0
  for await (const bytes of entry.target ? [Buffer.from(entry.target)] : entry.content()) {
    length += bytes.byteLength
    if (length > maxTargetBytes)
      throw new FerryError(
        'E_MANIFEST',
        `Cannot unpack the link "${path}": its target is longer than ${maxTargetBytes} bytes`,
      )
    pieces.push(bytes)
  }
  return Buffer.concat(pieces).toString('utf8')
}

function linkFile(folders: Folders, archive: string, entry: ArchivedEntry, disk: string): void {
  const first = folders.diskPath(pathOf(archive, (entry.target ?? '').replace(/^(?:\.\/)+/, '')))
  if (!lstatSync(first, { throwIfNoEntry: false })?.isFile())
    throw new FerryError(
      'E_MANIFEST',
      `Cannot unpack "${archive}": "${entry.name}" is another name of a file that is not in it`,
    )
  linkSync(first, disk)
}
