import assert from 'node:assert/strict'
import { createWriteStream, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGzip, createZstdCompress } from 'node:zlib'
import test from 'node:test'
import { pack } from 'tar-stream'
import { createArchiveWriter } from '../../../src/blobs/archive/archive-writer.ts'
import { expandArchive } from '../../../src/blobs/archive/expand-archive.ts'
import { directoryEntry, fileEntry, symlinkEntry } from '../../support/manifests.ts'
import { temporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts'
import { listTree } from '../../support/listing.ts'

const signal = new AbortController().signal

async function writeArchive(path: string, format: 'zip' | 'tar'): Promise<void> {
  const archive = createArchiveWriter(format, createWriteStream(path), { signal })
  await archive.add(directoryEntry('top', { mode: 0o750 }))
  await archive.addFile(fileEntry('top/file', { size: 5, mode: 0o755 }), Buffer.from('hello'))
  await archive.add(symlinkEntry('top/link', 'file'))
  await archive.finish()
}

interface TarEntry {
  readonly name: string
  readonly type?: 'file' | 'directory' | 'symlink' | 'link' | 'fifo'
  readonly linkname?: string
  readonly content?: string
}

async function writeTar(path: string, entries: readonly TarEntry[]): Promise<void> {
  const made = pack()
  for (const { content, ...header } of entries)
    if (content === undefined) made.entry(header)
    else made.entry(header, content)
  made.finalize()
  await pipeline(made, createWriteStream(path))
}

async function expand(
  folder: TemporaryFolder,
  archive: string,
): Promise<{ readonly into: string; readonly skipped: string[] }> {
  const into = folder.at('into')
  mkdirSync(into)
  const skipped: string[] = []
  await expandArchive(folder.at(archive), into, {
    signal,
    onProgress: () => undefined,
    onSkipped: (name) => skipped.push(name),
  })
  return { into, skipped }
}

test('expandArchive: zip, tar, tar.gz and tar.zst become the tree that they hold', async () => {
  for (const ending of ['zip', 'tar', 'tar.gz', 'tar.zst']) {
    await using folder = temporaryFolder()
    const plain = folder.at(ending === 'zip' ? 'a.zip' : 'a.tar')
    await writeArchive(plain, ending === 'zip' ? 'zip' : 'tar')
    const packer = { 'tar.gz': createGzip, 'tar.zst': createZstdCompress }[ending]
    const archive = `b.${ending}`
    await pipeline([
      createReadStream(plain),
      ...(packer ? [packer()] : []),
      createWriteStream(folder.at(archive)),
    ])
    const { into } = await expand(folder, archive)
    const listed = [...listTree(into)].map(([path, { kind, mode, target }]) => [path, kind, mode, target])
    assert.deepEqual(
      listed.filter(([path]) => path !== '.'),
      [
        ['top', 'directory', 0o750, undefined],
        ['top/file', 'file', 0o755, undefined],
        ['top/link', 'symlink', listed.find(([path]) => path === 'top/link')?.[2], 'file'],
      ],
    )
    assert.equal(readFileSync(folder.at('into', 'top', 'file'), 'utf8'), 'hello')
    if (ending !== 'zip') assert.equal(statSync(folder.at('into', 'top', 'file')).mtimeMs, 1_700_000_000_000)
  }
})

test('expandArchive: nothing leads out of the folder', async () => {
  const hostile: readonly (readonly TarEntry[])[] = [
    [{ name: '../out', content: 'x' }],
    [{ name: '/tmp/ferry-out', content: 'x' }],
    [{ name: 'a/../../out', content: 'x' }],
    [{ name: 'a\\..\\..\\out', content: 'x' }],
    [{ name: 'out', type: 'link', linkname: '../secret' }],
    [{ name: 'out', type: 'link', linkname: '/etc/passwd' }],
    [
      { name: 'same', content: 'x' },
      { name: 'same', content: 'y' },
    ],
    [
      { name: 'file', content: 'x' },
      { name: 'file/below', content: 'y' },
    ],
  ]
  for (const entries of hostile) {
    await using folder = temporaryFolder()
    writeFileSync(folder.at('secret'), 'secret')
    await writeTar(folder.at('a.tar'), entries)
    await assert.rejects(expand(folder, 'a.tar'), { name: 'FerryError' }, JSON.stringify(entries))
    assert.ok(!existsSync(folder.at('out')))
  }
})

test('expandArchive: nothing is written through a link of the same archive', async () => {
  await using folder = temporaryFolder()
  mkdirSync(folder.at('outside'))
  await writeTar(folder.at('a.tar'), [
    { name: 'link', type: 'symlink', linkname: '../outside' },
    { name: 'link/file', content: 'x' },
  ])
  await assert.rejects(expand(folder, 'a.tar'), { name: 'FerryError' })
  assert.ok(!existsSync(folder.at('outside', 'file')))
})

test('expandArchive: a link whose target is longer than any may be is refused in a tar too', async () => {
  await using folder = temporaryFolder()
  await writeTar(folder.at('a.tar'), [{ name: 'link', type: 'symlink', linkname: 'x/'.repeat(2048) }])
  await assert.rejects(expand(folder, 'a.tar'), { code: 'E_MANIFEST' })
})

test('expandArchive: a second name of a file is kept, and what is no file is told and left out', async () => {
  await using folder = temporaryFolder()
  await writeTar(folder.at('a.tar'), [
    { name: './first', content: 'same' },
    { name: './second', type: 'link', linkname: './first' },
    { name: './pipe', type: 'fifo' },
  ])
  const { into, skipped } = await expand(folder, 'a.tar')
  assert.deepEqual(skipped, ['pipe'])
  assert.deepEqual(
    [...listTree(into).keys()].filter((path) => path !== '.'),
    ['first', 'second'],
  )
  assert.equal(readFileSync(folder.at('into', 'second'), 'utf8'), 'same')
})

test('expandArchive: a damaged archive is refused, wherever it is damaged', async () => {
  await using folder = temporaryFolder()
  await writeArchive(folder.at('a.zip'), 'zip')
  const whole = readFileSync(folder.at('a.zip'))
  const content = whole.indexOf('hello')
  const flipped = Buffer.from(whole)
  flipped[content] = (flipped[content] as number) ^ 1
  for (const [what, bytes] of [
    ['a byte of the content', flipped],
    ['cut', whole.subarray(0, whole.byteLength - 10)],
  ] as const) {
    await using other = temporaryFolder()
    writeFileSync(other.at('a.zip'), bytes)
    await assert.rejects(expand(other, 'a.zip'), { code: 'E_VERIFY' }, what)
  }
})

test('expandArchive: what is no archive is a wrong argument', async () => {
  await using folder = temporaryFolder()
  writeFileSync(folder.at('a.zip'), 'plain text')
  await assert.rejects(expand(folder, 'a.zip'), { code: 'E_USAGE', hint: /without --expand/ })
})
