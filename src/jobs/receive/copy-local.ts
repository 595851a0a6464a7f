/** Copies the planned chunks that lie on this computer into a part; those that are not there any more are fetched. */
import type { ChunkHome } from '../../blobs/chunk-homes.ts'
import { chunkLengthAt, type ChunkRecords } from '../../blobs/chunk-records.ts'
import { ownFile, type ReusePlan } from '../../blobs/plan-reuse.ts'
import type { OpenPart } from '../../blobs/tree-writer/part-file.ts'
import type { CopySource } from '../../blobs/worker/copy-chunks-task.ts'
import { throwIfCancelled } from '../../shared/concurrency.ts'
import { fetchChunks, pickChunks, targetOf } from './fetch-chunks.ts'
import type { WantedFile } from './large-file.ts'
import type { ReceiveRun } from './run.ts'

/** Chunks copied by one worker call: long enough to be fast, short enough to stop soon and to show progress. */
export const copyBytes: number = 16 * 1024 * 1024

/** Chunks that one worker call copies from one file. */
export interface CopyGroup {
  readonly source: CopySource
  /** The file of this receive that is waited for first. */
  readonly home: ChunkHome | undefined
  readonly chunks: number[]
  /** Where each of them lies in the source. */
  readonly from: number[]
}

/** Groups the copies of a plan by where they come from. `own`: the file itself. */
export function groupCopies(
  run: Pick<ReceiveRun, 'homes'>,
  file: Pick<WantedFile, 'sources'>,
  own: ChunkHome,
  records: ChunkRecords,
  plan: ReusePlan,
): CopyGroup[] {
  const open = new Map<unknown, CopyGroup & { bytes: number }>()
  const groups: CopyGroup[] = []
  for (const { chunk, source, place } of plan.copies) {
    const local = source === ownFile ? undefined : file.sources[source]?.locate(place)
    const inHome =
      source === ownFile ? { home: own, file: 0, offset: place } : local ? undefined : run.homes.at(place)
    const paths = inHome?.home.pathsOf(inHome.file) ?? []
    const key = local?.source ?? paths[0]
    let group = open.get(key)
    if (!group || group.bytes >= copyBytes) {
      group = {
        source: local?.source ?? { paths },
        home: inHome?.home,
        chunks: [],
        from: [],
        bytes: 0,
      }
      open.set(key, group)
      groups.push(group)
    }
    group.chunks.push(chunk)
    group.from.push(local?.offset ?? inHome?.offset ?? 0)
    group.bytes += chunkLengthAt(records, chunk)
  }
  return groups
}

/** Resolves to the bytes that were copied; what was not was fetched. @throws as `fetchChunks`. */
export async function copyGroup(
  run: ReceiveRun,
  file: Pick<WantedFile, 'number' | 'entry'>,
  part: OpenPart,
  records: ChunkRecords,
  plan: ReusePlan,
  group: CopyGroup,
): Promise<number> {
  throwIfCancelled(run.signal)
  await run.throttle.take(0, run.signal)
  const picked = pickChunks(records, plan.offsets, group.chunks)
  const places = new Float64Array(group.chunks.length * 2)
  group.from.forEach((from, index) => places.set([from, picked.offsets[index] as number], index * 2))
  const { bad, writtenBytes } = await run.pool.run('copyChunks', {
    source: group.source,
    records: picked.records,
    places,
    target: targetOf(part),
  })
  if (bad.length > 0)
    await fetchChunks(
      run,
      { number: file.number, path: file.entry.path },
      part,
      pickChunks(picked.records, picked.offsets, bad),
    )
  return writtenBytes
}
