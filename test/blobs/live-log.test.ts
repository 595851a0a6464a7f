import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import * as fc from 'fast-check'
import {
  createLiveEventDecoder,
  encodeLiveEvent,
  maxLiveFrameBytes,
} from '../../src/blobs/live-event-codec.ts'
import type { LiveEvent } from '../../src/blobs/live-event.ts'
import { openLiveLog } from '../../src/blobs/live-log.ts'
import type { LiveLog } from '../../src/blobs/live-log.ts'
import { createLiveManifest } from '../../src/blobs/live-manifest.ts'
import { createManifestBuilder } from '../../src/blobs/manifest/builder.ts'
import { nameChunkList } from '../../src/blobs/manifest/nodes.ts'
import { decodeEntries } from '../../src/blobs/manifest/page.ts'
import { FerryError } from '../../src/shared/errors.ts'
import { directoryEntry, fileEntry, makeRecords, symlinkEntry, treeEntries } from '../support/manifests.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const refusal = (error: unknown): boolean => error instanceof FerryError && error.code === 'E_MANIFEST'
const root = new Uint8Array(32).fill(1)
const signature = new Uint8Array(64).fill(2)
const empty = new Uint8Array()
const records = makeRecords(
  Array.from({ length: 20_000 }, () => 65_536),
  'big',
)
const big = fileEntry('d/big', { size: 20_000 * 65_536, content: empty })
const lost = fileEntry('d/lost', { size: 100_000, content: empty })

const story: LiveEvent[] = [
  { type: 'entries', first: 0, entries: [directoryEntry('d'), fileEntry('d/a')] },
  { type: 'open', number: 2, entry: big },
  { type: 'chunks', number: 2, records: records.subarray(0, 36 * 7) },
  { type: 'chunks', number: 2, records: records.subarray(36 * 7) },
  { type: 'close', number: 2 },
  { type: 'open', number: 3, entry: lost },
  { type: 'drop', number: 3, path: 'd/lost', reason: 'it changed while it was read' },
  { type: 'entries', first: 4, entries: [symlinkEntry('z')] },
  { type: 'end', root, signature, dropped: [3] },
]

function joined(frames: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(frames))
}
const encodeAll = (events: readonly LiveEvent[]): Uint8Array => joined(events.flatMap(encodeLiveEvent))

/** Chunk events may be cut differently; joined they are the same. */
function tell(events: readonly LiveEvent[]): unknown[] {
  const told: unknown[] = []
  let parts: Uint8Array[] = []
  for (const event of events) {
    if (event.type === 'chunks') {
      parts.push(event.records)
      continue
    }
    if (parts.length > 0) told.push(joined(parts))
    parts = []
    if (event.type === 'entries') told.push(...event.entries)
    else told.push(event)
  }
  return told
}

const never = new AbortController().signal

async function readAll(log: LiveLog, maxBytes: number): Promise<LiveEvent[]> {
  const parts: Uint8Array[] = []
  for (let offset = 0; ; ) {
    await log.grown(offset, never)
    const bytes = log.read(offset, maxBytes)
    if (bytes.byteLength === 0 && log.ended) break
    parts.push(bytes)
    offset += bytes.byteLength
  }
  const decoder = createLiveEventDecoder()
  const events = decoder.push(joined(parts))
  assert.ok(decoder.ended)
  return events
}

test('the decoder gives back what was encoded, and no frame is too long', () => {
  for (const frame of story.flatMap(encodeLiveEvent)) assert.ok(frame.byteLength <= maxLiveFrameBytes)
  const decoder = createLiveEventDecoder()
  assert.deepEqual(tell(decoder.push(encodeAll(story))), tell(story))
  assert.ok(decoder.ended)
  const many = Array.from({ length: 30_000 }, (_, index) => fileEntry(String(index).padStart(6, '0')))
  const frames = encodeLiveEvent({ type: 'entries', first: 0, entries: many })
  assert.ok(frames.length > 1)
  assert.deepEqual(tell(createLiveEventDecoder().push(joined(frames))), many)
})

