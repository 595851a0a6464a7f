/**
 * A share in memory with the receiver's end of it: entries are cut and put into a real manifest, and a fetcher answers
 * as an honest provider would, but for what a test tells it to do wrong.
 */
import { threadCutter } from '../../src/blobs/chunker/cutter.ts'
import { chunkerParameters, chunkSizeFor } from '../../src/blobs/chunker/parameters.ts'
import { subChunksOf } from '../../src/blobs/chunker/sub-chunks.ts'
import {
  chunkCount,
  chunkRecordBytes,
  writeChunkRecord,
  type ChunkRecords,
} from '../../src/blobs/chunk-records.ts'
import { hash } from '../../src/blobs/hash.ts'
import type { LiveEvent } from '../../src/blobs/live-event.ts'
import { createManifestBuilder } from '../../src/blobs/manifest/builder.ts'
import { maxInlineChunks, type FileEntry, type ManifestEntry } from '../../src/blobs/manifest/entry.ts'
import { nameChunkList, nodeCount, nodeRecordCount } from '../../src/blobs/manifest/nodes.ts'
import { sessionWindowBytes } from '../../src/node/limits.ts'
import type { Fetcher, FetchedRead } from '../../src/node/fetcher.ts'
import type { EntryRange, PeerSession, RangeFailure } from '../../src/node/session.ts'
import { compareSortKeys, type TreePath } from '../../src/shared/paths.ts'

/** What a test shares: content for files, a target for links, neither for folders. Folders above are added. */
export interface FakeEntry {
  readonly path: string
  readonly content?: Uint8Array
  readonly target?: string
  readonly mode?: number
  readonly mtimeNs?: bigint
}

export interface FakeShare {
  readonly entries: readonly ManifestEntry[]
  readonly root: Uint8Array
  readonly session: PeerSession
  readonly fetcher: Fetcher
  /** Ranges read so far, and what was sent in bytes: content, lists, sub-chunks. */
  readonly reads: EntryRange[]
  readonly sent: { content: number; lists: number; subChunks: number }
  numberOf(path: string): number
}

export interface FakeFaults {
  /** May spoil the bytes of a range, or make it fail; called for each range of each read. */
  onRange?(range: EntryRange, bytes: Uint8Array): RangeFailure | undefined
  /** Called before each read; may throw, or wait. */
  beforeRead?(ranges: readonly EntryRange[]): Promise<void> | void
  recheck?: 'changed' | 'dropped'
  /** Told instead of the sealed manifest. */
  live?(): AsyncIterable<LiveEvent>
}

export function cutBytes(
  bytes: Uint8Array,
  chunkSize: number = chunkSizeFor(bytes.byteLength),
): ChunkRecords {
  const lengths: number[] = []
  const records: Uint8Array[] = []
  const cutter = threadCutter()
  cutter.begin(chunkerParameters(chunkSize))
  let taken = 0
  while (taken < bytes.byteLength) {
    const space = cutter.space()
    const part = bytes.subarray(taken, taken + space.byteLength)
    space.set(part)
    cutter.filled(part.byteLength)
    taken += part.byteLength
    for (;;) {
      const chunk = cutter.next(taken === bytes.byteLength)
      if (!chunk) break
      const record = new Uint8Array(chunkRecordBytes)
      writeChunkRecord(record, 0, chunk.byteLength, hash(chunk))
      records.push(record)
      lengths.push(chunk.byteLength)
    }
  }
  return new Uint8Array(Buffer.concat(records))
}

const defaultTimeNs = 1_700_000_000_123_456_789n

function withFolders(wanted: readonly FakeEntry[]): FakeEntry[] {
  const all = new Map(wanted.map((entry) => [entry.path, entry]))
  for (const { path } of wanted)
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1))
      if (!all.has(path.slice(0, slash))) all.set(path.slice(0, slash), { path: path.slice(0, slash) })
  return [...all.values()]
}

