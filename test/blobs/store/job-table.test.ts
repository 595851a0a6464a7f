import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync, truncateSync } from 'node:fs'
import { test } from 'node:test'
import { openDiskJobs } from '../../../src/blobs/store/disk-jobs.ts'
import {
  createMemoryJobs,
  maxJobsKept,
  type JobTable,
  type StoredJob,
} from '../../../src/blobs/store/job-table.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const job = (id: string, more: Partial<StoredJob> = {}): StoredJob => ({
  id,
  state: 'running',
  createdAtMs: 1000,
  startedAtMs: 1000,
  endedAtMs: undefined,
  attempts: 1,
  spec: '{"kind":"share"}',
  extra: '{}',
  snapshot: '{}',
  ...more,
})

async function onBoth(check: (table: JobTable) => void): Promise<void> {
  check(createMemoryJobs())
  await using folder = temporaryFolder()
  using disk = openDiskJobs(folder.at('data'))
  check(disk)
}

test('JobTable: what is put is found, replaced and listed in the order in which it was made', () =>
  onBoth((table) => {
    table.put(job('b', { createdAtMs: 2000 }))
    table.put(job('c'))
    table.put(job('a'))
    table.put(job('b', { createdAtMs: 2000, state: 'done', endedAtMs: 3000, attempts: 2 }))
    assert.deepEqual(
      table.list().map(({ id }) => id),
      ['a', 'c', 'b'],
    )
    assert.deepEqual(
      table.get('b'),
      job('b', { createdAtMs: 2000, state: 'done', endedAtMs: 3000, attempts: 2 }),
    )
    table.remove('b')
    table.remove('b')
    assert.equal(table.get('b'), undefined)
  }))

test('JobTable: one end a run, the newest first, from any time backwards', () =>
  onBoth((table) => {
    for (const [id, attempts, endedAtMs] of [
      ['a', 1, 10],
      ['b', 1, 30],
      ['a', 2, 20],
      ['a', 2, 40],
    ] as const)
      table.addEnd({ id, attempts, endedAtMs, row: `${id}${attempts}` })
    const rows = (limit: number, before: number): string[] => table.ends(limit, before).map(({ row }) => row)
    assert.deepEqual(rows(10, 1e15), ['a2', 'b1', 'a1'])
    assert.deepEqual(rows(1, 1e15), ['a2'])
    assert.deepEqual(rows(10, 30), ['a1'])
  }))

test('JobTable: of too many jobs those that ended first are forgotten, and none that has not ended', () =>
  onBoth((table) => {
    table.put(job('open', { createdAtMs: 1 }))
    for (let index = 0; index < maxJobsKept; index++)
      table.put(job(`j${index}`, { createdAtMs: index + 2, endedAtMs: index + 2 }))
    const list = table.list()
    assert.equal(list.length, maxJobsKept)
    assert.deepEqual([list[0]?.id, list[1]?.id], ['open', 'j1'])
  }))

test('openDiskJobs: private, lasting, and begun anew when damaged', async () => {
  await using folder = temporaryFolder()
  const directory = folder.at('data')
  {
    using table = openDiskJobs(directory)
    table.put(job('a'))
    for (const name of readdirSync(directory))
      assert.equal(statSync(folder.at('data', name)).mode & 0o077, 0, name)
  }
  {
    using table = openDiskJobs(directory)
    assert.equal(table.list().length, 1)
  }
  truncateSync(folder.at('data', 'jobs.db'), 100)
  assert.equal(readFileSync(folder.at('data', 'jobs.db')).byteLength, 100)
  using table = openDiskJobs(directory)
  assert.equal(table.list().length, 0)
  assert.equal(table.setAside.length, 1)
})
