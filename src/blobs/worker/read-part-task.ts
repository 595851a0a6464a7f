/**
 * Worker task: reads ranges of a part file that are known to be verified, while others of it are still being written.
 * So unlike the user's own files, a part may change under the reader; whoever gets the bytes checks their hashes.
 */
import { closeSync, constants, fstatSync, openSync } from 'node:fs'
import { readInto } from './copy-chunks-task.ts'

export interface ReadPartInput {
  readonly path: string
  /** Pairs of offset and length. */
  readonly ranges: Float64Array
}

export interface ReadPartOutput {
  /** All ranges, one behind the other; undefined when the part is not there any more. */
  readonly bytes: ArrayBuffer | undefined
}

export function readPart({ path, ranges }: ReadPartInput): ReadPartOutput {
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch {
    return { bytes: undefined }
  }
  try {
    if (!fstatSync(fd).isFile()) return { bytes: undefined }
    let total = 0
    for (let index = 1; index < ranges.length; index += 2) total += ranges[index] as number
    const bytes = new Uint8Array(total)
    let at = 0
    for (let index = 0; index < ranges.length; index += 2) {
      const length = ranges[index + 1] as number
      readInto(fd, bytes.subarray(at, at + length), ranges[index] as number)
      at += length
    }
    return { bytes: bytes.buffer }
  } finally {
    closeSync(fd)
  }
}
