/**
 * Worker task: guesses where the content of an edited file stands in its old version, from a few chunks, without cutting
 * the old version. Most edits leave what is before them where it was, and shift what is behind them by what the size has
 * changed. The guess is an economy only: whoever copies by it verifies every chunk.
 */
import { closeSync } from 'node:fs'
import { chunkCount, chunkHashAt, chunkLengthAt, chunkOffsets, type ChunkRecords } from '../chunk-records.ts'
import { hash } from '../hash.ts'
import { openSource, readInto, type CopySource } from './copy-chunks-task.ts'
import { isSameHash } from './write-chunks-task.ts'

export interface FindShiftInput {
  readonly source: CopySource
  /** All chunks of the new version. */
  readonly records: ChunkRecords
  /** What is behind the edit stands so much further on in the old version; may be negative. */
  readonly shift: number
}

export interface FindShiftOutput {
  /** The first chunk that is shifted; undefined when the versions are not alike in this way. */
  readonly boundary: number | undefined
}

/** Chunks looked at, spread evenly, … */
const probes = 16
/** … and how many of them must be where they are expected. */
const leastFound = 10

export function findShift({ source, records, shift }: FindShiftInput): FindShiftOutput {
  const count = chunkCount(records)
  const fd = openSource(source)
  if (fd === undefined) return { boundary: undefined }
  try {
    const offsets = chunkOffsets(records)
    const isAt = (index: number, by: number): boolean => {
      const offset = (offsets[index] as number) + by
      if (offset < 0) return false
      const bytes = new Uint8Array(chunkLengthAt(records, index))
      readInto(fd, bytes, offset)
      return isSameHash(hash(bytes), chunkHashAt(records, index))
    }
    let lastInPlace = -1
    let firstShifted = count
    let found = 0
    for (let probe = 0; probe < probes; probe++) {
      const index = Math.floor(((probe + 0.5) * count) / probes)
      if (isAt(index, 0)) lastInPlace = index
      else if (!isAt(index, shift)) continue
      else if (firstShifted === count) firstShifted = index
      found++
    }
    if (found < leastFound || lastInPlace > firstShifted) return { boundary: undefined }
    // The chunk with the edit is in neither place, wherever the search leaves it.
    while (firstShifted - lastInPlace > 1) {
      const middle = (firstShifted + lastInPlace) >>> 1
      if (isAt(middle, 0)) lastInPlace = middle
      else firstShifted = middle
    }
    return { boundary: firstShifted }
  } finally {
    closeSync(fd)
  }
}
