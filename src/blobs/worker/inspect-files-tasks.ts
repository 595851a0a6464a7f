/** Worker tasks that look at what already stands at the destination: what it is, and whether it is the wanted content. */
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, readlinkSync } from 'node:fs'
import { isSystemError, toFerryError } from '../../shared/errors.ts'
import { chunkCount, chunkHashAt, chunkLengthAt, type ChunkRecords } from '../chunk-records.ts'
import { hash } from '../hash.ts'
import type { FileFingerprint } from '../store/store.ts'
import { fingerprintOf, equalFingerprints } from '../fingerprint.ts'
import { addMovedBytes, type MovedBytes } from './moved-bytes.ts'
import { isSameHash } from './write-chunks-task.ts'

export type Existing =
  | { readonly kind: 'none' }
  | { readonly kind: 'file'; readonly mode: number; readonly fingerprint: FileFingerprint }
  | { readonly kind: 'symlink'; readonly target: string; readonly fingerprint: FileFingerprint }
  | { readonly kind: 'directory' }
  /** A socket, a device, a pipe. */
  | { readonly kind: 'other' }

/** What stands at `path`, links themselves included. @throws E_PERMISSION, E_CONFLICT, E_IO when it cannot be told. */
export function inspectPath(path: string): Existing {
  try {
    const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false })
    if (!stat) return { kind: 'none' }
    if (stat.isFile())
      return { kind: 'file', mode: Number(stat.mode & 0o7777n), fingerprint: fingerprintOf(stat) }
    if (stat.isSymbolicLink())
      return { kind: 'symlink', target: readlinkSync(path), fingerprint: fingerprintOf(stat) }
    return { kind: stat.isDirectory() ? 'directory' : 'other' }
  } catch (error) {
    // A parent that is a file: the folder's own check reports it better.
    if (isSystemError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return { kind: 'none' }
    throw toFerryError(error, `Cannot look at "${path}"`)
  }
}

export function inspectFiles(input: { readonly paths: readonly string[] }): { readonly found: Existing[] } {
  return { found: input.paths.map(inspectPath) }
}

export interface CompareFilesInput {
  readonly files: readonly { readonly path: string; readonly records: ChunkRecords }[]
  /** Counts the bytes that are compared. */
  readonly moved?: MovedBytes | undefined
}

export interface CompareFilesOutput {
  /** For each file the fingerprint under which it was found equal; undefined when it differs or cannot be read. */
  readonly equal: (FileFingerprint | undefined)[]
}

/** Compares files with chunk lists, byte ranges by hash. */
export function compareFiles(input: CompareFilesInput): CompareFilesOutput {
  let buffer = new Uint8Array(1024 * 1024)
  const compare = (path: string, records: ChunkRecords): FileFingerprint | undefined => {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const before = fingerprintOf(fstatSync(fd, { bigint: true }))
      let offset = 0
      for (let index = 0; index < chunkCount(records); index++) {
        const length = chunkLengthAt(records, index)
        if (buffer.byteLength < length) buffer = new Uint8Array(length)
        for (let done = 0; done < length; ) {
          const count = readSync(fd, buffer, done, length - done, offset + done)
          if (count === 0) return undefined
          done += count
        }
        if (!isSameHash(hash(buffer.subarray(0, length)), chunkHashAt(records, index))) return undefined
        offset += length
        addMovedBytes(input.moved, length)
      }
      const after = fingerprintOf(fstatSync(fd, { bigint: true }))
      return after.size === offset && equalFingerprints(before, after) ? after : undefined
    } finally {
      closeSync(fd)
    }
  }
  return {
    equal: input.files.map(({ path, records }) => {
      try {
        return compare(path, records)
      } catch {
        return undefined
      }
    }),
  }
}
