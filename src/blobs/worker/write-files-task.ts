/**
 * Worker task: writes hundreds of small files that came whole in one buffer. Each is verified, written beside its
 * place, synced and only then named; the folders are synced once for all of them. Per file there are as few calls as
 * the promises allow (docs/decisions/011), and nothing is made that lives longer than the file.
 */
import { closeSync, constants, fchmodSync, fsyncSync, fstatSync, lstatSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { FerryError, isSystemError } from '../../shared/errors.ts'
import { chunkHashOffset, chunkLengthAt, type ChunkRecords } from '../chunk-records.ts'
import { fingerprintFields, fingerprintOf, packFingerprint } from '../fingerprint.ts'
import { hasHash } from '../hash.ts'
import { syncTogether } from '../native-sync.ts'
import { setFileTimes } from '../native-times.ts'
import type { FileFingerprint } from '../store/store.ts'
import { removeIfThere } from '../tree-writer/part-file.ts'
import { partNames } from '../tree-writer/part-names.ts'
import { publish, syncFolder } from '../tree-writer/publish.ts'
import { writeAllSync } from '../tree-writer/write-all.ts'
import { openFirst, readInto } from './copy-chunks-task.ts'
import { packError, type PackedError } from './packed-error.ts'

/** Small files in columns: an object a file would cost more on its way to the worker than the file itself. */
export interface SmallFiles {
  /** Final paths, joined with NUL. Their folders exist. */
  readonly paths: string
  /** The records of all files, one list after the other. */
  readonly records: ChunkRecords
  /** Chunks of each file. */
  readonly counts: Uint32Array
  /** Where the bytes of each begin in the buffer. */
  readonly starts: Float64Array
  readonly modes: Uint16Array
  readonly mtimes: BigInt64Array
  /** By number of the file: where its content is copied from, instead of from the buffer. */
  readonly copies: ReadonlyMap<number, CopyFrom>
  /** By number of the file: what has its name and is to go. */
  readonly replaced: ReadonlyMap<number, FileFingerprint>
}

/** Another file of this computer. */
export interface CopyFrom {
  /** Tried in this order. */
  readonly paths: readonly string[]
  readonly offset: number
}

export interface WriteFilesInput {
  readonly bytes: Uint8Array
  readonly files: SmallFiles
}

/** What became of the files, by their numbers; one that is neither bad nor failed was written. */
export interface WriteFilesOutput {
  /** As they were written, packed; zeros for the others. */
  readonly fingerprints: BigInt64Array<ArrayBuffer>
  /** Not written, because the bytes were wrong. */
  readonly bad: readonly number[]
  readonly failures: ReadonlyMap<number, PackedError>
}

interface Written {
  readonly index: number
  readonly path: string
  readonly folder: string
  readonly part: string
  readonly fd: number
}

/** The bytes from `start` on, when they begin with the chunks of the list from `record` to `endRecord`, cut to them. */
function verified(
  bytes: Uint8Array,
  start: number,
  records: ChunkRecords,
  record: number,
  endRecord: number,
): Uint8Array | undefined {
  let at = start
  let chunk: Uint8Array | undefined
  for (let index = record; index < endRecord; index++) {
    const end = at + chunkLengthAt(records, index)
    if (end > bytes.byteLength) return undefined
    chunk = bytes.subarray(at, end)
    if (!hasHash(chunk, records, chunkHashOffset(index))) return undefined
    at = end
  }
  // Most small files are one chunk.
  return chunk && endRecord - record === 1 ? chunk : bytes.subarray(start, at)
}

function lengthOf(records: ChunkRecords, record: number, endRecord: number): number {
  let length = 0
  for (let index = record; index < endRecord; index++) length += chunkLengthAt(records, index)
  return length
}

/** As much of a local file as is there; what is missing fails verification. */
function readCopy({ paths, offset }: CopyFrom, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  const fd = openFirst(paths)
  if (fd === undefined) return bytes
  try {
    readInto(fd, bytes, offset)
  } finally {
    closeSync(fd)
  }
  return bytes
}

const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
const modeBits = 0o7777

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

/** False when another receive has put a part of its own in place of ours. */
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

/** Never throws for what is wrong with one file: it is told, and the others go on. */
export function writeFiles({ bytes, files }: WriteFilesInput): WriteFilesOutput {
  const paths = files.paths.split('\0')
  const fingerprints = new BigInt64Array(files.counts.length * fingerprintFields)
  const bad: number[] = []
  const failures = new Map<number, PackedError>()
  const open: Written[] = []
  const folders = new Map<string, FolderTraits>()
  const fail = (index: number, error: unknown): void => {
    failures.set(index, packError(error, `Cannot write "${paths[index]}"`))
  }

  function setMode(fd: number, folder: string, mode: number): void {
    let traits = folders.get(folder)
    let given = traits?.modes.get(mode)
    if (given === undefined) {
      const stat = fstatSync(fd)
      given = stat.mode & modeBits
      if (!traits) folders.set(folder, (traits = { device: stat.dev, modes: new Map() }))
      traits.modes.set(mode, given)
    }
    if (given !== mode) fchmodSync(fd, mode)
  }

  let lastFolder = ''
  let endRecord = 0
  for (let index = 0; index < files.counts.length; index++) {
    const record = endRecord
    endRecord += files.counts[index] as number
    const copy = files.copies.get(index)
    const content = copy
      ? verified(
          readCopy(copy, lengthOf(files.records, record, endRecord)),
          0,
          files.records,
          record,
          endRecord,
        )
      : verified(bytes, files.starts[index] as number, files.records, record, endRecord)
    if (!content) {
      bad.push(index)
      continue
    }
    const path = paths[index] as string
    const { part } = partNames(path)
    const mode = files.modes[index] as number
    let fd: number | undefined
    try {
      fd = createPartFile(part, mode)
      if (content.byteLength > 0) writeAllSync(fd, content, 0)
      // Neighbours mostly share a folder, so they share the text of it too.
      const own = dirname(path)
      const folder = own === lastFolder ? lastFolder : own
      lastFolder = folder
      setMode(fd, folder, mode)
      setFileTimes(fd, files.mtimes[index] as bigint)
      open.push({ index, path, folder, part, fd })
    } catch (error) {
      if (fd !== undefined) {
        closeSync(fd)
        removeIfThere(part)
      }
      fail(index, error)
    }
  }

  // Something may be mounted inside the tree.
  const devices = new Set([...folders.values()].map(({ device }) => device))
  const isSynced = open[0] !== undefined && devices.size === 1 && syncTogether(open[0].fd, open.length)
  const named = new Set<string>()
  for (const { index, path, folder, part, fd } of open) {
    try {
      if (!isSynced) fsyncSync(fd)
      if (!isNamed(fd, part))
        throw new FerryError('E_CONFLICT', `Cannot write "${path}": another receive is writing it`)
      publish(part, path, files.replaced.get(index))
      packFingerprint(fingerprints, index, fingerprintOf(fstatSync(fd, { bigint: true })))
      named.add(folder)
    } catch (error) {
      if (isNamed(fd, part)) removeIfThere(part)
      fail(index, error)
    } finally {
      closeSync(fd)
    }
  }
  for (const folder of named) {
    try {
      syncFolder(folder)
    } catch (error) {
      for (const written of open) if (written.folder === folder) fail(written.index, error)
    }
  }
  return { fingerprints, bad, failures }
}
