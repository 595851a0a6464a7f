/**
 * One file: as a delta or whole, and only over what was seen there when the plan was made. What someone else has put
 * there meanwhile is looked at afresh, once.
 */
import { nameChunkList } from '../../blobs/manifest/nodes.ts'
import { FerryError } from '../../shared/errors.ts'
import type { WriteAction } from '../plan-types.ts'
import type { TransferProgress, WriteOptions } from '../remote.ts'
import type { ChunkList, SyncEntry } from '../source.ts'
import { type ExecuteRun, noBytes, type Outcome } from './execute-run.ts'
import { findDelta, mayBeDelta, newList } from './find-delta.ts'
import { makeWay } from './make-way.ts'

/** A file below this is counted when it is done, and not shown while it is under way. */
const leastShownBytes = 1024 * 1024

/** @throws E_CONFLICT when something else stands there again; E_CHANGED and what the places say */
export async function writeFile(run: ExecuteRun, action: WriteAction): Promise<Outcome> {
  const { entry } = action
  const expected = action.existing ?? action.inTheWay
  try {
    return await writeOnce(run, action)
  } catch (error) {
    const found = await foundInstead(run, entry, expected, error)
    if (!found) throw error
    if (run.settings.failOnConflict) throw conflictError(entry, error)
    const next = run.decide(entry, found.existing, true)
    if (next.kind !== 'write') return noBytes
    return await writeOnce(run, next)
  }
}

/** A conflict that ends the whole sync, as `failOnConflict` wants it. */
export const conflictHint = 'run it again to compare afresh, or leave out --fail-on-conflict'

function conflictError(entry: SyncEntry, cause: unknown): FerryError {
  return new FerryError('E_CONFLICT', `Cannot replace "${entry.path}": someone else changed it meanwhile`, {
    cause,
    hint: conflictHint,
  })
}

/** What stands there in place of what was expected; undefined when that is not why it failed. */
async function foundInstead(
  { remote, signal }: ExecuteRun,
  entry: SyncEntry,
  expected: SyncEntry | undefined,
  error: unknown,
): Promise<{ readonly existing: SyncEntry | undefined } | undefined> {
  if (!(error instanceof FerryError) || error.code !== 'E_CONFLICT') return undefined
  const existing = await remote.stat(entry.path, { signal })
  return existing?.version === expected?.version ? undefined : { existing }
}

/** A listing of objects leaves out times and modes: what is written whatever they are still gets them. */
async function withDescription(run: ExecuteRun, action: WriteAction): Promise<WriteAction> {
  const { source, settings, signal } = run
  const { entry, existing, inTheWay } = action
  if (entry.mtimeNs !== undefined || !source.describe || !(settings.times || settings.perms)) return action
  const told = await source.describe(entry, { signal })
  const next = run.decide(told, existing ?? inTheWay, true)
  const write = next.kind === 'compare' ? next.different : next
  return write.kind === 'write' ? write : { ...action, entry: told }
}

async function writeOnce(run: ExecuteRun, planned: WriteAction): Promise<Outcome> {
  const { remote, settings, signal, progress, index } = run
  const action = await withDescription(run, planned)
  const { entry } = action
  const item = entry.size < leastShownBytes ? undefined : progress.beginItem(entry.path, 'upload', entry.size)
  let moved: Outcome = noBytes
  const onProgress = ({ sentBytes, copiedBytes }: TransferProgress): void => {
    if (!item) return
    item.bytes(sentBytes + copiedBytes, copiedBytes > sentBytes ? 'copy' : 'upload')
    run.onMoving(moved, { sentBytes, copiedBytes })
    moved = { sentBytes, copiedBytes }
  }
  try {
    await using content = await run.source.open(entry, { signal })
    const delta = await findDelta(run, content, action)
    // A file is not cut twice: the next delta takes whatever average this list has.
    const told =
      index && mayBeDelta(run, entry.size) ? (delta?.list ?? (await newList(run, content))) : undefined
    // What may be the list of another file is not passed on.
    const list = told?.forget ? undefined : told
    const blob = list && nameChunkList(list.records).reference.blob
    const attributes = { ...action.attributes, ...(blob && { blob }) }
    const way = await makeWay(run, action)
    const options: WriteOptions = {
      attributes,
      resume: settings.partial,
      signal,
      onProgress,
      expect: way.expect,
    }
    const written = await way.keeping(async () =>
      delta && way.existing && remote.caps.assemble
        ? await remote.caps.assemble(way.existing, delta.segments, content, options)
        : await remote.write(entry.path, content, options),
    )
    const { mtimeNs, mode } = attributes
    const stands = { ...entry, mtimeNs, mode, version: written.version, ...(blob && { blob }) }
    await index?.put(stands, list, { signal })
    if (!delta) await teachSource(run, entry, stands)
    const reusedBytes = Math.max(0, entry.size - written.sentBytes)
    if (item) item.done({ reusedBytes })
    else progress.addDone({ files: 1, bytes: entry.size, reusedBytes })
    return written
  } catch (error) {
    // The action as a whole is told as failed, or as left out; its item only goes.
    if (!run.files?.isLeftOut(entry.path)) item?.fail({ code: 'E_CANCELLED', message: '' })
    throw error
  } finally {
    // When the sync is stopped, what has moved of it stays moved.
    if (moved !== noBytes && !signal.aborted) run.onMoving(moved, noBytes)
  }
}

/** A file that has come from afar is cut where it lies now; what the source cannot tell by itself is known from then on. */
async function teachSource(run: ExecuteRun, entry: SyncEntry, stands: SyncEntry): Promise<void> {
  const { source, remote, signal } = run
  if (!source.learn || !mayBeDelta(run, entry.size)) return
  async function cut(): Promise<ChunkList | undefined> {
    await using content = await remote.open(stands, { signal })
    return await content.chunks({ signal, chunkSize: run.settings.blockSize })
  }
  try {
    await source.learn(entry, cut, { signal })
  } catch (error) {
    // The file is there: that its chunks cannot be remembered makes a later sync dearer, and nothing wrong.
    if (signal.aborted || !(error instanceof FerryError)) throw error
  }
}
