import assert from 'node:assert/strict'
import test from 'node:test'
import {
  array,
  assert as check,
  bigInt,
  constantFrom,
  integer,
  option,
  property,
  record,
  string,
} from 'fast-check'
import type { TreePath } from '../../../src/shared/paths.ts'
import { createDeletions } from '../../../src/sync/plan/deletions.ts'
import type { SyncEntry } from '../../../src/sync/source.ts'

const anyEntry = record(
  {
    path: string({ unit: 'grapheme', minLength: 1 }).map((text) => text as TreePath),
    kind: constantFrom<SyncEntry['kind']>('file', 'directory', 'symlink', 'other'),
    size: integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    mtimeNs: option(bigInt({ min: -(2n ** 62n), max: 2n ** 62n }), { nil: undefined }),
    mode: option(integer({ min: 0, max: 0o7777 }), { nil: undefined }),
    version: string({ unit: 'grapheme' }),
  },
  { noNullPrototype: true },
)

test('createDeletions: gives back what was added, last first, without what was spared', () => {
  check(
    property(array(anyEntry, { maxLength: 700 }), integer({ min: 1, max: 9 }), (entries, step) => {
      const deletions = createDeletions()
      const numbers = entries.map((entry) => deletions.add(entry))
      const kept = entries.filter((_, index) => index % step !== 0)
      for (const [index, number] of numbers.entries()) if (index % step === 0) deletions.spare(number)
      assert.equal(deletions.count, kept.length)
      assert.deepEqual([...deletions.reversed()].flat(), kept.toReversed())
      assert.deepEqual(
        [...deletions.all()].map(({ entry, isSpared }) => [entry, isSpared]),
        entries.map((entry, index) => [entry, index % step === 0]),
      )
    }),
    { numRuns: 30, seed: 15 },
  )
})
