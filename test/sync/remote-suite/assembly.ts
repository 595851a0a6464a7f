/** Assembling a new version out of the old one: the result is exact, and the rules of writing hold. */
import assert from 'node:assert/strict'
import test from 'node:test'
import type { Remote, Segment, WriteOptions, Written } from '../../../src/sync/remote.ts'
import type { Content, SyncEntry } from '../../../src/sync/source.ts'
import { memoryContent } from '../../support/memory-content.ts'
import {
  assertHolds,
  largeBytes,
  listFiles,
  look,
  plain,
  someBytes,
  text,
  withCode,
  write,
  type Suite,
} from './place.ts'
import { badContents, watchProgress } from './writing.ts'

/** What the segments say, made from the old bytes and new random ones. */
function compose(old: Uint8Array, segments: readonly Segment[]): Uint8Array {
  const parts = segments.map((segment) =>
    segment.kind === 'copy'
      ? old.subarray(segment.from, segment.from + segment.length)
      : someBytes(segment.length),
  )
  return new Uint8Array(Buffer.concat(parts))
}

async function assemble(
  remote: Remote,
  old: SyncEntry,
  segments: readonly Segment[],
  content: Content,
  options: Partial<WriteOptions> = {},
): Promise<Written> {
  assert.ok(remote.caps.assemble)
  await using closing = content
  return await remote.caps.assemble(old, segments, closing, {
    ...plain,
    expect: { version: old.version },
    ...options,
  })
}

const changes = (size: number): Readonly<Record<string, readonly Segment[]>> => ({
  'an insertion in front': [
    { kind: 'data', length: 1_000_001 },
    { kind: 'copy', from: 0, length: size },
  ],
  'a change in the middle': [
    { kind: 'copy', from: 0, length: 5_000_003 },
    { kind: 'data', length: 17 },
    { kind: 'copy', from: 5_000_020, length: size - 5_000_020 },
  ],
  'an end that is longer': [
    { kind: 'copy', from: 0, length: size },
    { kind: 'data', length: 70_000 },
  ],
  'an end that is cut off': [{ kind: 'copy', from: 0, length: size - 1_234_567 }],
  'blocks that changed places and repeat': [
    { kind: 'copy', from: 6_000_000, length: 3_000_000 },
    { kind: 'copy', from: 0, length: 2_000_000 },
    { kind: 'data', length: 1 },
    { kind: 'copy', from: 6_000_000, length: 3_000_000 },
  ],
  'nothing of the old one': [{ kind: 'data', length: 300_000 }],
  'the same again': [{ kind: 'copy', from: 0, length: size }],
})

export function testAssembly(suite: Suite): void {
  const { name, open } = suite

  test(`${name}: segments of the old version and new bytes make the new version`, async () => {
    await using place = await open()
    const { remote } = place
    if (!remote.caps.assemble) return
    const bytes = largeBytes(suite)
    await write(remote, 'a/file', bytes)
    for (const [title, segments] of Object.entries(changes(bytes.byteLength))) {
      await write(remote, 'a/file', bytes)
      const old = await look(remote, 'a/file')
      const made = compose(bytes, segments)
      const progress = watchProgress()
      const written = await assemble(remote, old, segments, memoryContent(made), { onProgress: progress.see })
      await assertHolds(remote, 'a/file', made)
      assert.equal((await look(remote, 'a/file')).version, written.version, title)
      assert.ok(written.sentBytes + written.copiedBytes + written.resumedBytes >= made.byteLength, title)
      assert.equal(progress.last.sentBytes, written.sentBytes, title)
      assert.equal(progress.last.copiedBytes, written.copiedBytes, title)
    }
    assert.deepEqual(await listFiles(remote), ['a/file'])
  })

  test(`${name}: assembling sends less than the whole`, async () => {
    await using place = await open()
    const { remote } = place
    if (!remote.caps.assemble) return
    const bytes = largeBytes(suite)
    await write(remote, 'file', bytes)
    const segments: readonly Segment[] = [
      { kind: 'copy', from: 0, length: bytes.byteLength },
      { kind: 'data', length: 1000 },
    ]
    const made = compose(bytes, segments)
    const written = await assemble(remote, await look(remote, 'file'), segments, memoryContent(made))
    assert.ok(written.copiedBytes > 0)
    assert.ok(written.sentBytes < bytes.byteLength / 2, `it sent ${written.sentBytes}`)
  })

  for (const { title, codes, make } of badContents)
    test(`${name}: assembling from ${title} leaves the old version`, async () => {
      await using place = await open()
      const { remote } = place
      if (!remote.caps.assemble) return
      const bytes = largeBytes(suite)
      await write(remote, 'file', bytes)
      const old = await look(remote, 'file')
      const segments: readonly Segment[] = [
        { kind: 'copy', from: 0, length: bytes.byteLength },
        { kind: 'data', length: 100_000 },
      ]
      const stop = new AbortController()
      const content = make(compose(bytes, segments), () => stop.abort())
      await assert.rejects(
        assemble(remote, old, segments, content, { signal: stop.signal }),
        withCode(...codes),
      )
      assert.deepEqual(await listFiles(remote), ['file'])
      await assertHolds(remote, 'file', bytes)
      assert.equal((await look(remote, 'file')).version, old.version)
    })

  test(`${name}: an old version that is no longer there is not assembled from`, async () => {
    await using place = await open()
    const { remote } = place
    if (!remote.caps.assemble) return
    const bytes = largeBytes(suite)
    await write(remote, 'file', bytes)
    const old = await look(remote, 'file')
    const segments: readonly Segment[] = [
      { kind: 'copy', from: 0, length: bytes.byteLength },
      { kind: 'data', length: 10 },
    ]
    await place.intrude('file', text('by someone else'))
    const content = memoryContent(compose(bytes, segments))
    await assert.rejects(assemble(remote, old, segments, content), withCode('E_CONFLICT'))
    await assertHolds(remote, 'file', text('by someone else'))
  })

  test(`${name}: what someone else writes while a file is assembled stays`, async () => {
    await using place = await open()
    const { remote } = place
    if (!remote.caps.assemble) return
    const bytes = largeBytes(suite)
    await write(remote, 'file', bytes)
    const old = await look(remote, 'file')
    const segments: readonly Segment[] = [
      { kind: 'copy', from: 0, length: bytes.byteLength },
      { kind: 'data', length: 10 },
    ]
    const content = memoryContent(compose(bytes, segments), {
      confirm: () => place.intrude('file', text('by someone else')),
    })
    await assert.rejects(assemble(remote, old, segments, content), withCode('E_CONFLICT'))
    await assertHolds(remote, 'file', text('by someone else'))
    assert.deepEqual(await listFiles(remote), ['file'])
  })
}
