/**
 * Live events as frames: u32 length of what follows, u8 type, body. Frames lie behind one another in the spool of a live
 * share and travel as they are. None is longer than `maxLiveFrameBytes`: long events are told in several frames.
 *
 * The decoder belongs to one stream and knows where in it it is, so it accepts only what an honest owner says: numbers
 * without gaps, chunks of the open file alone, nothing behind the end, and entries that a manifest may hold.
 */
import { FerryError } from '../shared/errors.ts'
import { maxPathBytes, parseTreePath } from '../shared/paths.ts'
import { createByteColumn, createByteReader } from './byte-column.ts'
import type { ByteReader } from './byte-column.ts'
import { chunkRecordBytes, hashBytes } from './chunk-records.ts'
import type { LiveEvent, ToldEvent } from './live-event.ts'
import { createChunkListCheck } from './manifest/entry-rules.ts'
import type { ChunkListCheck } from './manifest/entry-rules.ts'
import type { FileEntry, ManifestEntry } from './manifest/entry.ts'
import { maxPageBytes, maxPageEntries, maxPageWeight } from './manifest/limits.ts'
import {
  createPageEncoder,
  decodeColumns,
  decodeEntries,
  decodePage,
  encodeColumns,
  encodePath,
  entryPageWeight,
} from './manifest/page.ts'
import { createManifestValidator } from './manifest/validate.ts'
import type { ValidatorOptions } from './manifest/validate.ts'

const frameTypes = { entries: 1, open: 2, chunks: 3, close: 4, drop: 5, end: 6 } as const

/** Length, type. */
export const liveFrameHeaderBytes = 5
/** A page with its number before it is the longest. */
export const maxLiveFrameBytes: number = liveFrameHeaderBytes + 4 + maxPageBytes
const maxRecordsInFrame = Math.floor(maxPageBytes / chunkRecordBytes)
/** Bytes of a reason: a sentence for people. */
const maxReasonBytes = 1024
/** Ed25519. */
const signatureBytes = 64
/** Files of one share that may fail while others go on; each is told by a frame and kept as a number. */
const maxDropped = 1_000_000

/** The frames of one event. A `page` weighs at most `maxPageWeight`. */
export function encodeLiveEvent(event: ToldEvent): Uint8Array[] {
  switch (event.type) {
    case 'entries':
      return encodeEntries(event.first, event.entries)
    case 'page':
      return [frame('entries', event.first, encodeColumns(event.page))]
    case 'open': {
      const { number, entry } = event
      return [frame('open', number, encodePages([entry])[0]?.page)]
    }
    case 'chunks': {
      const frames: Uint8Array[] = []
      const most = maxRecordsInFrame * chunkRecordBytes
      for (let at = 0; at < event.records.byteLength; at += most)
        frames.push(frame('chunks', event.number, event.records.subarray(at, at + most)))
      return frames
    }
    case 'close':
      return [frame('close', event.number)]
    case 'drop': {
      const body = createByteColumn()
      // A character is at most three bytes.
      for (const text of [event.path, event.reason.slice(0, maxReasonBytes / 3).toWellFormed()]) {
        const bytes = Buffer.from(text)
        body.varint(bytes.byteLength)
        body.bytes(bytes)
      }
      return [frame('drop', event.number, body.take())]
    }
    case 'end':
      break
  }
  const body = new Uint8Array(hashBytes + signatureBytes)
  body.set(event.root)
  body.set(event.signature, hashBytes)
  return [frame('end', event.dropped.length, body)]
}

function frame(
  type: keyof typeof frameTypes,
  number: number,
  body: Uint8Array = new Uint8Array(),
): Uint8Array {
  const bytes = new Uint8Array(liveFrameHeaderBytes + 4 + body.byteLength)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, bytes.byteLength - 4, true)
  view.setUint8(4, frameTypes[type])
  view.setUint32(5, number, true)
  bytes.set(body, liveFrameHeaderBytes + 4)
  return bytes
}

function encodeEntries(first: number, entries: readonly ManifestEntry[]): Uint8Array[] {
  let number = first
  return encodePages(entries).map(({ page, count }) => {
    const bytes = frame('entries', number, page)
    number += count
    return bytes
  })
}

function encodePages(entries: readonly ManifestEntry[]): { page: Uint8Array; count: number }[] {
  const encoder = createPageEncoder()
  const path = Buffer.allocUnsafe(maxPathBytes)
  const pages: { page: Uint8Array; count: number }[] = []
  let weight = 0
  const take = (): void => {
    pages.push({ count: encoder.count, page: encoder.take() })
    weight = 0
  }
  for (const entry of entries) {
    const length = encodePath(entry.path, path)
    const own = entryPageWeight(entry, length)
    if (encoder.count === maxPageEntries || (encoder.count > 0 && weight + own > maxPageWeight)) take()
    encoder.add(entry, path, length)
    weight += own
  }
  if (encoder.count > 0) take()
  return pages
}