test('the decoder refuses what an honest owner does not say', () => {
  const entries = (first: number, ...paths: string[]): LiveEvent => ({
    type: 'entries',
    first,
    entries: paths.map((path) => fileEntry(path)),
  })
  const open = (number: number, path: string): LiveEvent => ({
    type: 'open',
    number,
    entry: fileEntry(path, { size: 65_536, content: empty }),
  })
  const end: LiveEvent = { type: 'end', root, signature, dropped: [] }
  const cases: Record<string, LiveEvent[]> = {
    'a gap': [entries(1, 'a')],
    'a number twice': [entries(0, 'a'), entries(0, 'b')],
    'wrong order': [entries(0, 'b'), entries(1, 'a')],
    'entries within a file': [open(0, 'a'), entries(1, 'b')],
    'open within a file': [open(0, 'a'), open(1, 'b')],
    'open of a folder': [{ type: 'open', number: 0, entry: directoryEntry('a') }],
    'chunks of nothing': [{ type: 'chunks', number: 0, records: makeRecords([1]) }],
    'chunks of another file': [open(0, 'a'), { type: 'chunks', number: 1, records: makeRecords([1]) }],
    'too many chunks': [open(0, 'a'), { type: 'chunks', number: 0, records: makeRecords([65_536, 1]) }],
    'closed too early': [open(0, 'a'), { type: 'close', number: 0 }],
    'close of nothing': [{ type: 'close', number: 0 }],
    'drop of nothing': [{ type: 'drop', number: 0, path: 'a', reason: '' }],
    'drop of another file': [open(0, 'a'), { type: 'drop', number: 0, path: 'b', reason: '' }],
    'end within a file': [open(0, 'a'), end],
    'end with a wrong count': [{ ...end, dropped: [1] }],
    'on behind the end': [end, entries(0, 'a')],
    setuid: [{ type: 'entries', first: 0, entries: [fileEntry('a', { mode: 0o4755 })] }],
    'below a link': [
      { type: 'entries', first: 0, entries: [symlinkEntry('a', '/etc'), fileEntry('a/passwd')] },
    ],
  }
  for (const [title, events] of Object.entries(cases))
    assert.throws(() => createLiveEventDecoder().push(encodeAll(events)), refusal, title)
  const frames: Record<string, number[]> = {
    'too short': [4, 0, 0, 0, 1, 0, 0, 0],
    'too long': [0xff, 0xff, 0xff, 0x7f, 1, 0, 0, 0, 0],
    'unknown type': [5, 0, 0, 0, 9, 0, 0, 0, 0],
  }
  for (const [title, bytes] of Object.entries(frames))
    assert.throws(() => createLiveEventDecoder().push(Uint8Array.from(bytes)), refusal, title)
})

test('the decoder takes the stream in any pieces', () => {
  const bytes = encodeAll(story)
  for (const size of [977, 65_536, bytes.byteLength - 1]) {
    const decoder = createLiveEventDecoder()
    const events: LiveEvent[] = []
    for (let at = 0; at < bytes.byteLength; at += size) {
      assert.ok(!decoder.ended)
      events.push(...decoder.push(bytes.subarray(at, at + size)))
    }
    assert.ok(decoder.ended)
    assert.deepEqual(tell(events), tell(story))
  }
  const short = encodeAll(story.slice(0, 1))
  const decoder = createLiveEventDecoder()
  const events = [...short].flatMap((byte) => decoder.push(Uint8Array.of(byte)))
  assert.deepEqual(tell(events), tell(story.slice(0, 1)))
  assert.ok(!decoder.ended)
})

test('frames have the committed bytes', () => {
  const path = join(import.meta.dirname, '../../../test/vectors/live-events.json')
  const vectors = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string[]>
  const short = makeRecords([65_536, 34_464], 'short')
  const events: LiveEvent[] = [
    ...story.slice(0, 1),
    { type: 'open', number: 2, entry: lost },
    { type: 'chunks', number: 2, records: short },
    { type: 'close', number: 2 },
    { type: 'open', number: 3, entry: fileEntry('e', { size: 7, content: empty }) },
    { type: 'drop', number: 3, path: 'e', reason: 'gone' },
    { type: 'end', root, signature, dropped: [3] },
  ]
  const hex = events.map((event) => Buffer.concat(encodeLiveEvent(event)).toString('hex'))
  assert.deepEqual(hex, vectors['frames'])
  const bytes = new Uint8Array(Buffer.from(hex.join(''), 'hex'))
  const decoded = createLiveEventDecoder().push(bytes)
  assert.deepEqual(tell(decoded), tell(events))
  const [first] = decoded
  assert.ok(first?.type === 'entries' && first.page)
  assert.deepEqual(decodeEntries(first.page), first.entries)
})

