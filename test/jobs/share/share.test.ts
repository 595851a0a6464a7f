import assert from 'node:assert/strict'
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { createLiveEventDecoder } from '../../../src/blobs/live-event-codec.ts'
import { decodePage } from '../../../src/blobs/manifest/page.ts'
import { decodeRoot } from '../../../src/blobs/manifest/root.ts'
import { createFerry, type ShareJob } from '../../../src/jobs/ferry.ts'
import { createHost } from '../../../src/node/host.ts'
import { createIdentity } from '../../../src/node/identity.ts'
import { openSession } from '../../../src/node/open-session.ts'
import type { PeerSession } from '../../../src/node/session.ts'
import { parseTicket } from '../../../src/node/ticket.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'
import { temporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts'

const listen = ['127.0.0.1:0']

async function fetching(job: ShareJob, use: (session: PeerSession) => Promise<void>): Promise<void> {
  const ticket = parseTicket((await job.ticket).ticket)
  await using host = await createHost({ identity: createIdentity(), listen: false })
  await using session = await openSession(
    host,
    {
      peer: ticket.peer,
      owner: ticket.peer,
      addresses: ticket.addrs,
      secret: ticket.secret,
      root: ticket.root,
    },
    { createLiveDecoder: () => ({ push: (bytes) => decoder.push(bytes) }) },
  )
  const decoder = createLiveEventDecoder()
  await use(session)
}

function makeTree(folder: TemporaryFolder): Buffer {
  mkdirSync(folder.at('tree', 'empty'), { recursive: true })
  const content = Buffer.from(seededBytes(20_000_000, 7))
  writeFileSync(folder.at('tree', 'big'), content)
  writeFileSync(folder.at('tree', 'small'), 'hello')
  // Old enough that the index may believe it at once.
  for (const name of ['big', 'small']) utimesSync(folder.at('tree', name), 1_700_000_000, 1_700_000_000)
  return content
}

test('runShare serves a sealed tree: pages, chunk lists and content', async () => {
  await using folder = temporaryFolder()
  const content = makeTree(folder)
  await using ferry = createFerry({ directory: folder.at('home'), listen })
  const job = ferry.share(folder.at('tree'))
  const sealed = await job.sealed
  assert.deepEqual([sealed.files, sealed.bytes], [2, 20_000_005])
  await fetching(job, async (session) => {
    assert.deepEqual([session.share.live, session.share.exclusive], [false, false])
    const root = decodeRoot(await session.root())
    const { hash } = root.page(0)
    const entries = []
    for await (const { bytes } of session.pages([{ number: 0, hash }])) entries.push(...decodePage(bytes))
    assert.deepEqual(
      entries.map(({ path }) => path),
      ['tree', 'tree/big', 'tree/empty', 'tree/small'],
    )
    const { bytes, failed } = await session.read([
      { entry: 1, offset: 1000, length: 2000 },
      { entry: 1, offset: 3000, length: 1000 },
      { entry: 3, offset: 0, length: 5 },
    ])
    assert.deepEqual(failed, [])
    assert.deepEqual(Buffer.from(bytes), Buffer.concat([content.subarray(1000, 4000), Buffer.from('hello')]))
    const big = entries[1]
    assert.ok(big?.kind === 'file' && !(big.content instanceof Uint8Array))
    const wrong = await session.read([
      { entry: 3, offset: 0, length: 5 },
      { entry: 3, offset: 1, length: 5 },
      { entry: 2, offset: 0, length: 1 },
    ])
    assert.deepEqual(
      wrong.failed.map(({ index, reason }) => [index, reason]),
      [
        [1, 'unknown'],
        [2, 'unknown'],
      ],
    )
    assert.equal(Buffer.from(wrong.bytes).toString('latin1'), `hello${'\0'.repeat(6)}`)
  })
})

test('runShare serves a touched file, and refuses a changed one by name', async () => {
  await using folder = temporaryFolder()
  makeTree(folder)
  await using ferry = createFerry({ directory: folder.at('home'), listen })
  const job = ferry.share(folder.at('tree'))
  await job.sealed
  await fetching(job, async (session) => {
    const range = [{ entry: 3, offset: 0, length: 5 }]
    utimesSync(folder.at('tree', 'small'), 1_600_000_000, 1_600_000_000)
    assert.deepEqual((await session.read(range)).failed, [])
    assert.equal(await session.recheck(range), 'fine')
    writeFileSync(folder.at('tree', 'big'), 'other')
    const [failure] = (await session.read([{ entry: 1, offset: 0, length: 10 }])).failed
    assert.equal(failure?.reason, 'changed')
    assert.match(failure?.message ?? '', /tree\/big/)
    assert.equal(await session.recheck([{ entry: 1, offset: 0, length: 10 }]), 'changed')
  })
})

test('runShare gives the same ticket again, a fresh one when asked, and one with a root when pinned', async () => {
  await using folder = temporaryFolder()
  makeTree(folder)
  const ticketOf = async (options = {}): Promise<string> => {
    await using ferry = createFerry({ directory: folder.at('home'), listen: ['127.0.0.1'] })
    const job = ferry.share(folder.at('tree'), options)
    const { ticket } = await job.ticket
    await job.sealed
    return ticket
  }
  const first = await ticketOf()
  assert.equal(await ticketOf(), first)
  const pinned = parseTicket(await ticketOf({ pin: true }))
  assert.deepEqual(pinned.secret, parseTicket(first).secret)
  assert.equal(pinned.root?.byteLength, 32)
  const fresh = await ticketOf({ fresh: true })
  assert.notEqual(fresh, first)
  assert.equal(await ticketOf(), fresh)
})

test('runShare tells a live share to a follower while it is hashed', async () => {
  await using folder = temporaryFolder()
  makeTree(folder)
  const more = Promise.withResolvers<void>()
  async function* content(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('spooled ')
    await more.promise
    yield Buffer.from('text')
  }
  await using ferry = createFerry({ directory: folder.at('home'), listen })
  more.resolve()
  const job = ferry.share({ name: 'note.txt', content: content() }, { once: true })
  await fetching(job, async (session) => {
    if (session.share.live) {
      const told: string[] = []
      for await (const event of session.follow()) told.push(event.type)
      assert.deepEqual(told, ['entries', 'end'])
    }
    const { bytes } = await session.read([{ entry: 0, offset: 0, length: 12 }])
    assert.equal(Buffer.from(bytes).toString(), 'spooled text')
    await session.finished()
  })
  assert.equal((await job.result).ended, 'once')
})

test('runShare says that a share with a policy is not to be passed on', async () => {
  await using folder = temporaryFolder()
  makeTree(folder)
  for (const options of [{ once: true }, { expireMs: 3_600_000 }]) {
    await using ferry = createFerry({ directory: folder.at('home'), listen })
    await fetching(ferry.share(folder.at('tree', 'small'), options), async ({ share }) =>
      assert.equal(share.exclusive, true),
    )
  }
})

test('runShare refuses what it cannot share, before it shares anything', async () => {
  await using folder = temporaryFolder()
  mkdirSync(folder.at('a', 'x'), { recursive: true })
  mkdirSync(folder.at('b', 'x'), { recursive: true })
  await using ferry = createFerry({ directory: folder.at('home'), listen })
  await assert.rejects(ferry.share(folder.at('nowhere')).result, { code: 'E_NOT_FOUND' })
  await assert.rejects(ferry.share([]).result, { code: 'E_USAGE' })
  await assert.rejects(ferry.share([folder.at('a', 'x'), folder.at('b', 'x')]).result, {
    code: 'E_USAGE',
    message: /same name/,
  })
  await assert.rejects(ferry.share(folder.at('a'), { name: 'a/b' }).result, { code: 'E_USAGE' })
  await assert.rejects(ferry.share(folder.at('a'), { allow: ['bogus'] }).result, {
    code: 'E_USAGE',
    message: /peer id/,
  })
})
