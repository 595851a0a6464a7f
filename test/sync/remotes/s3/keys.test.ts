/** Keys that are no paths, listings that are odd (100, 101 of the list of faults), and metadata of others. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import test, { after } from 'node:test'
import * as fc from 'fast-check'
import { compareSortKeys, type TreePath } from '../../../../src/shared/paths.ts'
import { createKeyTree } from '../../../../src/sync/remotes/s3/key-tree.ts'
import { readMetadata, readMode, readTime, writeMetadata } from '../../../../src/sync/remotes/s3/metadata.ts'
import { openS3Place, testBucket } from '../../../support/s3/open-s3.ts'
import { startS3 } from '../../../support/s3/start-s3.ts'
import { writeXml } from '../../../support/s3/xml.ts'
import { listAll, listFiles, look, text, withCode, write } from '../../remote-suite/place.ts'

const s3 = await startS3()
s3.bucket(testBucket)
after(() => s3[Symbol.asyncDispose]())

test('101: keys that are no paths are problems, and all others are told', async () => {
  await using place = await openS3Place(s3)
  const bad = [
    '/leading',
    'a//b',
    'a/../b',
    '../../etc/passwd',
    './x',
    'nul\0',
    'with content/',
    'n'.repeat(300),
  ]
  for (const key of [...bad, 'a/good', 'control\u0001\u007f', 'Case', 'case'])
    await place.intrude(key, text('x'))
  const { entries, problems } = await listAll(place.remote)
  assert.deepEqual(
    entries.filter(({ kind }) => kind === 'file').map(({ path }) => path),
    ['Case', 'a/good', 'case', 'control\u0001\u007f'],
  )
  assert.deepEqual(new Set(problems.map(({ path }) => path)), new Set(bad))
  for (const { error } of problems) assert.ok('code' in error && error.code === 'E_MANIFEST')
})

test('101: a marker makes a folder, which can be removed; the one of the location itself is nothing', async () => {
  await using place = await openS3Place(s3)
  for (const key of ['', 'empty/', 'full/', 'full/file', 'full/deep/'])
    await place.intrude(key, text(key === 'full/file' ? 'x' : ''))
  const { entries, problems } = await listAll(place.remote)
  assert.deepEqual(problems, [])
  assert.deepEqual(
    entries.map(({ path, kind }) => `${kind} ${path}`),
    ['directory empty', 'directory full', 'directory full/deep', 'file full/file'],
  )
  for (const entry of entries.toReversed()) await place.remote.remove(entry)
  assert.deepEqual((await listAll(place.remote)).entries, [])
})

test('101: a key that is a file and a folder at once is told as a file, and the rest is a problem', async () => {
  await using place = await openS3Place(s3)
  for (const key of ['a', 'a-b', 'a/b', 'a/c/d', 'b']) await place.intrude(key, text(key))
  const { entries, problems } = await listAll(place.remote)
  assert.deepEqual(
    entries.map(({ path }) => path),
    ['a', 'a-b', 'b'],
  )
  assert.deepEqual(
    problems.map(({ path }) => path),
    ['a/b', 'a/c/d'],
  )
})

test('100: pages that never end, or do not follow each other, are an error', async () => {
  let pages: readonly string[] = []
  const server = createServer((_request, response) => {
    const [key = '', ...others] = pages
    if (others.length > 0) pages = others
    response.setHeader('content-type', 'application/xml')
    response.end(
      writeXml('ListBucketResult', {
        IsTruncated: true,
        NextContinuationToken: 'again',
        Contents: { Key: key, Size: 1, ETag: '"x"' },
      }),
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await using odd = await openS3Place({ endpoint, credentials: s3.credentials }, {}, { prefix: 'p' })
  for (const told of [['p/a'], ['p/b', 'p/a'], ['p/a', 'q/b']]) {
    pages = told
    await assert.rejects(listAll(odd.remote), withCode('E_PROTOCOL'))
  }
  server.close()
  server.closeAllConnections()
})

test('100: a size that is no number of bytes, a key that cannot be decoded, and no version are told', async () => {
  let told: { readonly Key: string; readonly Size: string; readonly ETag?: string } = { Key: '', Size: '' }
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/xml')
    response.end(writeXml('ListBucketResult', { IsTruncated: false, Contents: told }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const place = { endpoint, credentials: s3.credentials }
    await using odd = await openS3Place(place, { attempts: 1 }, { prefix: 'p' })
    for (const Size of ['-1', '1.5', '9007199254740993', '1e400', 'x']) {
      told = { Key: 'p/a', Size, ETag: '"x"' }
      const { entries, problems } = await listAll(odd.remote)
      assert.deepEqual([entries, problems.map(({ path }) => path)], [[], ['a']], Size)
    }
    told = { Key: 'p/a', Size: '1' }
    assert.deepEqual((await listAll(odd.remote)).entries, [])
    told = { Key: 'p/a%zz', Size: '1', ETag: '"x"' }
    await assert.rejects(listAll(odd.remote), withCode('E_PROTOCOL'))
  } finally {
    server.close()
    server.closeAllConnections()
  }
})

test('abandoned: what a server tells of outside of the location is not thrown away', async () => {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/xml')
    const upload = (key: string) => ({ Key: key, UploadId: 'u', Initiated: '2026-01-01T00:00:00.000Z' })
    response.end(
      request.url?.includes('uploads')
        ? writeXml('ListMultipartUploadsResult', { Upload: [upload('other/a'), upload('p/b')] })
        : writeXml('ListBucketResult', { Contents: { Key: 'precious', Size: 1, ETag: '"x"' } }),
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    await using odd = await openS3Place({ endpoint, credentials: s3.credentials }, {}, { prefix: 'p' })
    const found = (await odd.remote.abandoned?.()) ?? []
    assert.deepEqual(
      found.map(({ path }) => path),
      ['b'],
    )
  } finally {
    server.close()
    server.closeAllConnections()
  }
})

test('listObjects: what is refused as a whole is jumped over, and so are the records of ferry', async () => {
  const many = await startS3({ rules: { pageSize: 10 } })
  try {
    for (let index = 0; index < 100; index++) {
      const name = String(index).padStart(3, '0')
      for (const folder of ['.ferry/sig', 'no/deep', 'yes']) many.put(testBucket, `p/${folder}/${name}`, 'x')
    }
    await using place = await openS3Place(many, {}, { prefix: 'p' })
    const before = many.count('ListObjectsV2')
    const files = await listFiles(place.remote, { keeps: (path) => path !== 'no' })
    assert.equal(files.length, 100)
    assert.ok(many.count('ListObjectsV2') - before <= 13)
    const under = await listAll(place.remote, { under: 'no/deep' as TreePath })
    assert.equal(under.entries[0]?.path, 'no/deep')
    assert.equal(under.entries.length, 101)
  } finally {
    await many[Symbol.asyncDispose]()
  }
})

test('createKeyTree: whatever the keys, the order is that of sort keys and folders come first', () => {
  const name = fc.constantFrom(
    'a',
    'b',
    'a-',
    'a.',
    '.',
    '..',
    '',
    'é',
    '\u{1F600}',
    'x.ferry-part',
    '.ferry',
  )
  const key = fc.tuple(fc.array(name, { minLength: 1, maxLength: 4 }), fc.boolean())
  fc.assert(
    fc.property(fc.array(key, { maxLength: 30 }), (made) => {
      const keys = [
        ...new Set(made.map(([names, isMarker]) => names.join('/') + (isMarker ? '/' : ''))),
      ].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      const tree = createKeyTree({ recursive: true, onProblem: () => undefined })
      for (const one of keys) tree.take(one, { size: 0, version: 'v' })
      const entries = tree.drain()
      assert.deepEqual(entries, entries.toSorted(compareSortKeys))
      const seen = new Set<string>([''])
      for (const { path, kind } of entries) {
        assert.ok(!seen.has(path), `${path} is told twice`)
        assert.ok(
          seen.has(path.slice(0, Math.max(0, path.lastIndexOf('/')))),
          `nothing is told above ${path}`,
        )
        if (kind === 'directory') seen.add(path)
      }
    }),
    { numRuns: 1000 },
  )
})

test('readMetadata: what ferry, rclone, s3fs and s3cmd write is read, and what is damaged counts as nothing', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 19n), max: 10n ** 19n }), fc.nat(0o7777), (mtimeNs, mode) => {
      assert.deepEqual(readMetadata(writeMetadata({ mtimeNs, mode })), { mtimeNs, mode })
    }),
  )
  assert.equal(readTime('1612345678.5'), 1_612_345_678_500_000_000n)
  assert.equal(readTime('1612345678'), 1_612_345_678_000_000_000n)
  assert.equal(readMode('100644'), 0o644)
  assert.equal(readMode('33188'), 0o644)
  assert.equal(readMode('0755'), 0o755)
  assert.equal(readMode('4755'), 0o4755)
  assert.deepEqual(readMetadata({ 's3cmd-attrs': 'atime:1/gid:0/mode:33261/mtime:1600000000/uid:0' }), {
    mtimeNs: 1_600_000_000_000_000_000n,
    mode: 0o755,
  })
  for (const damaged of ['', 'x', '1e9', '1.', '-', '99999999999999999999', '1612345678.5x'])
    assert.equal(readTime(damaged), undefined)
  for (const damaged of ['', '8', '99999', '-1', '1234567']) assert.equal(readMode(damaged), undefined)
})

test('stat: a location may be one object, and then it is a file', async () => {
  await using place = await openS3Place(s3)
  await write(place.remote, 'one', text('content'))
  await using single = await openS3Place(s3, {}, { prefix: `${place.prefix}/one` })
  const entry = await single.remote.stat('')
  assert.deepEqual([entry?.kind, entry?.path, entry?.size], ['file', '', 7])
  assert.equal((await look(place.remote, 'one')).version, entry?.version)
})