test('mutated frames give a FerryError or events', () => {
  const change = fc.record({ at: fc.nat(), xor: fc.integer({ min: 1, max: 255 }), cut: fc.boolean() })
  const bytes = encodeAll(story.filter((event) => event.type !== 'chunks' && event.type !== 'close'))
  fc.assert(
    fc.property(change, ({ at, xor, cut }) => {
      const mutated = bytes.slice()
      const place = at % bytes.byteLength
      mutated[place] = (mutated[place] as number) ^ xor
      try {
        createLiveEventDecoder().push(cut ? mutated.subarray(0, place) : mutated)
      } catch (error) {
        assert.ok(refusal(error), String(error))
      }
    }),
    { numRuns: 1000 },
  )
})

test('every reader hears all from the beginning, before, during and after the telling', async () => {
  await using folder = temporaryFolder()
  using log = openLiveLog(folder.path)
  const early = [readAll(log, 977), readAll(log, 1 << 20)]
  for (const event of story.slice(0, 4)) log.append(event)
  const middle = readAll(log, 1000)
  await new Promise(setImmediate)
  for (const event of story.slice(4)) log.append(event)
  for (const told of [...early, middle, readAll(log, 5000)]) assert.deepEqual(tell(await told), tell(story))
  assert.ok(log.ended)
  assert.deepEqual(readdirSync(folder.path), [])
})

test('a reader gets no more than it asks for, and nothing behind the end', async () => {
  await using folder = temporaryFolder()
  using log = openLiveLog(folder.path)
  for (const event of story) log.append(event)
  assert.equal(log.read(3, 10).byteLength, 10)
  assert.equal(log.read(log.length - 3, 10).byteLength, 3)
  assert.equal(log.read(log.length, 10).byteLength, 0)
  assert.throws(() => log.append(story[0] as LiveEvent), { code: 'E_INTERNAL' })
})

test('a waiting reader is freed by its signal and by the closing', async () => {
  await using folder = temporaryFolder()
  const log = openLiveLog(folder.path)
  const stop = new AbortController()
  const stopped = log.grown(0, stop.signal)
  stop.abort()
  await stopped
  const closed = log.grown(0, never)
  log[Symbol.dispose]()
  await closed
  assert.equal(log.read(0, 10).byteLength, 0)
  log[Symbol.dispose]()
})

test('a directory that is not there is a FerryError', async () => {
  await using folder = temporaryFolder()
  writeFileSync(folder.at('file'), '')
  assert.throws(() => openLiveLog(folder.at('file')), FerryError)
})

test('what is told gives the manifest that a builder gives', () => {
  fc.assert(
    fc.property(treeEntries, (entries) => {
      const listed = new Map<string, Uint8Array>()
      const live = createLiveManifest((object) => listed.set(object.kind, object.hash))
      live.take({ type: 'entries', first: 0, entries })
      const builder = createManifestBuilder(() => {})
      for (const entry of entries) builder.push(entry)
      const built = builder.finish()
      assert.deepEqual(live.finish(), built)
      assert.deepEqual(listed.get('root'), built.root)
    }),
    { numRuns: 30 },
  )
  const kinds: string[] = []
  const live = createLiveManifest((object) => kinds.push(object.kind))
  const builder = createManifestBuilder(() => {})
  const finished = story.map((event) => live.take(event)).filter((entry) => entry !== undefined)
  const { reference } = nameChunkList(records)
  assert.deepEqual(finished, [{ ...big, content: reference }])
  for (const entry of [directoryEntry('d'), fileEntry('d/a'), ...finished, symlinkEntry('z')])
    builder.push(entry)
  assert.deepEqual(live.finish(), builder.finish())
  assert.deepEqual(kinds, ['list', 'page', 'root'])
})
