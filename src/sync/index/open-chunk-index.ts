/**
 * The chunk index of a place: a cache on this computer, and, where the place keeps records, the same beside the data for
 * other computers (docs/decisions/017-chunk-index.md).
 *
 * Invariant: a row or a list counts for one version of one file only, and a list that others could have written is given
 * out only when the file itself, or this computer's own memory, names the same content. So whatever lies in an index, a
 * file that is put together with its help is the right one, or as wrong as its old version was.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { hash } from '../../blobs/hash.ts'
import { nameChunkList } from '../../blobs/manifest/nodes.ts'
import { equalBytes, toHex } from '../../shared/bytes.ts'
import { createSemaphore } from '../../shared/concurrency.ts'
import { FerryError } from '../../shared/errors.ts'
import type { RunOptions } from '../../shared/options.ts'
import type { ChunkIndex } from '../chunk-index.ts'
import type { RemoteContext } from '../context.ts'
import type { Remote } from '../remote.ts'
import type { ChunkList, SyncEntry } from '../source.ts'
import { openBesideData } from './beside-data.ts'
import { openCacheFolder } from './cache-folder.ts'
import { decodeIndex, encodeIndex, indexIdBytes, isNewerIndex } from './index-codec.ts'
import { maxIndexBytes, maxIndexRows, maxListBytes } from './limits.ts'
import { decodeList, encodeList, listNameOf, type ListName } from './list-codec.ts'
import { nameOfPath, nameOfVersion } from './names.ts'
import { createRowTable, type Row } from './row-table.ts'

export interface ChunkIndexOptions {
  /** Read and keep it beside the data too. */
  readonly sidecar: boolean
  /** The location within the remote's place, such as the prefix of a bucket; together they name the cache. */
  readonly root: string
  /** False for a source: nothing is ever written beside it. Default true. */
  readonly writable?: boolean | undefined
}

/** Rows put before the cache is written by itself, at least; beyond that a quarter of all, so that it stays cheap. */
const rowsPerSave = 2000

type IndexedRemote = Pick<Remote, 'place' | 'url' | 'caps'>

/**
 * One request where there is nothing new beside the data, or nothing is known yet; two where there is news; none without
 * `sidecar`. What cannot be
 * read is told and made anew.
 * @throws E_CANCELLED
 */
