/** Names that are legal and awkward, through every call of a remote. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { compareUtf8 } from '../../../src/shared/paths.ts'
import { assertHolds, listFiles, look, text, write, type Suite } from './place.ts'

export const oddNames: readonly string[] = [
  'with space',
  ' leading and trailing ',
  '.hidden',
  '...',
  '-rf',
  '--delete',
  '~',
  'quote\'and"double',
  '100%',
  '%2F%41%00',
  'a+b c',
  'a?b#c&d=e;f',
  '<tag>&amp;</tag>',
  '[x]*{y}',
  '$(echo no)`no`|',
  'back\\slash',
  'colon:and,comma',
  'new\nline',
  'tab\tand\rreturn',
  'caf\u00e9',
  'cafe\u0301',
  'Ünïcödé',
  '日本語',
  'emoji 🚢⛴️👩‍👩‍👧',
  '__proto__',
  'con',
  'README',
  'readme',
  'n'.repeat(255),
  `${'🚢'.repeat(63)}⛴`,
]

export function testNames({ name, open, traits }: Suite): void {
  const names = oddNames.filter((odd) => !traits.cannotName?.(odd))

  test(`${name}: odd names are written, listed, read, replaced and removed`, async () => {
    await using place = await open()
    const { remote } = place
    for (const odd of names) await write(remote, odd, text(`first ${odd}`))
    assert.deepEqual(await listFiles(remote), names.toSorted(compareUtf8))
    for (const odd of names) {
      await assertHolds(remote, odd, text(`first ${odd}`))
      const { version } = await look(remote, odd)
      await write(remote, odd, text(`then ${odd}`), { expect: { version } })
      await assertHolds(remote, odd, text(`then ${odd}`))
      await remote.remove(await look(remote, odd))
      assert.equal(await remote.stat(odd), undefined)
    }
    assert.deepEqual(await listFiles(remote), [])
  })

  test(`${name}: odd names of folders`, async () => {
    await using place = await open()
    const { remote } = place
    const paths = names.map((odd) => `${odd}/${odd}`)
    for (const path of paths) await write(remote, path, text(path))
    assert.deepEqual(await listFiles(remote), paths.toSorted(compareUtf8))
    for (const path of paths) await assertHolds(remote, path, text(path))
  })

  test(`${name}: a path of many folders`, async () => {
    await using place = await open()
    const path = Array.from({ length: 30 }, (_, level) => `level ${level}`).join('/')
    await write(place.remote, path, text('deep'))
    assert.deepEqual(await listFiles(place.remote), [path])
    await assertHolds(place.remote, path, text('deep'))
  })
}
