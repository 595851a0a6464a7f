import assert from 'node:assert/strict'
import test from 'node:test'
import { hash } from '../../src/blobs/hash.ts'
import type { LiveEvent } from '../../src/blobs/live-event.ts'
import { createFetcher } from '../../src/node/create-fetcher.ts'
import { createIdentity } from '../../src/node/identity.ts'
import { createOwnSession, ownProviderSource } from '../../src/node/own-share.ts'
import { memoryLog, memoryLogDecoder, memoryOffer } from '../support/memory-offer.ts'

test('createOwnSession: answers as a session over the network would', async () => {
  const owner = createIdentity()
  const [page, file] = [new Uint8Array(50).fill(1), new Uint8Array(500).fill(2)]
  const offer = memoryOffer({ owner, files: [file], pages: [page], changed: new Set([1]) })
  const session = createOwnSession(offer, owner.peer)
  assert.equal(session.owner, true)
  assert.deepEqual(await session.root(), offer.rootBytes)
  const pages: Uint8Array[] = []
  for await (const { bytes } of session.pages([{ number: 0, hash: hash(page) }])) pages.push(bytes)
  assert.deepEqual(pages, [page])
  const range = { entry: 0, offset: 100, length: 200 }
  assert.deepEqual(new Uint8Array((await session.read([range])).bytes), file.subarray(100, 300))
  assert.equal(await session.recheck([range]), 'fine')
  assert.equal((await session.subChunks([range])).length, 1)
  const list = new Uint8Array(36).fill(7)
  assert.deepEqual(await session.nodeList(0, hash(list)), list)
  await assert.rejects(session.nodeList(0, hash(page)), { code: 'E_VERIFY' })
  await assert.rejects(session.nodeList(5, hash(list)), { code: 'E_STORE' })
  await assert.rejects(session.nodes(0, [{ index: 9, hash: hash(list) }]), { code: 'E_STORE' })
  await session.finished()
  assert.deepEqual(offer.finishedBy, [owner.peer])
  await session[Symbol.asyncDispose]()
  assert.equal(await session.closed, undefined)
})

test('createOwnSession: a live share is followed to its end', async () => {
  const owner = createIdentity()
  const log = memoryLog()
  const session = createOwnSession(memoryOffer({ owner, live: log }), owner.peer, memoryLogDecoder)
  log.append({ type: 'close', number: 1 })
  const seen: LiveEvent[] = []
  for await (const event of session.follow()) {
    seen.push(event)
    if (seen.length === 1) log.append({ type: 'close', number: 2 })
    else log.end()
  }
  assert.deepEqual(seen, [
    { type: 'close', number: 1 },
    { type: 'close', number: 2 },
  ])
})

test('ownProviderSource: the fetcher finds the share, and nobody else', async () => {
  const owner = createIdentity()
  const offer = memoryOffer({ owner, files: [new Uint8Array(10).fill(3)] })
  const source = ownProviderSource(async () => createOwnSession(offer, owner.peer))
  await using fetcher = createFetcher({ source })
  const { bytes } = await fetcher.read([{ entry: 0, offset: 0, length: 10 }])
  assert.deepEqual(new Uint8Array(bytes), new Uint8Array(10).fill(3))
  await assert.rejects(source.connect({ once: true }), { code: 'E_UNREACHABLE' })
})
