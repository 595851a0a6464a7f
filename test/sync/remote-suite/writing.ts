/** What every remote promises of writing: all of it or nothing, and never over something else. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { mapBounded } from '../../../src/shared/concurrency.ts'
import { FerryError } from '../../../src/shared/errors.ts'
import type { Remote, TransferProgress } from '../../../src/sync/remote.ts'
import type { Content } from '../../../src/sync/source.ts'
import { memoryContent } from '../../support/memory-content.ts'
import {
  assertHolds,
  largeBytes,
  listAll,
  listFiles,
  look,
  someBytes,
  text,
  withCode,
  write,
  type Suite,
} from './place.ts'

const changed = (): FerryError => new FerryError('E_CHANGED', 'Cannot read "source": it was changed')

/** Contents that must not become visible, and how writing them must end. */
export const badContents: readonly {
  readonly title: string
  readonly codes: readonly string[]
  /** `stop` aborts the signal of the writing. */
  readonly make: (bytes: Uint8Array, stop: () => void) => Content
}[] = [
  {
    title: 'a content that is not confirmed',
    codes: ['E_CHANGED'],
    make: (bytes) =>
      memoryContent(bytes, {
        async confirm() {
          throw changed()
        },
      }),
  },
  {
    title: 'a content that turns out shorter in the middle',
    codes: ['E_CHANGED'],
    make: (bytes) => failingAt(bytes, bytes.byteLength / 2, changed),
  },
  {
    title: 'a content that cannot be read at its very end',
    codes: ['E_IO'],
    make: (bytes) => failingAt(bytes, bytes.byteLength - 1, () => new FerryError('E_IO', 'Cannot read on')),
  },
  {
    title: 'a content that gives fewer bytes than it was asked for',
    codes: ['E_CHANGED', 'E_INTERNAL', 'E_IO'],
    make: (bytes) =>
      memoryContent(bytes, {
        read: async (offset, length) => bytes.slice(offset, offset + length - 1),
      }),
  },
  {
    title: 'a content that gives more bytes than it was asked for',
    codes: ['E_CHANGED', 'E_INTERNAL', 'E_IO'],
    make: (bytes) =>
      memoryContent(bytes, {
        read: async (offset, length) => Buffer.concat([bytes.subarray(offset, offset + length), text('!')]),
      }),
  },
  {
    title: 'a content whose writing is cancelled half-way',
    codes: ['E_CANCELLED'],
    make: (bytes, stop) =>
      memoryContent(bytes, {
        async read(offset, length) {
          if (offset + length > bytes.byteLength / 2) stop()
          return bytes.slice(offset, offset + length)
        },
      }),
  },
  {
    title: 'a content that never comes, cancelled while it is waited for',
    codes: ['E_CANCELLED'],
    make: (bytes, stop) =>
      memoryContent(bytes, {
        read: (_offset, _length, options) =>
          new Promise((_resolve, reject) => {
            assert.ok(options?.signal, 'the content is read without a signal')
            options.signal.addEventListener('abort', () =>
              reject(new FerryError('E_CANCELLED', 'Stopped before it was finished')),
            )
            stop()
          }),
      }),
  },
]

/** Reads that reach beyond `limit` fail. */
export function failingAt(bytes: Uint8Array, limit: number, failure: () => Error): Content {
  return memoryContent(bytes, {
    async read(offset, length) {
      if (offset + length > limit) throw failure()
      return bytes.slice(offset, offset + length)
    },
  })
}

/** Collects reports, each of which must be at least the one before. */
export function watchProgress(): { readonly last: TransferProgress; see(event: TransferProgress): void } {
  let last: TransferProgress = { sentBytes: 0, copiedBytes: 0 }
  return {
    get last() {
      return last
    },
    see(event) {
      assert.ok(event.sentBytes >= last.sentBytes && event.copiedBytes >= last.copiedBytes, 'it went back')
      last = event
    },
  }
}

async function assertOnlyOld(remote: Remote, path: string, old: Uint8Array | undefined): Promise<void> {
  assert.deepEqual(await listFiles(remote), old ? [path] : [])
  if (old) await assertHolds(remote, path, old)
  else assert.equal(await remote.stat(path), undefined)
}

