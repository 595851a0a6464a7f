/** What a new file or link replaces, removed or kept as a backup before it. */
import { FerryError } from '../../shared/errors.ts'
import { parseTreePath } from '../../shared/paths.ts'
import type { LinkAction, WriteAction } from '../plan-types.ts'
import type { Expected } from '../remote.ts'
import type { SyncEntry } from '../source.ts'
import type { ExecuteRun } from './execute-run.ts'

export interface Way {
  /** What stands there from now on. */
  readonly expect: Expected
  /** Runs what puts something there; when it fails, a backup is moved back, so that the name is not left empty. */
  keeping<Result>(write: () => Promise<Result>): Promise<Result>
}

/** @throws E_CONFLICT when something else stands there by now, or a folder in the way is not empty */
export async function makeWay(run: ExecuteRun, action: WriteAction | LinkAction): Promise<Way> {
  const { existing, inTheWay, backup } = action
  const old = existing ?? inTheWay
  if (!old) return { expect: 'absent', keeping: async (write) => await write() }
  if (backup !== undefined) {
    const putBack = await moveToBackup(run, old, backup)
    return {
      expect: 'absent',
      async keeping(write) {
        try {
          return await write()
        } catch (error) {
          await putBack()
          throw error
        }
      },
    }
  }
  // A file or link is replaced in one step; only a folder has to go before.
  if (old.kind !== 'directory')
    return { expect: { version: old.version }, keeping: async (write) => await write() }
  await run.remote.remove(old, { signal: run.signal })
  return { expect: 'absent', keeping: async (write) => await write() }
}

/** Moves what stands there; the returned function moves it back. @throws E_CONFLICT when it is another version by now */
export async function moveToBackup(
  run: ExecuteRun,
  existing: SyncEntry,
  backup: string,
): Promise<() => Promise<void>> {
  const { remote, signal } = run
  const { rename } = remote.caps
  if (!rename)
    throw new FerryError('E_USAGE', `Cannot keep backups: files cannot be renamed in ${remote.url}`)
  const kept = parseTreePath(backup)
  const now = await remote.stat(existing.path, { signal })
  if (now?.version !== existing.version)
    throw new FerryError('E_CONFLICT', `Cannot keep "${existing.path}": someone else changed it meanwhile`)
  await rename(existing.path, kept, { signal })
  run.index?.remove(existing.path)
  // Also when the sync is being stopped: nobody wants to find the name empty.
  return async () => await rename(kept, existing.path)
}
