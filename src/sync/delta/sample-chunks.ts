/**
 * Chooses the chunks that are looked at before a delta relies on a list that may be that of another file: the first and
 * the last that are copied, and some between them by chance, spread evenly. Pure but for the chance that it is given.
 */
import { chunkCount, chunkOffsets, type ChunkRecords } from '../../blobs/chunk-records.ts'
import type { Segment } from '../remote.ts'

/** Between the first and the last. Each is a read of one chunk: at 256 KiB 4 MiB in all, beside a file of a gigabyte. */
export const sampledChunks = 16

interface Range {
  readonly from: number
  readonly length: number
}

/** What is copied, as ranges of the old file. */
export function copiedFrom(segments: readonly Segment[]): Range[] {
  return segments.flatMap((segment) => (segment.kind === 'copy' ? [segment] : []))
}

/** What is copied, as ranges of the new file. */
export function copiedTo(segments: readonly Segment[]): Range[] {
  const ranges: Range[] = []
  let from = 0
  for (const { kind, length } of segments) {
    if (kind === 'copy') ranges.push({ from, length })
    from += length
  }
  return ranges
}

/** Numbers of chunks that lie in the ranges, ascending, none twice. `random` gives 0 … 1, without 1. */
export function sampleChunks(
  records: ChunkRecords,
  ranges: readonly Range[],
  random: () => number = Math.random,
): number[] {
  const copied = chunksIn(records, ranges)
  const inner = copied.slice(1, -1)
  const count = Math.min(sampledChunks, inner.length)
  const chosen = Array.from({ length: count }, (_, stretch) => {
    const start = Math.floor((stretch * inner.length) / count)
    const end = Math.floor(((stretch + 1) * inner.length) / count)
    return inner[start + Math.floor(random() * (end - start))] as number
  })
  return [...new Set([...copied.slice(0, 1), ...chosen, ...copied.slice(-1)])]
}

/** A list may copy from one place many times, in any order. */
function chunksIn(records: ChunkRecords, ranges: readonly Range[]): number[] {
  const offsets = chunkOffsets(records)
  const sorted = ranges.toSorted((a, b) => a.from - b.from)
  const found: number[] = []
  let chunk = 0
  for (const { from, length } of sorted) {
    while (chunk < chunkCount(records) && (offsets[chunk + 1] as number) <= from) chunk++
    for (; chunk < chunkCount(records) && (offsets[chunk] as number) < from + length; chunk++)
      found.push(chunk)
  }
  return found
}
