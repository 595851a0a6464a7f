import assert from 'node:assert/strict'
import test from 'node:test'
import { copiedFrom, copiedTo, sampleChunks, sampledChunks } from '../../../src/sync/delta/sample-chunks.ts'
import type { Segment } from '../../../src/sync/remote.ts'
import { makeRecords } from '../../support/manifests.ts'

const records = makeRecords(Array.from({ length: 1000 }, (_, index) => 100 + (index % 7)))

test('copiedFrom, copiedTo: where copies come from, and where they go', () => {
  const segments: Segment[] = [
    { kind: 'data', length: 5 },
    { kind: 'copy', from: 100, length: 20 },
    { kind: 'data', length: 1 },
    { kind: 'copy', from: 0, length: 7 },
  ]
  assert.deepEqual(
    copiedFrom(segments).map(({ from, length }) => [from, length]),
    [
      [100, 20],
      [0, 7],
    ],
  )
  assert.deepEqual(copiedTo(segments), [
    { from: 5, length: 20 },
    { from: 26, length: 7 },
  ])
})

test('sampleChunks: the first and the last that are copied always, others by chance, bounded and none twice', () => {
  const ranges = [
    { from: 50_000, length: 20_000 },
    { from: 1000, length: 30_000 },
    { from: 1000, length: 5000 },
  ]
  const copied = sampleChunks(records, ranges, () => 0)
  for (const random of [() => 0, () => 0.999_999, Math.random]) {
    const chosen = sampleChunks(records, ranges, random)
    assert.equal(chosen.length, sampledChunks + 2)
    assert.deepEqual(
      chosen,
      [...new Set(chosen)].toSorted((a, b) => a - b),
    )
    assert.deepEqual([chosen[0], chosen.at(-1)], [copied[0], copied.at(-1)])
  }
  assert.notDeepEqual(
    copied,
    sampleChunks(records, ranges, () => 0.5),
  )
})

test('sampleChunks: few chunks are all of them, and nothing copied is none', () => {
  assert.deepEqual(sampleChunks(makeRecords([10, 10, 10]), [{ from: 0, length: 30 }]), [0, 1, 2])
  assert.deepEqual(sampleChunks(makeRecords([10, 10, 10]), [{ from: 10, length: 10 }]), [1])
  assert.deepEqual(sampleChunks(records, []), [])
})
