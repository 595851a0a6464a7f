import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { chunkRecordBytes } from '../../../src/blobs/chunk-records.ts'
import {
  checkNode,
  checkNodeList,
  createNodeListBuilder,
  diffNodeLists,
  equalBytes,
  maxNodeRecords,
  minNodeRecords,
  nameChunkList,
  nodeCount,
  nodeRecordCount,
} from '../../../src/blobs/manifest/nodes.ts'
import { FerryError } from '../../../src/shared/errors.ts'
import { makeRecords } from '../../support/manifests.ts'

const refusal = (error: unknown): boolean => error instanceof FerryError && error.code === 'E_MANIFEST'
const list = (count: number, seed = 'a') =>
  makeRecords(
    Array.from({ length: count }, () => 1000),
    seed,
  )

test('a node list does not depend on how the records come in', () => {
  const records = list(2000)
  const whole = nameChunkList(records)
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 700 }), { maxLength: 10 }), (pieces) => {
      const builder = createNodeListBuilder()
      let at = 0
      for (const piece of [...pieces, 2000]) {
        builder.push(records.subarray(at, at + piece * chunkRecordBytes))
        at = Math.min(records.byteLength, at + piece * chunkRecordBytes)
      }
      assert.deepEqual(builder.finish(), whole)
    }),
    { numRuns: 20 },
  )
})

test('nodes keep to their bounds, and the list is accepted under its name only', () => {
  for (const count of [0, 1, 15, 16, 17, 255, 256, 257, 5000]) {
    const { nodes, reference } = nameChunkList(list(count))
    checkNodeList(nodes, reference)
    assert.equal(reference.chunks, count)
    for (let index = 0; index < nodeCount(nodes) - 1; index++) {
      const records = nodeRecordCount(nodes, index)
      assert.ok(records >= minNodeRecords && records <= maxNodeRecords)
    }
    assert.throws(() => checkNodeList(nodes, { ...reference, chunks: count + 1 }), refusal)
    if (count > 0) assert.throws(() => checkNodeList(nodes.subarray(1), reference), refusal)
  }
  // Equal chunks never end a node by themselves.
  const one = list(1)
  const same = new Uint8Array(chunkRecordBytes * 1000)
  for (let at = 0; at < same.byteLength; at += chunkRecordBytes) same.set(one, at)
  assert.equal(nodeCount(nameChunkList(same).nodes), Math.ceil(1000 / maxNodeRecords))
})

test('an edit costs the nodes around it', () => {
  const old = list(10_000)
  const edited = new Uint8Array([
    ...old.subarray(0, 5000 * chunkRecordBytes),
    ...list(3, 'new'),
    ...old.subarray(5001 * chunkRecordBytes),
  ])
  const { nodes } = nameChunkList(edited)
  const sources = diffNodeLists(nodes, old)
  const missing = sources.filter((source) => source === undefined).length
  assert.ok(missing >= 1 && missing <= 3, `${missing} nodes`)

  let at = 0
  for (const [index, source] of sources.entries()) {
    const length = nodeRecordCount(nodes, index) * chunkRecordBytes
    const wanted = edited.subarray(at, at + length)
    if (source !== undefined) {
      assert.equal(source.byteLength, length)
      assert.ok(equalBytes(old.subarray(source.oldOffset, source.oldOffset + length), wanted))
    }
    checkNode(nodes, index, wanted)
    const spoilt = wanted.slice()
    spoilt[7] = (spoilt[7] as number) ^ 1
    assert.throws(() => checkNode(nodes, index, spoilt), refusal)
    at += length
  }
  assert.equal(at, edited.byteLength)
})
