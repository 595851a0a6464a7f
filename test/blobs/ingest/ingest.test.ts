import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { after } from 'node:test'
import { concatBytes } from '../../../src/shared/bytes.ts'
import {
  chunkCount,
  chunkHashAt,
  chunkLengthAt,
  type ChunkRecords,
} from '../../../src/blobs/chunk-records.ts'
import { cutAll } from '../../../src/blobs/chunker/find-cut.ts'
import { chunkerParameters, chunkSizeFor } from '../../../src/blobs/chunker/parameters.ts'
import { hash } from '../../../src/blobs/hash.ts'
import { ingest, type IngestEvent, type IngestOptions } from '../../../src/blobs/ingest/ingest.ts'
import { nameChunkList } from '../../../src/blobs/manifest/nodes.ts'
import { decodePage, encodeColumns } from '../../../src/blobs/manifest/page.ts'
import { createThrottle } from '../../../src/shared/throttle.ts'
import { delay } from '../../../src/shared/concurrency.ts'
import { openMemoryStore } from '../../../src/blobs/store/memory-store.ts'
import type { PackedWalk } from '../../../src/blobs/walk/walk-batch.ts'
import { unpackWalk } from '../../support/walk-items.ts'
import { walkTree } from '../../../src/blobs/walk/walk-tree.ts'
import { createWorkerPool } from '../../../src/blobs/worker/pool.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'
import { silentProgress } from '../../support/silent-progress.ts'

const scratch = mkdtempSync(join(tmpdir(), 'ferry-ingest-'))
const pool = createWorkerPool({ size: 2 })
after(async () => {
  await pool.close()
  rmSync(scratch, { recursive: true, force: true })
})

let count = 0
function folder(files: Record<string, Uint8Array | string>): string {
  const root = join(scratch, `${count++}`)
  mkdirSync(root)
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(root, name, '..'), { recursive: true })
    writeFileSync(join(root, name), content)
    // Old enough not to be racy by its own time.
    utimesSync(join(root, name), 1_600_000_000, 1_600_000_000)
  }
  return root
}

async function* each(batches: readonly PackedWalk[]): AsyncGenerator<PackedWalk> {
  yield* batches
}

/** In batches of three items. */
const walked = (root: string, name = 'top'): PackedWalk[] => [...walkTree([{ name, diskPath: root }], {}, 3)]

async function run(items: readonly PackedWalk[], options: Partial<IngestOptions> = {}) {
  const progress = silentProgress()
  const { files } = openMemoryStore()
  const events: IngestEvent[] = []
  const running = ingest(each(items), { pool, files, progress, limit: 2, ...options })
  for await (const event of running) events.push(event)
  return { events, progress, files: options.files ?? files, reusedBytes: running.reusedBytes }
}

/** Paths in the order of the events, and each file's chunk list. */
function summary(events: readonly IngestEvent[]): { paths: string[]; lists: Map<string, ChunkRecords> } {
  const paths: string[] = []
  const lists = new Map<string, ChunkRecords>()
  let open: { path: string; parts: ChunkRecords[] } | undefined
  for (const event of events) {
    if (event.type === 'entries')
      for (const entry of decodePage(encodeColumns(event.page))) {
        paths.push(entry.path)
        if (entry.kind === 'file') lists.set(entry.path, entry.content as Uint8Array)
      }
    else if (event.type === 'open') {
      assert.equal(open, undefined)
      open = { path: event.entry.path, parts: [] }
      paths.push(open.path)
    } else if (event.type === 'chunks') open?.parts.push(event.records)
    else if (event.type === 'close') {
      const list = concatBytes(open?.parts ?? [])
      assert.deepEqual(event.records, list)
      const expected = chunkCount(list) <= 64 ? list : nameChunkList(list).reference
      assert.deepEqual(event.entry.content, expected)
      lists.set(event.entry.path, list)
      open = undefined
    } else open = undefined
  }
  return { paths, lists }
}

function assertList(list: ChunkRecords | undefined, content: Uint8Array): void {
  const cuts = cutAll(content, chunkerParameters(chunkSizeFor(content.byteLength)))
  assert.ok(list)
  assert.equal(chunkCount(list), cuts.length)
  cuts.forEach((cut, index) => {
    const from = cuts[index - 1] ?? 0
    assert.equal(chunkLengthAt(list, index), cut - from)
    assert.deepEqual(new Uint8Array(chunkHashAt(list, index)), hash(content.subarray(from, cut)))
  })
}

test('entries come in manifest order with the chunks of their content', async () => {
  const files: Record<string, Uint8Array> = {
    empty: new Uint8Array(0),
    'sub/large': seededBytes(6_000_000, 5),
  }
  for (let index = 0; index < 300; index++) files[`many/${index}`] = seededBytes(index * 37, index + 1)
  files['medium'] = seededBytes(1_000_000, 9)
  const items = walked(folder(files))
  const { events, progress } = await run(items)
  const { paths, lists } = summary(events)
  assert.deepEqual(
    paths,
    items.flatMap(unpackWalk).map((item) => item.path),
  )
  for (const [name, content] of Object.entries(files)) assertList(lists.get(`top/${name}`), content)
  assert.ok(
    events.some((event) => event.type === 'open'),
    'a list beyond the inline limit is told in chunks',
  )
  assert.deepEqual(progress.failed, [])
  assert.equal(progress.done.files, 303)
  assert.deepEqual(progress.lastTotals, { files: 303, bytes: progress.done.bytes, final: true })
})