export function testWriting(suite: Suite): void {
  const { name, open } = suite
  test(`${name}: what is written can be read, with the folders above it`, async () => {
    await using place = await open()
    const bytes = someBytes(200_000)
    await write(place.remote, 'a/b/c/file', bytes)
    await assertHolds(place.remote, 'a/b/c/file', bytes)
    await using again = await place.reopen()
    await assertHolds(again, 'a/b/c/file', bytes)
  })

  test(`${name}: an empty file, one byte, and a large file`, async () => {
    await using place = await open()
    for (const bytes of [new Uint8Array(0), text('1'), largeBytes(suite)]) {
      const written = await write(place.remote, `of ${bytes.byteLength}`, bytes)
      assert.ok(written.sentBytes >= bytes.byteLength)
      await assertHolds(place.remote, `of ${bytes.byteLength}`, bytes)
    }
  })

  test(`${name}: a file is replaced by a shorter and by a longer one`, async () => {
    await using place = await open()
    for (const size of [50_000, 10, 0, 70_000]) {
      const bytes = someBytes(size)
      await write(place.remote, 'file', bytes)
      await assertHolds(place.remote, 'file', bytes)
    }
    assert.deepEqual(await listFiles(place.remote), ['file'])
  })

  test(`${name}: nothing is visible before the content is confirmed`, async () => {
    await using place = await open()
    const { remote } = place
    const bytes = someBytes(300_000)
    let seen: readonly string[] | undefined
    const content = memoryContent(bytes, {
      async confirm() {
        seen = await listFiles(remote)
      },
    })
    await write(remote, 'new/file', content)
    assert.deepEqual(seen, [])
    await assertHolds(remote, 'new/file', bytes)
  })

  for (const { title, codes, make } of badContents) {
    test(`${name}: ${title} leaves nothing where nothing was`, async () => {
      await using place = await open()
      const stop = new AbortController()
      const content = make(largeBytes(suite), () => stop.abort())
      await assert.rejects(write(place.remote, 'file', content, { signal: stop.signal }), withCode(...codes))
      await assertOnlyOld(place.remote, 'file', undefined)
    })

    test(`${name}: ${title} leaves the old version`, async () => {
      await using place = await open()
      const old = someBytes(100_000)
      const { version } = await write(place.remote, 'file', old)
      const stop = new AbortController()
      const content = make(largeBytes(suite), () => stop.abort())
      await assert.rejects(
        write(place.remote, 'file', content, { signal: stop.signal, expect: { version } }),
        withCode(...codes),
      )
      await assertOnlyOld(place.remote, 'file', old)
      assert.equal((await look(place.remote, 'file')).version, version)
    })
  }

  test(`${name}: a writing that was cancelled before does nothing`, async () => {
    await using place = await open()
    await assert.rejects(
      write(place.remote, 'file', text('x'), { signal: AbortSignal.abort() }),
      withCode('E_CANCELLED'),
    )
    await assertOnlyOld(place.remote, 'file', undefined)
  })

  test(`${name}: what was interrupted is finished by the next writing of the same content`, async () => {
    await using place = await open()
    const bytes = largeBytes(suite)
    const identity = 'the same one'
    const interrupted = {
      ...failingAt(bytes, bytes.byteLength * 0.8, () => new FerryError('E_UNREACHABLE', 'gone')),
      identity,
    }
    await assert.rejects(write(place.remote, 'file', interrupted), withCode('E_UNREACHABLE'))
    await using remote = await place.reopen()
    const written = await write(remote, 'file', memoryContent(bytes, { identity }))
    assert.ok(written.sentBytes + written.copiedBytes + written.resumedBytes >= bytes.byteLength)
    await assertOnlyOld(remote, 'file', bytes)
  })

  test(`${name}: what was interrupted is not mixed with another content, longer or shorter`, async () => {
    await using place = await open()
    const bytes = largeBytes(suite)
    for (const length of [bytes.byteLength, bytes.byteLength + 100_000, 1000]) {
      const interrupted = failingAt(
        bytes,
        bytes.byteLength * 0.8,
        () => new FerryError('E_UNREACHABLE', 'gone'),
      )
      await assert.rejects(write(place.remote, 'file', interrupted), withCode('E_UNREACHABLE'))
      await using remote = await place.reopen()
      const other = someBytes(length)
      assert.equal((await write(remote, 'file', other)).resumedBytes, 0)
      await assertOnlyOld(remote, 'file', other)
    }
  })

  test(`${name}: interrupted transfers can be thrown away`, async () => {
    await using place = await open()
    if (!place.remote.abandoned) return
    const bytes = largeBytes(suite)
    const failure = (): Error => new FerryError('E_UNREACHABLE', 'gone')
    const interrupted = failingAt(bytes, bytes.byteLength * 0.8, failure)
    await assert.rejects(write(place.remote, 'a/file', interrupted), withCode('E_UNREACHABLE'))
    await using remote = await place.reopen()
    for (const transfer of (await remote.abandoned?.()) ?? []) {
      assert.equal(transfer.path, 'a/file')
      await transfer.remove()
    }
    assert.deepEqual(await remote.abandoned?.(), [])
  })

  test(`${name}: a writing that expects nothing, or a version, finds out what is there`, async () => {
    await using place = await open()
    const { remote } = place
    const first = await write(remote, 'file', text('first'), { expect: 'absent' })
    await assert.rejects(write(remote, 'file', text('taken'), { expect: 'absent' }), withCode('E_CONFLICT'))
    await assertHolds(remote, 'file', text('first'))
    const second = await write(remote, 'file', text('the second'), { expect: { version: first.version } })
    assert.notEqual(second.version, first.version)
    await assert.rejects(
      write(remote, 'file', text('too late'), { expect: { version: first.version } }),
      withCode('E_CONFLICT'),
    )
    await assertHolds(remote, 'file', text('the second'))
    await remote.remove(await look(remote, 'file'))
    await assert.rejects(
      write(remote, 'file', text('it is gone'), { expect: { version: second.version } }),
      withCode('E_CONFLICT'),
    )
    assert.deepEqual(await listFiles(remote), [])
  })

  for (const before of ['absent', 'version'] as const)
    test(`${name}: what someone else writes meanwhile stays (${before} was expected)`, async () => {
      await using place = await open()
      const { remote } = place
      const old = before === 'absent' ? undefined : await write(remote, 'file', text('old'))
      const bytes = largeBytes(suite)
      const content = memoryContent(bytes, {
        confirm: () => place.intrude('file', text('by someone else')),
      })
      const expect = old ? { version: old.version } : 'absent'
      await assert.rejects(write(remote, 'file', content, { expect }), withCode('E_CONFLICT'))
      await assertOnlyOld(remote, 'file', text('by someone else'))
    })

  test(`${name}: several files are written at once`, async () => {
    await using place = await open()
    const { remote } = place
    const files = Array.from({ length: 40 }, (_, index) => ({
      path: `new/${index % 4}/deep/${String(index).padStart(3, '0')}`,
      bytes: someBytes(1000 * index),
    }))
    await mapBounded(files, async ({ path, bytes }) => void (await write(remote, path, bytes)), {
      limit: remote.caps.concurrency,
    })
    for (const { path, bytes } of files) await assertHolds(remote, path, bytes)
    assert.equal((await listFiles(remote)).length, files.length)
  })

  test(`${name}: progress is absolute and never goes back`, async () => {
    await using place = await open()
    const progress = watchProgress()
    const bytes = largeBytes(suite)
    const written = await write(place.remote, 'file', bytes, { onProgress: progress.see })
    assert.equal(progress.last.sentBytes, written.sentBytes)
    assert.equal(progress.last.copiedBytes, written.copiedBytes)
  })

  test(`${name}: only what is known is removed`, async () => {
    await using place = await open()
    const { remote } = place
    await write(remote, 'a/file', text('old'))
    await write(remote, 'a/stays', text('stays'))
    const old = await look(remote, 'a/file')
    await place.intrude('a/file', text('by someone else'))
    await assert.rejects(remote.remove(old), withCode('E_CONFLICT'))
    await assertHolds(remote, 'a/file', text('by someone else'))
    await remote.remove(await look(remote, 'a/file'))
    assert.deepEqual(await listFiles(remote), ['a/stays'])
    assert.equal((await listAll(remote)).problems.length, 0)
  })
}