export interface LiveEventDecoder {
  /** True behind the `end` event. */
  readonly ended: boolean
  /**
   * The events that the next bytes of the stream complete; they may be cut anywhere. The events are views into `bytes`,
   * which must not be reused.
   * @throws E_MANIFEST when an honest owner would not have said that here.
   */
  push(bytes: Uint8Array): LiveEvent[]
}

/** `options`: the rules that this receiver's destination adds. */
export function createLiveEventDecoder(options: ValidatorOptions = {}): LiveEventDecoder {
  const validator = createManifestValidator(options)
  const dropped: number[] = []
  /** The beginning of a frame whose rest has not come yet. */
  let begun: Uint8Array = new Uint8Array()
  let next = 0
  let open: { readonly number: number; readonly entry: FileEntry; readonly check: ChunkListCheck } | undefined
  let ended = false

  const demand = (isTrue: boolean, reason: string): void => {
    if (!isTrue) fail(reason)
  }
  const openFile = (number: number): NonNullable<typeof open> => {
    if (open === undefined || open.number !== number) return fail('it speaks of a file that is not open')
    return open
  }

  function decodeEvent(type: number, number: number, body: Uint8Array): LiveEvent {
    switch (type) {
      case frameTypes.entries: {
        demand(open === undefined && number === next, 'its numbers have a gap')
        const page = decodeColumns(body)
        const entries = decodeEntries(page)
        for (const entry of entries) validator.add(entry)
        next += entries.length
        return { type: 'entries', first: number, entries, page }
      }
      case frameTypes.open: {
        demand(open === undefined && number === next, 'its numbers have a gap')
        const [entry, ...others] = decodePage(body)
        if (entry?.kind !== 'file' || others.length > 0)
          return fail('it opens something that is not one file')
        validator.add(entry, true)
        open = { number, entry, check: createChunkListCheck(entry) }
        next++
        return { type: 'open', number, entry }
      }
      case frameTypes.chunks:
        openFile(number).check.push(body)
        return { type: 'chunks', number, records: body }
      case frameTypes.close:
        demand(body.byteLength === 0, 'a frame has bytes left over')
        openFile(number).check.end()
        open = undefined
        return { type: 'close', number }
      case frameTypes.drop: {
        const { entry } = openFile(number)
        const { path, reason } = decodeDrop(body)
        demand(path === entry.path, 'it drops another file than the open one')
        demand(dropped.push(number) <= maxDropped, `more than ${maxDropped} files failed`)
        open = undefined
        return { type: 'drop', number, path, reason }
      }
      case frameTypes.end:
        demand(open === undefined, 'it ends within a file')
        demand(number === dropped.length, 'its count of dropped files is wrong')
        demand(body.byteLength === hashBytes + signatureBytes, 'its end is malformed')
        ended = true
        return {
          type: 'end',
          // Copies: these two outlive the frames. (`slice` of a Buffer would be a view.)
          root: new Uint8Array(body.subarray(0, hashBytes)),
          signature: new Uint8Array(body.subarray(hashBytes)),
          dropped,
        }
      default:
        return fail('a frame has an unknown type')
    }
  }

  return {
    get ended() {
      return ended
    },
    push(bytes) {
      let rest = rejoin(begun, bytes)
      const events: LiveEvent[] = []
      while (rest.byteLength > 0) {
        demand(!ended, 'it goes on behind its end')
        if (rest.byteLength < 4) break
        const reader = createByteReader(rest, 'the live share')
        const length = reader.u32()
        demand(length >= 5 && length + 4 <= maxLiveFrameBytes, 'a frame has an impossible length')
        if (reader.left < length) break
        const type = reader.u8()
        const number = reader.u32()
        events.push(decodeEvent(type, number, reader.bytes(length - 5)))
        rest = rest.subarray(reader.position)
      }
      // A copy: it is short, and would otherwise keep all of `bytes` in memory.
      begun = new Uint8Array(rest)
      return events
    },
  }
}

function rejoin(begun: Uint8Array, bytes: Uint8Array): Uint8Array {
  if (begun.byteLength === 0) return bytes
  const joined = new Uint8Array(begun.byteLength + bytes.byteLength)
  joined.set(begun)
  joined.set(bytes, begun.byteLength)
  return joined
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function decodeDrop(body: Uint8Array): { path: string; reason: string } {
  const reader = createByteReader(body, 'the live share')
  const path = parseTreePath(readText(reader, maxPathBytes))
  let reason: string
  const text = readText(reader, maxReasonBytes)
  try {
    reason = utf8.decode(text)
  } catch {
    return fail('a reason is not valid UTF-8')
  }
  if (reader.left > 0) fail('a frame has bytes left over')
  return { path, reason }
}

function readText(reader: ByteReader, most: number): Uint8Array {
  const length = reader.varint()
  if (length > most) fail('a text is too long')
  return reader.bytes(length)
}

function fail(reason: string): never {
  throw new FerryError('E_MANIFEST', `Cannot follow the live share: ${reason}`)
}
