import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import type { Segment } from '../../../../src/sync/remote.ts'
import {
  bytesToSend,
  type StagePiece,
  type StitchCosts,
  type StitchedPart,
  type StitchRules,
  s3Rules,
  splitRange,
  stitchParts,
} from '../../../../src/sync/remotes/s3/stitch-parts.ts'

const MiB = 1024 * 1024
const slow: StitchCosts = { uplinkBytesPerSecond: 1_000_000, rttMs: 20, parallelism: 6 }
const rules: StitchRules = { ...s3Rules, partBytes: 8 * MiB }

/** S3's rules at a size that a test can play through: parts of 5 bytes. */
const small: StitchRules = { leastPartBytes: 5, mostParts: 12, copyPartBytes: 40, partBytes: 8 }

function lengthOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, { length }) => sum + length, 0)
}

function compose(segments: readonly Segment[], old: Uint8Array): Uint8Array {
  return Buffer.concat(
    segments.map((segment, index) =>
      segment.kind === 'copy'
        ? old.subarray(segment.from, segment.from + segment.length)
        : Buffer.alloc(segment.length, 0x80 | index),
    ),
  )
}

/** Carries a plan out as S3 would; fails where S3 would refuse it. */
function carryOut(
  parts: readonly StitchedPart[],
  old: Uint8Array,
  next: Uint8Array,
  { leastPartBytes: least }: StitchRules,
): Uint8Array {
  const upload = (pieces: readonly Uint8Array[]): Uint8Array => {
    for (const piece of pieces.slice(0, -1)) assert.ok(piece.byteLength >= least, 'EntityTooSmall')
    for (const piece of pieces) assert.ok(piece.byteLength > 0, 'an empty part')
    return Buffer.concat(pieces)
  }
  const copy = (source: Uint8Array, from: number, length: number): Uint8Array => {
    assert.ok(from >= 0 && from + length <= source.byteLength, 'InvalidRange')
    assert.ok(length === source.byteLength || source.byteLength > least, 'a range of a small object')
    return source.subarray(from, from + length)
  }
  const build = (piece: StagePiece, previous: Uint8Array): Uint8Array => {
    if (piece.kind === 'data') return next.subarray(piece.at, piece.at + piece.length)
    if (piece.kind === 'copy') return copy(old, piece.from, piece.length)
    assert.equal(piece.length, previous.byteLength)
    return previous
  }
  let at = 0
  const made = parts.map((part) => {
    assert.equal(part.at, at, 'the parts do not follow each other')
    at += part.length
    if (part.kind === 'data') return next.subarray(part.at, part.at + part.length)
    if (part.kind === 'copy') return copy(old, part.from, part.length)
    let previous: Uint8Array = new Uint8Array(0)
    for (const pieces of part.stages) previous = upload(pieces.map((piece) => build(piece, previous)))
    return copy(previous, part.skip, part.length)
  })
  return upload(made)
}

const oldLength = 200
const segment = fc.oneof(
  fc.integer({ min: 1, max: 30 }).map((length): Segment => ({ kind: 'data', length })),
  fc
    .tuple(fc.nat(oldLength - 1), fc.integer({ min: 1, max: 90 }))
    .map(([from, length]): Segment => ({ kind: 'copy', from, length: Math.min(length, oldLength - from) })),
)
const costs = fc.record({
  uplinkBytesPerSecond: fc.constantFrom(1, 100, 1e9),
  rttMs: fc.constantFrom(0, 1, 1000),
  parallelism: fc.integer({ min: 1, max: 8 }),
})

test('stitchParts: every plan is legal and makes exactly the new version', () => {
  const all = Uint8Array.from({ length: oldLength }, (_, index) => index % 127)
  fc.assert(
    fc.property(
      fc.array(segment, { minLength: 1, maxLength: 30 }),
      costs,
      fc.constantFrom(3, 5, 6, 40, oldLength),
      (wanted, cost, oldSize) => {
        const old = all.subarray(0, oldSize)
        const segments = wanted.filter((one) => one.kind === 'data' || one.from + one.length <= oldSize)
        const next = compose(segments, old)
        const parts = stitchParts(segments, oldSize, cost, small)
        if (next.byteLength === 0) return assert.deepEqual(parts, [])
        assert.ok(parts.length <= small.mostParts)
        assert.deepEqual(Buffer.from(carryOut(parts, old, next, small)), Buffer.from(next))
        assert.ok(bytesToSend(parts) <= next.byteLength)
      },
    ),
    { numRuns: 3000 },
  )
})

