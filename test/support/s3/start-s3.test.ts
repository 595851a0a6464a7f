import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import * as sdk from '@aws-sdk/client-s3'
import { madeUpRope, ropeBytes, ropeMd5, sliceRope } from './rope.ts'
import { type S3Server, startS3 } from './start-s3.ts'

const MiB = 1024 * 1024

function connect(s3: S3Server, more: sdk.S3ClientConfig = {}): sdk.S3Client {
  return new sdk.S3Client({
    endpoint: s3.endpoint,
    region: s3.region,
    credentials: s3.credentials,
    forcePathStyle: true,
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    ...more,
  })
}

async function start(t: TestContext): Promise<{ s3: S3Server; client: sdk.S3Client }> {
  const s3 = await startS3()
  const client = connect(s3)
  s3.bucket('test')
  t.after(async () => {
    client.destroy()
    await s3[Symbol.asyncDispose]()
  })
  return { s3, client }
}

const named = (name: string) => (error: unknown) => error instanceof Error && error.name === name

test('startS3: what was put is got, in ranges too, with its metadata', async (t) => {
  const { s3, client } = await start(t)
  const Body = Buffer.from('hello, world')
  const put = await client.send(
    new sdk.PutObjectCommand({ Bucket: 'test', Key: 'a b/ü+%.txt', Body, Metadata: { mode: '0644' } }),
  )
  const got = await client.send(
    new sdk.GetObjectCommand({ Bucket: 'test', Key: 'a b/ü+%.txt', Range: 'bytes=7-8' }),
  )
  assert.equal(await got.Body?.transformToString(), 'wo')
  assert.equal(got.ContentRange, 'bytes 7-8/12')
  assert.equal(got.ETag, put.ETag)
  assert.deepEqual(got.Metadata, { mode: '0644' })
  assert.equal(s3.receivedBytes('PutObject'), 12)
  assert.equal(s3.count('GetObject'), 1)
})

test('startS3: a body in aws-chunked with a sum behind it is understood, and refused when that is asked for', async (t) => {
  const { s3, client } = await start(t)
  const stream = async (): Promise<unknown> => {
    const { Readable } = await import('node:stream')
    return connect(s3, { requestChecksumCalculation: 'WHEN_SUPPORTED' }).send(
      new sdk.PutObjectCommand({
        Bucket: 'test',
        Key: 'k',
        Body: Readable.from([Buffer.from('abc')]),
        ContentLength: 3,
      }),
    )
  }
  await stream()
  assert.equal(s3.content('test', 'k').toString(), 'abc')
  assert.match(String(s3.requests.at(-1)?.headers['x-amz-content-sha256']), /^STREAMING/)
  s3.set({ rules: { trailers: false } })
  await assert.rejects(stream, named('MissingContentLength'))
  await client.send(new sdk.PutObjectCommand({ Bucket: 'test', Key: 'k', Body: Buffer.from('x') }))
})

test('startS3: a wrong key, a wrong secret, a wrong region, a wrong clock and wrong sums are refused', async (t) => {
  const { s3, client } = await start(t)
  const head = new sdk.ListObjectsV2Command({ Bucket: 'test' })
  const { credentials } = s3
  const other = (change: object): sdk.S3Client => connect(s3, { credentials: { ...credentials, ...change } })
  await assert.rejects(other({ secretAccessKey: 'x' }).send(head), named('SignatureDoesNotMatch'))
  await assert.rejects(other({ accessKeyId: 'x' }).send(head), named('InvalidAccessKeyId'))
  await assert.rejects(connect(s3, { region: 'eu-west-1' }).send(head), named('AuthorizationHeaderMalformed'))
  const ContentMD5 = Buffer.alloc(16).toString('base64')
  await assert.rejects(
    client.send(new sdk.PutObjectCommand({ Bucket: 'test', Key: 'k', Body: Buffer.from('x'), ContentMD5 })),
    named('BadDigest'),
  )
  await assert.rejects(
    client.send(
      new sdk.PutObjectCommand({
        Bucket: 'test',
        Key: 'k',
        Body: Buffer.from('x'),
        ChecksumCRC32: 'AAAAAA==',
      }),
    ),
    named('BadDigest'),
  )
  await assert.rejects(client.send(new sdk.ListObjectsV2Command({ Bucket: 'none' })), named('NoSuchBucket'))
  s3.set({ skewMs: 16 * 60_000 })
  await assert.rejects(client.send(head), named('RequestTimeTooSkewed'))
})

