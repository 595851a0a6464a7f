/**
 * Locks that end with the process, however it ends: `flock`, by way of koffi. Where there is no binary or the file system
 * cannot lock, nothing is locked.
 */
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import type * as koffiModule from 'koffi'

/** LOCK_EX | LOCK_NB, the same on Linux, macOS and the BSDs. */
const exclusiveNow = 2 | 4

interface Locks {
  flock(fd: number, operation: number): number
  errno(): number
}

let loaded: Locks | null | undefined

function load(): Locks | null {
  if (loaded !== undefined) return loaded
  loaded = null
  if (process.platform !== 'win32') {
    try {
      const koffi = createRequire(import.meta.url)('koffi') as typeof koffiModule
      const flock = koffi.load(null).func('int flock(int fd, int operation)') as Locks['flock']
      loaded = { flock, errno: () => koffi.errno() }
    } catch {
      // No binary for this platform.
    }
  }
  return loaded
}

/** Locks an open file until it is closed. False when another process, or another opening of the file, has it locked. */
export function lockFile(fd: number): boolean {
  const locks = load()
  if (!locks || locks.flock(fd, exclusiveNow) === 0) return true
  return locks.errno() !== constants.errno.EWOULDBLOCK
}
