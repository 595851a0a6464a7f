/**
 * The content of a local file: read in workers, and always compared with the version that was listed. Chunks come from
 * the store's index when nothing has changed since they were learned; what is cut now is remembered there.
 */
import { lstatSync, realpathSync, statSync } from 'node:fs'
import { chunkSizeFor } from '../../../blobs/chunker/parameters.ts'
import {
  equalFingerprints,
  fingerprintFields,
  packFingerprint,
  parseVersionText,
  versionText,
} from '../../../blobs/fingerprint.ts'
import { cutLargeFile, regionBytes } from '../../../blobs/ingest/cut-large-file.ts'
import { changedError, versionError } from '../../../blobs/open-source.ts'
import { decodeFileRow } from '../../../blobs/store/file-row.ts'
import { isFresh } from '../../../blobs/store/is-fresh.ts'
import type { FileFingerprint, FileRows, IndexedFile } from '../../../blobs/store/store.ts'
import { unpackError, type PackedError } from '../../../blobs/worker/packed-error.ts'
import type { ReadFileInput } from '../../../blobs/worker/read-file-task.ts'
import type { WorkerPool } from '../../../blobs/worker/pool.ts'
import { concatBytes } from '../../../shared/bytes.ts'
import { throwIfCancelled } from '../../../shared/concurrency.ts'
import { FerryError, toFerryError } from '../../../shared/errors.ts'
import type { ChunkRecords } from '../../../blobs/chunk-records.ts'
import type { RemoteContext } from '../../context.ts'
import type { ChunkList, ChunksOptions, Content, SyncEntry } from '../../source.ts'
import { createBatches } from './batches.ts'
import type { Place } from './place.ts'

/** Files of one task that cuts small ones. */
const mostCut = 256
const mostCutBytes = 16 * 1024 * 1024

/** Up to this, telling a worker costs more than reading; many such reads are one task. */
const smallReadBytes = 64 * 1024
const mostReads = 64
const mostReadBytes = 2 * 1024 * 1024

export interface ContentOpener {
  /** @throws E_IO when it is no file */
  open(entry: SyncEntry): Content
}

interface Wanted {
  readonly path: string
  readonly fingerprint: FileFingerprint
}

export function createContentOpener(
  place: Place,
  context: Pick<RemoteContext, 'pool' | 'store' | 'signal'>,
): ContentOpener {
  const cutSmall = createBatches<Wanted, IndexedFile | FerryError>({
    lanes: 2,
    leastItems: 16,
    mostItems: mostCut,
    mostBytes: mostCutBytes,
    async run(files) {
      const pool = await context.pool()
      const { learned, rows } = await ingestSmall(files, pool)
      ;(await context.store()).files.putRows([rows])
      return learned
    },
  })

  const readSmall = createBatches<ReadFileInput, Uint8Array<ArrayBuffer> | PackedError>({
    lanes: 2,
    leastItems: 8,
    mostItems: mostReads,
    mostBytes: mostReadBytes,
    run: async (files) => (await (await context.pool()).run('readFiles', { files })).results,
  })

  async function readRange(range: ReadFileInput): Promise<Uint8Array> {
    if (range.length > smallReadBytes) return (await (await context.pool()).run('readFile', range)).bytes
    const result = await readSmall(range, range.length)
    if (result instanceof Uint8Array) return result
    throw unpackError(result)
  }

  async function cutLarge(file: Wanted, chunkSize: number, options: ChunksOptions): Promise<ChunkList> {
    const pool = await context.pool()
    const { path, fingerprint } = file
    const indexedAtNs = BigInt(Date.now()) * 1_000_000n
    const parts: ChunkRecords[] = []
    for await (const records of cutLargeFile(
      { diskPath: path, fingerprint, chunkSize },
      { pool, limit: pool.size + 1 },
    )) {
      throwIfCancelled(options.signal)
      parts.push(records)
    }
    const records = concatBytes(parts)
    // Shares cut by the size of the file alone: a list with another average would give them another manifest.
    if (chunkSize === chunkSizeFor(fingerprint.size))
      (await context.store()).files.putMany([{ path, fingerprint, chunkSize, records, indexedAtNs }])
    return { chunkSize, records }
  }

  async function chunksOf(path: string, version: string, options: ChunksOptions): Promise<ChunkList> {
    const fingerprint = parseVersionText(version)
    if (!fingerprint) throw changedError(path)
    throwIfCancelled(options.signal)
    const usual = chunkSizeFor(fingerprint.size)
    const chunkSize = options.chunkSize ?? usual
    // The index knows files by the paths that they really have.
    const realPath = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ? realpathSync(path) : path
    const known = (await context.store()).files.get(realPath)
    if (known && isFresh(known, fingerprint) && known.chunkSize === chunkSize)
      return { chunkSize, records: known.records }
    const file = { path: realPath, fingerprint }
    if (chunkSize !== usual || fingerprint.size > regionBytes) return await cutLarge(file, chunkSize, options)
    const cut = await cutSmall(file, fingerprint.size)
    if (cut instanceof FerryError) throw cut
    return { chunkSize, records: cut.records }
  }

  return {
    open(entry) {
      const path = place.diskPath(entry.path)
      const { size, version } = entry
      if (entry.kind !== 'file') throw new FerryError('E_IO', `Cannot read "${path}": it is not a file`)
      return {
        size,
        // The path is part of it: the version says nothing on another computer.
        identity: `${path}:${version}`,
        local: { path, version },
        async chunks(options = {}) {
          try {
            return await chunksOf(path, version, options)
          } catch (error) {
            throw versionError(error, path)
          }
        },
        async read(offset, length, options) {
          throwIfCancelled(options?.signal)
          if (length === 0) return new Uint8Array(0)
          const bytes = await readRange({ path, version, offset, length })
          throwIfCancelled(options?.signal)
          return bytes
        },
        async confirm(options) {
          throwIfCancelled(options?.signal)
          try {
            if (versionText(statSync(path, { bigint: true })) !== version) throw changedError(path)
          } catch (error) {
            throw versionError(error, path)
          }
        },
        async [Symbol.asyncDispose]() {},
      }
    },
  }
}

/** Cuts whole small files in one task. */
async function ingestSmall(
  files: readonly Wanted[],
  pool: WorkerPool,
): Promise<{ readonly learned: readonly (IndexedFile | FerryError)[]; readonly rows: FileRows }> {
  const fingerprints = new BigInt64Array(files.length * fingerprintFields)
  for (const [index, { fingerprint }] of files.entries()) packFingerprint(fingerprints, index, fingerprint)
  const paths = files.map(({ path }) => path)
  const { rows, ends, failures } = await pool.run('ingestFiles', { paths: paths.join('\0'), fingerprints }, [
    fingerprints.buffer,
  ])
  let from = 0
  const learned = files.map(({ path, fingerprint }, index): IndexedFile | FerryError => {
    const to = ends[index] as number
    const row = rows.subarray(from, to)
    from = to
    const failure = failures.get(index)
    if (failure) return unpackError(failure)
    const file = decodeFileRow(path, row)
    if (!file) return toFerryError(new Error('its row is damaged'), `Cannot read "${path}"`)
    // A file that changed is read again by the task, as the one that it is now.
    return equalFingerprints(file.fingerprint, fingerprint) ? file : changedError(path)
  })
  return { learned, rows: { paths, rows, ends } }
}
