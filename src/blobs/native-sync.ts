/**
 * Syncs many new files at once. A sync per file is a commit of the journal each; `syncfs` writes all that is dirty on the
 * file system in one go, which for hundreds of small files is more than ten times faster. Linux has it, by way of koffi;
 * elsewhere, and for few files, each is synced by itself.
 */
import { createRequire } from 'node:module'
import type * as koffiModule from 'koffi'

/** With fewer files, what others have dirty on the same disk would cost more than is won. */
const leastFiles = 32

let syncfs: ((fd: number) => number) | null | undefined

function load(): typeof syncfs {
  if (syncfs !== undefined) return syncfs
  syncfs = null
  if (process.platform === 'linux' && process.env['FERRY_NATIVE_SYNC'] !== '0') {
    try {
      const koffi = createRequire(import.meta.url)('koffi') as typeof koffiModule
      syncfs = koffi.load(null).func('int syncfs(int fd)') as (fd: number) => number
    } catch {
      // No binary for this platform.
    }
  }
  return syncfs
}

/**
 * True when the data of `files` new files is on disk, all of them on the file system of the open file `fd`. False: the
 * caller has to sync each, and so learns which of them failed.
 */
export function syncTogether(fd: number, files: number): boolean {
  return files >= leastFiles && load()?.(fd) === 0
}
