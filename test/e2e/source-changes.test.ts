/** Files that change, shrink or vanish after they were hashed: they are named, the others go on, exit code 23. */
import assert from 'node:assert/strict'
import { appendFileSync, readdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { sealedPattern, type RunningShare } from '../support/ferry.ts'
import { setStage, type Stage } from '../support/journey.ts'
import { describeExit } from '../support/process.ts'
import { createRandomBytes, writeRandomTree } from '../support/random-files.ts'

async function shareTree(stage: Stage): Promise<RunningShare> {
  writeRandomTree(stage.at('data'), { files: 20, bytesEach: 300_000, seed: 'changes' })
  const share = await stage.share(['data'], ['--json'])
  // Hashed and sealed: what happens to the files from now on is news to the sender.
  await share.waitFor(sealedPattern)
  return share
}

const changes: Record<string, (path: string) => void> = {
  grows: (path) => appendFileSync(path, 'more'),
  shrinks: (path) => truncateSync(path, 1000),
  vanishes: (path) => rmSync(path),
  'is rewritten in place, with its old time': (path) => {
    writeFileSync(path, createRandomBytes('other')(300_000))
    utimesSync(path, 1, 1)
  },
  'becomes a folder': (path) => {
    rmSync(path)
    writeRandomTree(path, { files: 1, bytesEach: 1, seed: 1 })
  },
}

for (const [what, change] of Object.entries(changes))
  test(`a file that ${what} after it was hashed is named, and the others arrive`, async () => {
    await using stage = setStage()
    await using share = await shareTree(stage)
    const name = 'data/folder-0000/file-000007.bin'
    change(stage.at(name))
    const exit = await stage.receive(share.ticket)
    assert.equal(exit.code, 23, describeExit(exit))
    assert.match(exit.stdout + exit.stderr, /file-000007\.bin/)
    const arrived = readdirSync(stage.at('into', 'data', 'folder-0000'))
    assert.equal(arrived.filter((file) => file.endsWith('.bin')).length, 19)
    assert.ok(!arrived.includes('file-000007.bin'), 'nothing false stands under its name')
  })
