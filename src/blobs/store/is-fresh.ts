/** Whether what the index knows about a file may be believed without reading it again. */
import type { FileFingerprint, IndexedFile } from './store.ts'

/**
 * File systems stamp changes with a clock of up to 2 s (FAT; a few ms on ext4): a file that was read so soon after a
 * change may have changed again within the same tick. It is read once more next time, and then is old enough.
 */
export const racyWindowNs = 2_000_000_000n

/** True when the fingerprints are equal and the file was at rest when it was read. */
export function isFresh(indexed: IndexedFile, now: FileFingerprint): boolean {
  const then = indexed.fingerprint
  return (
    then.size === now.size &&
    then.mtimeNs === now.mtimeNs &&
    then.ctimeNs === now.ctimeNs &&
    then.inode === now.inode &&
    then.device === now.device &&
    // The kernel sets ctime at each change; mtime is the user's, and may well lie in the future.
    indexed.indexedAtNs - then.ctimeNs >= racyWindowNs
  )
}
