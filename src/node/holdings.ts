/**
 * Which parts of a sealed manifest a receiver already has. Whole files are one bit each; files partly there are lists of
 * ranges. Encoded: u64 version, u32 entries, bit field, then per partial file u32 entry, u32 ranges, u64 start and end
 * each. All little-endian.
 */
import { maxHoldingsEntries, maxPartialHoldings } from './limits.ts'
import { createChangeSignal } from './provider/peer-registry.ts'
import type { EntryRange, Holdings } from './session.ts'
import type { HoldingsSource } from './share-offer.ts'
import { broken } from './wire/frames.ts'

export interface MutableHoldings extends Holdings, HoldingsSource {
  /** The whole entry is here and verified. */
  addEntry(entry: number): void
  /** A verified part of an entry is here. Parts of more than `maxPartialHoldings` files are not told. */
  addRange(range: EntryRange): void
}

/** Half-open, ascending, not touching. */
type Spans = [start: number, end: number][]

/** Ranges of one file beyond this are not told: the peer then asks others for the rest. */
const maxSpans = 1024
const headBytes = 12

export function createHoldings(entries: number): MutableHoldings {
  const bits = new Uint8Array(Math.ceil(entries / 8))
  const partial = new Map<number, Spans>()
  const change = createChangeSignal()
  return {
    get version() {
      return change.version
    },
    has: (range) => holds(bits, partial, range),
    addEntry(entry) {
      if (entry >= entries) return
      bits[entry >> 3] = (bits[entry >> 3] as number) | (1 << (entry & 7))
      partial.delete(entry)
      change.raise()
    },
    addRange({ entry, offset, length }) {
      if (entry >= entries || (!partial.has(entry) && partial.size >= maxPartialHoldings)) return
      const spans = insert(partial.get(entry) ?? [], offset, offset + length)
      if (spans.length > maxSpans) return
      partial.set(entry, spans)
      change.raise()
    },
    changed: (version, signal) => change.above(version, signal),
    encode: () => encodeHoldings(change.version, entries, bits, partial),
  }
}

function holds(
  bits: Uint8Array,
  partial: ReadonlyMap<number, Spans>,
  { entry, offset, length }: EntryRange,
): boolean {
  if (((bits[entry >> 3] ?? 0) >> (entry & 7)) & 1) return true
  return partial.get(entry)?.some(([start, end]) => start <= offset && offset + length <= end) ?? false
}

function insert(spans: Spans, start: number, end: number): Spans {
  const before = spans.filter((span) => span[1] < start)
  const after = spans.filter((span) => span[0] > end)
  const touching = spans.slice(before.length, spans.length - after.length)
  const from = Math.min(start, touching[0]?.[0] ?? start)
  const to = Math.max(end, touching.at(-1)?.[1] ?? end)
  return [...before, [from, to], ...after]
}

function encodeHoldings(
  version: number,
  entries: number,
  bits: Uint8Array,
  partial: ReadonlyMap<number, Spans>,
): Uint8Array {
  let size = headBytes + bits.byteLength
  for (const spans of partial.values()) size += 8 + spans.length * 16
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, BigInt(version), true)
  view.setUint32(8, entries, true)
  bytes.set(bits, headBytes)
  let at = headBytes + bits.byteLength
  for (const [entry, spans] of partial) {
    view.setUint32(at, entry, true)
    view.setUint32(at + 4, spans.length, true)
    at += 8
    for (const [start, end] of spans) {
      view.setBigUint64(at, BigInt(start), true)
      view.setBigUint64(at + 8, BigInt(end), true)
      at += 16
    }
  }
  return bytes
}

/** @throws E_PROTOCOL */
export function decodeHoldings(bytes: Uint8Array): Holdings & { readonly version: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.byteLength < headBytes) throw broken('holdings are cut off')
  const version = takeSafe(view, 0)
  const entries = view.getUint32(8, true)
  const bitBytes = Math.ceil(entries / 8)
  if (entries > maxHoldingsEntries || headBytes + bitBytes > bytes.byteLength)
    throw broken('holdings of too many entries')
  const bits = bytes.slice(headBytes, headBytes + bitBytes)
  const partial = new Map<number, Spans>()
  for (let at = headBytes + bitBytes; at < bytes.byteLength; ) {
    if (at + 8 > bytes.byteLength) throw broken('holdings are cut off')
    const entry = view.getUint32(at, true)
    const count = view.getUint32(at + 4, true)
    at += 8
    if (partial.size >= maxPartialHoldings || count > maxSpans || at + count * 16 > bytes.byteLength)
      throw broken('holdings name too many ranges')
    const spans: Spans = []
    for (const stop = at + count * 16; at < stop; at += 16) {
      const span: Spans[number] = [takeSafe(view, at), takeSafe(view, at + 8)]
      if (span[0] >= span[1] || span[0] <= (spans.at(-1)?.[1] ?? -1))
        throw broken('holdings are out of order')
      spans.push(span)
    }
    partial.set(entry, spans)
  }
  return { version, has: (range) => holds(bits, partial, range) }
}

function takeSafe(view: DataView, at: number): number {
  const value = view.getBigUint64(at, true)
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw broken('a number in holdings is too large')
  return Number(value)
}

/** Of the owner, and of everyone who has received everything. */
export const everything: Holdings = { has: () => true }
/** Of a peer that has not told yet. */
export const nothing: Holdings = { has: () => false }
