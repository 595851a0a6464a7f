import assert from 'node:assert/strict'
import test from 'node:test'
import { createPathSet } from '../../src/blobs/path-set.ts'

test('a set of paths tells what was added from what was not', () => {
  const set = createPathSet()
  assert.equal(set.has('a'), false)
  assert.equal(set.add('a'), true)
  assert.equal(set.add('a'), false)
  assert.equal(set.has('a'), true)
  for (const other of ['', 'A', 'aa', 'a/', '\u{1f600}']) assert.equal(set.has(other), false, other)
  assert.equal(set.size, 1)
})

test('names that differ in a digit are never taken for each other', () => {
  const set = createPathSet()
  const count = 300_000
  for (let index = 0; index < count; index++)
    assert.ok(set.add(`folder-${index % 100}/file-${String(index).padStart(7, '0')}.bin`))
  assert.equal(set.size, count)
})
