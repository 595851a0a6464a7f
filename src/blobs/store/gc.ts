/**
 * Gives back what the store no longer needs: shares that have ended, manifests that neither a share nor a recent receive
 * leads to, rows of files that are gone, leftovers of processes that died. Only what is older than a day goes, so another
 * process that is just storing a manifest loses nothing. Works on a full disk: what frees most comes first.
 */
import { lstatSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { throwIfCancelled } from '../../shared/concurrency.ts'
import { FerryError, isSystemError } from '../../shared/errors.ts'
import type { OnProgress, RunOptions } from '../../shared/options.ts'
import { decodePage } from '../manifest/page.ts'
import { decodeRoot } from '../manifest/root.ts'
import { objectKinds } from './disk-objects.ts'
import type { DiskStore } from './open-store.ts'
import type { ObjectTable, ShareRecord } from './store.ts'

export interface GarbageCount {
  readonly removedFiles: number
  readonly removedObjects: number
  readonly removedShares: number
  /** Bytes by which the data directory became smaller. */
  readonly freedBytes: number
}

export interface GarbageOptions extends RunOptions<GarbageProgress> {
  readonly nowMs?: number
}

/** Rows of files looked at so far, and all of them. */
export interface GarbageProgress {
  readonly files: number
  readonly totalFiles: number
}

const dayMs = 24 * 60 * 60 * 1000
/** Younger objects may belong to a manifest that is still being stored, and younger temporary files to a process. */
const graceMs = dayMs
/** The manifest of a receive is kept this long, so that its next version costs its changes only. */
const receiveMs = 30 * dayMs
/** Databases set aside as damaged are kept this long, should somebody want to look at them. */
const asideMs = 30 * dayMs
/** Rows a transaction or a look at the event loop. */
const batchRows = 1000

/** @throws E_STORE; E_CANCELLED between two batches: what was removed until then stays removed */
export async function collectGarbage(store: DiskStore, options: GarbageOptions = {}): Promise<GarbageCount> {
  const nowMs = options.nowMs ?? Date.now()
  const before = directoryBytes(store.directory)
  removeOld(store.temporaryDirectory, isOrphan, nowMs - graceMs)
  removeOld(store.directory, (name) => name.includes('.damaged-'), nowMs - asideMs)
  const removedShares = removeEndedShares(store, nowMs)
  const removedObjects = removeObjects(store, nowMs)
  const removedFiles = await removeVanishedFiles(store, options)
  compact(store)
  return {
    removedFiles,
    removedObjects,
    removedShares,
    freedBytes: Math.max(0, before - directoryBytes(store.directory)),
  }
}

/** Bytes of all files directly in the data directory and its temporary one. */
export function directoryBytes(directory: string): number {
  let bytes = 0
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true }))
    if (entry.isFile()) bytes += sizeOf(join(entry.parentPath, entry.name))
  return bytes
}

function sizeOf(path: string): number {
  // It may go at any moment: another process is at work here too.
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

function removeOld(directory: string, isLeftover: (name: string) => boolean, olderThanMs: number): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (!isLeftover(entry.name)) continue
    const path = join(directory, entry.name)
    const stat = lstatSync(path, { throwIfNoEntry: false })
    if (stat !== undefined && stat.uid === (process.getuid?.() ?? stat.uid) && stat.mtimeMs < olderThanMs)
      rmSync(path, { recursive: true, force: true })
  }
}

/**
 * Temporary names are `<kind>-<process id>-<random>`. What a running process made is its own to remove, however old: a
 * share may serve its spool for weeks.
 */
function isOrphan(name: string): boolean {
  const id = /^[a-z]+-(\d+)-/.exec(name)?.[1]
  if (id === undefined) return true
  try {
    process.kill(Number(id), 0)
    return false
  } catch (error) {
    // EPERM: there is one, of another user; the number is in use again.
    return isSystemError(error) && error.code === 'ESRCH'
  }
}