export function fakeShare(wanted: readonly FakeEntry[], faults: FakeFaults = {}): FakeShare {
  const contents = new Map<string, Uint8Array>()
  const lists = new Map<string, ChunkRecords>()
  const entries = withFolders(wanted)
    .map(({ path, content, target, mode, mtimeNs = defaultTimeNs }): ManifestEntry => {
      const base = { path: path as TreePath, mtimeNs }
      if (target !== undefined) return { kind: 'symlink', ...base, mode: 0o777, target }
      if (content === undefined) return { kind: 'directory', ...base, mode: mode ?? 0o755 }
      const records = cutBytes(content)
      contents.set(path, content)
      lists.set(path, records)
      return {
        kind: 'file',
        ...base,
        mode: mode ?? 0o644,
        size: content.byteLength,
        chunkSize: chunkSizeFor(content.byteLength),
        content: chunkCount(records) <= maxInlineChunks ? records : nameChunkList(records).reference,
      }
    })
    .sort(compareSortKeys)
  const pages: Uint8Array[] = []
  const builder = createManifestBuilder(({ bytes }) => void pages.push(bytes))
  for (const entry of entries) builder.push(entry)
  const { root, rootObject } = builder.finish()

  const reads: EntryRange[] = []
  const sent = { content: 0, lists: 0, subChunks: 0 }
  const file = (number: number): FileEntry => entries[number] as FileEntry
  const bytesOf = ({ entry, offset, length }: EntryRange): Uint8Array =>
    // Copied: a Buffer's own slice would let a test spoil the source itself.
    new Uint8Array((contents.get(file(entry).path) as Uint8Array).subarray(offset, offset + length))
  const gone = Promise.withResolvers<Error | undefined>()

  const session: PeerSession = {
    peer: 'fake',
    address: '127.0.0.1:1',
    owner: true,
    share: {
      name: 'fake',
      live: faults.live !== undefined,
      root: faults.live ? undefined : root,
      signature: undefined,
      exclusive: false,
    },
    roundTripMs: 1,
    windowBytes: sessionWindowBytes,
    closed: gone.promise,
    root: async () => rootObject,
    async *pages(asked) {
      for (const { number } of asked) {
        sent.lists += pages[number]?.byteLength ?? 0
        yield { number, bytes: pages[number] as Uint8Array }
      }
    },
    async nodeList(entry) {
      const { nodes } = nameChunkList(lists.get(file(entry).path) as ChunkRecords)
      sent.lists += nodes.byteLength
      return nodes
    },
    async nodes(entry, asked) {
      const records = lists.get(file(entry).path) as ChunkRecords
      const { nodes } = nameChunkList(records)
      const starts = [0]
      for (let index = 0; index < nodeCount(nodes); index++)
        starts.push((starts[index] as number) + nodeRecordCount(nodes, index) * chunkRecordBytes)
      return asked.map(({ index }) => {
        const node = records.slice(starts[index], starts[index + 1])
        sent.lists += node.byteLength
        return node
      })
    },
    follow: () => faults.live?.() as AsyncIterable<LiveEvent>,
    subChunks: async (ranges) =>
      ranges.map((range) => {
        const list = subChunksOf(bytesOf(range))
        sent.subChunks += list.byteLength
        return list
      }),
    async read(ranges) {
      await faults.beforeRead?.(ranges)
      const failed: { index: number; reason: RangeFailure; message: string }[] = []
      const parts = ranges.map((range, index) => {
        reads.push(range)
        sent.content += range.length
        const bytes = bytesOf(range)
        const reason = faults.onRange?.(range, bytes)
        if (!reason) return bytes
        failed.push({ index, reason, message: '' })
        return new Uint8Array(range.length)
      })
      return { bytes: Buffer.concat(parts), failed }
    },
    recheck: async () => (faults.recheck === 'changed' ? 'changed' : 'fine'),
    holdings: { has: () => true },
    finished: async () => undefined,
    serve: async () => undefined,
    async *others() {},
    async [Symbol.asyncDispose]() {
      gone.resolve(undefined)
    },
  }

  const fetcher: Fetcher = {
    sessions: [session],
    session: async () => session,
    read: async (ranges, options): Promise<FetchedRead> => {
      options?.signal?.throwIfAborted()
      return { ...(await session.read(ranges, options)), session }
    },
    reportBad: async () => faults.recheck ?? 'dropped',
    async [Symbol.asyncDispose]() {
      await session[Symbol.asyncDispose]()
    },
  }
  return {
    entries,
    root,
    session,
    fetcher,
    reads,
    sent,
    numberOf: (path) => entries.findIndex((entry) => entry.path === path),
  }
}

/** Bytes that look random and are the same for the same seed. */
export function patternBytes(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length)
  let state = (seed * 2_654_435_761 + 1) >>> 0
  for (let index = 0; index + 4 <= length; index += 4) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes.writeInt32LE(state | 0, index)
  }
  return bytes
}
