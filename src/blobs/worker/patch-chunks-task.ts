/**
 * Worker task: puts changed chunks together from pieces of the old file and pieces that were fetched, verifies the
 * chunks whole, and writes them.
 */
import { closeSync, fstatSync } from 'node:fs'
import type { ChunkRecords } from '../chunk-records.ts'
import { equalFingerprints, fingerprintOf } from '../fingerprint.ts'
import type { PatchPiece } from '../plan-patch.ts'
import type { PartTarget } from '../tree-writer/part-file.ts'
import { openFirst, readInto, type CopySource } from './copy-chunks-task.ts'
import { writeChunks, type WriteChunksOutput } from './write-chunks-task.ts'

export interface PatchChunksInput {
  readonly source: CopySource
  readonly pieces: readonly PatchPiece[]
  /** The fetched pieces, one behind the other. */
  readonly bytes: Uint8Array
  /** The chunks that the pieces make, one behind the other. */
  readonly records: ChunkRecords
  readonly target: Pick<PartTarget, 'fd' | 'journalFd' | 'path' | 'holes'>
  /** As of `writeChunks`. */
  readonly places: Float64Array
}

/** Chunks that did not come out right are told as bad; they have to be fetched whole. @throws as `writeChunks` */
export function patchChunks(input: PatchChunksInput): WriteChunksOutput {
  const fetched = input.bytes
  const whole = new Uint8Array(input.pieces.reduce((sum, piece) => sum + piece.length, 0))
  const fd = openFirst(input.source.paths)
  try {
    const isWanted =
      fd !== undefined &&
      (!input.source.fingerprint ||
        equalFingerprints(fingerprintOf(fstatSync(fd, { bigint: true })), input.source.fingerprint))
    let at = 0
    let taken = 0
    for (const { kind, offset, length } of input.pieces) {
      const into = whole.subarray(at, at + length)
      if (kind === 'fetch') {
        into.set(fetched.subarray(taken, taken + length))
        taken += length
      } else if (isWanted) readInto(fd, into, offset)
      at += length
    }
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
  const { records, target, places } = input
  return writeChunks({ bytes: whole, records, target, places })
}
