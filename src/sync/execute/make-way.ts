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
  /** The old version, where it still stands there: content can be copied from it. */
  readonly existing: SyncEntry | undefined
  /** Runs what puts something there; when it fails, the old version stands there again (unless someone else's does), and there is no backup of it. */
  keeping<Result>(write: () => Promise<Result>): Promise<Result>
}

/** @throws E_CONFLICT when something else stands there by now, or a folder in the way is not empty */
export async function makeWay(run: ExecuteRun, action: WriteAction | LinkAction): Promise<Way> {
  const { existing, inTheWay, backup } = action
  const old = existing ?? inTheWay
  const keeping: Way['keeping'] = async (write) => await write()
  if (!old) return { expect: 'absent', existing, keeping }
  if (backup !== undefined) {
    const kept = await duplicateToBackup(run, old, backup)
    if (kept) return kept
    const putBack = await moveToBackup(run, old, backup)
    return { expect: 'absent', existing: undefined, keeping: undoing(putBack) }
  }
  // A file or link is replaced in one step; only a folder has to go before.
  if (old.kind !== 'directory') return { expect: { version: old.version }, existing, keeping }
  await run.remote.remove(old, { signal: run.signal })
  return { expect: 'absent', existing: undefined, keeping }
}

function undoing(undo: () => Promise<void>): Way['keeping'] {
  return async (write) => {
    try {
      return await write()
    } catch (error) {
      await undo()
      throw error
    }
  }
}

/** Keeps it without the name ever being empty; undefined where the place cannot. */
async function duplicateToBackup(run: ExecuteRun, old: SyncEntry, backup: string): Promise<Way | undefined> {
  const { remote, signal } = run
  if (old.kind !== 'file' || !remote.caps.duplicate) return undefined
  const kept = parseTreePath(backup)
  const version = await remote.caps.duplicate(old, kept, { signal })
  if (version === undefined) return undefined
  return {
    expect: { version },
    existing: { ...old, version },
    // Also when the sync is being stopped. Where something else stands by now, this is all there is of the old one.
    keeping: undoing(async () => {
      if ((await remote.stat(old.path))?.version !== version) return
      const copy = await remote.stat(kept)
      if (copy) await remote.remove(copy)
    }),
  }
}

/** Moves what stands there; the returned function moves it back, if the name is still free. @throws E_CONFLICT when it is another version by now */
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
  return async () => {
    // What someone else has put there stays, and the old one stays where it is found as a backup.
    if (!(await remote.stat(existing.path))) await rename(kept, existing.path)
  }
}
