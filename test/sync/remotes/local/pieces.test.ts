/** Pieces of a new file: together exactly its segments, each within its bounds. */
import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { cutPieces, pieceDataBytes } from '../../../../src/sync/remotes/local/pieces.ts'
import type { Segment } from '../../../../src/sync/remote.ts'

const segment: fc.Arbitrary<Segment> = fc.oneof(
  fc.record({ kind: fc.constant('data' as const), length: fc.integer({ min: 1, max: 10_000_000 }) }),
  fc.record({
    kind: fc.constant('copy' as const),
    from: fc.nat(1_000_000_000),
    length: fc.integer({ min: 1, max: 200_000_000 }),
  }),
)

/** Where each byte of the new file comes from, as runs: a place of the old file, or itself. */
function runs(
  segments: readonly Segment[],
  done: number,
): (readonly [at: number, from: number, length: number])[] {
  let at = 0
  return segments.flatMap((one) => {
    const skip = Math.min(one.length, Math.max(0, done - at))
    const start = at + skip
    at += one.length
    if (skip === one.length) return []
    return [[start, one.kind === 'copy' ? one.from + skip : -1, one.length - skip] as const]
  })
}

/** Joins runs that continue each other. */
function joined(list: ReturnType<typeof runs>): ReturnType<typeof runs> {
  const result: ReturnType<typeof runs> = []
  for (const [at, from, length] of list) {
    const last = result.at(-1)
    const continues = last && (from < 0 ? last[1] < 0 : last[1] >= 0 && last[1] + last[2] === from)
    if (continues) result[result.length - 1] = [last[0], last[1], last[2] + length]
    else result.push([at, from, length])
  }
  return result
}

test('cutPieces: the steps of all pieces are the segments behind what is done', () => {
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 20 }), fc.nat(1000), (segments, part) => {
      const size = segments.reduce((sum, { length }) => sum + length, 0)
      const done = Math.floor((size * part) / 1000)
      let at = done
      const found: [number, number, number][] = []
      for (const piece of cutPieces(segments, done)) {
        assert.equal(piece.at, at)
        assert.ok(piece.dataBytes <= pieceDataBytes && piece.copyBytes <= 64 * 1024 * 1024)
        let data = 0
        for (const { kind, offset, length } of piece.steps) {
          assert.ok(length > 0)
          if (kind === 'data') {
            assert.equal(offset, at)
            data += length
          }
          found.push([at, kind === 'copy' ? offset : -1, length])
          at += length
        }
        assert.equal(data, piece.dataBytes)
      }
      assert.equal(at, size)
      assert.deepEqual(joined(found), joined(runs(segments, done)))
    }),
  )
})
