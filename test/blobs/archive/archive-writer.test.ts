import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { Writable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { PassThrough } from 'node:stream'
import test from 'node:test'
import { extract } from 'tar-stream'
import { fromBufferPromise } from 'yauzl'
import {
  createArchiveWriter,
  type ArchiveFormat,
  type ArchiveWriter,
} from '../../../src/blobs/archive/archive-writer.ts'
import { directoryEntry, fileEntry, symlinkEntry } from '../../support/manifests.ts'

const signal = new AbortController().signal
const large = Buffer.alloc(1_500_000, 'large ')

/** A folder, an empty file, a whole file, one in pieces, a link, and a name that is not ASCII. */
async function fill(archive: ArchiveWriter): Promise<void> {
  await archive.add(directoryEntry('top', { mode: 0o750 }))
  await archive.addFile(fileEntry('top/empty', { size: 0 }), new Uint8Array(0))
  await archive.addFile(fileEntry('top/größe ✓', { size: 5, mode: 0o755 }), Buffer.from('hello'))
  const file = archive.openFile(fileEntry('top/large', { size: large.byteLength }))
  for (let at = 0; at < large.byteLength; at += 400_000) await file.write(large.subarray(at, at + 400_000))
  await file.end()
  await archive.add(symlinkEntry('top/link', '../elsewhere'))
}

async function make(format: ArchiveFormat): Promise<Buffer> {
  const output = new PassThrough()
  const bytes = buffer(output)
  const archive = createArchiveWriter(format, output, { signal })
  await fill(archive)
  await archive.finish()
  return await bytes
}

test('createArchiveWriter: a zip is read back by another implementation, with modes, links and checksums', async () => {
  const zip = await fromBufferPromise(await make('zip'), { strictFileNames: true })
  const found: [string, string, number][] = []
  for await (const entry of zip.eachEntry()) {
    const content = await buffer(await zip.openReadStreamPromise(entry))
    const shown =
      content.byteLength > 100 ? createHash('md5').update(content).digest('hex') : content.toString()
    found.push([entry.fileName, shown, entry.externalFileAttributes >>> 16])
  }
  assert.deepEqual(found, [
    ['top/', '', 0o040750],
    ['top/empty', '', 0o100644],
    ['top/größe ✓', 'hello', 0o100755],
    ['top/large', createHash('md5').update(large).digest('hex'), 0o100644],
    ['top/link', '../elsewhere', 0o120777],
  ])
})

test('createArchiveWriter: a zip is the same bytes wherever and whenever it is made', async () => {
  const zone = process.env['TZ']
  try {
    process.env['TZ'] = 'Pacific/Kiritimati'
    const first = await make('zip')
    process.env['TZ'] = 'America/Anchorage'
    assert.deepEqual(await make('zip'), first)
    assert.equal(createHash('sha256').update(first).digest('hex').slice(0, 16), '8446c07cb630926d')
  } finally {
    if (zone === undefined) delete process.env['TZ']
    else process.env['TZ'] = zone
  }
})

test('createArchiveWriter: a tar is read back with times, modes and links', async () => {
  const unpacked = extract()
  unpacked.end(await make('tar'))
  const found: [string, string, number, number, string][] = []
  for await (const entry of unpacked) {
    const { name, type, mode, mtime, linkname } = entry.header
    const content = await buffer(entry as AsyncIterable<Buffer>)
    found.push([name, type, mode, mtime.getTime(), linkname ?? ''])
    if (name === 'top/large') assert.ok(content.equals(large))
  }
  assert.deepEqual(found, [
    ['top/', 'directory', 0o750, 0, ''],
    ['top/empty', 'file', 0o644, 1_700_000_000_000, ''],
    ['top/größe ✓', 'file', 0o755, 1_700_000_000_000, ''],
    ['top/large', 'file', 0o644, 1_700_000_000_000, ''],
    ['top/link', 'symlink', 0o777, 0, '../elsewhere'],
  ])
})

test('createArchiveWriter: a file of another length than promised is no archive', async () => {
  for (const format of ['zip', 'tar'] as const) {
    const output = new PassThrough().resume()
    const archive = createArchiveWriter(format, output, { signal })
    const file = archive.openFile(fileEntry('a', { size: 10 }))
    await file.write(Buffer.from('short'))
    await assert.rejects(file.end(), { code: 'E_INTERNAL' }, format)
    await archive.abort()
  }
})

test('createArchiveWriter: who writes waits for a slow reader, and is told when it goes away', async () => {
  let taken = 0
  const waiting: (() => void)[] = []
  const slow = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _encoding, done) {
      taken += chunk.byteLength
      waiting.push(done)
    },
  })
  const archive = createArchiveWriter('zip', slow, { signal })
  const piece = Buffer.alloc(1_000_000)
  const file = archive.openFile(fileEntry('a', { size: 100_000_000 }))
  const writing = (async () => {
    for (let count = 0; count < 100; count++) await file.write(piece)
  })()
  writing.catch(() => undefined)
  await new Promise((resolve) => setImmediate(resolve))
  assert.ok(taken < 3_000_000, `${taken} bytes were pushed at a reader that took none`)
  slow.destroy()
  await assert.rejects(writing, { code: 'E_IO' })
})

test('createArchiveWriter: a cancelled archive says so', async () => {
  const controller = new AbortController()
  const archive = createArchiveWriter('tar', new PassThrough(), { signal: controller.signal })
  controller.abort()
  await assert.rejects(archive.add(directoryEntry('a')), { code: 'E_CANCELLED' })
})

test('createArchiveWriter: a name that unpacks elsewhere than it says is refused', () => {
  const archive = createArchiveWriter('zip', new PassThrough(), { signal })
  assert.match(archive.problem(fileEntry('a\\b')) ?? '', /backslash/)
  assert.equal(archive.problem(fileEntry('a')), undefined)
})
