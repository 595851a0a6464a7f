/**
 * Bodies of the frames. Control messages are deterministic CBOR arrays, checked field by field; ranges are packed as
 * u32 entry, u64 offset, u32 length. Every decoder gives a valid value or throws E_PROTOCOL. Pure.
 */
import { decode, encode } from 'cborg'
import type { AdmissionRefusal } from '../share-offer.ts'
import type { EntryRange, RangeFailure } from '../session.ts'
import { maxAnswerItems, maxMessageChars, maxReadRanges, maxTicketInputChars } from '../limits.ts'
import { nonceBytes, proofBytes } from '../auth.ts'
import { signatureBytes } from '../identity.ts'
import { laneSecretBytes } from '../lanes/keys.ts'
import { broken, rangeBytes, readU32, writeU32 } from './frames.ts'

/** Grows when an older peer could not follow; both ends name theirs. */
export const wireVersion = 1

export interface Hello {
  readonly version: number
  readonly nonce: Uint8Array
}
export interface Auth {
  readonly shareId: Uint8Array
  readonly nonce: Uint8Array
  readonly proof: Uint8Array
}
export interface Welcome {
  readonly proof: Uint8Array
  readonly name: string
  readonly live: boolean
  readonly root: Uint8Array | undefined
  readonly signature: Uint8Array | undefined
  /** True when the provider holds everything; otherwise its holdings must be asked for. */
  readonly complete: boolean
  /** True when the receiver must not serve the share to others. */
  readonly exclusive: boolean
  /** Opens lanes to the provider's port (see lanes/keys.ts); undefined when it has none. */
  readonly laneSecret: Uint8Array | undefined
}
/** `unknown` stands for both an unknown share and a wrong proof. */
export type RefusalCode = AdmissionRefusal | 'unknown' | 'busy' | 'version'

export type AskKind =
  | 'root'
  | 'pages'
  | 'node-list'
  | 'nodes'
  | 'follow'
  | 'finished'
  | 'holdings'
  | 'peers'
  | 'serve'
export interface Ask {
  readonly id: number
  readonly kind: AskKind
  readonly numbers: readonly number[]
  readonly texts: readonly string[]
}
export interface Ranges {
  readonly id: number
  readonly ranges: readonly EntryRange[]
}
export interface Failed {
  readonly id: number
  readonly failed: readonly {
    readonly index: number
    readonly reason: RangeFailure
    readonly message: string
  }[]
}
/** Values of replies: `recheck` answers a word, `peers` a list of [peer, address, …]; the others nothing. */
export type ReplyValue = null | string | readonly (readonly string[])[]

const refusalCodes: readonly RefusalCode[] = [
  'unknown',
  'busy',
  'version',
  'expired',
  'used-up',
  'not-allowed',
]
const askKinds: readonly AskKind[] = [
  'root',
  'pages',
  'node-list',
  'nodes',
  'follow',
  'finished',
  'holdings',
  'peers',
  'serve',
]
const failureReasons: readonly RangeFailure[] = ['changed', 'unreadable', 'unknown']
const hashLength = 32
const maxNameChars = 1024
const maxTexts = 64

export const encodeHello = (hello: Hello): Uint8Array => encode([hello.version, hello.nonce])

export function decodeHello(body: Uint8Array): Hello {
  // Later versions may say more behind the nonce.
  const fields = arrayOf(body, 'hello', 2, 8)
  return { version: numberAt(fields, 0), nonce: bytesAt(fields, 1, nonceBytes) }
}

export const encodeAuth = (auth: Auth): Uint8Array => encode([auth.shareId, auth.nonce, auth.proof])

export function decodeAuth(body: Uint8Array): Auth {
  const fields = arrayOf(body, 'auth', 3)
  return {
    shareId: bytesAt(fields, 0, hashLength),
    nonce: bytesAt(fields, 1, nonceBytes),
    proof: bytesAt(fields, 2, proofBytes),
  }
}

export const encodeWelcome = (welcome: Welcome): Uint8Array =>
  encode([
    welcome.proof,
    welcome.name.slice(0, maxNameChars),
    welcome.live,
    welcome.root ?? null,
    welcome.signature ?? null,
    welcome.complete,
    welcome.exclusive,
    welcome.laneSecret ?? null,
  ])