test('startS3: listings come in pages, sorted by bytes, folded at a delimiter, and encoded', async (t) => {
  const { s3, client } = await start(t)
  s3.set({ rules: { pageSize: 2 } })
  for (const key of ['b/1', 'b/2', 'b-', 'a', 'b/3', 'c\u0001 d', '\u{1F600}', '\uFFFD'])
    s3.put('test', key, key)
  const list = async (more: object): Promise<string[]> => {
    const found: string[] = []
    let ContinuationToken: string | undefined
    do {
      const page = await client.send(
        new sdk.ListObjectsV2Command({ Bucket: 'test', EncodingType: 'url', ...more, ContinuationToken }),
      )
      for (const one of page.Contents ?? [])
        found.push(decodeURIComponent((one.Key ?? '').replaceAll('+', '%20')))
      for (const one of page.CommonPrefixes ?? []) found.push(one.Prefix ?? '')
      ContinuationToken = page.NextContinuationToken
    } while (ContinuationToken !== undefined)
    return found
  }
  assert.deepEqual(await list({}), ['a', 'b-', 'b/1', 'b/2', 'b/3', 'c\u0001 d', '\uFFFD', '\u{1F600}'])
  assert.deepEqual(await list({ Prefix: 'b/', StartAfter: 'b/1' }), ['b/2', 'b/3'])
  assert.deepEqual(
    new Set(await list({ Delimiter: '/' })),
    new Set(['a', 'b-', 'b/', 'c\u0001 d', '\uFFFD', '\u{1F600}']),
  )
})

test('startS3: conditions are kept on Put, Get, Copy, Complete and Delete', async (t) => {
  const { s3, client } = await start(t)
  const at = { Bucket: 'test', Key: 'k' }
  const { etag } = s3.put('test', 'k', 'old')
  const failed = named('PreconditionFailed')
  const Body = Buffer.from('new')
  await assert.rejects(client.send(new sdk.PutObjectCommand({ ...at, Body, IfNoneMatch: '*' })), failed)
  await assert.rejects(client.send(new sdk.PutObjectCommand({ ...at, Body, IfMatch: '"x"' })), failed)
  await assert.rejects(
    client.send(new sdk.PutObjectCommand({ ...at, Key: 'none', Body, IfMatch: etag })),
    named('NoSuchKey'),
  )
  await assert.rejects(client.send(new sdk.GetObjectCommand({ ...at, IfMatch: '"x"' })), failed)
  await assert.rejects(client.send(new sdk.DeleteObjectCommand({ ...at, IfMatch: '"x"' })), failed)
  await assert.rejects(
    client.send(
      new sdk.CopyObjectCommand({ ...at, Key: 'l', CopySource: 'test/k', CopySourceIfMatch: '"x"' }),
    ),
    failed,
  )
  const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand(at))
  const part = await client.send(new sdk.UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body }))
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag: part.ETag }] }
  await assert.rejects(
    client.send(
      new sdk.CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload, IfNoneMatch: '*' }),
    ),
    failed,
  )
  await client.send(
    new sdk.CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload, IfMatch: `"${etag}"` }),
  )
  assert.equal(s3.content('test', 'k').toString(), 'new')
})

