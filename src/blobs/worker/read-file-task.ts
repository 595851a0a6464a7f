/**
 * Worker tasks: read ranges of files that were listed before, one large or many small ones. The file is opened anew each time: that costs a
 * hundredth of reading the range, and no descriptor is held while a slow receiver thinks.
 */
import { closeSync, readSync } from 'node:fs'
import { changedError, checkVersion, openVersion, versionError } from '../open-source.ts'
import { packError, type PackedError } from './packed-error.ts'
import type { LocalFile } from './place-files-task.ts'

export interface ReadFileInput extends LocalFile {
  readonly offset: number
  readonly length: number
}

export interface ReadFileOutput {
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** @throws E_CHANGED when the file is not that version before and behind the reading, or is shorter */
export function readFile({ path, version, offset, length }: ReadFileInput): ReadFileOutput {
  const fd = openVersion(path, version)
  try {
    // Not cleared, since all of it is filled; not of the pool, since it is moved.
    const bytes = Buffer.allocUnsafeSlow(length)
    for (let done = 0; done < length; ) {
      const count = readSync(fd, bytes, done, length - done, offset + done)
      if (count === 0) throw changedError(path)
      done += count
    }
    checkVersion(fd, path, version)
    return { bytes: new Uint8Array(bytes.buffer) }
  } catch (error) {
    throw versionError(error, path)
  } finally {
    closeSync(fd)
  }
}

export interface ReadFilesInput {
  readonly files: readonly ReadFileInput[]
}

export interface ReadFilesOutput {
  /** For each its bytes, or why there are none. */
  readonly results: readonly (Uint8Array<ArrayBuffer> | PackedError)[]
}

export function readFiles({ files }: ReadFilesInput): ReadFilesOutput {
  const results = files.map((file) => {
    try {
      return readFile(file).bytes
    } catch (error) {
      return packError(error, `Cannot read "${file.path}"`)
    }
  })
  return { results }
}
