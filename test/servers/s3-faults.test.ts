/** What goes wrong at the server or on the way there, by the numbers of the list of faults (92 … 94, 97, 99, 102, 103). */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import test, { after } from 'node:test'
import { FerryError } from '../../src/shared/errors.ts'
import type { Remote } from '../../src/sync/remote.ts'
import { memoryContent } from '../support/memory-content.ts'
import { type S3Place, openS3Place, testBucket } from '../support/s3/open-s3.ts'
import { type S3Behaviour, type S3Server, startS3 } from '../support/s3/start-s3.ts'
import { createRandomBytes } from '../support/random-files.ts'
import {
  assertHolds,
  listAll,
  look,
  plain,
  readBack,
  text,
  withCode,
  write,
} from '../sync/remote-suite/place.ts'

const MiB = 1024 * 1024
const next = createRandomBytes('s3 faults')
const large = next(11 * MiB + 5)
const open: S3Server[] = []
after(async () => {
  for (const s3 of open) await s3[Symbol.asyncDispose]()
})

interface Served extends AsyncDisposable {
  readonly s3: S3Server
  readonly place: S3Place
  readonly remote: Remote
}

/** A server of its own, so that calls are counted from the first. */
async function serve(behaviour: S3Behaviour = {}): Promise<Served> {
  const s3 = await startS3(behaviour)
  open.push(s3)
  s3.bucket(testBucket)
  const place = await openS3Place(s3)
  return { s3, place, remote: place.remote, [Symbol.asyncDispose]: () => place[Symbol.asyncDispose]() }
}

const busy = { kind: 'error', status: 503, code: 'SlowDown' } as const

test('92: 500, 502, 503 and 429 at any call are waited out', async () => {
  for (const operation of ['PutObject', 'CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload'])
    for (const [status, code] of [
      [500, 'InternalError'],
      [502, ''],
      [503, 'SlowDown'],
      [429, 'TooManyRequests'],
    ] as const) {
      await using served = await serve()
      const { s3, place, remote } = served
      s3.fault(operation, 1, { kind: 'error', status, code })
      const bytes = operation === 'PutObject' ? text('small') : large
      await write(remote, 'file', bytes, { expect: 'absent' })
      assert.equal(Buffer.compare(s3.content(testBucket, `${place.prefix}/file`), bytes), 0)
    }
  await using served = await serve()
  const { s3, place, remote } = served
  await place.intrude('file', large)
  for (const operation of ['HeadObject', 'GetObject', 'ListObjectsV2']) s3.fault(operation, 1, busy, 2)
  await assertHolds(remote, 'file', large)
  assert.equal((await listAll(remote)).entries.length, 1)
})

test('92: Retry-After is kept to, and attempts end', async () => {
  await using served = await serve()
  const { s3, place, remote } = served
  s3.fault('PutObject', 1, { ...busy, headers: { 'retry-after': '1' } })
  const startedMs = performance.now()
  await write(remote, 'file', text('x'))
  assert.ok(performance.now() - startedMs >= 990)
  s3.fault('PutObject', 1, busy, Number.POSITIVE_INFINITY)
  const before = s3.count('PutObject')
  await assert.rejects(write(remote, 'other', text('x')), withCode('E_UNREACHABLE'))
  assert.equal(s3.count('PutObject') - before, 4)
  assert.deepEqual(place.warnings, [])
})

test('93: a connection that is cut before or behind the effect of a call does no harm', async () => {
  for (const kind of ['reset-before', 'reset-after'] as const)
    for (const operation of ['PutObject', 'UploadPart', 'CompleteMultipartUpload', 'CreateMultipartUpload'])
      for (const expect of ['absent', 'version'] as const) {
        await using served = await serve()
        const { s3, place, remote } = served
        const old = expect === 'absent' ? undefined : await write(remote, 'file', text('old'))
        // The conditions of this server are found out before the fault is put in.
        await write(remote, 'other', text('x'), { expect: 'absent' })
        s3.fault(operation, 1, { kind })
        const bytes = operation === 'PutObject' ? text('new') : large
        const written = await write(remote, 'file', bytes, {
          expect: old ? { version: old.version } : 'absent',
        })
        assert.equal((await look(remote, 'file')).version, written.version, `${kind} ${operation} ${expect}`)
        await assertHolds(place.remote, 'file', bytes)
      }
})