function removeEndedShares(store: DiskStore, nowMs: number): number {
  const hasEnded = (share: ShareRecord): boolean =>
    (share.expiresAtMs !== undefined && share.expiresAtMs <= nowMs) || (share.once && share.downloads > 0)
  const ended = store.shares.list().filter(hasEnded)
  try {
    for (const share of ended) store.shares.remove(share.id)
  } catch (error) {
    // Secrets are never changed without a journal, and on a full disk there is no room for one: next time.
    if (error instanceof FerryError && error.code === 'E_NO_SPACE') return 0
    throw error
  }
  return ended.length
}

const keyOf = (hash: Uint8Array): string => Buffer.from(hash).toString('latin1')

/** One transaction: no other process can refer to an object between the look at it and its removal. */
function removeObjects(store: DiskStore, nowMs: number): number {
  const { index, objects } = store
  return index.write('Cannot tidy up the store', () => {
    const needed = new Set<string>()
    for (const share of store.shares.list())
      if (share.root !== undefined) markManifest(objects, share.root, needed)
    const recentRoots = index
      .sql('SELECT hash FROM objects WHERE kind = ? AND added_at_ms >= ?')
      .all(objectKinds.indexOf('root'), nowMs - receiveMs)
    for (const row of recentRoots) markManifest(objects, row['hash'] as Uint8Array, needed)

    const old = index.sql('SELECT id, hash FROM objects WHERE added_at_ms < ?').all(nowMs - graceMs)
    const remove = index.sql('DELETE FROM objects WHERE id = ?')
    let removed = 0
    for (const row of old) {
      if (needed.has(keyOf(row['hash'] as Uint8Array))) continue
      remove.run(row['id'] as number)
      removed++
    }
    return removed
  })
}

/** Marks the root, its pages, and the chunk lists that they name. What cannot be read needs nothing. */
function markManifest(objects: ObjectTable, rootHash: Uint8Array, needed: Set<string>): void {
  const rootObject = objects.get(rootHash)
  if (rootObject === undefined || needed.has(keyOf(rootHash))) return
  needed.add(keyOf(rootHash))
  const root = decodeRoot(rootObject)
  for (let number = 0; number < root.pageCount; number++) {
    const { hash } = root.page(number)
    const page = objects.get(hash)
    if (page === undefined || needed.has(keyOf(hash))) continue
    needed.add(keyOf(hash))
    for (const entry of decodePage(page))
      if (entry.kind === 'file' && !(entry.content instanceof Uint8Array))
        needed.add(keyOf(entry.content.blob))
  }
}

async function removeVanishedFiles(store: DiskStore, options: GarbageOptions): Promise<number> {
  const { index } = store
  const what = 'Cannot read the index of files'
  const report: OnProgress<GarbageProgress> = options.onProgress ?? (() => undefined)
  const totalFiles = index.read(
    what,
    () => index.sql('SELECT count(*) AS count FROM files').get()?.['count'] as number,
  )
  let files = 0
  let removed = 0
  for (let last: string | undefined = ''; last !== undefined; ) {
    throwIfCancelled(options.signal)
    // The index on the path answers this alone, without the rows.
    const paths: string[] = index.read(what, () =>
      index
        .sql('SELECT path FROM files WHERE path > ? ORDER BY path LIMIT ?')
        .all(last as string, batchRows)
        .map((row) => String(row['path'])),
    )
    const vanished = paths.filter(isGone)
    if (vanished.length > 0) store.files.removeMany(vanished)
    files += paths.length
    removed += vanished.length
    report({ files, totalFiles })
    last = paths.at(-1)
    await setImmediate()
  }
  return removed
}

/** True when there is certainly no such file; a folder that cannot be read says nothing. */
function isGone(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) === undefined
  } catch (error) {
    return isSystemError(error) && error.code === 'ENOTDIR'
  }
}

/** Gives free pages back to the file system; the log goes first, as it may be larger than the database. */
function compact(store: DiskStore): void {
  for (const database of [store.index, store.sharesDatabase]) {
    database.read('Cannot compact the store', () => {
      database.sql('PRAGMA incremental_vacuum').all()
      database.sql('PRAGMA wal_checkpoint(TRUNCATE)').all()
    })
  }
}
