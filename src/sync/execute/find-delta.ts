/**
 * Whether a file goes as a delta against its old version, and which bytes that takes. Both chunk lists must be had
 * without moving the file: from an index, from a peer, or by cutting what lies on this computer.
 */
import { copiedFrom, copiedTo, sampleChunks } from '../delta/sample-chunks.ts'
import { planDelta } from '../delta/plan-delta.ts'
import type { WriteAction } from '../plan-types.ts'
import type { Segment } from '../remote.ts'
import type { ChunkList, Content, SyncEntry } from '../source.ts'
import type { ExecuteRun } from './execute-run.ts'
import { holdsChunks } from './holds-chunks.ts'

/** A copied piece below this is sent with its neighbours: it is less than one chunk, and costs a step of its own. */
const leastCopyBytes = 16 * 1024

export interface Delta {
  readonly segments: readonly Segment[]
  readonly copiedBytes: number
  readonly dataBytes: number
}

export interface FoundDelta extends Delta {
  /** The chunks of what is to be written, with the average of the old ones. */
  readonly list: ChunkList
}

type DeltaRun = Pick<ExecuteRun, 'remote' | 'settings' | 'signal' | 'index' | 'progress'>

/** True for files whose chunks are worth knowing here: they may go as deltas, now or the next time. */
export function mayBeDelta(
  { remote, settings }: Pick<DeltaRun, 'remote' | 'settings'>,
  size: number,
): boolean {
  const { assemble, leastDeltaBytes } = remote.caps
  return (
    assemble !== undefined &&
    !settings.wholeFile &&
    size >= Math.max(settings.deltaThreshold, leastDeltaBytes)
  )
}

/** As far as sizes tell: whether the file may go as a delta against what stands there now. */
export function mayGoAsDelta(
  run: Pick<DeltaRun, 'remote' | 'settings'>,
  { entry, existing, backup }: Pick<WriteAction, 'entry' | 'existing' | 'backup'>,
): boolean {
  if (!existing || !mayBeDelta(run, entry.size) || !mayBeDelta(run, existing.size)) return false
  return backup === undefined || run.remote.caps.duplicate !== undefined
}

/** Undefined when the file goes whole: also one that is kept as a backup where the place can only move it away for that. */
export async function findDelta(
  run: DeltaRun,
  content: Content,
  action: Pick<WriteAction, 'entry' | 'existing' | 'backup'>,
): Promise<FoundDelta | undefined> {
  const { existing } = action
  if (!existing || !mayGoAsDelta(run, action)) return undefined
  const previous = await oldList(run, existing)
  if (!previous) return undefined
  const next = await newList(run, content, previous.chunkSize)
  if (!next) return undefined
  // `-c` does not believe size and second, nor what was remembered by them.
  if (run.settings.checksum && (previous.forget || next.forget)) return undefined
  const plan = planDelta(next.records, previous.records, { leastCopyBytes })
  if (plan.copiedBytes === 0) return undefined
  if (!(await isAsRemembered(run, content, existing, { plan, next, previous }))) return undefined
  return { ...plan, list: next }
}

interface Lists {
  readonly plan: Delta
  readonly next: ChunkList
  readonly previous: ChunkList
}

/** Looks at a sample of what is copied, on the side whose list may be that of an older file. A wrong list is forgotten. */
async function isAsRemembered(
  { remote, signal, progress }: DeltaRun,
  content: Content,
  existing: SyncEntry,
  { plan: { segments }, next, previous }: Lists,
): Promise<boolean> {
  const wrong = (list: ChunkList, url: string): false => {
    list.forget?.()
    progress.warn(
      `"${existing.path}" is not what was remembered of it in ${url}, in spite of its size and time: it is sent whole`,
    )
    return false
  }
  if (next.forget) {
    const chunks = sampleChunks(next.records, copiedTo(segments))
    if (!(await holdsChunks(content, next.records, chunks, { signal }))) return wrong(next, 'the source')
  }
  if (!previous.forget) return true
  const chunks = sampleChunks(previous.records, copiedFrom(segments))
  await using old = await remote.open(existing, { signal })
  return (await holdsChunks(old, previous.records, chunks, { signal })) || wrong(previous, remote.url)
}

/** The chunks of what is to be written; undefined when nothing short of reading it from afar can tell. */
export async function newList(
  { settings, signal }: Pick<DeltaRun, 'settings' | 'signal'>,
  content: Content,
  chunkSize: number | undefined = settings.blockSize,
): Promise<ChunkList | undefined> {
  return await content.chunks({ signal, chunkSize })
}

async function oldList(
  { remote, index, settings, signal }: DeltaRun,
  existing: SyncEntry,
): Promise<ChunkList | undefined> {
  const known = await index?.chunks(existing, { signal })
  if (known) return known
  await using content = await remote.open(existing, { signal })
  return await content.chunks({ signal, chunkSize: settings.blockSize })
}
