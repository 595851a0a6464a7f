/** Fetches of changed stretches only what the old file has not: see blobs/plan-patch.ts. */
import type { ChunkRecords } from '../../blobs/chunk-records.ts'
import { findStretches, planPatch, type ChangedStretch, type PatchPiece } from '../../blobs/plan-patch.ts'
import type { ReusePlan, ReuseSource } from '../../blobs/plan-reuse.ts'
import type { FileFingerprint } from '../../blobs/store/store.ts'
import type { OpenPart } from '../../blobs/tree-writer/part-file.ts'
import { packSources } from '../../blobs/worker/packed-sources.ts'
import type { EntryRange } from '../../node/session.ts'
import { throwIfCancelled } from '../../shared/concurrency.ts'
import { fetchChunks, pickChunks, targetOf } from './fetch-chunks.ts'
import type { WantedFile } from './large-file.ts'
import { nothingRead, rangeError, readRanges } from './read-ranges.ts'
import type { ReceiveRun } from './run.ts'

/** The file that stands where the new one will. */
export interface OldFile {
  readonly path: string
  readonly fingerprint: FileFingerprint
  readonly list: ReuseSource
}

/** A stretch, and of what it is made. */
export interface Patch {
  readonly stretch: ChangedStretch
  readonly pieces: readonly PatchPiece[]
  readonly fetchedBytes: number
}

/** Stretches asked about in one question. */
const stretchesPerAsk = 128

/** The patches for chunks that a plan would fetch. What cannot be asked is left to be fetched: it is an economy only. */
export async function planPatches(
  run: ReceiveRun,
  file: Pick<WantedFile, 'number' | 'old'>,
  records: ChunkRecords,
  plan: ReusePlan,
): Promise<Patch[]> {
  const { old, number } = file
  if (!old || plan.fetched.length === 0) return []
  const { size, mtimeNs } = old.fingerprint
  const stretches = findStretches(records, plan.offsets, plan.fetched, { list: old.list, size })
  const patches: Patch[] = []
  for (let first = 0; first < stretches.length; first += stretchesPerAsk) {
    const some = stretches.slice(first, first + stretchesPerAsk)
    const ranges = Float64Array.from(
      some.flatMap((stretch) => stretch.old.flatMap(({ offset, length }) => [0, offset, length])),
    )
    try {
      const session = await run.fetcher.session({ signal: run.signal })
      const entry = run.numberOn(session, number)
      const asked = some.map(({ offset, length }): EntryRange => ({ entry, offset, length }))
      const [wanted, { lists }] = await Promise.all([
        session.subChunks(asked, { signal: run.signal }),
        run.pool.run('subChunks', { files: packSources([{ path: old.path, size, mtimeNs }]), ranges }),
      ])
      let list = 0
      some.forEach((stretch, index) => {
        const ownLists = lists.slice(list, (list += stretch.old.length))
        const pieces = planPatch(stretch, wanted[index] ?? new Uint8Array(), ownLists)
        if (!pieces) return
        const fetchedBytes = pieces.reduce(
          (sum, { kind, length }) => sum + (kind === 'fetch' ? length : 0),
          0,
        )
        if (fetchedBytes < stretch.length) patches.push({ stretch, pieces, fetchedBytes })
      })
    } catch {
      throwIfCancelled(run.signal)
    }
  }
  return patches
}

/** Fetches the new pieces of one stretch and writes its chunks. Resolves to the bytes fetched. @throws as `fetchChunks` */
export async function applyPatch(
  run: ReceiveRun,
  file: Pick<WantedFile, 'number' | 'entry' | 'old'>,
  part: OpenPart,
  records: ChunkRecords,
  plan: ReusePlan,
  { stretch, pieces, fetchedBytes }: Patch,
): Promise<number> {
  const ranges = pieces
    .filter(({ kind }) => kind === 'fetch')
    .map(({ offset, length }): EntryRange => ({ entry: file.number, offset, length }))
  const read = ranges.length > 0 ? await readRanges(run, ranges) : nothingRead
  const chunks = Array.from({ length: stretch.until - stretch.from }, (_, index) => stretch.from + index)
  const picked = pickChunks(records, plan.offsets, chunks)
  const places = new Float64Array(chunks.length * 2)
  picked.offsets.forEach((offset, index) => places.set([index, offset], index * 2))
  let bad: number[]
  try {
    const [failure] = read.failed
    if (failure) throw rangeError(file.entry.path, failure)
    ;({ bad } = await run.pool.run('patchChunks', {
      source: { paths: file.old ? [file.old.path] : [], fingerprint: file.old?.fingerprint },
      pieces,
      bytes: read.bytes,
      records: picked.records,
      target: targetOf(part),
      places,
    }))
  } finally {
    read.release()
  }
  if (bad.length === 0) return fetchedBytes
  // A piece of either side was not what it seemed: whole chunks are told right from wrong by whoever is to blame.
  const again = pickChunks(picked.records, picked.offsets, bad)
  await fetchChunks(run, { number: file.number, path: file.entry.path }, part, again)
  return stretch.length
}
