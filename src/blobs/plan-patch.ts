/**
 * Changed places below the size of a chunk: between two chunks that the old file has too lies a stretch that it has not.
 * Cut into sub-chunks, most of that stretch is found again in the old file, and only what is truly new is fetched. Pure:
 * the chunks put together so are verified whole.
 */
import { chunkCount, chunkHashAt, chunkLengthAt, type ChunkRecords } from './chunk-records.ts'
import { subChunkCount, subChunkHashAt, subChunkLengthAt } from './chunker/sub-chunks.ts'
import type { ReuseSource } from './plan-reuse.ts'

/** Bytes of the old file. */
export interface OldRange {
  readonly offset: number
  readonly length: number
}

/** Neighbouring missing chunks, and where in the old file most of their bytes may stand. */
export interface ChangedStretch {
  /** Indexes of the chunks: from, and behind the last one. */
  readonly from: number
  readonly until: number
  readonly offset: number
  readonly length: number
  /** One or two: what is between the neighbours, or what follows the one and what goes before the other. */
  readonly old: readonly OldRange[]
}

/** Longer stretches are rewritten rather than edited: their list would cost more than it finds. */
export const maxStretchBytes: number = 4 * 1024 * 1024
/** The list of a stretch takes about a hundredth of it: old bytes that are fewer cannot pay for it well. */
const leastOldShare = 1 / 32

/**
 * The stretches of `missing` chunks (ascending) that are worth a look at sub-chunks.
 * @param offsets of the chunks in the new file, one more than there are
 */
export function findStretches(
  records: ChunkRecords,
  offsets: Float64Array,
  missing: readonly number[],
  old: { readonly list: ReuseSource; readonly size: number },
): ChangedStretch[] {
  const stretches: ChangedStretch[] = []
  for (let at = 0; at < missing.length; ) {
    const from = missing[at] as number
    let until = from
    while (missing[at] === until) {
      at++
      until++
    }
    const offset = offsets[from] as number
    const length = (offsets[until] as number) - offset
    if (length > maxStretchBytes) continue
    const ranges = oldRanges(records, offsets, from, until, old)
    if (ranges.reduce((sum, range) => sum + range.length, 0) >= length * leastOldShare)
      stretches.push({ from, until, offset, length, old: ranges })
  }
  return stretches
}

function oldRanges(
  records: ChunkRecords,
  offsets: Float64Array,
  from: number,
  until: number,
  old: { readonly list: ReuseSource; readonly size: number },
): OldRange[] {
  const place = (index: number): number =>
    index >= 0 && index < chunkCount(records)
      ? old.list.find(chunkHashAt(records, index), chunkLengthAt(records, index))
      : -1
  const before = place(from - 1)
  const isFirst = offsets[from] === 0
  /** Where the old bytes begin that follow what comes before the stretch; and where those end that go before the rest. */
  const start = before >= 0 ? before + chunkLengthAt(records, from - 1) : isFirst ? 0 : -1
  const end = place(until)
  if (start >= 0 && end > start && end - start <= maxStretchBytes)
    return [{ offset: start, length: end - start }]
  // Moved, or next to something that is new too: as much as the stretch is long, and half as much again.
  const length = (offsets[until] as number) - (offsets[from] as number)
  const reach = Math.ceil(Math.min(length * 1.5, maxStretchBytes))
  const ranges: OldRange[] = []
  if (start >= 0 && start < old.size && !(isFirst && end > 0))
    ranges.push({ offset: start, length: Math.min(reach, old.size - start) })
  if (end > 0) ranges.push({ offset: Math.max(0, end - reach), length: Math.min(reach, end) })
  return ranges
}

/** A piece of a stretch: bytes of the old file, or bytes of the new one that must be fetched. */
export interface PatchPiece {
  readonly kind: 'copy' | 'fetch'
  /** In the old file, or in the new one. */
  readonly offset: number
  readonly length: number
}

/**
 * Puts a stretch together from its sub-chunks and those of its old ranges. Undefined when `wanted` is no list
 * of this stretch.
 */
export function planPatch(
  stretch: Pick<ChangedStretch, 'offset' | 'length' | 'old'>,
  wanted: Uint8Array,
  old: readonly Uint8Array[],
): PatchPiece[] | undefined {
  const places = new Map<string, OldRange>()
  stretch.old.forEach((range, order) => {
    const list = old[order] ?? new Uint8Array(0)
    let oldOffset = range.offset
    for (let index = 0; index < subChunkCount(list); index++) {
      const length = subChunkLengthAt(list, index)
      places.set(keyOf(list, index), { offset: oldOffset, length })
      oldOffset += length
    }
  })
  const pieces: { kind: 'copy' | 'fetch'; offset: number; length: number }[] = []
  let offset = stretch.offset
  const end = stretch.offset + stretch.length
  for (let index = 0; index < subChunkCount(wanted); index++) {
    const length = subChunkLengthAt(wanted, index)
    if (length === 0 || offset + length > end) return undefined
    const found = places.get(keyOf(wanted, index))
    const isFound = found !== undefined && found.length === length
    const next = isFound
      ? { kind: 'copy' as const, offset: found.offset, length }
      : { kind: 'fetch' as const, offset, length }
    const last = pieces.at(-1)
    if (last && last.kind === next.kind && last.offset + last.length === next.offset) last.length += length
    else pieces.push(next)
    offset += length
  }
  return offset === end ? pieces : undefined
}

function keyOf(list: Uint8Array, index: number): string {
  const hash = subChunkHashAt(list, index)
  return Buffer.from(hash.buffer, hash.byteOffset, hash.byteLength).toString('latin1')
}
