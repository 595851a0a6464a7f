import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { subChunksOf } from '../../src/blobs/chunker/sub-chunks.ts'
import { findStretches, planPatch } from '../../src/blobs/plan-patch.ts'
import { createListSource, planReuse } from '../../src/blobs/plan-reuse.ts'
import { cutBytes, patternBytes } from '../support/fake-share.ts'

const old = patternBytes(600_000, 21)
const edits = fc.array(
  fc.record({
    at: fc.nat({ max: old.byteLength }),
    remove: fc.nat({ max: 5000 }),
    insert: fc.nat({ max: 5000 }),
    seed: fc.nat({ max: 1000 }),
  }),
  { minLength: 1, maxLength: 4 },
)

test('the pieces of every stretch put together are the wanted bytes', () => {
  fc.assert(
    fc.property(edits, (list) => {
      let next: Buffer = old
      for (const { at, remove, insert, seed } of list)
        next = Buffer.concat([next.subarray(0, at), patternBytes(insert, seed), next.subarray(at + remove)])
      const source = createListSource(cutBytes(old))
      const records = cutBytes(next)
      const plan = planReuse({
        records,
        offset: 0,
        trusted: new Uint8Array(),
        nextTrusted: 0,
        sources: [source],
      })
      const stretches = findStretches(records, plan.offsets, plan.fetched, {
        list: source,
        size: old.byteLength,
      })
      for (const stretch of stretches) {
        for (const { offset, length } of stretch.old) {
          assert.ok(offset >= 0 && length > 0 && offset + length <= old.byteLength)
          assert.ok(Number.isInteger(offset) && Number.isInteger(length))
        }
        const wanted = next.subarray(stretch.offset, stretch.offset + stretch.length)
        const lists = stretch.old.map(({ offset, length }) =>
          subChunksOf(old.subarray(offset, offset + length)),
        )
        const pieces = planPatch(stretch, subChunksOf(wanted), lists)
        assert.ok(pieces)
        const parts = pieces.map(({ kind, offset, length }) =>
          (kind === 'copy' ? old : next).subarray(offset, offset + length),
        )
        assert.ok(Buffer.concat(parts).equals(wanted))
      }
    }),
    { numRuns: 30 },
  )
})

test('a list that is not one of the stretch is refused', () => {
  const stretch = { offset: 100, length: 50_000, old: [] }
  const list = subChunksOf(patternBytes(50_000, 3))
  assert.ok(planPatch(stretch, list, []))
  assert.equal(planPatch({ ...stretch, length: 49_999 }, list, []), undefined)
  assert.equal(planPatch({ ...stretch, length: 50_001 }, list, []), undefined)
  assert.equal(planPatch(stretch, new Uint8Array(18), []), undefined)
})
