/** The programs of examples/ run and do what they say. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'

test('examples/sync-folder: the second run sends only what changed', () => {
  const root = resolve(import.meta.dirname, '..', '..', '..')
  const folder = mkdtempSync(join(tmpdir(), 'ferry-example-'))
  try {
    mkdirSync(join(folder, 'things', 'deep'), { recursive: true })
    writeFileSync(join(folder, 'things', 'deep', 'a.txt'), 'content')
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(root, 'examples', 'sync-folder.mjs'), join(folder, 'things'), join(folder, 'copy')],
      { encoding: 'utf8', timeout: 60_000 },
    )
    assert.equal(status, 0, stdout + stderr)
    assert.equal(readFileSync(join(folder, 'copy', 'deep', 'a.txt'), 'utf8'), 'content')
    assert.match(stdout, /second run: 13 bytes sent/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('examples/share-and-receive: what it shares is what it receives', () => {
  const root = resolve(import.meta.dirname, '..', '..', '..')
  const folder = mkdtempSync(join(tmpdir(), 'ferry-example-'))
  try {
    mkdirSync(join(folder, 'things', 'deep'), { recursive: true })
    writeFileSync(join(folder, 'things', 'deep', 'a.txt'), 'content')
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(root, 'examples', 'share-and-receive.mjs'), join(folder, 'things'), join(folder, 'into')],
      { encoding: 'utf8', timeout: 60_000 },
    )
    assert.equal(status, 0, stdout + stderr)
    assert.equal(readFileSync(join(folder, 'into', 'things', 'deep', 'a.txt'), 'utf8'), 'content')
    assert.match(stdout, /the share ended: once/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
