/** A batch of the walk as a list of objects, which tests compare. */
import {
  openWalk,
  type PackedWalk,
  type WalkedDirectory,
  type WalkedFile,
  type WalkedSymlink,
  type WalkProblem,
} from '../../src/blobs/walk/walk-batch.ts'

export type WalkItem = WalkedFile | WalkedDirectory | WalkedSymlink | WalkProblem

/** The items in their order, and behind them the problems. */
export function unpackWalk(packed: PackedWalk): WalkItem[] {
  const batch = openWalk(packed)
  const items = Array.from({ length: batch.count }, (_, index) =>
    batch.isFile(index) ? batch.file(index) : batch.other(index),
  )
  return [...items, ...batch.problems]
}