test('startS3: the rules about parts are kept, and copies take no memory', async (t) => {
  const { s3, client } = await start(t)
  const rope = madeUpRope(1, 1024 * MiB)
  const { etag } = s3.bucket('test').put('big', rope, { headers: {}, metadata: {} }, '0'.repeat(32))
  const at = { Bucket: 'test', Key: 'new' }
  const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand(at))
  const source = { ...at, UploadId, CopySource: 'test/big', CopySourceIfMatch: etag }
  const copy = (PartNumber: number, from: number, length: number): Promise<sdk.UploadPartCopyCommandOutput> =>
    client.send(
      new sdk.UploadPartCopyCommand({
        ...source,
        PartNumber,
        CopySourceRange: `bytes=${from}-${from + length - 1}`,
      }),
    )
  const parts = [
    (await copy(1, 5, 500 * MiB)).CopyPartResult?.ETag,
    (await client.send(new sdk.UploadPartCommand({ ...at, UploadId, PartNumber: 2, Body: Buffer.from('x') })))
      .ETag,
    (await copy(3, 7, 5 * MiB)).CopyPartResult?.ETag,
  ].map((ETag, index) => ({ ETag, PartNumber: index + 1 }))
  const complete = (Parts: readonly sdk.CompletedPart[]): Promise<sdk.CompleteMultipartUploadCommandOutput> =>
    client.send(
      new sdk.CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts: [...Parts] } }),
    )
  await assert.rejects(complete(parts), named('EntityTooSmall'))
  await assert.rejects(complete(parts.toReversed()), named('InvalidPartOrder'))
  await assert.rejects(complete([{ PartNumber: 1, ETag: '"x"' }]), named('InvalidPart'))
  await assert.rejects(copy(10_001, 0, 5 * MiB), named('InvalidArgument'))
  await assert.rejects(copy(4, 1023 * MiB, 2 * MiB), named('InvalidRange'))
  s3.put('test', 'small', Buffer.alloc(5 * MiB))
  await assert.rejects(
    client.send(
      new sdk.UploadPartCopyCommand({
        ...at,
        UploadId,
        PartNumber: 9,
        CopySource: 'test/small',
        CopySourceRange: 'bytes=0-9',
      }),
    ),
    named('InvalidRequest'),
  )
  const done = await complete([parts[0], parts[2]] as sdk.CompletedPart[])
  assert.match(done.ETag ?? '', /^"[0-9a-f]{32}-2"$/)
  assert.equal(s3.bucket('test').find('new').content.length, 505 * MiB)
  await assert.rejects(complete(parts), named('NoSuchUpload'))
})

test('startS3: faults come at the call they were told for', async (t) => {
  const { s3, client } = await start(t)
  const at = { Bucket: 'test', Key: 'k' }
  s3.put('test', 'k', 'content')
  s3.fault('GetObject', 2, { kind: 'error', status: 503, code: 'SlowDown', headers: { 'retry-after': '3' } })
  s3.fault('GetObject', 3, { kind: 'truncate', bytes: 3 })
  s3.fault('CopyObject', 1, { kind: 'error-in-200', code: 'InternalError' })
  s3.fault('DeleteObject', 1, { kind: 'reset-after' })
  s3.fault('PutObject', 1, { kind: 'reset-before' })
  const get = async (): Promise<string | undefined> =>
    (await client.send(new sdk.GetObjectCommand(at))).Body?.transformToString()
  assert.equal(await get(), 'content')
  await assert.rejects(get, named('SlowDown'))
  await assert.rejects(get)
  await assert.rejects(
    client.send(new sdk.CopyObjectCommand({ ...at, Key: 'l', CopySource: 'test/k' })),
    named('InternalError'),
  )
  await assert.rejects(client.send(new sdk.PutObjectCommand({ ...at, Key: 'm', Body: Buffer.from('x') })))
  await assert.rejects(client.send(new sdk.DeleteObjectCommand(at)))
  assert.deepEqual([...s3.bucket('test').objects.keys()], [])
})

test('sliceRope: any slice holds what the same slice of the bytes does', () => {
  const rope = madeUpRope(3, 50_000)
  const bytes = ropeBytes(rope)
  for (const [from, length] of [
    [0, 1],
    [4095, 2],
    [4096, 4096],
    [12_345, 30_001],
    [49_999, 1],
  ] as const)
    assert.deepEqual(ropeBytes(sliceRope(rope, from, length)), bytes.subarray(from, from + length))
  assert.equal(ropeMd5(madeUpRope(3, 50_000)), ropeMd5(rope))
})
