import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { discardPart } from '../../../src/blobs/tree-writer/discard-part.ts'
import { openPart } from '../../../src/blobs/tree-writer/part-file.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

test('discardPart: the part and the journal of this file go, and nothing beside them', async () => {
  await using folder = temporaryFolder()
  for (const name of ['mine', 'other']) openPart(folder.at(name), 10).close()
  writeFileSync(folder.at('mine'), 'an older one')
  discardPart(folder.at('mine'))
  assert.deepEqual(readdirSync(folder.path).toSorted(), [
    'mine',
    'other.ferry-part',
    'other.ferry-part.journal',
  ])
  discardPart(folder.at('mine'))
  discardPart(folder.at('gone', 'away'))
})

test('discardPart: what another process writes, what is foreign and what lies behind a link stays', async () => {
  await using folder = temporaryFolder()
  const held = openPart(folder.at('held'), 10)
  assert.throws(() => discardPart(folder.at('held')), { code: 'E_CONFLICT' })
  held.close()
  mkdirSync(folder.at('folder.ferry-part'))
  assert.throws(() => discardPart(folder.at('folder')), { name: 'FerryError' })
  symlinkSync(folder.path, folder.at('link'))
  openPart(folder.at('seen'), 10).close()
  discardPart(folder.at('link', 'seen'))
  assert.ok(existsSync(folder.at('seen.ferry-part')))
})
