/** Positioned writes that are complete or fail. */
import { writeSync } from 'node:fs'

/** Writes all of `bytes` at `offset` (undefined: at the end of a file opened for appending). @throws a system error */
export function writeAllSync(fd: number, bytes: Uint8Array, offset?: number): void {
  let done = 0
  // A disk that fills up may take a part first and refuse the rest only at the next call.
  while (done < bytes.byteLength) {
    done += writeSync(fd, bytes, done, bytes.byteLength - done, offset === undefined ? null : offset + done)
  }
}
