/**
 * Worker task: writes hundreds of small files that came whole in one buffer. Each is verified, written beside its
 * place, synced and only then named; the folders are synced once for all of them.
 */
import { closeSync, constants, fchmodSync, fsyncSync, fstatSync, lstatSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { FerryError, isSystemError } from '../../shared/errors.ts'
import {
  chunkCount,
  chunkHashAt,
  chunkLengthAt,
  totalChunkBytes,
  type ChunkRecords,
} from '../chunk-records.ts'
import { hash } from '../hash.ts'
import { syncTogether } from '../native-sync.ts'
import { setFileTimes } from '../native-times.ts'
import type { FileFingerprint } from '../store/store.ts'
import { removeIfThere } from '../tree-writer/part-file.ts'
import { partNames } from '../tree-writer/part-names.ts'
import { fingerprintOf } from '../fingerprint.ts'
import { publish, syncFolder } from '../tree-writer/publish.ts'
import { writeAllSync } from '../tree-writer/write-all.ts'
import { openFirst, readInto } from './copy-chunks-task.ts'
import { packError, type PackedError } from './packed-error.ts'
import { isSameHash } from './write-chunks-task.ts'

export interface SmallFile {
  /** Final path; its folder exists. */
  readonly path: string
  readonly records: ChunkRecords
  /** Where its bytes begin in the buffer; 0 when they are copied. */
  readonly start?: number
  /** Another file of this computer that has them. */
  readonly copyFrom?: CopyFrom
  readonly mode: number
  readonly mtimeNs: bigint
  readonly replaces?: FileFingerprint | undefined
}

export interface CopyFrom {
  /** Tried in this order. */
  readonly paths: readonly string[]
  readonly offset: number
}

export interface WriteFilesInput {
  readonly bytes: Uint8Array
  readonly files: readonly SmallFile[]
}

/** What became of one file: written, not written because its bytes were wrong, or failed. */
export type SmallFileOutcome =
  | { readonly fingerprint: FileFingerprint }
  | { readonly bad: true }
  | { readonly error: PackedError }

export interface WriteFilesOutput {
  /** One for each file, in order. */
  readonly outcomes: SmallFileOutcome[]
}

interface Written {
  readonly index: number
  readonly fd: number
  readonly part: string
}

/** Bytes of a file that match its records, or undefined. */
function verified(answer: Uint8Array, file: SmallFile): Uint8Array | undefined {
  const all = file.copyFrom ? readCopy(file.copyFrom, totalChunkBytes(file.records)) : answer
  const start = file.start ?? 0
  let at = start
  for (let index = 0; index < chunkCount(file.records); index++) {
    const end = at + chunkLengthAt(file.records, index)
    if (end > all.byteLength) return undefined
    if (!isSameHash(hash(all.subarray(at, end)), chunkHashAt(file.records, index))) return undefined
    at = end
  }
  return all.subarray(start, at)
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

/** A new file at `part`; what an interrupted run left there goes. */
function createPartFile(part: string): number {
  try {
    return openSync(part, flags, 0o600)
  } catch (error) {
    if (!isSystemError(error) || error.code !== 'EEXIST') throw error
    const stat = lstatSync(part)
    if (!stat.isFile() || (process.getuid !== undefined && stat.uid !== process.getuid())) throw error
    removeIfThere(part)
    return openSync(part, flags, 0o600)
  }
}

/** False when another receive has put a part of its own in place of ours. */
function isNamed(fd: number, part: string): boolean {
  return lstatSync(part, { throwIfNoEntry: false })?.ino === fstatSync(fd).ino
}

/** @throws E_CONFLICT */
function checkNamed(fd: number, part: string, path: string): void {
  if (isNamed(fd, part)) return
  throw new FerryError('E_CONFLICT', `Cannot write "${path}": another receive is writing it`)
}

/** Never throws for what is wrong with one file: it is told in its outcome, and the others go on. */
export function writeFiles(input: WriteFilesInput): WriteFilesOutput {
  const all = input.bytes
  const outcomes: SmallFileOutcome[] = []
  const open: Written[] = []
  const fail = (index: number, error: unknown, part?: string): void => {
    outcomes[index] = { error: packError(error, `Cannot write "${input.files[index]?.path}"`) }
    if (part !== undefined) removeIfThere(part)
  }

  input.files.forEach((file, index) => {
    const bytes = verified(all, file)
    if (!bytes) {
      outcomes[index] = { bad: true }
      return
    }
    const { part } = partNames(file.path)
    let fd: number | undefined
    try {
      fd = createPartFile(part)
      writeAllSync(fd, bytes, 0)
      fchmodSync(fd, file.mode)
      setFileTimes(fd, file.mtimeNs)
      open.push({ index, fd, part })
    } catch (error) {
      if (fd !== undefined) closeSync(fd)
      fail(index, error, fd === undefined ? undefined : part)
    }
  })

  const folders = new Set<string>()
  const isSynced = syncTogether(open.map(({ fd }) => fd))
  for (const { index, fd, part } of open) {
    const file = input.files[index] as SmallFile
    try {
      if (!isSynced) fsyncSync(fd)
      checkNamed(fd, part, file.path)
      publish(part, file.path, file.replaces)
      outcomes[index] = { fingerprint: fingerprintOf(fstatSync(fd, { bigint: true })) }
      folders.add(dirname(file.path))
    } catch (error) {
      fail(index, error, isNamed(fd, part) ? part : undefined)
    } finally {
      closeSync(fd)
    }
  }
  for (const folder of folders) {
    try {
      syncFolder(folder)
    } catch (error) {
      input.files.forEach((file, index) => dirname(file.path) === folder && fail(index, error))
    }
  }
  return { outcomes }
}
