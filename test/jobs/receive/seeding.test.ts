import assert from 'node:assert/strict'
import test from 'node:test'
import { setTimeout as after } from 'node:timers/promises'
import { runReceive } from '../../../src/jobs/receive.ts'
import { seedAfterMs, startSeeding } from '../../../src/jobs/receive/start-seeding.ts'
import { createTools } from '../../../src/jobs/tools.ts'
import { openManifest } from '../../../src/blobs/manifest/reader.ts'
import { openMemoryStore } from '../../../src/blobs/store/memory-store.ts'
import type { Serving } from '../../../src/jobs/types.ts'
import { serveFake } from '../../support/fake-owner.ts'
import { fakeShare, type FakeShare } from '../../support/fake-share.ts'
import { createFileChoice } from '../../../src/shared/file-choice.ts'
import { createPartLedger } from '../../../src/shared/part-ledger.ts'
import { createThrottle } from '../../../src/shared/throttle.ts'
import { silentProgress } from '../../support/silent-progress.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const share = (): FakeShare => fakeShare([{ path: 'top/file', content: Buffer.from('text') }])

/** Whether a receive that takes its time has begun to serve. */
async function servesOthers(exclusive: boolean): Promise<boolean> {
  await using folder = temporaryFolder()
  await using owner = await serveFake(share(), { exclusive })
  await using tools = createTools({ directory: folder.at('home'), network: { listen: ['127.0.0.1:0'] } })
  let serves = false
  const watched = {
    ...tools,
    serving: async (port?: number) => {
      serves = true
      return await tools.serving(port)
    },
  }
  const result = await runReceive(
    owner.ticket,
    folder.at('into'),
    {
      async confirm() {
        // Timers of one length end in the order in which they were begun, and the other one is under way.
        await after(seedAfterMs)
        return true
      },
    },
    {
      signal: new AbortController().signal,
      progress: silentProgress(),
      files: createFileChoice(),
      parts: createPartLedger(),
      throttle: createThrottle(),
      tools: watched,
    },
  )
  assert.equal(result.failed.count, 0)
  return serves
}

test('a receive serves others while it runs, but not what its owner keeps to some', async () => {
  assert.deepEqual(await Promise.all([servesOthers(false), servesOthers(true)]), [true, false])
})

test('seeding ends when the owner comes back with an exclusive share', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const { session, fetcher, root } = share()
  const store = openMemoryStore()
  store.objects.putMany([{ hash: root, kind: 'root', bytes: await session.root() }])
  const offered = Promise.withResolvers<void>()
  const withdrawn = Promise.withResolvers<void>()
  const provider = {
    offer() {
      offered.resolve()
      return { [Symbol.asyncDispose]: async () => withdrawn.resolve() }
    },
  }
  const serving = { provider, host: { addresses: ['/ip4/127.0.0.1/tcp/1'] } } as unknown as Serving
  const seeding = startSeeding(
    {
      secret: new Uint8Array(16),
      name: 'top',
      signature: new Uint8Array(64),
      throttle: createThrottle(),
      manifest: openManifest(store.objects, root),
      objects: store.objects,
      pool: { run: () => assert.fail('nothing is read') },
      diskPath: (path) => `/into/${path}`,
    },
    fetcher,
    {
      progress: silentProgress(),
      tools: { serving: async () => serving } as Parameters<typeof startSeeding>[2]['tools'],
    },
  )
  t.mock.timers.tick(seedAfterMs)
  await offered.promise
  seeding.tell({ ...session, share: { ...session.share, exclusive: true } })
  await withdrawn.promise
})
