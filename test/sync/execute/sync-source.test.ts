import assert from 'node:assert/strict'
import test from 'node:test'
import { parseTreePath, type TreePath } from '../../../src/shared/paths.ts'
import { createThrottle } from '../../../src/shared/throttle.ts'
import { inFolder, singleEntry, throttled } from '../../../src/sync/execute/sync-source.ts'
import type { Source, SyncEntry } from '../../../src/sync/source.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { memoryContent } from '../../support/memory-content.ts'

const MiB = 1 << 20
const entryOf = (path: string, kind: SyncEntry['kind'] = 'file'): SyncEntry => ({
  path: path as TreePath,
  kind,
  size: 0,
  mtimeNs: 1n,
  mode: 0o644,
  version: 'v',
})

/** Remembers which paths were opened. */
function fakeSource(
  paths: readonly string[],
  bytes = new Uint8Array(),
): Source & { readonly opened: string[] } {
  const opened: string[] = []
  return {
    url: 'fake',
    opened,
    async *list({ keeps }) {
      yield paths.filter((path) => keeps?.(path, false) ?? true).map((path) => entryOf(path))
    },
    async open({ path }) {
      opened.push(path)
      return memoryContent(bytes)
    },
    async [Symbol.asyncDispose]() {},
  }
}

async function pathsOf(source: Source, keeps?: (path: string) => boolean): Promise<string[]> {
  const paths: string[] = []
  const options = { recursive: true, onProblem: () => undefined, ...(keeps && { keeps }) }
  for await (const batch of source.list(options)) paths.push(...batch.map(({ path }) => path))
  return paths
}

test('inFolder: names are those of the destination outside, and those of the source inside', async () => {
  const inner = fakeSource(['a', 'b'])
  const source = inFolder(inner, parseTreePath('dir'), entryOf('', 'directory'))
  assert.deepEqual(await pathsOf(source), ['dir', 'dir/a', 'dir/b'])
  assert.deepEqual(await pathsOf(source, (path) => path !== 'dir/a'), ['dir', 'dir/b'])
  assert.deepEqual(await pathsOf(source, () => false), [])
  await source.open(entryOf('dir/b'))
  assert.deepEqual(inner.opened, ['b'])
})

test('singleEntry: one entry under another name', async () => {
  const inner = fakeSource(['a', 'b'])
  const source = singleEntry(inner, entryOf('a'), parseTreePath('new'))
  assert.deepEqual(await pathsOf(source), ['new'])
  await source.open(entryOf('new'))
  assert.deepEqual(inner.opened, ['a'])
})

test('throttled: over ten seconds the rate is kept within a tenth, and all bytes are right', async () => {
  const clock = createFakeClock()
  const bytes = new Uint8Array(20 * MiB).map((_, index) => index >>> 13)
  const source = throttled(fakeSource(['a'], bytes), createThrottle(MiB, clock))
  await using content = await source.open(entryOf('a'))
  let read = 0
  const reading = (async () => {
    for (; read < bytes.byteLength; read += MiB)
      assert.deepEqual(await content.read(read, MiB), bytes.slice(read, read + MiB))
  })()
  for (let tick = 0; tick < 1000; tick++) {
    await new Promise((resolve) => setImmediate(resolve))
    clock.advance(10)
  }
  assert.ok(read >= 9 * MiB && read <= 11 * MiB, `${read} bytes in ten seconds`)
  for (let tick = 0; read < bytes.byteLength; tick++) {
    await new Promise((resolve) => setImmediate(resolve))
    clock.advance(100)
  }
  await reading
})
