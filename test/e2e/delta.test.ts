/** The old copy counts: what the receiver has, wherever it lies, does not travel again. */
import assert from 'node:assert/strict'
import { cpSync, renameSync, truncateSync, readFileSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { sealedPattern } from '../support/ferry.ts'
import { folderBytes, setStage, startProxiedPort } from '../support/journey.ts'
import { createRandomBytes, writeRandomFile, writeRandomTree } from '../support/random-files.ts'

const MiB = 1 << 20

/** 1 MiB of new bytes in front, and ten single bytes changed. */
function edit(path: string): void {
  const bytes = readFileSync(path)
  for (let index = 0; index < 10; index++) {
    const at = Math.floor(((index + 0.5) * bytes.length) / 10)
    bytes[at] = (bytes[at] as number) ^ 1
  }
  writeFileSync(path, Buffer.concat([createRandomBytes('inserted')(MiB), bytes]))
}

test('an edited file costs at most 2.5 MiB for 1 MiB inserted and ten bytes changed', async () => {
  await using stage = setStage()
  writeRandomFile(stage.at('image.bin'), 256 * MiB, 'edited')
  await using proxy = await startProxiedPort()
  {
    await using share = await stage.share(['image.bin'], proxy.shareArgs)
    await stage.mustReceive(share.ticket)
  }
  const before = proxy.bytesDown
  edit(stage.at('image.bin'))
  await using share = await stage.share(['image.bin'], proxy.shareArgs)
  await stage.mustReceive(share.ticket, ['--overwrite', 'always'])
  stage.assertArrived('image.bin')
  const travelled = proxy.bytesDown - before
  assert.ok(travelled <= 2.5 * MiB, `${travelled} bytes came down`)
})

test('an old copy that ferry has never seen counts too', async () => {
  await using stage = setStage()
  writeRandomFile(stage.at('image.bin'), 64 * MiB, 'unseen')
  cpSync(stage.at('image.bin'), stage.at('into', 'image.bin'))
  edit(stage.at('image.bin'))
  await using share = await stage.share(['image.bin'])
  const summary = await stage.mustReceive(share.ticket, ['--overwrite', 'always'])
  stage.assertArrived('image.bin')
  assert.ok(summary.bytes.fetched <= 2.5 * MiB, `${summary.bytes.fetched} bytes were fetched`)
  assert.ok(summary.bytes.reused >= 60 * MiB, `${summary.bytes.reused} bytes were reused`)
})

test('renamed and moved files do not travel again', async () => {
  await using stage = setStage()
  writeRandomTree(stage.at('data'), { files: 200, bytesEach: 100_000, perFolder: 50, seed: 'moved' })
  {
    await using share = await stage.share(['data'])
    await stage.mustReceive(share.ticket)
  }
  renameSync(stage.at('data', 'folder-0000'), stage.at('data', 'moved'))
  await using share = await stage.share(['data'])
  const summary = await stage.mustReceive(share.ticket)
  assert.equal(summary.bytes.fetched, 0)
})

test('sharing refers to files and does not copy them: 2 GiB grow the store by little', async () => {
  await using stage = setStage()
  stage.write('sparse', '')
  truncateSync(stage.at('sparse'), 2048 * MiB)
  await using share = await stage.share(['sparse'], ['--json'])
  await share.waitFor(sealedPattern)
  const grown = folderBytes(stage.senderHome)
  assert.ok(grown < 24 * MiB, `the store has ${grown} bytes`)
})
