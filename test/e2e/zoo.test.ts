/** Trees of everything that is legal and awkward arrive equal; what cannot be carried is named and passed over. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import test from 'node:test'
import { parseSummary } from '../support/ferry.ts'
import { bytesOnDisk, setStage } from '../support/journey.ts'
import { differences, listTree, without } from '../support/listing.ts'
import { describeExit } from '../support/process.ts'
import { addStrays, makeZoo, strayNames } from '../support/zoo.ts'

test('the zoo arrives equal in type, mode, time, size, link target and content, and costs nothing the second time', async () => {
  await using stage = setStage()
  makeZoo(stage.at('zoo'))
  await using share = await stage.share(['zoo'])
  const first = await stage.mustReceive(share.ticket)
  stage.assertArrived('zoo')
  assert.equal(first.files.failed, 0)
  assert.ok(bytesOnDisk(stage.at('into', 'zoo', 'sizes', 'sparse')) < 4 << 20, 'holes stay holes')

  const second = await stage.mustReceive(share.ticket)
  assert.equal(second.bytes.fetched, 0)
  stage.assertArrived('zoo')
})

test('what cannot travel is named, and everything else arrives', async () => {
  await using stage = setStage()
  makeZoo(stage.at('zoo'))
  addStrays(stage.at('zoo'))
  await using share = await stage.share(['zoo'])
  const exit = await stage.receive(share.ticket)
  assert.ok(exit.code === 0 || exit.code === 23, describeExit(exit))
  const sent = without(listTree(stage.at('zoo')), ...strayNames.map((name) => `strays/${name}`))
  assert.deepEqual(differences(sent, listTree(stage.at('into', 'zoo'))), [])
  for (const name of strayNames)
    assert.match(share.stderr, new RegExp(`strays/${name}`), 'the sender is told')
})

test('a name that is not UTF-8 is named and passed over', async () => {
  await using stage = setStage()
  stage.write('tree/good', 'good')
  writeFileSync(Buffer.concat([Buffer.from(stage.at('tree')), Buffer.from([0x2f, 0x62, 0xff, 0x64])]), 'bad')
  await using share = await stage.share(['tree'])
  const exit = await stage.receive(share.ticket)
  assert.ok(exit.code === 0 || exit.code === 23, describeExit(exit))
  assert.equal(parseSummary(exit).files.done, 1)
  await share.waitFor(/UTF-8/)
})

test('single files, several paths, an empty folder and an empty file', async () => {
  await using stage = setStage()
  stage.write('one.txt', 'one')
  stage.write('empty', '')
  stage.write('folder/inside', 'inside')
  stage.write('hollow/.keep/x', '')
  await using share = await stage.share(['one.txt', 'empty', 'folder', 'hollow'])
  const summary = await stage.mustReceive(share.ticket)
  for (const name of ['one.txt', 'empty', 'folder', 'hollow']) stage.assertArrived(name)
  assert.equal(summary.files.done, 4)
})
