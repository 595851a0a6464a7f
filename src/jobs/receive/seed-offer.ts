/**
 * Answers other receivers of the same ticket from what has arrived here so far: whole files under their names, others
 * out of their parts. Everything is in sealed numbers. Nobody has to believe it: pages, lists and chunks are checked by
 * their hashes, and the root by the owner's signature.
 */
import type { ManifestReader } from '../../blobs/manifest/reader.ts'
import { chunkRecordBytes, type ChunkRecords } from '../../blobs/chunk-records.ts'
import { nameChunkList, nodeCount, nodeRecordCount } from '../../blobs/manifest/nodes.ts'
import type { Store } from '../../blobs/store/store.ts'
import { partNames } from '../../blobs/tree-writer/part-names.ts'
import type { WorkerPool } from '../../blobs/worker/pool.ts'
import { shareIdOf } from '../../node/auth.ts'
import { createHoldings } from '../../node/holdings.ts'
import type { EntryRange, ReadOutcome } from '../../node/session.ts'
import type { ShareOffer } from '../../node/share-offer.ts'
import type { Throttle } from '../../shared/throttle.ts'

export interface SeedParts {
  readonly secret: Uint8Array
  readonly name: string
  readonly signature: Uint8Array
  readonly manifest: ManifestReader
  readonly objects: Store['objects']
  readonly pool: Pick<WorkerPool, 'run'>
  /** Of the receive: what is given to others counts too. */
  readonly throttle: Throttle
  /** Where a path of the tree usually is on disk. */
  diskPath(path: string): string
}

export interface Seed {
  readonly offer: ShareOffer
  /** The whole file `path` of the tree is at `disk`. */
  addFile(number: number, path: string, disk: string): void
  /** These ranges are verified in the part of the file that will be `disk`. */
  addRanges(disk: string, ranges: readonly EntryRange[]): void
}

type Failed = ReadOutcome['failed'][number]

export function createSeed(parts: SeedParts): Seed {
  const { secret, name, signature, manifest, objects, pool, diskPath } = parts
  const holdings = createHoldings(manifest.totals.entries)
  /** Where files are going to be whose parts are growing. */
  const growing = new Map<number, string>()
  /** Where whole files are that were given another name. The others need no memory. */
  const elsewhere = new Map<number, string>()

  function listOf(number: number): ChunkRecords | undefined {
    const entry = number < manifest.totals.entries ? manifest.entry(number) : undefined
    if (entry?.kind !== 'file' || entry.content instanceof Uint8Array) return undefined
    return objects.get(entry.content.blob)
  }

  async function readOne(range: EntryRange): Promise<ArrayBuffer | undefined> {
    if (!holdings.has(range)) return undefined
    const future = growing.get(range.entry)
    const disk = future ?? elsewhere.get(range.entry) ?? diskPath(manifest.entry(range.entry).path)
    // A part gets its name at any moment: then the bytes are there.
    for (const path of future === undefined ? [disk] : [partNames(disk).part, disk]) {
      const ranges = Float64Array.of(range.offset, range.length)
      const { bytes } = await pool.run('readPart', { path, ranges })
      if (bytes) return bytes
    }
    return undefined
  }

  const offer: ShareOffer = {
    id: shareIdOf(secret),
    secret,
    describe: () => ({ name, live: false, root: manifest.hash, signature, exclusive: false }),
    admit: () => undefined,
    throttle: parts.throttle,
    root: () => objects.get(manifest.hash),
    page: (number) => (number < manifest.pageCount ? objects.get(manifest.page(number).hash) : undefined),
    nodeList(number) {
      const records = listOf(number)
      return records && nameChunkList(records).nodes
    },
    nodes(number, indexes) {
      const records = listOf(number)
      if (!records) return undefined
      const { nodes } = nameChunkList(records)
      if (indexes.some((index) => index >= nodeCount(nodes))) return undefined
      const starts = [0]
      for (let index = 0; index < nodeCount(nodes); index++)
        starts.push((starts[index] as number) + nodeRecordCount(nodes, index) * chunkRecordBytes)
      return indexes.map((index) => records.subarray(starts[index], starts[index + 1]))
    },
    live: undefined,
    async read(ranges, _numbering, into) {
      const failed: Failed[] = []
      let at = 0
      for (const [index, range] of ranges.entries()) {
        const bytes = await readOne(range)
        if (bytes) into.set(new Uint8Array(bytes), at)
        else {
          into.fill(0, at, at + range.length)
          failed.push({ index, reason: 'unknown', message: 'it has not arrived here yet' })
        }
        at += range.length
      }
      return { bytes: into, failed }
    },
    // Cutting again for others is the owner's work; an empty list is no help and does no harm.
    subChunks: async (ranges) => ranges.map(() => new Uint8Array(0)),
    // What was verified when it came can only have been changed here since.
    recheck: async () => 'changed',
    holdings,
    finished: () => undefined,
  }

  return {
    offer,
    addFile(number, path, disk) {
      growing.delete(number)
      if (disk !== diskPath(path)) elsewhere.set(number, disk)
      holdings.addEntry(number)
    },
    addRanges(disk, ranges) {
      for (const range of ranges) {
        growing.set(range.entry, disk)
        holdings.addRange(range)
      }
    },
  }
}
