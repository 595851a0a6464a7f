import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { createFerry, type Ferry } from '../../../src/jobs/ferry.ts'
import type { Job } from '../../../src/jobs/job.ts'
import type { PeerPicture } from '../../../src/progress/events.ts'
import { fakeOffer, serveFake } from '../../support/fake-owner.ts'
import { fakeShare, patternBytes, type FakeEntry } from '../../support/fake-share.ts'
import { testProvider, testSession } from '../../support/hosts.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const large = patternBytes(6_000_000, 5)
const wanted: FakeEntry[] = [
  { path: 'top/large.bin', content: large },
  { path: 'top/last', content: Buffer.from('the owner takes its time with this one') },
]

const ferryIn = (directory: string): Ferry =>
  createFerry({ directory, listen: ['127.0.0.1:0'], dht: false, local: true })

/** Resolves when the job's progress shows such a peer. */
async function sees(job: Job<unknown>, isSuch: (peer: PeerPicture) => boolean): Promise<PeerPicture> {
  for await (const { peers } of job.progress) {
    const found = peers.find(isSuch)
    if (found) return found
  }
  throw new assert.AssertionError({ message: 'the job ended without that peer' })
}

test('what one receiver has, another gets from it when the owner has gone', async () => {
  await using folder = temporaryFolder()
  const never = new Promise<never>(() => {})
  const share = fakeShare(wanted, {
    // Holds the first receiver in its place.
    beforeRead: async (ranges) => {
      if (ranges.some(({ entry }) => entry === share.numberOf('top/last'))) await never
    },
  })
  await using owner = await serveFake(share)
  await using first = ferryIn(folder.at('first'))
  await using second = ferryIn(folder.at('second'))
  const hasLarge = Promise.withResolvers<void>()
  const seeder = first.receive(owner.ticket, folder.at('a'), {
    onItem: ({ path }) => path === 'top/large.bin' && hasLarge.resolve(),
  })
  seeder.result.catch(() => undefined)
  await hasLarge.promise
  const sentToFirst = share.sent.content

  const receive = second.receive(owner.ticket, folder.at('b'), {
    only: ['large.bin'],
    async confirm() {
      await sees(receive, ({ peer, state }) => peer !== owner.host.peer && state === 'connected')
      await owner[Symbol.asyncDispose]()
      return true
    },
  })
  const result = await receive.result
  assert.ok(readFileSync(folder.at('b', 'top', 'large.bin')).equals(large))
  assert.deepEqual([result.failed.count, result.bytes.fetched, result.peers], [0, large.byteLength, 1])
  assert.equal(share.sent.content, sentToFirst)
  await seeder.cancel()
})

test('a peer that serves wrong bytes is dropped and named, and the owner makes up for it', async () => {
  await using folder = temporaryFolder()
  const wasAsked = Promise.withResolvers<void>()
  const share = fakeShare(wanted, { beforeRead: () => wasAsked.promise })
  const spoilt = fakeShare(wanted, {
    beforeRead: () => wasAsked.resolve(),
    onRange(_range, bytes) {
      bytes[0] = (bytes[0] as number) ^ 1
      return undefined
    },
  })
  await using owner = await serveFake(share)
  await using liar = await testProvider()
  liar.provider.offer(fakeOffer(spoilt, { secret: owner.secret, owner: owner.host.identity }))
  await using known = await testSession(liar.host, owner, owner.secret)
  await known.serve(liar.host.addresses)

  await using ferry = ferryIn(folder.at('home'))
  const warnings: string[] = []
  const isLiar = ({ peer }: PeerPicture): boolean => peer === liar.host.peer
  const receive = ferry.receive(owner.ticket, folder.at('into'), {
    onWarning: (message) => warnings.push(message),
    async confirm() {
      await sees(receive, (peer) => isLiar(peer) && peer.state === 'connected')
      return true
    },
  })
  const { failed, files } = await receive.result
  assert.deepEqual([failed.count, files.total], [0, 2])
  for (const { path, content } of wanted)
    assert.ok(readFileSync(folder.at('into', path)).equals(content as Uint8Array), path)
  assert.ok(spoilt.sent.content > 0)
  assert.equal(receive.progress.current.peers.find(isLiar)?.state, 'dropped')
  assert.ok(
    warnings.some((text) => text.includes(`127.0.0.1:${liar.host.port}`) && /not match/.test(text)),
    warnings.join('\n'),
  )
})