export async function openChunkIndex(
  remote: IndexedRemote,
  context: Pick<RemoteContext, 'signal' | 'stateDirectory' | 'warn'>,
  { sidecar, root, writable = true }: ChunkIndexOptions,
): Promise<ChunkIndex> {
  const { caps } = remote
  const warn = warnOnce(context.warn)
  const key = toHex(hash(new TextEncoder().encode(`${remote.place}\0${root}`)).subarray(0, 16))
  const cache = openCacheFolder(join(context.stateDirectory, 'index', key))
  const beside =
    sidecar && caps.records
      ? openBesideData({
          records: caps.records,
          mayWrite: writable,
          warn,
          url: remote.url,
        })
      : undefined
  const rows = createRowTable()
  /** Rows differ from those of the cache, and from those beside the data. */
  const isDirty = { cache: false, beside: false }
  /** The state beside the data that the rows are in step with. */
  let besideId: Uint8Array | undefined
  let puts = 0
  let isSwept = false
  const saving = createSemaphore(1)
  /** Lists of versions that are no more, by the names of their files. */
  const staleLists = new Map<string, ListName>()

  const run = (given: RunOptions | undefined): RunOptions => ({ signal: given?.signal ?? context.signal })
  const listFile = ({ path, version }: ListName): string => `lists/${path}-${version}`

  /** What this computer cannot keep it learns again. */
  async function inCache<Result>(action: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await action()
    } catch (error) {
      if (!(error instanceof FerryError)) throw error
      warn(`What ferry remembers of "${remote.url}" is not kept: ${error.message}`)
      return undefined
    }
  }

  async function readCache(): Promise<void> {
    const bytes = await inCache(() => cache.read('rows', maxIndexBytes))
    if (!bytes) return
    try {
      const id = decodeIndex(bytes, maxIndexRows, rows.put)
      if (id.some((byte) => byte !== 0)) besideId = id
    } catch (error) {
      if (!(error instanceof FerryError)) throw error
      const reason = isNewerIndex(bytes) ? 'a newer ferry has written it' : error.message
      warn(`What ferry remembers of "${remote.url}" is made anew: ${reason}`)
    }
  }

  /** Others may have been here since: their rows replace ours of other versions. What is guarded is as good as our own. */
  function hear(row: Row, isGuarded: boolean): void {
    const place = rows.find(row.path)
    if (place >= 0 ? rows.isVersion(place, row.version) : rows.size >= maxIndexRows) return
    rows.put({ ...row, isOwn: isGuarded })
    isDirty.cache = true
  }

  async function readBeside(): Promise<void> {
    if (!beside) return
    const id = await beside.readRows(besideId, hear, run(undefined))
    if (!id) isDirty.beside = rows.size > 0
    else if (!besideId || !equalBytes(id, besideId)) isDirty.cache = true
    besideId = id
  }

  function rowOf(path: Uint8Array, version: Uint8Array): Row | undefined {
    const place = rows.find(path)
    return place >= 0 && rows.isVersion(place, version) ? rows.at(place) : undefined
  }

  /** The list of the row's version will not be asked for again. */
  function forgetList({ blob, path, version }: Row): void {
    if (!blob) return
    const name = listNameOf(path, version)
    staleLists.set(listFile(name), name)
  }

  async function readList(entry: SyncEntry, bytes: Uint8Array | undefined): Promise<ChunkList | undefined> {
    if (!bytes) return undefined
    try {
      return decodeList(bytes, entry)
    } catch (error) {
      if (!(error instanceof FerryError)) throw error
      warn(error.message)
      return undefined
    }
  }

  /** Whether a list that lay beside the data is what it says it is. */
  async function isVouchedFor(
    entry: SyncEntry,
    name: ListName,
    list: ChunkList,
    known: Row | undefined,
    given: RunOptions,
  ): Promise<boolean> {
    const { blob } = nameChunkList(list.records).reference
    if (known?.isOwn && known.blob) return equalBytes(known.blob, blob)
    if (await beside?.isGuarded(name, given)) return true
    const told = entry.blob ? entry : await caps.describe?.(entry, given)
    return told?.version === entry.version && told.blob !== undefined && equalBytes(told.blob, blob)
  }

  /** Writes one after the other: an older state must not replace a newer one. */
  async function saveCache(): Promise<void> {
    const release = await saving.acquire()
    try {
      if (!isDirty.cache) return
      isDirty.cache = false
      puts = 0
      await inCache(() => cache.write('rows', encodeIndex(rows, besideId ?? new Uint8Array(indexIdBytes))))
      if (!isSwept) await cache.sweep(['.', 'lists'])
      isSwept = true
    } finally {
      release()
    }
  }

  async function saveBeside(options: RunOptions): Promise<void> {
    if (!beside || !isDirty.beside) return
    isDirty.beside = false
    const id = new Uint8Array(randomBytes(indexIdBytes))
    if (!(await beside.writeRows(rows, id, options))) return
    besideId = id
    isDirty.cache = true
  }

  async function removeStale(options: RunOptions): Promise<void> {
    const names = [...staleLists.values()]
    staleLists.clear()
    await inCache(async () => {
      for (const name of names) await cache.remove(listFile(name))
    })
    await beside?.removeLists(names, options)
  }

  /** Of a place whose versions tell not all, a list can be shown to be wrong; then nothing of it is kept. */
  function doubted(list: ChunkList, path: Uint8Array, version: Uint8Array): ChunkList {
    if (!caps.weakVersions) return list
    const forget = (): void => {
      const name = listNameOf(path, version)
      staleLists.set(listFile(name), name)
      const place = rows.find(path)
      if (place < 0 || !rows.isVersion(place, version)) return
      rows.remove(place)
      isDirty.cache = true
      isDirty.beside = true
    }
    return { ...list, forget }
  }

  await readCache()
  await readBeside()

  return {
    find(entry) {
      const row = rowOf(nameOfPath(entry.path), nameOfVersion(entry))
      if (!row) return undefined
      // What others say of times can at most save a transfer, as times themselves can; a hash would be taken as proof.
      const blob = row.isOwn ? row.blob?.slice() : undefined
      return { mtimeNs: row.mtimeNs, mode: row.mode, blob, chunkSize: row.chunkSize }
    },
    async chunks(entry, options) {
      if (entry.size < caps.leastDeltaBytes) return undefined
      const path = nameOfPath(entry.path)
      const version = nameOfVersion(entry)
      const name = listNameOf(path, version)
      const kept = await inCache(() => cache.read(listFile(name), maxListBytes(entry.size)))
      const own = await readList(entry, kept)
      if (own) return doubted(own, path, version)
      const bytes = await beside?.readList(name, maxListBytes(entry.size), run(options))
      const heard = await readList(entry, bytes)
      if (!heard || !(await isVouchedFor(entry, name, heard, rowOf(path, version), run(options))))
        return undefined
      await inCache(() => cache.write(listFile(name), encodeList(entry, heard)))
      return doubted(heard, path, version)
    },
    async put(entry, list, options) {
      const path = nameOfPath(entry.path)
      const version = nameOfVersion(entry)
      const place = rows.find(path)
      const before = place >= 0 ? rows.at(place) : undefined
      const isSame = place >= 0 && rows.isVersion(place, version)
      if (before && !isSame) forgetList(before)
      if (place < 0 && rows.size >= maxIndexRows)
        return warn(`Only ${maxIndexRows} files of "${remote.url}" are remembered`)
      // Small files go whole: their lists would cost more than they save.
      const kept = entry.size >= caps.leastDeltaBytes ? list : undefined
      const content = kept
        ? { chunkSize: kept.chunkSize, blob: nameChunkList(kept.records).reference.blob, isOwn: true }
        : contentOf(isSame ? before : undefined)
      rows.put({ path, version, mtimeNs: entry.mtimeNs, mode: entry.mode, ...content })
      isDirty.cache = true
      isDirty.beside = true
      if (kept) {
        const bytes = encodeList(entry, kept)
        const name = listNameOf(path, version)
        staleLists.delete(listFile(name))
        await inCache(() => cache.write(listFile(name), bytes))
        await beside?.writeList(name, bytes, run(options))
      }
      if (++puts >= Math.max(rowsPerSave, rows.size / 4)) await saveCache()
    },
    remove(path) {
      const place = rows.find(nameOfPath(path))
      const row = place >= 0 ? rows.at(place) : undefined
      if (!row) return
      forgetList(row)
      rows.remove(place)
      isDirty.cache = true
      isDirty.beside = true
    },
    async save(options) {
      await saveBeside(run(options))
      await saveCache()
      await removeStale(run(options))
    },
    async [Symbol.asyncDispose]() {
      await saveCache()
    },
  }
}

/** What stays known of the content of a version whose times or mode are told anew. Hearsay does not become more. */
function contentOf(row: Row | undefined): Pick<Row, 'chunkSize' | 'blob' | 'isOwn'> {
  if (!row?.blob) return { chunkSize: 0, blob: undefined, isOwn: true }
  return { chunkSize: row.chunkSize, blob: row.blob.slice(), isOwn: row.isOwn }
}

/** The same trouble with every file is one message. */
function warnOnce(warn: (message: string) => void): (message: string) => void {
  const told = new Set<string>()
  return (message) => {
    if (told.has(message) || told.size >= maxWarnings) return
    told.add(message)
    warn(message)
  }
}

/** Different ones of one index. */
const maxWarnings = 20
