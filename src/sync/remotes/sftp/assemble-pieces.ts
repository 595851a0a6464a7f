/** Turns the segments of a new version into requests: pure. */
import { FerryError } from '../../../shared/errors.ts'
import type { Segment } from '../../remote.ts'
import { copyRequestBytes } from './limits.ts'
import type { Piece } from './send-pieces.ts'

export interface PieceLimits {
  /** Size of the new file, which the segments must fill exactly. */
  readonly size: number
  readonly oldSize: number
  /** Bytes of one read of the content. */
  readonly readBytes: number
}

/** @throws E_INTERNAL when the segments are not the new file's */
export function assemblePieces(segments: readonly Segment[], limits: PieceLimits): Piece[] {
  const pieces: Piece[] = []
  let at = 0
  for (const segment of segments) {
    const { length } = segment
    const copies = segment.kind === 'copy'
    if (length < 0 || (copies && (segment.from < 0 || segment.from + length > limits.oldSize)))
      throw new FerryError('E_INTERNAL', 'Cannot assemble: a segment lies outside of the old version')
    const step = copies ? copyRequestBytes : limits.readBytes
    for (let done = 0; done < length; done += step) {
      const part = Math.min(step, length - done)
      pieces.push(
        copies
          ? { kind: 'copy', from: segment.from + done, at: at + done, length: part }
          : { kind: 'data', at: at + done, length: part },
      )
    }
    at += length
  }
  if (at !== limits.size)
    throw new FerryError(
      'E_INTERNAL',
      `Cannot assemble: the segments make ${at} bytes and not ${limits.size}`,
    )
  return pieces
}
