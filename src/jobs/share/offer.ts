/** Answers peers from the user's own files: what the provider asks of a share, out of the catalogue and the workers. */
import { chunkRecordBytes, type ChunkRecords } from '../../blobs/chunk-records.ts'
import { nameChunkList, nodeCount, nodeRecordCount, type NodeList } from '../../blobs/manifest/nodes.ts'
import type { FileOnPage } from '../../blobs/manifest/page-files.ts'
import type { ObjectTable, ShareRecord } from '../../blobs/store/store.ts'
import type { LiveLog } from '../../blobs/live-log.ts'
import type { WorkerPool } from '../../blobs/worker/pool.ts'
import {
  createSourcePacker,
  unpackSources,
  type PackedSources,
  type SourceFile,
} from '../../blobs/worker/packed-sources.ts'
import type { PackedRanges, RangeProblem } from '../../blobs/worker/read-task.ts'
import type { EntryRange, ReadOutcome } from '../../node/session.ts'
import type { AdmissionRefusal, Numbering, OfferDescription, ShareOffer } from '../../node/share-offer.ts'
import { toHex } from '../../shared/bytes.ts'
import type { Throttle } from '../../shared/throttle.ts'
import type { Catalogue } from './catalogue.ts'

/** Node lists of large files kept: receivers ask for a list, and then for its nodes. */
const listsKept = 4

export interface OfferParts {
  readonly record: ShareRecord
  readonly catalogue: Pick<Catalogue, 'entry' | 'file' | 'records' | 'manifest'>
  /** Of a share that is still being hashed, or was when receivers came. */
  readonly log?: LiveLog | undefined
  readonly objects: ObjectTable
  readonly pool: Pick<WorkerPool, 'run'>
  readonly throttle?: Throttle | undefined
  /** Paths may lead through links (`followSymlinks`). */
  readonly follow: boolean
  describe(): OfferDescription
  admit(peer: string): AdmissionRefusal | undefined
  finished(peer: string): void
}

interface NamedList {
  readonly records: ChunkRecords
  readonly nodes: NodeList
}

export function createOffer(parts: OfferParts): ShareOffer {
  const { record, catalogue, log, objects, pool } = parts
  const lists = new Map<string, NamedList>()
  /** Paths whose file has another time than promised, but still the content. */
  const touched = new Set<string>()

  /** Chunk list and node list of a large file of the sealed manifest. */
  function listOf(number: number): NamedList | undefined {
    const entry = catalogue.entry(number, 'sealed')
    if (entry?.kind !== 'file' || entry.content instanceof Uint8Array) return undefined
    const { content } = entry
    const key = toHex(content.blob)
    let list = lists.get(key)
    if (!list) {
      const records = objects.get(content.blob)
      if (!records) return undefined
      list = { records, nodes: nameChunkList(records).nodes }
      lists.set(key, list)
      if (lists.size > listsKept) lists.delete(lists.keys().next().value as string)
    }
    return list
  }

  /** The files that the ranges are of; a range of nothing that is shared gets the number −1. */
  function locate(ranges: readonly EntryRange[], numbering: Numbering): Located {
    const packer = createSourcePacker(ranges.length)
    const entries: number[] = []
    const packed = new Float64Array(ranges.length * 3)
    const { follow } = parts
    let last: number | undefined
    let file: FileOnPage | undefined
    let number = -1
    let at = 0
    for (const { entry, offset, length } of ranges) {
      if (entry !== last) {
        last = entry
        file = catalogue.file(entry, numbering)
        if (file) {
          const path = diskPath(record.sources, file.path)
          const { size, mtimeNs } = file
          number = packer.add({ path, size, mtimeNs, follow, trusted: touched.has(path) })
          entries.push(entry)
        }
      }
      packed[at] = file && offset + length <= file.size ? number : -1
      packed[at + 1] = offset
      packed[at + 2] = length
      at += 3
    }
    return { numbering, entries, files: packer.take(), ranges: packed }
  }

  /** True when the chunks that these ranges lie in are on disk as they were promised. */
  async function isSame({ numbering, entries, files, ranges }: Located): Promise<boolean> {
    const fileAt = unpackSources(files)
    const listed = entries.map((number, index) => {
      const entry = catalogue.entry(number, numbering)
      const records = entry?.kind === 'file' ? catalogue.records(entry) : undefined
      return { ...(fileAt(index) as SourceFile), records: records ?? new Uint8Array() }
    })
    return (await pool.run('recheck', { files: listed, ranges })).same
  }

  /** Remembers those files whose time has changed, but not what these ranges hold; true when there was one. */
  async function forgive(located: Located, failed: readonly RangeProblem[]): Promise<boolean> {
    const before = touched.size
    const fileAt = unpackSources(located.files)
    for (const { index, reason } of failed) {
      const range = located.ranges.slice(index * 3, index * 3 + 3)
      const path = fileAt(range[0] as number)?.path
      if (reason !== 'changed' || path === undefined || touched.has(path)) continue
      if (await isSame({ ...located, ranges: range })) touched.add(path)
    }
    return touched.size > before
  }

  return {
    id: record.id,
    secret: record.secret,
    live: log,
    describe: parts.describe,
    admit: parts.admit,
    throttle: parts.throttle,
    finished: parts.finished,
    root: () => catalogue.manifest?.bytes,
    page(number) {
      const manifest = catalogue.manifest
      if (!manifest || number >= manifest.pageCount) return undefined
      return objects.get(manifest.page(number).hash)
    },
    nodeList: (entry) => listOf(entry)?.nodes,
    nodes(entry, indexes) {
      const list = listOf(entry)
      return list && nodesOf(list, indexes)
    },
    async read(ranges, numbering, into): Promise<ReadOutcome> {
      const located = locate(ranges, numbering)
      let { failed } = await pool.run('readRanges', { ...inputOf(located), into })
      if (failed.length > 0 && (await forgive(located, failed)))
        ({ failed } = await pool.run('readRanges', { ...inputOf(locate(ranges, numbering)), into }))
      return { bytes: into, failed }
    },
    async subChunks(ranges, numbering) {
      return (await pool.run('subChunks', inputOf(locate(ranges, numbering)))).lists
    },
    async recheck(ranges, numbering) {
      return (await isSame(locate(ranges, numbering))) ? 'fine' : 'changed'
    },
  }
}

/** Below the path of its top-level name. With links that were followed, the path leads through them. */
function diskPath(sources: ShareRecord['sources'], path: string): string {
  const slash = path.indexOf('/')
  const top = sources.get(slash < 0 ? path : path.slice(0, slash)) ?? ''
  return slash < 0 ? top : `${top}/${path.slice(slash + 1)}`
}

/** Without the entries, which the workers need not be sent. */
const inputOf = ({ files, ranges }: Located): Pick<Located, 'files' | 'ranges'> => ({ files, ranges })

interface Located {
  readonly numbering: Numbering
  /** Numbers of the files. */
  readonly entries: readonly number[]
  /** Of the same index as `entries`. */
  readonly files: PackedSources
  readonly ranges: PackedRanges
}

/** The records of some nodes; undefined when one is not there. */
function nodesOf({ records, nodes }: NamedList, indexes: readonly number[]): ChunkRecords[] | undefined {
  const starts = new Float64Array(nodeCount(nodes) + 1)
  for (let index = 0; index < nodeCount(nodes); index++)
    starts[index + 1] = (starts[index] as number) + nodeRecordCount(nodes, index) * chunkRecordBytes
  if (indexes.some((index) => index >= nodeCount(nodes))) return undefined
  return indexes.map((index) => records.subarray(starts[index], starts[index + 1]))
}
