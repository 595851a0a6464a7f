/** A share that lives in memory: what the provider's and the session's tests serve and fetch. */
import { randomBytes } from 'node:crypto'
import { hash } from '../../src/blobs/hash.ts'
import type { LiveEvent } from '../../src/blobs/live-event.ts'
import { concatBytes } from '../../src/shared/bytes.ts'
import { shareIdOf } from '../../src/node/auth.ts'
import type { LiveDecoder } from '../../src/node/follow-live.ts'
import type { Identity } from '../../src/node/identity.ts'
import { createChangeSignal } from '../../src/node/provider/peer-registry.ts'
import { signRoot } from '../../src/node/root-signature.ts'
import type { EntryRange, ReadOutcome } from '../../src/node/session.ts'
import type { AdmissionRefusal, LiveLogReader, ShareOffer } from '../../src/node/share-offer.ts'

export interface MemoryOfferOptions {
  readonly owner: Identity
  readonly secret?: Uint8Array
  readonly files?: readonly Uint8Array[]
  readonly pages?: readonly Uint8Array[]
  readonly refusal?: AdmissionRefusal
  readonly live?: LiveLogReader
  readonly exclusive?: boolean
  /** Entries whose file has changed. */
  readonly changed?: ReadonlySet<number>
  /** Serves wrong bytes, and stands by them. */
  readonly lies?: boolean
  readonly holdings?: ShareOffer['holdings']
}

export interface MemoryOffer extends ShareOffer {
  readonly rootBytes: Uint8Array
  readonly rootHash: Uint8Array
  readonly finishedBy: string[]
  /** Reads answered so far. */
  readonly reads: number
}

export const newSecret = (): Uint8Array => new Uint8Array(randomBytes(16))

export function memoryOffer(options: MemoryOfferOptions): MemoryOffer {
  const { owner, secret = newSecret(), files = [], pages = [] } = options
  const id = shareIdOf(secret)
  const rootBytes = concatBytes([new TextEncoder().encode('root of '), ...pages.map((page) => hash(page))])
  const rootHash = hash(rootBytes)
  const signature = signRoot(owner, id, rootHash)
  const finishedBy: string[] = []
  let reads = 0

  const outcome = (ranges: readonly EntryRange[], bytes: Uint8Array): ReadOutcome => {
    const failed: { index: number; reason: 'changed' | 'unknown'; message: string }[] = []
    let at = 0
    for (const [index, { entry, offset, length }] of ranges.entries()) {
      const file = files[entry]
      const part = bytes.subarray(at, at + length)
      if (options.changed?.has(entry))
        failed.push({ index, reason: 'changed', message: `entry ${entry} changed` })
      else if (!file || offset + length > file.byteLength)
        failed.push({ index, reason: 'unknown', message: `no such range` })
      else part.set(file.subarray(offset, offset + length))
      if (failed.at(-1)?.index === index) part.fill(0)
      at += length
    }
    if (options.lies)
      for (let lie = 0; lie < bytes.byteLength; lie += 100) bytes[lie] = (bytes[lie] as number) ^ 1
    return { bytes, failed }
  }

  return {
    id,
    secret,
    rootBytes,
    rootHash,
    finishedBy,
    get reads() {
      return reads
    },
    live: options.live,
    holdings: options.holdings,
    describe: () => ({
      name: 'Pictures',
      live: options.live !== undefined && !options.live.ended,
      exclusive: options.exclusive ?? false,
      ...(options.live && !options.live.ended
        ? { root: undefined, signature: undefined }
        : { root: rootHash, signature }),
    }),
    admit: () => options.refusal,
    root: () => rootBytes,
    page: (number) => pages[number],
    nodeList: (entry) => (entry === 0 ? new Uint8Array(36).fill(7) : undefined),
    nodes: (_entry, indexes) =>
      indexes.some((index) => index > 2) ? undefined : indexes.map((index) => new Uint8Array(36).fill(index)),
    async read(ranges, _numbering, into) {
      reads++
      return outcome(ranges, into)
    },
    subChunks: async (ranges) => ranges.map(({ length }) => new Uint8Array(18).fill(length & 0xff)),
    recheck: async (ranges) => (ranges.some(({ entry }) => options.changed?.has(entry)) ? 'changed' : 'fine'),
    finished: (peer) => finishedBy.push(peer),
  }
}

export interface MemoryLog extends LiveLogReader {
  append(event: LiveEvent): void
  end(): void
}

/** A live log whose events are lines of JSON. */
export function memoryLog(): MemoryLog {
  const change = createChangeSignal()
  let bytes: Uint8Array = new Uint8Array()
  let ended = false
  return {
    get length() {
      return bytes.byteLength
    },
    get ended() {
      return ended
    },
    append(event) {
      const text = JSON.stringify(event, (_key, value: unknown) =>
        value instanceof Uint8Array
          ? { bytes: [...value] }
          : typeof value === 'bigint'
            ? Number(value)
            : value,
      )
      bytes = concatBytes([bytes, new TextEncoder().encode(`${text}\n`)])
      change.raise()
    },
    end() {
      ended = true
      change.raise()
    },
    read: (offset, maxBytes) => bytes.slice(offset, offset + maxBytes),
    async grown(offset, signal) {
      const mustWait = (): boolean => bytes.byteLength <= offset && !ended && !signal.aborted
      while (mustWait()) await change.above(change.version, signal)
    },
  }
}

export function memoryLogDecoder(): LiveDecoder {
  const decoder = new TextDecoder()
  let rest = ''
  return {
    push(bytes) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      return lines.map(
        (line) =>
          JSON.parse(line, (_key, value: unknown) =>
            typeof value === 'object' && value !== null && 'bytes' in value
              ? Uint8Array.from(value.bytes as number[])
              : value,
          ) as LiveEvent,
      )
    },
  }
}
