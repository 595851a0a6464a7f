/**
 * Worker task: verifies chunks that came from outside and writes the right ones into a part file, then notes them in
 * its journal. Bytes that do not match their hash are never written.
 */
import { toFerryError } from '../../shared/errors.ts'
import { chunkCount, chunkHashAt, chunkLengthAt, hashBytes, type ChunkRecords } from '../chunk-records.ts'
import { hash } from '../hash.ts'
import { encodeBatches, placedChunkBytes, writePlacedChunk } from '../part-journal.ts'
import type { PartTarget } from '../tree-writer/part-file.ts'
import { writeAllSync } from '../tree-writer/write-all.ts'

export interface WriteChunksInput {
  /** The chunks of `records`, one after the other. */
  readonly bytes: Uint8Array
  readonly records: ChunkRecords
  readonly target: Pick<PartTarget, 'fd' | 'journalFd' | 'path' | 'holes'>
  /** Where chunks go: pairs of chunk index and offset in the file. A chunk may go to several places. */
  readonly places: Float64Array
}

export interface WriteChunksOutput {
  /** Indexes of chunks that did not match, ascending. */
  readonly bad: number[]
  /** Bytes that the file gained, holes included. */
  readonly writtenBytes: number
}

export function isSameHash(left: Uint8Array, right: Uint8Array): boolean {
  for (let index = 0; index < hashBytes; index++) if (left[index] !== right[index]) return false
  return true
}

function isAllZero(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0) return false
  return Buffer.compare(bytes.subarray(1), bytes.subarray(0, -1)) === 0
}

/** Begins of the chunks in the buffer; and which chunks match their hashes. */
function verify(bytes: Uint8Array, records: ChunkRecords): { starts: Float64Array; good: Uint8Array } {
  const count = chunkCount(records)
  const starts = new Float64Array(count + 1)
  const good = new Uint8Array(count)
  for (let index = 0; index < count; index++) {
    const start = starts[index] as number
    const end = start + chunkLengthAt(records, index)
    starts[index + 1] = end
    if (end <= bytes.byteLength && isSameHash(hash(bytes.subarray(start, end)), chunkHashAt(records, index)))
      good[index] = 1
  }
  return { starts, good }
}

/** @throws E_NO_SPACE, E_IO, E_PERMISSION when the file system refuses; what was noted in the journal stays good. */
export function writeChunks(input: WriteChunksInput): WriteChunksOutput {
  const { bytes } = input
  const { starts, good } = verify(bytes, input.records)
  const places = [...Array(input.places.length / 2).keys()]
    .map((index) => ({
      chunk: input.places[index * 2] as number,
      offset: input.places[index * 2 + 1] as number,
    }))
    .filter(({ chunk }) => good[chunk] === 1)
    .sort((left, right) => left.offset - right.offset)

  const placed = new Uint8Array(places.length * placedChunkBytes)
  /** A run that is adjacent in the buffer and in the file, not written yet. */
  let run = { start: 0, end: 0, offset: 0 }
  let writtenBytes = 0
  try {
    const flush = (): void => {
      if (run.end > run.start) writeAllSync(input.target.fd, bytes.subarray(run.start, run.end), run.offset)
    }
    places.forEach(({ chunk, offset }, index) => {
      const start = starts[chunk] as number
      const end = starts[chunk + 1] as number
      writePlacedChunk(placed, index, offset, end - start, chunkHashAt(input.records, chunk))
      writtenBytes += end - start
      if (input.target.holes && isAllZero(bytes.subarray(start, end))) return
      if (start === run.end && offset === run.offset + run.end - run.start) run.end = end
      else {
        flush()
        run = { start, end, offset }
      }
    })
    flush()
    if (placed.byteLength > 0) writeAllSync(input.target.journalFd, encodeBatches(placed))
  } catch (error) {
    throw toFerryError(error, `Cannot write "${input.target.path}"`)
  }
  const bad: number[] = []
  good.forEach((isGood, index) => isGood === 0 && bad.push(index))
  return { bad, writtenBytes }
}