test('93: a body that stands still, and an answer that never comes, are given up', async () => {
  await using served = await serve()
  const { s3, place } = served
  await place.intrude('file', large)
  await using remote = await place.open({ stallMs: 200 })
  s3.fault('GetObject', 1, { kind: 'stall', bytes: 100_000 })
  await assertHolds(remote, 'file', large)
  s3.fault('HeadObject', 1, { kind: 'silence' })
  await look(remote, 'file')
})

test('94: an error inside of a 200 is an error', async () => {
  await using served = await serve()
  const { s3, remote } = served
  s3.fault('CompleteMultipartUpload', 1, { kind: 'error-in-200', code: 'InternalError' })
  await write(remote, 'file', large)
  await assertHolds(remote, 'file', large)
  assert.equal(s3.count('CompleteMultipartUpload'), 2)
  s3.fault('CopyObject', 1, { kind: 'error-in-200', code: 'SlowDown' })
  await remote.caps.setAttributes?.(await look(remote, 'file'), { mtimeNs: 5n })
  assert.equal((await look(remote, 'file')).mtimeNs, 5n)
  s3.fault('UploadPartCopy', 1, { kind: 'error-in-200', code: 'InternalError' })
  await using content = memoryContent(Buffer.concat([large, text('end')]))
  const segments = [
    { kind: 'copy', from: 0, length: large.byteLength },
    { kind: 'data', length: 3 },
  ] as const
  const written = await remote.caps.assemble?.(await look(remote, 'file'), segments, content, plain)
  assert.equal(written?.sentBytes, 3)
  s3.fault('CompleteMultipartUpload', 1, { kind: 'error-in-200', code: 'InternalError' }, 99)
  await assert.rejects(write(remote, 'new', large), withCode('E_UNREACHABLE'))
  assert.equal(await remote.stat('new'), undefined)
})

test('97: what is overwritten meanwhile is a conflict, at every call that could lose it', async () => {
  for (const rules of [
    {},
    { conditionsOnPut: false, conditionsOnComplete: false, conditionsOnDelete: false },
  ]) {
    await using served = await serve({ rules })
    const { s3, place, remote } = served
    const key = `${place.prefix}/file`
    const theirs = { kind: 'meanwhile', run: () => void s3.put(testBucket, key, 'theirs') } as const
    await write(remote, 'file', large)
    const old = await look(remote, 'file')
    // Where the server keeps no conditions, what comes between the last look and the change cannot be noticed.
    s3.fault('conditionsOnPut' in rules ? 'UploadPart' : 'CompleteMultipartUpload', 1, theirs)
    await assert.rejects(
      write(remote, 'file', large, { expect: { version: old.version } }),
      withCode('E_CONFLICT'),
    )
    await assertHolds(remote, 'file', text('theirs'))
    await assert.rejects(remote.remove(old), withCode('E_CONFLICT'))
    await assert.rejects(
      write(remote, 'file', text('x'), { expect: { version: old.version } }),
      withCode('E_CONFLICT'),
    )
    await assert.rejects(write(remote, 'file', text('x'), { expect: 'absent' }), withCode('E_CONFLICT'))
    const setAttributes = remote.caps.setAttributes
    assert.ok(setAttributes)
    await assert.rejects(setAttributes(old, { mode: 0o600 }), withCode('E_CONFLICT'))
    await assertHolds(remote, 'file', text('theirs'))
    assert.deepEqual(await remote.abandoned?.(), [])
  }
})

test('99: what the server does not allow is told for each call, and changes nothing', async () => {
  await using served = await serve()
  const { s3, remote } = served
  await write(remote, 'file', text('old'))
  const entry = await look(remote, 'file')
  const denied = { kind: 'error', status: 403, code: 'AccessDenied' } as const
  const calls: Readonly<Record<string, () => Promise<unknown>>> = {
    ListObjectsV2: () => listAll(remote),
    GetObject: () => readBack(remote, 'file'),
    HeadObject: () => remote.stat('file'),
    PutObject: () => write(remote, 'file', text('new')),
    CreateMultipartUpload: () => write(remote, 'file', large),
    DeleteObject: () => remote.remove(entry),
    ListMultipartUploads: async () => await remote.abandoned?.(),
  }
  for (const [operation, call] of Object.entries(calls)) {
    s3.fault(operation, 1, denied)
    await assert.rejects(call, withCode('E_PERMISSION'), operation)
  }
  await assertHolds(remote, 'file', text('old'))
  // A key that may not abort does not hide why it wanted to.
  s3.fault('AbortMultipartUpload', 1, denied)
  const failing = memoryContent(large, {
    async confirm() {
      throw new FerryError('E_CHANGED', 'changed')
    },
  })
  await assert.rejects(write(remote, 'file', failing), withCode('E_CHANGED'))
})