test('unchanged files are not read again, changed ones are', async () => {
  const root = folder({ a: seededBytes(1000), b: seededBytes(2000), big: seededBytes(6_000_000) })
  const first = await run(walked(root))
  // As if two seconds had passed between the last change and the reading.
  for (const row of [...first.files.all()])
    first.files.putMany([{ ...row, indexedAtNs: row.fingerprint.ctimeNs + 3_000_000_000n }])
  writeFileSync(join(root, 'b'), seededBytes(2000, 2))
  const second = await run(walked(root), { files: first.files })
  assert.equal(second.reusedBytes, 6_001_000)
  assert.equal(second.progress.done.hadFiles, 2)
  assertList(summary(second.events).lists.get('top/big'), seededBytes(6_000_000))
  assertList(summary(second.events).lists.get('top/b'), seededBytes(2000, 2))
  assertList(second.files.get(join(root, 'b'))?.records, seededBytes(2000, 2))
})

test('a file that changed between walk and reading is taken as it is now', async () => {
  const root = folder({ a: seededBytes(1000) })
  const items = walked(root)
  writeFileSync(join(root, 'a'), seededBytes(5000))
  const { events, progress } = await run(items)
  assertList(summary(events).lists.get('top/a'), seededBytes(5000))
  assert.deepEqual(progress.failed, [])
})

test('files that vanish, become something else or cannot be trusted are named, and the others go on', async () => {
  const root = folder({ a: 'a', gone: 'x', now_a_folder: 'x', now_a_link: 'x', now_a_pipe: 'x', z: 'z' })
  const items = walked(root)
  for (const name of ['gone', 'now_a_folder', 'now_a_link', 'now_a_pipe']) rmSync(join(root, name))
  mkdirSync(join(root, 'now_a_folder'))
  spawnSync('ln', ['-s', 'a', join(root, 'now_a_link')])
  spawnSync('mkfifo', [join(root, 'now_a_pipe')])
  // Content, and a size of 0.
  items.push(...walked('/proc/self/status', 'zz'))
  const { events, progress } = await run(items)
  assert.deepEqual(summary(events).paths, ['top', 'top/a', 'top/z'])
  assert.deepEqual(
    progress.failed.map(({ path, error }) => [path, error.code]),
    [
      ['top/gone', 'E_NOT_FOUND'],
      ['top/now_a_folder', 'E_CHANGED'],
      ['top/now_a_link', 'E_CHANGED'],
      ['top/now_a_pipe', 'E_CHANGED'],
      ['zz', 'E_CHANGED'],
    ],
  )
})

/** A sparse file just above the bound for regions, with seams in data and in zeros. */
function largeFile(): { root: string; path: string } {
  const root = folder({ large: '' })
  const path = join(root, 'large')
  truncateSync(path, 66 * 1024 * 1024)
  const fd = spawnSync('dd', ['of=' + path, 'conv=notrunc', 'bs=1M', 'seek=20'], {
    input: seededBytes(9_000_000, 3),
  })
  assert.equal(fd.status, 0)
  return { root, path }
}

test('regions of a large file join to the cuts of the whole, in data and in zeros', async () => {
  const { root, path } = largeFile()
  const content = readFileSync(path)
  for (const regionBytes of [1_000_003, 5_000_000, 16 * 1024 * 1024]) {
    const { events } = await run(walked(root), { regionBytes })
    assertList(summary(events).lists.get('top/large'), content)
  }
})

test('a large file that changes while it is read is dropped, and the others go on', async () => {
  const { root, path } = largeFile()
  writeFileSync(join(root, 'z'), 'z')
  const events: IngestEvent[] = []
  const progress = silentProgress()
  const { files } = openMemoryStore()
  const running = ingest(each(walked(root)), { pool, files, progress, limit: 2, regionBytes: 4_000_000 })
  for await (const event of running) {
    if (event.type === 'chunks' && events.at(-1)?.type === 'open') truncateSync(path, 1000)
    events.push(event)
  }
  assert.equal(events.at(-2)?.type, 'drop')
  assert.deepEqual(summary(events).paths, ['top', 'top/large', 'top/z'])
  assert.deepEqual(
    progress.failed.map(({ path: failed, error }) => [failed, error.code]),
    [['top/large', 'E_CHANGED']],
  )
  assert.equal(files.get(path), undefined)
})

test('cancelling ends the ingest, and keeps what was learned', async () => {
  const root = folder({ a: 'a', b: 'b', 'c/d': 'd' })
  const controller = new AbortController()
  const { files } = openMemoryStore()
  const running = ingest(each(walked(root)), {
    pool,
    files,
    progress: silentProgress(),
    limit: 1,
    signal: controller.signal,
  })
  await assert.rejects(
    async () => {
      for await (const _ of running) controller.abort()
    },
    { code: 'E_CANCELLED' },
  )
  assert.notEqual(files.get(join(root, 'a')), undefined)
})

test('while it is paused no file is begun, and a large one goes no further than what is being read', async () => {
  const { root, path } = largeFile()
  writeFileSync(join(root, 'z'), 'z')
  const throttle = createThrottle()
  const { files } = openMemoryStore()
  const options = { pool, files, progress: silentProgress(), limit: 2, regionBytes: 4_000_000, throttle }
  const events = ingest(each(walked(root)), options)[Symbol.asyncIterator]()
  const seen: string[] = []
  for (let next = await events.next(); !next.done; next = await events.next()) {
    seen.push(next.value.type)
    if (next.value.type !== 'open') continue
    throttle.pause()
    break
  }
  const rest = (async () => {
    for (let next = await events.next(); !next.done; next = await events.next()) seen.push(next.value.type)
  })()
  await delay(300)
  assert.ok(!seen.includes('close'), seen.join())
  assert.equal(files.get(path), undefined)
  throttle.resume()
  await rest
  assert.deepEqual([seen.includes('close'), seen.at(-1)], [true, 'entries'])
})
