/**
 * Takes over what an edited file has in common with the version that it replaces, without cutting that version first:
 * most chunks are tried where they are expected (see find-shift-task.ts), which is one pass of reading, hashing and
 * writing instead of two of reading and hashing.
 */
import {
  bytesOfChunks,
  chunkCount,
  chunkHashAt,
  chunkLengthAt,
  chunkOffsets,
  type ChunkRecords,
} from '../../blobs/chunk-records.ts'
import { placedChunkBytes, writePlacedChunk, type PlacedChunks } from '../../blobs/part-journal.ts'
import { createPlacedSource } from '../../blobs/plan-reuse.ts'
import type { FileFingerprint } from '../../blobs/store/store.ts'
import type { OpenPart } from '../../blobs/tree-writer/part-file.ts'
import { copyBytes } from './copy-local.ts'
import { mapBounded } from '../../shared/concurrency.ts'
import { pickChunks, targetOf } from './fetch-chunks.ts'
import type { OldFile } from './patch-stretches.ts'
import type { ReceiveRun } from './run.ts'

/** The version that is replaced, of which nothing but its size is known yet. */
export interface EditedFile {
  readonly path: string
  readonly fingerprint: FileFingerprint
  /** The whole list of the new version. */
  readonly records: ChunkRecords
}

export interface ShiftedCopy {
  /** What is in the part now, ascending. */
  readonly placed: PlacedChunks
  /** Where in the old version that stands. */
  readonly old: OldFile
}

/** When more than this part of the file is not where it was expected, the old version is worth being cut. */
const mostMissing = 1 / 64

/** Undefined when the versions are not alike enough; then what was copied by now is copied again. */
export async function copyShifted(
  run: ReceiveRun,
  edited: EditedFile,
  part: OpenPart,
  onCopied: (bytes: number) => void,
): Promise<ShiftedCopy | undefined> {
  const { path, fingerprint, records } = edited
  const source = { paths: [path], fingerprint }
  const count = chunkCount(records)
  const offsets = chunkOffsets(records)
  const total = offsets[count] as number
  const shift = fingerprint.size - total
  const { boundary } = await run.pool.run('findShift', { source, records, shift })
  if (boundary === undefined) return undefined

  const oldOffset = (index: number): number => (offsets[index] as number) + (index < boundary ? 0 : shift)
  const tried = [...Array(count).keys()].filter((index) => oldOffset(index) >= 0)
  const isCopied = new Uint8Array(count)
  let missing = total - bytesOfChunks(records, tried)
  let copied = 0
  await mapBounded(
    groupsOf(records, tried),
    async (chunks) => {
      if (missing > total * mostMissing) return
      const picked = pickChunks(records, offsets, chunks)
      const places = new Float64Array(chunks.length * 2)
      chunks.forEach((chunk, index) => places.set([oldOffset(chunk), offsets[chunk] as number], index * 2))
      const target = targetOf(part)
      const { bad } = await run.pool.run('copyChunks', { source, records: picked.records, places, target })
      for (const chunk of chunks) isCopied[chunk] = 1
      for (const index of bad) isCopied[chunks[index] as number] = 0
      const badBytes = bytesOfChunks(picked.records, bad)
      const bytes = bytesOfChunks(records, chunks) - badBytes
      missing += badBytes
      copied += bytes
      onCopied(bytes)
    },
    { limit: run.pool.size, signal: run.signal },
  )
  if (missing > total * mostMissing) {
    onCopied(-copied)
    return undefined
  }
  const chunks = tried.filter((chunk) => isCopied[chunk] === 1)
  const place = (at: (chunk: number) => number): PlacedChunks => {
    const placed = new Uint8Array(chunks.length * placedChunkBytes)
    chunks.forEach((chunk, order) =>
      writePlacedChunk(placed, order, at(chunk), chunkLengthAt(records, chunk), chunkHashAt(records, chunk)),
    )
    return placed
  }
  return {
    placed: place((chunk) => offsets[chunk] as number),
    old: { path, fingerprint, list: createPlacedSource(place(oldOffset)) },
  }
}

function* groupsOf(records: ChunkRecords, chunks: readonly number[]): Generator<number[]> {
  let group: number[] = []
  let bytes = 0
  for (const chunk of chunks) {
    group.push(chunk)
    bytes += chunkLengthAt(records, chunk)
    if (bytes < copyBytes) continue
    yield group
    group = []
    bytes = 0
  }
  if (group.length > 0) yield group
}
