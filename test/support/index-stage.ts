/** What the tests of the chunk index share: lists, entries, and computers that open the index of one place. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { totalChunkBytes } from '../../src/blobs/chunk-records.ts'
import { nameChunkList } from '../../src/blobs/manifest/nodes.ts'
import type { TreePath } from '../../src/shared/paths.ts'
import type { ChunkIndex } from '../../src/sync/chunk-index.ts'
import { openChunkIndex } from '../../src/sync/index/open-chunk-index.ts'
import type { RecordStore, RemoteCaps } from '../../src/sync/remote.ts'
import type { ChunkList, SyncEntry } from '../../src/sync/source.ts'
import { makeRecords } from './manifests.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** More than an `entryOf`, less than a `largeEntry` has. */
const leastDeltaBytes = 1_000_000

/** Twenty chunks, others for each seed. */
export function listOf(seed: number): ChunkList {
  const lengths = Array.from({ length: 20 }, (_, index) => 65_536 + seed + index)
  return { chunkSize: 65_536, records: makeRecords(lengths) }
}

export const blobOf = ({ records }: ChunkList): Uint8Array => nameChunkList(records).reference.blob

export function entryOf(path: string, fields: Partial<SyncEntry> = {}): SyncEntry {
  return {
    path: path as TreePath,
    kind: 'file',
    size: 5,
    mtimeNs: 1_700_000_000_123_456_789n,
    mode: 0o640,
    version: 'v1',
    ...fields,
  }
}

/** A file with these chunks. */
export function largeEntry(path: string, list: ChunkList, version = 'v1'): SyncEntry {
  return entryOf(path, { size: totalChunkBytes(list.records), version })
}

export interface Computer extends AsyncDisposable {
  readonly state: string
  readonly warnings: string[]
}

export function newComputer(): Computer {
  const folder = temporaryFolder()
  return {
    state: folder.at('state'),
    warnings: [],
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}

export interface IndexStage {
  readonly sidecar?: boolean
  readonly root?: string
  readonly writable?: boolean
  readonly describe?: RemoteCaps['describe']
}

export function openIndex(
  computer: Computer,
  records: RecordStore | undefined,
  stage: IndexStage = {},
): Promise<ChunkIndex> {
  const caps: RemoteCaps = {
    modes: true,
    timeStepNs: 1n,
    leastDeltaBytes,
    concurrency: 4,
    ...(records && { records }),
    ...(stage.describe && { describe: stage.describe }),
  }
  return openChunkIndex(
    { place: 's3 test bucket', url: 's3://bucket/prefix', caps },
    {
      signal: new AbortController().signal,
      stateDirectory: computer.state,
      warn: (message) => void computer.warnings.push(message),
    },
    { sidecar: stage.sidecar ?? true, root: stage.root ?? 'prefix', writable: stage.writable },
  )
}

/** Paths of all files below a folder. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}