test('99: an expired session is renewed once, and then told', async () => {
  await using served = await serve()
  const { s3, place, remote } = served
  s3.fault('PutObject', 1, { kind: 'error', status: 400, code: 'ExpiredToken' })
  await write(remote, 'file', text('x'))
  s3.fault('PutObject', 1, { kind: 'error', status: 400, code: 'ExpiredToken' }, 9)
  await assert.rejects(write(remote, 'file', text('y')), (error: unknown) => {
    assert.ok(error instanceof FerryError)
    assert.equal(error.code, 'E_PERMISSION')
    assert.match(error.message, /expired/)
    return true
  })
  await assertHolds(place.remote, 'file', text('x'))
})

test('102: a body that is cut off, too short or without a length is completed', async () => {
  await using served = await serve()
  const { s3, place, remote } = served
  await place.intrude('file', large)
  s3.fault('GetObject', 1, { kind: 'truncate', bytes: 1_000_000 })
  s3.fault('GetObject', 2, { kind: 'truncate', bytes: 0 })
  await assertHolds(remote, 'file', large)
  // What was there already is not fetched again.
  assert.match(
    String(s3.requests.filter(({ operation }) => operation === 'GetObject')[1]?.headers.range),
    /bytes=[1-9]/,
  )
  s3.fault('GetObject', 1, { kind: 'short-body', bytes: 5, withLength: false })
  await assertHolds(remote, 'file', large)
  s3.fault('GetObject', 1, { kind: 'short-body', bytes: 5, withLength: true })
  await assertHolds(remote, 'file', large)
  s3.fault('GetObject', 1, { kind: 'truncate', bytes: 0 }, 99)
  await assert.rejects(readBack(remote, 'file'), withCode('E_UNREACHABLE'))
})

test('103: a source that is shorter than it said leaves nothing behind', async () => {
  await using served = await serve()
  const { s3, place, remote } = served
  const short = memoryContent(large, { read: async (from, length) => large.slice(from, from + length - 1) })
  await assert.rejects(write(place.remote, 'file', short), withCode('E_CHANGED'))
  assert.equal(await remote.stat('file'), undefined)
  assert.equal(s3.bucket(testBucket).uploads.size, 0)
  assert.deepEqual([...s3.bucket(testBucket).objects.keys()], [])
})

test('99: a redirect is told with the region it names, and followed nowhere', async () => {
  const seen: string[] = []
  const thief = createServer((request, response) => {
    seen.push(request.url ?? '')
    response.end()
  }).listen(0, '127.0.0.1')
  await once(thief, 'listening')
  const location = `http://127.0.0.1:${(thief.address() as AddressInfo).port}/`
  await using served = await serve()
  const { s3, place } = served
  for (const [status, code] of [
    [301, 'PermanentRedirect'],
    [307, 'TemporaryRedirect'],
  ] as const) {
    s3.fault('ListObjectsV2', 1, {
      kind: 'error',
      status,
      code,
      headers: { location, 'x-amz-bucket-region': 'eu-central-1' },
    })
    await assert.rejects(place.open(), (error: unknown) => {
      assert.ok(error instanceof FerryError)
      assert.equal(error.code, 'E_USAGE')
      assert.match(`${error.message} ${error.hint}`, /eu-central-1/)
      return true
    })
  }
  thief.close()
  assert.deepEqual(seen, [])
})

test('100: what is archived is told with what to do, and delete markers and foreign sums do not disturb', async () => {
  await using served = await serve()
  const { s3, place, remote } = served
  await place.intrude('file', text('x'))
  s3.fault('GetObject', 1, { kind: 'error', status: 403, code: 'InvalidObjectState' })
  await assert.rejects(readBack(remote, 'file'), (error: unknown) => {
    assert.ok(error instanceof FerryError)
    assert.equal(error.code, 'E_REFUSED')
    assert.match(`${error.message} ${error.hint}`, /archived.*restore/)
    return true
  })
  s3.fault('HeadObject', 1, {
    kind: 'error',
    status: 404,
    code: 'NoSuchKey',
    headers: { 'x-amz-delete-marker': 'true' },
  })
  assert.equal(await remote.stat('gone'), undefined)
})
