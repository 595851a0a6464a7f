import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FerryError } from '../../src/shared/errors.ts'
import { createGlobFilter } from '../../src/shared/glob.ts'

test('createGlobFilter: names at any depth, paths from the top, folders with all that is in them', () => {
  const table: [string[], string, boolean][] = [
    [[], 'anything', true],
    [['*.jpg'], 'Pictures/2026/a.jpg', true],
    [['*.jpg'], 'a.jpg', true],
    [['*.jpg'], 'a.png', false],
    [['Pictures/*.jpg'], 'Pictures/a.jpg', true],
    [['Pictures/*.jpg'], 'Pictures/2026/a.jpg', false],
    [['Pictures/2026/'], 'Pictures/2026/deep/a.jpg', true],
    [['./Pictures/**'], 'Pictures/a', true],
    [['.git'], 'repo/.git/config', true],
    [['*'], 'repo/.hidden', true],
    [['a', 'b'], 'b', true],
    [['!a'], '!a', true],
    [['!a'], 'b', false],
  ]
  for (const [globs, path, wanted] of table)
    assert.equal(createGlobFilter(globs)(path), wanted, `${globs.join()} ${path}`)
})

test('createGlobFilter: an empty or overlong pattern is a usage error', () => {
  for (const glob of ['', '/', 'a'.repeat(2000)]) {
    assert.throws(
      () => createGlobFilter([glob]),
      (error) => error instanceof FerryError && error.code === 'E_USAGE',
    )
  }
})
