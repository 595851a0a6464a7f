import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import test, { after } from 'node:test'
import { createWorkerPool } from '../../../src/blobs/worker/pool.ts'
import { fakeShare, patternBytes, type FakeShare } from '../../support/fake-share.ts'
import { receiveFake } from '../../support/receive-run.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const pool = createWorkerPool({ size: 2 })
after(() => pool.close())

const KiB = 1024
const size = 24 * KiB * KiB
const old = patternBytes(size, 11)

/** Receives `next` over `old` and tells what was sent, lists and all. */
async function sentFor(next: Buffer): Promise<{ share: FakeShare; total: number }> {
  await using folder = temporaryFolder()
  mkdirSync(folder.at('into'))
  writeFileSync(folder.at('into', 'file'), old)
  const share = fakeShare([{ path: 'file', content: next }])
  const { tally } = await receiveFake(share, folder.at('into'), pool, { overwrite: 'always' })
  assert.equal(tally.failures().count, 0)
  assert.ok(readFileSync(folder.at('into', 'file')).equals(next))
  assert.equal(tally.bytes.fetched, share.sent.content)
  return { share, total: share.sent.content + share.sent.lists + share.sent.subChunks }
}

function edited(count: number, change: (bytes: Buffer, at: number) => void): Buffer {
  const next = Buffer.from(old)
  for (let index = 0; index < count; index++) change(next, Math.floor(((index + 0.37) * size) / count))
  return next
}

test('ten changed bytes cost about ten sub-chunks', async () => {
  const { total } = await sentFor(edited(10, (bytes, at) => (bytes[at] = (bytes[at] as number) ^ 0xff)))
  assert.ok(total < 120 * KiB, String(total))
})

test('an insertion costs what is inserted', async () => {
  const inserted = patternBytes(KiB * KiB, 12)
  const { total } = await sentFor(Buffer.concat([inserted, old]))
  assert.ok(total < inserted.byteLength + 60 * KiB, String(total))
})

test('a byte at the front costs next to nothing', async () => {
  const { total } = await sentFor(Buffer.concat([Buffer.from('!'), old]))
  assert.ok(total < 40 * KiB, String(total))
})

test('swapped halves cost their seams', async () => {
  const half = size / 2
  const { total } = await sentFor(Buffer.concat([old.subarray(half), old.subarray(0, half)]))
  assert.ok(total < 90 * KiB, String(total))
})

test('what was cut off or added at the end costs the end', async () => {
  assert.ok((await sentFor(Buffer.from(old.subarray(0, size - 100_000)))).total < 60 * KiB)
  const { total } = await sentFor(Buffer.concat([old, patternBytes(50_000, 13)]))
  assert.ok(total < 110 * KiB, String(total))
})

test('something altogether different costs no more than itself and its list', async () => {
  const { share, total } = await sentFor(patternBytes(size, 14))
  assert.equal(share.sent.content, size)
  assert.ok(total < size * 1.01, String(total))
})
