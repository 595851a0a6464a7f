/**
 * Cuts the segments of a new file into pieces that a worker writes in one go: so large that a task costs nothing, so small
 * that progress shows and a cancel is soon noticed. Pure.
 */
import type { Segment } from '../../remote.ts'

/** Bytes of content that are in memory in one piece, … */
export const pieceDataBytes: number = 4 * 1024 * 1024
/** … bytes that the system copies in one piece, … */
const pieceCopyBytes = 64 * 1024 * 1024
/** … and steps of one piece. */
const pieceSteps = 512

export interface PieceStep {
  readonly kind: 'copy' | 'data'
  /** Of a copy: in the old file. Of data: in the new one. */
  readonly offset: number
  readonly length: number
}

export interface Piece {
  /** Where in the new file it begins. */
  readonly at: number
  readonly steps: readonly PieceStep[]
  readonly dataBytes: number
  readonly copyBytes: number
}

/** The pieces of what lies behind the first `done` bytes of the new file. */
export function* cutPieces(segments: Iterable<Segment>, done: number): Generator<Piece> {
  let steps: PieceStep[] = []
  let at = done
  let dataBytes = 0
  let copyBytes = 0
  let position = 0
  for (const segment of segments) {
    const start = position
    position += segment.length
    for (let next = Math.max(start, done); next < position; ) {
      const room = segment.kind === 'data' ? pieceDataBytes - dataBytes : pieceCopyBytes - copyBytes
      const length = Math.min(room, position - next)
      steps.push({
        kind: segment.kind,
        offset: segment.kind === 'data' ? next : segment.from + next - start,
        length,
      })
      next += length
      if (segment.kind === 'data') dataBytes += length
      else copyBytes += length
      if (dataBytes < pieceDataBytes && copyBytes < pieceCopyBytes && steps.length < pieceSteps) continue
      yield { at, steps, dataBytes, copyBytes }
      at += dataBytes + copyBytes
      steps = []
      dataBytes = 0
      copyBytes = 0
    }
  }
  if (steps.length > 0) yield { at, steps, dataBytes, copyBytes }
}
