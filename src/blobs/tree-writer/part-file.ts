/**
 * Opens the part file of one target with its journal, and finds what an earlier run left in it. Whatever is found there
 * is believed only as far as the journal goes; a part without a journal begins anew.
 */
import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
} from 'node:fs'
import { lockFile } from '../native-lock.ts'
import { FerryError, isSystemError, toFerryError } from '../../shared/errors.ts'
import { currentBootId } from '../boot-id.ts'
import {
  decodeJournal,
  encodeBatches,
  encodeForget,
  encodeJournalHeader,
  encodeSyncMark,
  placedCount,
  type DecodedJournal,
  type PlacedChunks,
} from '../part-journal.ts'
import { partNames, type PartNames } from './part-names.ts'
import { writeAllSync } from './write-all.ts'

/** Beyond this a journal is not one that ferry wrote: 44 bytes for each chunk of a file of 2 PiB fit. */
const maxJournalBytes = 256 * 1024 * 1024

/** A file being written: handed to workers by its numbers. */
export interface PartTarget {
  readonly fd: number
  readonly journalFd: number
  /** Where the finished file goes; for messages. */
  readonly path: string
  /** True when every byte that was never written is known to be zero, so that zero chunks need not be written. */
  readonly holes: boolean
}

export interface OpenPart extends PartTarget {
  readonly names: PartNames
  /** What is already in the part, verified by an earlier run. */
  readonly trusted: PlacedChunks
  /** Withdraws ranges before something else is written over them. Must be called before those writes. */
  forget(offsets: readonly number[]): void
  /** Records ranges that hold what they should without having been written: holes. */
  note(chunks: PlacedChunks): void
  close(): void
}

const openFlags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** Opens, or makes, a file of ferry's own. @throws E_CONFLICT when something foreign has its name */
export function openOwn(path: string, flags = 0): number {
  const fd = openSync(path, openFlags | flags, 0o600)
  const stat = fstatSync(fd)
  // Someone else's file, or one that also has another name, would be changed under its owner.
  const foreign = process.getuid !== undefined && stat.uid !== process.getuid()
  if (!stat.isFile() || stat.nlink !== 1 || foreign) {
    closeSync(fd)
    throw new FerryError(
      'E_CONFLICT',
      `Cannot write "${path}": something that ferry did not make is in the way`,
      {
        hint: 'move it away, then run the same command again',
      },
    )
  }
  return fd
}

export function removeIfThere(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if (!isSystemError(error) || error.code !== 'ENOENT') throw error
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if (!isSystemError(error) || error.code !== 'ENOENT') throw error
  }
}

/** What the journal at `path` says, limited to what the part really has. */
function readJournal(path: string): DecodedJournal | undefined {
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch {
    return undefined
  }
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile() || stat.size > maxJournalBytes) return undefined
    return decodeJournal(readFileSync(fd), currentBootId())
  } catch {
    return undefined
  } finally {
    closeSync(fd)
  }
}

/** Moves a part that was begun for another size out of the way of one for this size. */
function setAsideOtherPart(path: string, names: PartNames, size: number): void {
  const found = readJournal(names.journal)
  if (!found || found.size === size) return
  const fd = openOwn(names.part)
  try {
    lockPart(fd, path, names)
    renameIfThere(names.part, names.oldPart)
    renameIfThere(names.journal, names.oldJournal)
  } finally {
    closeSync(fd)
  }
}

/** @throws E_CONFLICT when another process writes the part, or has just given it its final name. */
export function lockPart(fd: number, path: string, names: PartNames): void {
  const named = (): boolean => lstatSync(names.part, { throwIfNoEntry: false })?.ino === fstatSync(fd).ino
  if (lockFile(fd) && named()) return
  throw new FerryError('E_CONFLICT', `Cannot write "${path}": another ferry is writing it`, {
    hint: 'wait until that has ended, or write into another folder',
  })
}

/**
 * Verified ranges of a part of `path` that was begun for another size, as a place to copy from; undefined when there is
 * none. `size`: of the file that is wanted now.
 */
export function readOldPart(
  path: string,
  size: number,
): { readonly path: string; readonly trusted: PlacedChunks } | undefined {
  const names = partNames(path)
  setAsideOtherPart(path, names, size)
  const journal = readJournal(names.oldJournal)
  return journal && placedCount(journal.trusted) > 0
    ? { path: names.oldPart, trusted: journal.trusted }
    : undefined
}

/**
 * Opens the part of the file that will be `path`, `size` bytes long. A part begun for another size is set aside.
 * @throws E_CONFLICT when something foreign has its name; E_PERMISSION, E_NO_SPACE, E_IO from the file system.
 */
export function openPart(path: string, size: number): OpenPart {
  const names = partNames(path)
  let fd: number | undefined
  let journalFd: number | undefined
  try {
    setAsideOtherPart(path, names, size)
    fd = openOwn(names.part)
    lockPart(fd, path, names)
    const found = readJournal(names.journal)
    const partBytes = fstatSync(fd).size
    journalFd = openOwn(names.journal, constants.O_APPEND)
    // A part has its full length from the beginning; one of another length was not left by us.
    const trusted = found && partBytes === size ? found.trusted : new Uint8Array(0)
    if (placedCount(trusted) === 0) {
      ftruncateSync(fd, 0)
      ftruncateSync(fd, size)
    }
    if (found?.sameBoot && placedCount(trusted) > 0) ftruncateSync(journalFd, found.wholeBytes)
    else restartJournal(journalFd, size, trusted)
    // What an interrupted run wrote without recording it may stand anywhere in an old part.
    const holes = placedCount(trusted) === 0
    return { fd, journalFd, path, holes, names, trusted, ...partOperations(fd, journalFd) }
  } catch (error) {
    if (fd !== undefined) closeSync(fd)
    if (journalFd !== undefined) closeSync(journalFd)
    throw toFerryError(error, `Cannot write "${path}"`)
  }
}

function restartJournal(journalFd: number, size: number, trusted: PlacedChunks): void {
  ftruncateSync(journalFd, 0)
  const header = encodeJournalHeader(currentBootId(), size)
  const batches = encodeBatches(trusted)
  const mark =
    placedCount(trusted) > 0 ? encodeSyncMark(header.byteLength + batches.byteLength) : new Uint8Array(0)
  writeAllSync(journalFd, Buffer.concat([header, batches, mark]))
}

function partOperations(fd: number, journalFd: number): Pick<OpenPart, 'forget' | 'note' | 'close'> {
  let open = true
  return {
    forget(offsets) {
      if (offsets.length === 0) return
      writeAllSync(journalFd, encodeForget(offsets))
      // Were the withdrawal lost in a crash that keeps the overwritten data, the old ranges would be believed.
      fdatasyncSync(journalFd)
    },
    note(chunks) {
      if (chunks.byteLength > 0) writeAllSync(journalFd, encodeBatches(chunks))
    },
    close() {
      if (!open) return
      open = false
      closeSync(fd)
      closeSync(journalFd)
    },
  }
}

/**
 * Syncs a part's data and marks all that its journal says so far as surviving a crash of the system. Slow: for workers.
 * @throws E_IO, E_NO_SPACE when the data is not safely on disk.
 */
export function syncPart(target: Pick<PartTarget, 'fd' | 'journalFd' | 'path'>): void {
  try {
    const covered = fstatSync(target.journalFd).size
    fdatasyncSync(target.fd)
    writeAllSync(target.journalFd, encodeSyncMark(covered))
    fdatasyncSync(target.journalFd)
  } catch (error) {
    throw toFerryError(error, `Cannot write "${target.path}"`)
  }
}