export function decodeWelcome(body: Uint8Array): Welcome {
  const fields = arrayOf(body, 'welcome', 8)
  const live = booleanAt(fields, 2)
  const root = fields[3] === null ? undefined : bytesAt(fields, 3, hashLength)
  const signature = fields[4] === null ? undefined : bytesAt(fields, 4, signatureBytes)
  if (live === (root !== undefined) || (root === undefined) !== (signature === undefined))
    throw broken('a share is either live or has a signed root')
  return {
    proof: bytesAt(fields, 0, proofBytes),
    name: textAt(fields, 1, maxNameChars),
    live,
    root,
    signature,
    complete: booleanAt(fields, 5),
    exclusive: booleanAt(fields, 6),
    laneSecret: fields[7] === null ? undefined : bytesAt(fields, 7, laneSecretBytes),
  }
}

export const encodeRefused = (code: RefusalCode): Uint8Array => encode([code])

export function decodeRefused(body: Uint8Array): RefusalCode {
  return wordAt(arrayOf(body, 'refused', 1), 0, refusalCodes)
}

export const encodeAsk = (ask: Ask): Uint8Array => encode([ask.id, ask.kind, ask.numbers, ask.texts])

export function decodeAsk(body: Uint8Array): Ask {
  const fields = arrayOf(body, 'ask', 4)
  const numbers = listAt(fields, 2, maxAnswerItems + 1)
  const texts = listAt(fields, 3, maxTexts)
  return {
    id: idAt(fields, 0),
    kind: wordAt(fields, 1, askKinds),
    numbers: numbers.map((_, index) => numberAt(numbers, index)),
    texts: texts.map((_, index) => textAt(texts, index, maxTicketInputChars)),
  }
}

export function encodeRanges({ id, ranges }: Ranges): Uint8Array {
  const body = new Uint8Array(4 + ranges.length * rangeBytes)
  writeU32(body, 0, id)
  ranges.forEach((range, index) => {
    const at = 4 + index * rangeBytes
    writeU32(body, at, range.entry)
    writeU32(body, at + 4, range.offset % 2 ** 32)
    writeU32(body, at + 8, Math.floor(range.offset / 2 ** 32))
    writeU32(body, at + 12, range.length)
  })
  return body
}

/** At least one range, each of at least one byte, ending below 2^53. */
export function decodeRanges(body: Uint8Array): Ranges {
  const count = (body.byteLength - 4) / rangeBytes
  if (!Number.isInteger(count) || count < 1 || count > maxReadRanges)
    throw broken('a list of ranges is cut off')
  const ranges: EntryRange[] = []
  for (let at = 4; at < body.byteLength; at += rangeBytes) {
    const range = {
      entry: readU32(body, at),
      offset: readU32(body, at + 4) + readU32(body, at + 8) * 2 ** 32,
      length: readU32(body, at + 12),
    }
    if (range.length === 0 || range.offset > Number.MAX_SAFE_INTEGER - range.length)
      throw broken('a range is empty or beyond every file')
    ranges.push(range)
  }
  return { id: readU32(body, 0), ranges }
}

export function encodeId(id: number): Uint8Array {
  const body = new Uint8Array(4)
  writeU32(body, 0, id)
  return body
}

export function decodeId(body: Uint8Array): number {
  if (body.byteLength !== 4) throw broken('a request number has not 4 bytes')
  return readU32(body, 0)
}

export function encodeCredit(id: number, bytes: number): Uint8Array {
  const body = new Uint8Array(8)
  writeU32(body, 0, id)
  writeU32(body, 4, bytes)
  return body
}

export function decodeCredit(body: Uint8Array): { readonly id: number; readonly bytes: number } {
  if (body.byteLength !== 8) throw broken('a credit has not 8 bytes')
  return { id: readU32(body, 0), bytes: readU32(body, 4) }
}

/** Lengths of the items whose bytes follow as data frames. */
export const encodeAnswer = (id: number, lengths: readonly number[]): Uint8Array => encode([id, lengths])

export function decodeAnswer(body: Uint8Array): { readonly id: number; readonly lengths: readonly number[] } {
  const fields = arrayOf(body, 'answer', 2)
  const lengths = listAt(fields, 1, maxAnswerItems)
  return { id: idAt(fields, 0), lengths: lengths.map((_, index) => numberAt(lengths, index)) }
}

