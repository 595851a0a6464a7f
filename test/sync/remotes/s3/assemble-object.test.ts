/** A new version out of parts of the old one, at a server that keeps S3's rules. */
import assert from 'node:assert/strict'
import test, { after } from 'node:test'
import type { Remote, Segment } from '../../../../src/sync/remote.ts'
import { memoryContent } from '../../../support/memory-content.ts'
import { openS3Place, testBucket } from '../../../support/s3/open-s3.ts'
import {
  madeUpRope,
  type Rope,
  ropeBytes,
  isSameRope,
  ropeOf,
  joinRopes,
  sliceRope,
} from '../../../support/s3/rope.ts'
import { type S3Server, startS3 } from '../../../support/s3/start-s3.ts'
import { look, plain, text, withCode } from '../../remote-suite/place.ts'

const MiB = 1024 * 1024
const GiB = 1024 * MiB
const s3: S3Server = await startS3()
s3.bucket(testBucket)
after(() => s3[Symbol.asyncDispose]())

/** A slow line, on which every byte that is not sent pays. */
const tuning = { uplinkBytesPerSecond: 1_000_000 }

/** Puts content there without reading it. */
function place(key: string, content: Rope): void {
  s3.bucket(testBucket).put(
    key,
    content,
    { headers: { 'content-type': 'text/x' }, metadata: { own: 'kept' } },
    '0'.repeat(32),
  )
}

/** The new version, and a content that reads from it. */
function compose(segments: readonly Segment[], old: Rope): Rope {
  return joinRopes(
    segments.map((segment, index) =>
      segment.kind === 'copy'
        ? sliceRope(old, segment.from, segment.length)
        : ropeOf(Buffer.alloc(segment.length, 0x40 + index)),
    ),
  )
}

async function assemble(remote: Remote, segments: readonly Segment[], made: Rope): Promise<number> {
  const content = memoryContent(new Uint8Array(0), {
    size: made.length,
    read: async (from, length) => new Uint8Array(ropeBytes(sliceRope(made, from, length))),
  })
  const written = await remote.caps.assemble?.(await look(remote, 'file'), segments, content, plain)
  assert.ok(written)
  assert.equal(written.sentBytes + written.copiedBytes, made.length)
  return written.sentBytes
}

test('assembleObject: 1 MiB in front of 1 GiB, and ten changed bytes, are all that is sent', async () => {
  await using at = await openS3Place(s3, tuning)
  const old = madeUpRope(7, GiB)
  place(`${at.prefix}/file`, old)
  const segments: Segment[] = [{ kind: 'data', length: MiB }]
  for (let edit = 0; edit < 10; edit++) {
    const from = Math.floor((GiB / 10) * edit)
    const end = Math.floor((GiB / 10) * (edit + 1))
    segments.push({ kind: 'copy', from, length: end - from - 1 }, { kind: 'data', length: 1 })
  }
  const made = compose(segments, old)
  const before = s3.receivedBytes()
  const parts = s3.receivedBytes('UploadPart')
  assert.equal(await assemble(at.remote, segments, made), MiB + 10)
  assert.equal(s3.receivedBytes('UploadPart') - parts, MiB + 10)
  assert.ok(s3.receivedBytes() - before < 1.1 * MiB, 'what is said around the content is not small')
  const { content, metadata } = s3.bucket(testBucket).find(`${at.prefix}/file`)
  assert.equal(content.length, made.length)
  assert.ok(isSameRope(content, made))
  assert.ok(metadata['mtime'])
  const left = [...s3.bucket(testBucket).objects.keys()].filter((key) => key.includes('.ferry/stage'))
  assert.deepEqual(left, [])
  assert.equal(s3.bucket(testBucket).uploads.size, 0)
})

