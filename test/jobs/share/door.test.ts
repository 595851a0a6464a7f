import assert from 'node:assert/strict'
import test from 'node:test'
import type { ShareRecord, ShareTable } from '../../../src/blobs/store/store.ts'
import { createDoor, isExclusive, type Door } from '../../../src/jobs/share/door.ts'
import type { ProviderEvent } from '../../../src/node/provider/provider.ts'
import { silentProgress } from '../../support/silent-progress.ts'

function doorOf(fields: Partial<ShareRecord>, now = { ms: 0 }): { door: Door; counted: () => number } {
  let downloads = fields.downloads ?? 0
  const record = {
    id: new Uint8Array(32),
    once: false,
    downloads,
    allow: [],
    expiresAtMs: undefined,
    ...fields,
  } as unknown as ShareRecord
  const shares = { countDownload: () => ++downloads } as unknown as ShareTable
  return {
    door: createDoor({ record, shares, progress: silentProgress(), nowMs: () => now.ms }),
    counted: () => downloads,
  }
}

const event = (fields: Partial<ProviderEvent>): ProviderEvent => ({
  type: 'disconnected',
  shareId: new Uint8Array(32),
  peer: 'a',
  address: '',
  bytes: 0,
  ...fields,
})

test('a share that has expired lets nobody in, and ends', async () => {
  const now = { ms: 999 }
  await using other = doorOf({ expiresAtMs: 1000 }, now).door
  assert.equal(other.admit('a'), undefined)
  now.ms = 1000
  assert.equal(other.admit('a'), 'expired')
  await using door = doorOf({ expiresAtMs: 1000 }, now).door
  assert.equal(await door.ended, 'expired')
})

test('a share for some peers lets only them in', async () => {
  await using door = doorOf({ allow: ['a', 'b'] }).door
  assert.equal(door.admit('b'), undefined)
  assert.equal(door.admit('c'), 'not-allowed')
})

test('a share is exclusive when someone with its ticket may be turned away', () => {
  const open = { once: false, allow: [], expiresAtMs: undefined }
  assert.equal(isExclusive(open), false)
  for (const policy of [{ once: true }, { allow: ['a'] }, { expiresAtMs: 1000 }])
    assert.equal(isExclusive({ ...open, ...policy }), true)
})

test('once: one peer at a time, and none after a whole download', async () => {
  const { door, counted } = doorOf({ once: true })
  await using _ = door
  assert.equal(door.admit('a'), undefined)
  assert.equal(door.admit('b'), 'used-up')
  assert.equal(door.admit('a'), undefined)
  door.onEvent(event({ peer: 'a' }))
  assert.equal(door.admit('b'), undefined)
  door.finished('b')
  door.finished('b')
  assert.equal(counted(), 1)
  assert.equal(await door.ended, 'once')
  assert.equal(door.admit('b'), 'used-up')
})

test('once: who was given everything and left without a word has had it', async () => {
  const { door, counted } = doorOf({ once: true })
  await using _ = door
  door.setTotal(100)
  door.admit('a')
  door.onEvent(event({ peer: 'a', bytes: 99 }))
  assert.equal(counted(), 0)
  door.admit('a')
  door.onEvent(event({ peer: 'a', bytes: 100 }))
  assert.equal(counted(), 1)
  assert.equal(await door.ended, 'once')
})