/** So many failures fit into one message; the others are told as plain 'unreadable' without one. */
export const encodeFailed = ({ id, failed }: Failed): Uint8Array => {
  const room = Math.max(0, Math.floor(48_000 / Math.max(1, failed.length)) - 16)
  return encode([
    id,
    failed.map(({ index, reason, message }) => [
      index,
      failureReasons.indexOf(reason),
      // A character can take three bytes (a surrogate is half of one that takes four).
      message.slice(0, Math.min(maxMessageChars, Math.floor(room / 3))),
    ]),
  ])
}

export function decodeFailed(body: Uint8Array): Failed {
  const fields = arrayOf(body, 'failed', 2)
  const list = listAt(fields, 1, maxReadRanges)
  let last = -1
  return {
    id: idAt(fields, 0),
    failed: list.map((_, at) => {
      const item = listAt(list, at, 3)
      const index = numberAt(item, 0)
      const reason = failureReasons[numberAt(item, 1)]
      if (index <= last || reason === undefined) throw broken('failed ranges are out of order')
      last = index
      return { index, reason, message: textAt(item, 2, maxMessageChars) }
    }),
  }
}

export const encodeReply = (id: number, value: ReplyValue): Uint8Array => encode([id, value])

export function decodeReply(body: Uint8Array): { readonly id: number; readonly value: ReplyValue } {
  const fields = arrayOf(body, 'reply', 2)
  const id = idAt(fields, 0)
  const value = fields[1]
  if (value === null) return { id, value }
  if (typeof value === 'string') return { id, value: textAt(fields, 1, maxMessageChars) }
  const rows = listAt(fields, 1, maxTexts)
  return {
    id,
    value: rows.map((_, at) => {
      const row = listAt(rows, at, maxTexts)
      return row.map((_text, index) => textAt(row, index, maxMessageChars))
    }),
  }
}

export const encodeProblem = (id: number, message: string): Uint8Array =>
  encode([id, message.slice(0, maxMessageChars)])

export function decodeProblem(body: Uint8Array): { readonly id: number; readonly message: string } {
  const fields = arrayOf(body, 'problem', 2)
  return { id: idAt(fields, 0), message: textAt(fields, 1, maxMessageChars) }
}

function arrayOf(body: Uint8Array, name: string, min: number, max: number = min): readonly unknown[] {
  let value: unknown
  try {
    value = decode(body, {
      strict: true,
      allowIndefinite: false,
      allowUndefined: false,
      allowBigInt: false,
      allowInfinity: false,
      allowNaN: false,
      rejectDuplicateMapKeys: true,
    })
  } catch {
    throw broken(`a ${name} message is not well-formed`)
  }
  if (!Array.isArray(value) || value.length < min || value.length > max)
    throw broken(`a ${name} message has the wrong fields`)
  return value
}

function numberAt(fields: readonly unknown[], index: number): number {
  const value = fields[index]
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0 || Object.is(value, -0))
    throw broken('a number is missing or out of range')
  return value
}

function idAt(fields: readonly unknown[], index: number): number {
  const id = numberAt(fields, index)
  if (id > 0xffff_ffff) throw broken('a request number is too large')
  return id
}

function bytesAt(fields: readonly unknown[], index: number, length: number): Uint8Array {
  const value = fields[index]
  if (!(value instanceof Uint8Array) || value.byteLength !== length)
    throw broken('a byte string has the wrong length')
  return new Uint8Array(value)
}

function textAt(fields: readonly unknown[], index: number, maxChars: number): string {
  const value = fields[index]
  if (typeof value !== 'string' || value.length > maxChars) throw broken('a text is missing or too long')
  return value
}

function booleanAt(fields: readonly unknown[], index: number): boolean {
  const value = fields[index]
  if (typeof value !== 'boolean') throw broken('a yes or no is missing')
  return value
}

function listAt(fields: readonly unknown[], index: number, maxLength: number): readonly unknown[] {
  const value = fields[index]
  if (!Array.isArray(value) || value.length > maxLength) throw broken('a list is missing or too long')
  return value
}

function wordAt<Word extends string>(
  fields: readonly unknown[],
  index: number,
  words: readonly Word[],
): Word {
  const word = words.find((candidate) => candidate === fields[index])
  if (word === undefined) throw broken('a word is unknown')
  return word
}