test('stitchParts: a part is not larger than it may be, and copies are split so that several run at once', () => {
  const parts = stitchParts([{ kind: 'copy', from: 0, length: 3000 * MiB }], 3000 * MiB, slow, rules)
  assert.deepEqual(
    parts.map(({ length }) => length / MiB),
    [1000, 1000, 1000],
  )
  const sent = stitchParts([{ kind: 'data', length: 100 * MiB }], 0, slow, rules)
  assert.ok(sent.length >= 10 && sent.every(({ length }) => length >= 5 * MiB && length <= 10 * MiB))
})

test('stitchParts: an insertion in front and ten changed bytes of 1 GiB are all that is sent', () => {
  const size = 1024 * MiB
  const segments: Segment[] = [{ kind: 'data', length: MiB }]
  for (let edit = 0; edit < 10; edit++) {
    const from = Math.floor((size / 10) * edit)
    const to = Math.floor((size / 10) * (edit + 1)) - 1
    segments.push({ kind: 'copy', from, length: to - from }, { kind: 'data', length: 1 })
  }
  const parts = stitchParts(segments, size, slow, rules)
  assert.equal(bytesToSend(parts), MiB + 10)
  assert.equal(parts[0]?.kind, 'staged')
  assert.equal(
    parts.reduce((sum, { length }) => sum + length, 0),
    lengthOf(segments),
  )
})

test('stitchParts: where requests take longer than bytes, pieces are padded instead', () => {
  const segments: readonly Segment[] = [
    { kind: 'copy', from: 0, length: 50 * MiB },
    { kind: 'data', length: 1 },
    { kind: 'copy', from: 50 * MiB, length: 50 * MiB },
  ]
  const fast: StitchCosts = { uplinkBytesPerSecond: 1e9, rttMs: 200, parallelism: 1 }
  const padded = stitchParts(segments, 100 * MiB, fast, rules)
  assert.deepEqual(
    padded.map(({ kind, length }) => [kind, length]),
    [
      ['copy', 45 * MiB + 1],
      ['data', 5 * MiB],
      ['copy', 50 * MiB],
    ].map(([kind, length]) => [kind, length]),
  )
  assert.equal(bytesToSend(stitchParts(segments, 100 * MiB, slow, rules)), 1)
})

test('stitchParts: edits that lie close together are built stage by stage', () => {
  const segments: readonly Segment[] = [
    { kind: 'copy', from: 0, length: 50 * MiB },
    { kind: 'data', length: 100 },
    { kind: 'copy', from: 50 * MiB, length: 2 * MiB },
    { kind: 'data', length: 100 },
    { kind: 'copy', from: 52 * MiB, length: 48 * MiB },
  ]
  const parts = stitchParts(segments, 100 * MiB, slow, rules)
  assert.equal(bytesToSend(parts), 200)
  const staged = parts.find(({ kind }) => kind === 'staged')
  assert.ok(staged?.kind === 'staged')
  assert.equal(staged.stages.length, 3)
  assert.equal(staged.skip, 0)
})

test('splitRange: the pieces are equal and cover the range', () => {
  fc.assert(
    fc.property(
      fc.nat(1000),
      fc.integer({ min: 1, max: 5000 }),
      fc.integer({ min: 1, max: 100 }),
      (from, length, most) => {
        const pieces = splitRange(from, length, most)
        let at = from
        for (const piece of pieces) {
          assert.equal(piece.from, at)
          assert.ok(piece.length <= most && piece.length > 0)
          at += piece.length
        }
        assert.equal(at, from + length)
      },
    ),
  )
})
