/**
 * The content of a peer's files as a sync reads it: fetched when it is asked for, verified, never put down on this
 * computer. Small files are fetched many at a time, of large ones the chunks that a read touches.
 */
import type { ChunkRecords } from '../../blobs/chunk-records.ts'
import type { FileEntry, ManifestEntry } from '../../blobs/manifest/entry.ts'
import type { Store } from '../../blobs/store/store.ts'
import type { PeerSession } from '../../node/session.ts'
import { concatBytes } from '../../shared/bytes.ts'
import { createSemaphore, throwIfCancelled } from '../../shared/concurrency.ts'
import type { FerryError } from '../../shared/errors.ts'
import type { Content } from '../../sync/source.ts'
import { chunkListOf } from '../receive/chunk-list.ts'
import { underWayBytes } from '../receive/run.ts'
import { isSmall } from '../receive/small-files.ts'
import { createBorderCache, createChunkReader, type ChunkReader } from './chunk-reader.ts'
import { fetchVerified, type FetchRun, type WantedChunks } from './fetch-verified.ts'
import { createReadAhead } from './read-ahead.ts'
import type { SealedShare } from './sealed-share.ts'

/** Chunks kept because two reads share them; one of the largest is 16 MiB. */
const borderBytes: number = 16 * 1024 * 1024

export interface TicketContents {
  /** `version` names the content. Nothing is fetched yet. */
  open(number: number, entry: FileEntry, version: string): Content
}

export interface TicketContentsOptions extends FetchRun {
  readonly store: Store
  readonly share: SealedShare
}

/** A file whose chunks stand in the manifest. */
interface SmallEntry {
  readonly number: number
  readonly size: number
  readonly path: string
  readonly records: ChunkRecords
}

type ContentBase = Pick<Content, 'size' | 'identity' | 'confirm' | typeof Symbol.asyncDispose>

export function createTicketContents(run: TicketContentsOptions): TicketContents {
  const { manifest, translate } = run.share
  /** Of all files together, so that memory does not grow with how many are read at once. */
  const underWay = createSemaphore(underWayBytes)
  const borders = createBorderCache(borderBytes)
  const ahead = createReadAhead<SmallEntry>({ following, fetch: fetchSmall })

  function following(number: number, count: number): readonly SmallEntry[] {
    const found: SmallEntry[] = []
    if (count <= 0 || number >= manifest.totals.entries) return found
    for (const { number: at, entry } of manifest.entries(number)) {
      const small = smallOf(at, entry)
      if (small && small.size > 0 && found.push(small) === count) break
    }
    return found
  }

  function fetchSmall(files: readonly SmallEntry[]): readonly Promise<Uint8Array>[] {
    const answers = files.map(() => Promise.withResolvers<Uint8Array>())
    void fetchTogether(files, (index, bytes) => answers[index]?.resolve(bytes)).then(
      (errors) => errors.forEach((error, index) => answers[index]?.reject(error)),
      (error: unknown) => answers.forEach((answer) => answer.reject(error)),
    )
    return answers.map(({ promise }) => promise)
  }

  async function fetchTogether(
    files: readonly SmallEntry[],
    onArrived: (index: number, bytes: Uint8Array) => void,
  ): Promise<ReadonlyMap<number, FerryError>> {
    const bytes = files.reduce((sum, { size }) => sum + size, 0)
    const release = await underWay.acquire(run.signal, bytes)
    try {
      const wanted = files.map(
        ({ number, path, records }): WantedChunks => ({ number, path, records, offset: 0 }),
      )
      return await fetchVerified(run, wanted, (index, arrived) => onArrived(index, arrived.slice()))
    } finally {
      release()
    }
  }

  function openSmall(small: SmallEntry, chunkSize: number, base: ContentBase): Content {
    let whole: Promise<Uint8Array> | undefined
    return {
      ...base,
      chunks: async () => ({ chunkSize, records: small.records }),
      async read(offset, length, given) {
        throwIfCancelled(given?.signal)
        if (length === 0) return new Uint8Array(0)
        const bytes = await (whole ??= ahead.read(small))
        throwIfCancelled(given?.signal)
        return bytes.slice(offset, offset + length)
      },
    }
  }

  const numberOn = (session: PeerSession, number: number): number =>
    translate(session, { entry: number, offset: 0, length: 0 })?.entry ?? number

  async function listOf(number: number, entry: FileEntry): Promise<ChunkRecords> {
    const parts: ChunkRecords[] = []
    for await (const part of chunkListOf({ ...run, numberOn }, { number, entry }, [])) parts.push(part)
    return concatBytes(parts)
  }

  function openLarge(number: number, entry: FileEntry, base: ContentBase): Content {
    const { chunkSize, path } = entry
    const records = onceGood(() => listOf(number, entry))
    const reader = onceGood(
      async (): Promise<ChunkReader> =>
        createChunkReader({ run, file: { number, path }, records: await records(), underWay, borders }),
    )
    return {
      ...base,
      chunks: async () => ({ chunkSize, records: await records() }),
      async read(offset, length, given) {
        const signal = given?.signal ? AbortSignal.any([run.signal, given.signal]) : run.signal
        throwIfCancelled(signal)
        return await (await reader()).read(offset, length, signal)
      },
    }
  }

  return {
    open(number, entry, version) {
      const base: ContentBase = {
        size: entry.size,
        identity: `blob ${version}`,
        // Every byte was verified against the signed manifest: there is nothing left to ask.
        confirm: async (given) => throwIfCancelled(given?.signal),
        [Symbol.asyncDispose]: async () => undefined,
      }
      const small = smallOf(number, entry)
      return small ? openSmall(small, entry.chunkSize, base) : openLarge(number, entry, base)
    },
  }
}

/** Undefined for what does not go in batches. */
function smallOf(number: number, entry: ManifestEntry): SmallEntry | undefined {
  if (entry.kind !== 'file' || !isSmall(entry)) return undefined
  return { number, size: entry.size, path: entry.path, records: entry.content as ChunkRecords }
}

/** Done once; what failed is tried again by the next one who needs it. */
function onceGood<Result>(action: () => Promise<Result>): () => Promise<Result> {
  let done: Promise<Result> | undefined
  return () =>
    (done ??= action().catch((error: unknown) => {
      done = undefined
      throw error
    }))
}
