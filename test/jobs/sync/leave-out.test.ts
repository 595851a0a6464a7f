import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { discardPart } from '../../../src/blobs/tree-writer/discard-part.ts'
import { createFerry } from '../../../src/jobs/ferry.ts'
import type { ItemEvent } from '../../../src/progress/events.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const large = seededBytes(6_000_000, 1)
const archive = { recursive: true, times: true, perms: true } as const

async function stage() {
  const folder = temporaryFolder()
  const ferry = createFerry({ directory: folder.at('data'), threads: 2, dht: false })
  mkdirSync(folder.at('src', 'many'), { recursive: true })
  mkdirSync(folder.at('dst'))
  writeFileSync(folder.at('src', 'large.bin'), large)
  for (let index = 0; index < 20; index++) writeFileSync(folder.at('src', 'many', `${index}`), `${index}`)
  return {
    folder,
    sync: (options: Parameters<typeof ferry.sync>[2]) =>
      ferry.sync(folder.at('src/'), folder.at('dst'), { ...archive, ...options }),
    async [Symbol.asyncDispose]() {
      await ferry[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}

test('sync: a large file that is left out under way stops, the others arrive, and it is told as skipped', async () => {
  await using staged = await stage()
  const { folder } = staged
  const items: ItemEvent[] = []
  const job = staged.sync({ bytesPerSecond: 500_000, onItem: (item) => void items.push(item) })
  for await (const { active } of job.progress)
    if (active.some(({ path }) => path === 'large.bin')) {
      job.leaveOut([{ path: 'large.bin' }])
      job.setRate(undefined)
      break
    }
  const { failed, done } = await job.result
  assert.deepEqual([failed.count, done.skipped], [0, 1])
  assert.ok(!existsSync(folder.at('dst', 'large.bin')))
  assert.equal(readdirSync(folder.at('dst', 'many')).length, 20)
  assert.deepEqual(
    items.map(({ path, phase }) => [path, phase]),
    [['large.bin', 'skipped']],
  )
  const { files, percent } = job.progress.current
  assert.deepEqual([files.done, files.total, percent], [21, 21, 100])
})

test('sync: only named files go, and nothing else is deleted', async () => {
  await using staged = await stage()
  const { folder } = staged
  mkdirSync(folder.at('dst', 'gone'))
  const listed = (): string[] =>
    readdirSync(folder.at('dst'), { recursive: true, encoding: 'utf8' }).toSorted((a, b) => (a < b ? -1 : 1))
  for (const name of ['gone/a', 'gone/b', 'extra']) writeFileSync(folder.at('dst', name), name)
  const { done } = await staged.sync({ delete: true, paths: ['many/7', 'gone/a'] }).result
  assert.deepEqual([done.delete, done.skipped], [1, 0])
  assert.deepEqual(listed(), ['extra', 'gone', 'gone/b', 'many', 'many/7'])
  await staged.sync({ delete: true, leftOut: [{ path: 'extra' }, { path: 'large.bin' }] }).result
  assert.deepEqual(
    listed().filter((name) => !name.includes('/')),
    ['extra', 'many'],
  )
})

test('sync: the part of a file that was stopped is known until it is whole, and goes when told to', async () => {
  await using staged = await stage()
  const { folder } = staged
  const file = folder.at('dst', 'large.bin')
  const stopped = async (): Promise<readonly string[]> => {
    const job = staged.sync({ bytesPerSecond: 500_000 })
    for await (const { active } of job.progress)
      if (active.some(({ path }) => path === 'large.bin') && existsSync(`${file}.ferry-part`))
        await job.cancel()
    await assert.rejects(job.result, { code: 'E_CANCELLED' })
    return job.parts()
  }
  assert.deepEqual(await stopped(), [file])
  const again = staged.sync({ parts: [file] })
  await again.result
  assert.deepEqual(again.parts(), [])
  assert.ok(readFileSync(file).equals(large))
  rmSync(file)
  for (const path of await stopped()) discardPart(path)
  assert.deepEqual(readdirSync(folder.at('dst')), ['many'])
})
