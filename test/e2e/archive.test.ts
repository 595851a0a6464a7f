/** Archives made while receiving, and archives shared as the trees in them. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, statSync, writeSync } from 'node:fs'
import { Writable } from 'node:stream'
import test from 'node:test'
import { createArchiveWriter } from '../../src/blobs/archive/archive-writer.ts'
import { openPromise } from 'yauzl'
import { fileEntry } from '../support/manifests.ts'
import { differences, listTree } from '../support/listing.ts'
import { describeExit } from '../support/process.ts'
import { setStage } from '../support/journey.ts'
import { startFerry } from '../support/ferry.ts'
import { writeRandomFile, writeRandomTree } from '../support/random-files.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const MiB = 2 ** 20

test('receive --as tar: the tree in it is the one that was shared', async () => {
  await using stage = setStage()
  writeRandomTree(stage.at('tree'), { files: 300, bytesEach: 5000, seed: 'archive' })
  writeRandomFile(stage.at('tree', 'large.bin'), 9 * MiB, 'large')
  await using share = await stage.share(['tree'])
  const exit = await stage.receive(share.ticket, ['--as', 'tar'])
  assert.equal(exit.code, 0, describeExit(exit))
  mkdirSync(stage.at('unpacked'))
  execFileSync('tar', ['-xf', stage.at('into', 'tree.tar'), '-C', stage.at('unpacked')])
  assert.deepEqual(
    differences(listTree(stage.at('tree')), listTree(stage.at('unpacked', 'tree')), [
      'kind',
      'size',
      'hash',
      'mode',
    ]),
    [],
  )
})

test('receive --as zip: to a file and to a stream the same bytes, and shared again with --expand the same tree', async () => {
  await using stage = setStage()
  writeRandomTree(stage.at('tree'), { files: 300, bytesEach: 5000, seed: 'archive' })
  writeRandomFile(stage.at('tree', 'large.bin'), 9 * MiB, 'large')
  await using share = await stage.share(['tree'])
  const exit = await stage.receive(share.ticket, ['--as', 'zip'])
  assert.equal(exit.code, 0, describeExit(exit))
  const streamed = createHash('sha256')
  const toStream = await startFerry(['receive', '--no-dht', '--as', 'zip', '--stdout', share.ticket], {
    home: stage.receiverHome,
    onStdout: (bytes) => void streamed.update(bytes),
  }).exit
  assert.equal(toStream.code, 0, describeExit(toStream))
  const file = createHash('sha256')
    .update(readFileSync(stage.at('into', 'tree.zip')))
    .digest('hex')
  assert.equal(streamed.digest('hex'), file)

  await using again = await stage.share(['into/tree.zip'], ['--expand'])
  const back = await startFerry(['receive', '--no-dht', again.ticket, stage.at('back')], {
    home: stage.receiverHome,
  }).exit
  assert.equal(back.code, 0, describeExit(back))
  assert.deepEqual(
    differences(listTree(stage.at('tree')), listTree(stage.at('back', 'tree')), [
      'kind',
      'size',
      'hash',
      'mode',
    ]),
    [],
  )
})

test('receive --as: what stands there already stays, and nothing unfinished is left', async () => {
  await using stage = setStage()
  stage.write('file', 'content')
  stage.write('into/file.tar', 'mine')
  await using share = await stage.share(['file'])
  const taken = await stage.receive(share.ticket, ['--as', 'tar'])
  assert.equal(taken.code, 8, describeExit(taken))
  assert.equal(readFileSync(stage.at('into', 'file.tar'), 'utf8'), 'mine')
  const replaced = await stage.receive(share.ticket, ['--as', 'tar', '--overwrite', 'always'])
  assert.equal(replaced.code, 0, describeExit(replaced))
  assert.deepEqual([...listTree(stage.into).keys()], ['.', 'file.tar'])
})

/** A sparse file: pieces of zeros are holes. */
function sparseFile(path: string): Writable {
  const fd = openSync(path, 'w')
  const zeros = Buffer.alloc(MiB)
  let at = 0
  return new Writable({
    write(bytes: Buffer, _encoding, done) {
      if (!bytes.equals(zeros.subarray(0, bytes.byteLength))) writeSync(fd, bytes, 0, bytes.byteLength, at)
      at += bytes.byteLength
      done()
    },
    final(done) {
      ftruncateSync(fd, at)
      closeSync(fd)
      done()
    },
  })
}

test('zip: more than 65,535 entries and one beyond 4 GiB are read back, and memory stays small', async () => {
  await using folder = temporaryFolder()
  const path = folder.at('large.zip')
  const archive = createArchiveWriter('zip', sparseFile(path), { signal: new AbortController().signal })
  const size = 4.1 * 2 ** 30
  const large = fileEntry('large', { size: Math.floor(size / MiB) * MiB })
  const piece = Buffer.alloc(MiB)
  const file = archive.openFile(large)
  let peak = 0
  for (let at = 0; at < large.size; at += MiB) {
    await file.write(piece)
    if (at % (256 * MiB) === 0) peak = Math.max(peak, process.memoryUsage().rss)
  }
  await file.end()
  const names = 70_000
  for (let index = 0; index < names; index++)
    await archive.addFile(fileEntry(`small-${index}`, { size: 2 }), Buffer.from('ok'))
  await archive.finish()
  peak = Math.max(peak, process.memoryUsage().rss)
  assert.ok(statSync(path).size > 2 ** 32)
  const zip = await openPromise(path, { autoClose: false })
  assert.equal(zip.entryCount, names + 1)
  let entries = 0
  let last = ''
  for await (const entry of zip.eachEntry()) {
    if (entries++ === 0) assert.equal(entry.uncompressedSize, large.size)
    if (entries === names + 1)
      for await (const bytes of await zip.openReadStreamPromise(entry)) last += String(bytes)
  }
  zip.close()
  assert.equal(entries, names + 1)
  assert.equal(last, 'ok')
  assert.ok(peak < 300 * MiB, `${Math.round(peak / MiB)} MiB`)
})