test('assembleObject: edits that lie close together, at the start and at the end', async () => {
  await using at = await openS3Place(s3, tuning)
  const old = madeUpRope(8, 40 * MiB)
  const shapes: Readonly<Record<string, readonly Segment[]>> = {
    close: [
      { kind: 'copy', from: 0, length: 12 * MiB },
      { kind: 'data', length: 10 },
      { kind: 'copy', from: 12 * MiB, length: 3 * MiB },
      { kind: 'data', length: 20 },
      { kind: 'copy', from: 15 * MiB, length: 25 * MiB },
    ],
    'start and end': [
      { kind: 'data', length: 1 },
      { kind: 'copy', from: 1, length: 40 * MiB - 2 },
      { kind: 'data', length: 1 },
    ],
    'cut off in front': [{ kind: 'copy', from: 3, length: 40 * MiB - 3 }],
    'moved blocks': [
      { kind: 'copy', from: 38 * MiB, length: 2 * MiB },
      { kind: 'copy', from: 0, length: 38 * MiB },
    ],
    'small blocks only': [
      { kind: 'copy', from: 5 * MiB, length: 2 * MiB },
      { kind: 'copy', from: 20 * MiB, length: 2 * MiB },
      { kind: 'copy', from: 30 * MiB, length: 2 * MiB },
    ],
  }
  for (const [title, segments] of Object.entries(shapes)) {
    place(`${at.prefix}/file`, old)
    const made = compose(segments, old)
    const isNew = segments.reduce((sum, { kind, length }) => sum + (kind === 'data' ? length : 0), 0)
    assert.equal(await assemble(at.remote, segments, made), isNew, title)
    assert.ok(isSameRope(s3.bucket(testBucket).find(`${at.prefix}/file`).content, made), title)
  }
})

test('assembleObject: a stage that fails leaves the old version, and no stage', async () => {
  await using at = await openS3Place(s3, tuning)
  const old = madeUpRope(9, 40 * MiB)
  place(`${at.prefix}/file`, old)
  const segments: readonly Segment[] = [
    { kind: 'data', length: 5 },
    { kind: 'copy', from: 0, length: 40 * MiB },
  ]
  for (const nth of [1, 2, 3]) {
    s3.fault('UploadPartCopy', nth, { kind: 'error', status: 403, code: 'AccessDenied' })
    await assert.rejects(assemble(at.remote, segments, compose(segments, old)), withCode('E_PERMISSION'))
  }
  s3.fault('UploadPartCopy', 2, {
    kind: 'meanwhile',
    run: () => void s3.put(testBucket, `${at.prefix}/file`, Buffer.alloc(40 * MiB)),
  })
  await assert.rejects(assemble(at.remote, segments, compose(segments, old)), withCode('E_CONFLICT'))
  assert.deepEqual(
    [...s3.bucket(testBucket).objects.keys()].filter((key) => key.startsWith(at.prefix)),
    [`${at.prefix}/file`],
  )
  assert.deepEqual(await at.remote.abandoned?.(), [])
})

test('98: objects above 5 GiB are copied in parts, and keep what they carry', async () => {
  await using at = await openS3Place(s3, tuning)
  const old = madeUpRope(10, 12 * GiB)
  place(`${at.prefix}/file`, old)
  const { setAttributes, rename } = at.remote.caps
  assert.ok(setAttributes && rename)
  const version = await setAttributes(await look(at.remote, 'file'), { mode: 0o600, mtimeNs: 77n })
  const entry = await look(at.remote, 'file')
  assert.deepEqual([entry.version, entry.mode, entry.mtimeNs, entry.size], [version, 0o600, 77n, 12 * GiB])
  await rename('file', 'moved')
  assert.equal(await at.remote.stat('file'), undefined)
  const { headers, metadata, content } = s3.bucket(testBucket).find(`${at.prefix}/moved`)
  assert.equal(content.length, 12 * GiB)
  assert.equal(headers['content-type'], 'text/x')
  assert.equal(metadata['own'], 'kept')
})

test('98: a key that is too long is told, and nothing is written', async () => {
  await using at = await openS3Place(s3)
  const path = Array.from({ length: 6 }, () => 'n'.repeat(200)).join('/')
  await using content = memoryContent(text('x'))
  await assert.rejects(at.remote.write(path, content, plain), withCode('E_REFUSED', 'E_IO'))
})
