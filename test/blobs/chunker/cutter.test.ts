import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { createCutter } from '../../../src/blobs/chunker/cutter.ts'
import { cutAll } from '../../../src/blobs/chunker/find-cut.ts'
import { chunkerParameters, chunkSizeFor } from '../../../src/blobs/chunker/parameters.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'

/** Small enough that tests see many chunks; files are cut with 64 KiB and more. */
const small = chunkerParameters(256)
const cutter = createCutter()

/** The cuts of the fast cutter, fed with at most `step` bytes at once. */
function cutsOf(bytes: Uint8Array, parameters = small, step = Number.MAX_SAFE_INTEGER): number[] {
  const cuts: number[] = []
  cutter.begin(parameters)
  for (let at = 0; at < bytes.byteLength; ) {
    const space = cutter.space()
    assert.ok(space.byteLength >= parameters.maxBytes)
    const part = bytes.subarray(at, at + Math.min(step, space.byteLength))
    space.set(part)
    cutter.filled(part.byteLength)
    at += part.byteLength
    for (;;) {
      const chunk = cutter.next(at === bytes.byteLength)
      if (!chunk) break
      const cut = (cuts.at(-1) ?? 0) + chunk.byteLength
      assert.ok(
        Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).equals(
          bytes.subarray(cuts.at(-1) ?? 0, cut),
        ),
      )
      cuts.push(cut)
    }
  }
  return cuts
}

function checkSizes(cuts: readonly number[], size: number): void {
  assert.equal(cuts.at(-1) ?? 0, size)
  cuts.forEach((cut, index) => {
    const length = cut - (cuts[index - 1] ?? 0)
    assert.ok(length <= small.maxBytes, `${length} is too long`)
    if (index < cuts.length - 1) assert.ok(length >= small.minBytes, `${length} is too short`)
  })
}

/** Random, constant, or of few values, one piece behind the other. */
const content = fc
  .array(
    fc.record({
      kind: fc.constantFrom('random', 'constant', 'few'),
      length: fc.nat(3000),
      seed: fc.integer({ min: 1, max: 2 ** 31 }),
    }),
    { maxLength: 6 },
  )
  .map((pieces) =>
    Buffer.concat(
      pieces.map(({ kind, length, seed }) => {
        const bytes = seededBytes(length, seed)
        if (kind === 'constant') bytes.fill(seed)
        if (kind === 'few') for (let at = 0; at < length; at++) bytes[at] = (bytes[at] as number) & 3
        return bytes
      }),
    ),
  )

test('cuts are those of the plain twin, however the input is split', () => {
  fc.assert(
    fc.property(content, fc.constantFrom(1, 7, 64, 4096, Number.MAX_SAFE_INTEGER), (bytes, step) => {
      const expected = cutAll(bytes, small)
      checkSizes(expected, bytes.byteLength)
      assert.deepEqual(cutsOf(bytes, small, step), expected)
    }),
    { numRuns: 150 },
  )
})

test('sizes around the edges', () => {
  const { minBytes: min, avgBytes: avg, maxBytes: max } = small
  for (const size of [0, 1, min - 1, min, min + 1, avg - 1, avg, avg + 1, max - 1, max, max + 1, 3 * max + 7])
    for (const bytes of [seededBytes(size), new Uint8Array(size)]) {
      const expected = cutAll(bytes, small)
      checkSizes(expected, size)
      assert.deepEqual(cutsOf(bytes), expected)
    }
})

test('real chunk sizes agree with the plain twin, over more than one window', () => {
  const bytes = seededBytes(5_000_000)
  bytes.fill(7, 1_000_000, 3_000_000)
  for (const avgBytes of [64 * 1024, 256 * 1024]) {
    const parameters = chunkerParameters(avgBytes)
    assert.deepEqual(cutsOf(bytes, parameters, 300_000), cutAll(bytes, parameters))
  }
})

test('a run of one byte value becomes chunks of the maximum size', () => {
  const parameters = chunkerParameters(64 * 1024)
  const bytes = new Uint8Array(2 * parameters.maxBytes)
  for (let value = 0; value < 256; value++)
    assert.deepEqual(cutsOf(bytes.fill(value), parameters), [parameters.maxBytes, 2 * parameters.maxBytes])
})

test('cutting from the middle of a file meets the cuts of the whole', () => {
  const bytes = seededBytes(200_000)
  const whole = new Set(cutAll(bytes, small))
  for (let start = 1; start < 20_000; start += 997) {
    const later = cutAll(bytes.subarray(start), small).map((cut) => cut + start)
    const met = later.findIndex((cut) => whole.has(cut))
    assert.ok(met >= 0 && met < 12, `met after ${met} chunks`)
    assert.ok(later.slice(met).every((cut) => whole.has(cut)))
  }
})

test('the mean is near the average', () => {
  const mean = 2_000_000 / cutAll(seededBytes(2_000_000), small).length
  assert.ok(mean > 0.9 * small.avgBytes && mean < 1.3 * small.avgBytes, `${mean}`)
})

test('chunkSizeFor gives powers of two, 64 KiB to 4 MiB', () => {
  const KiB = 1024
  const GiB = 1024 ** 3
  const table = [
    [0, 64 * KiB],
    [1, 64 * KiB],
    [2 * GiB - 1, 64 * KiB],
    [2 * GiB, 128 * KiB],
    [20 * GiB, 1024 * KiB],
    [64 * GiB, 4096 * KiB],
    [Number.MAX_SAFE_INTEGER, 4096 * KiB],
  ] as const
  for (const [size, expected] of table) assert.equal(chunkSizeFor(size), expected)
})
