/** Worker task: verifies chunks that came from outside and go on to somewhere else than a file of this computer. */
import { chunkCount, chunkHashOffset, chunkLengthAt, type ChunkRecords } from '../chunk-records.ts'
import { hasHash } from '../hash.ts'

export interface VerifyChunksInput {
  /** The chunks of `records`, one after the other. */
  readonly bytes: Uint8Array
  readonly records: ChunkRecords
}

export interface VerifyChunksOutput {
  /** Indexes of chunks that do not match, ascending. */
  readonly bad: number[]
}

export function verifyChunks({ bytes, records }: VerifyChunksInput): VerifyChunksOutput {
  const bad: number[] = []
  let start = 0
  for (let index = 0; index < chunkCount(records); index++) {
    const end = start + chunkLengthAt(records, index)
    const isHere = end <= bytes.byteLength
    if (!isHere || !hasHash(bytes.subarray(start, end), records, chunkHashOffset(index))) bad.push(index)
    start = end
  }
  return { bad }
}
