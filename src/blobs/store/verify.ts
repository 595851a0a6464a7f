/**
 * Examines the whole store: SQLite's own check, every object against its name, and every known file against its chunks.
 * What does not hold is removed, so that nothing false is believed later. The user's files are only read.
 */
import { lstatSync } from 'node:fs'
import { mapBounded, throwIfCancelled } from '../../shared/concurrency.ts'
import { FerryError, isSystemError } from '../../shared/errors.ts'
import type { RunOptions } from '../../shared/options.ts'
import { equalFingerprints } from '../fingerprint.ts'
import { watchMovedBytes } from '../worker/moved-bytes.ts'
import type { WorkerPool } from '../worker/pool.ts'
import { isObject } from './disk-objects.ts'
import { isSound } from './open-store.ts'
import type { DiskStore } from './open-store.ts'
import type { IndexedFile } from './store.ts'

export interface VerifyCount {
  readonly files: number
  readonly bytes: number
  /** Files whose bytes are no longer those recorded; their rows were removed. */
  readonly changed: number
  readonly missing: number
  /** Manifest pieces that were not what their name says; they were removed. */
  readonly damagedObjects: number
}

/** Files and their bytes examined so far. */
export interface VerifyProgress {
  readonly files: number
  readonly bytes: number
}

/** A batch for one worker: enough to keep it busy, few enough for progress to move. */
const batchFiles = 256
const batchBytes = 64 << 20

/**
 * @throws E_STORE when a database itself is broken (the next start rebuilds it); E_CANCELLED when the signal fires
 */
export async function verifyStore(
  store: DiskStore,
  pool: WorkerPool,
  options: RunOptions<VerifyProgress> = {},
): Promise<VerifyCount> {
  for (const database of [store.index, store.sharesDatabase])
    if (!isSound(database)) database.reportDamage('Cannot verify the store')
  const damagedObjects = removeDamagedObjects(store, options)
  let files = 0
  let bytes = 0
  let changed = 0
  let missing = 0
  /** As far as anything has told, batches that ended or files that are being read. */
  let told = 0
  const tell = (bytesSoFar: number): void => {
    told = Math.max(told, bytesSoFar)
    options.onProgress?.({ files, bytes: told })
  }
  using moving = watchMovedBytes(tell)
  await mapBounded(
    batchesOf(store.files.all()),
    async (batch) => {
      throwIfCancelled(options.signal)
      const gone = batch.filter((file) => !exists(file.path))
      const present = batch.filter((file) => !gone.includes(file))
      const { equal } = await pool.run('compareFiles', {
        files: present.map(({ path, records }) => ({ path, records })),
        moved: moving.moved,
      })
      const different = present.filter((file, index) => {
        const found = equal[index]
        return found === undefined || !equalFingerprints(found, file.fingerprint)
      })
      store.files.removeMany([...gone, ...different].map((file) => file.path))
      missing += gone.length
      changed += different.length
      files += batch.length
      for (const file of batch) bytes += file.fingerprint.size
      tell(bytes)
    },
    { limit: pool.size, signal: options.signal },
  )
  return { files, bytes, changed, missing, damagedObjects }
}

function* batchesOf(files: Iterable<IndexedFile>): IterableIterator<IndexedFile[]> {
  let batch: IndexedFile[] = []
  let bytes = 0
  for (const file of files) {
    batch.push(file)
    bytes += file.fingerprint.size
    if (batch.length < batchFiles && bytes < batchBytes) continue
    yield batch
    batch = []
    bytes = 0
  }
  if (batch.length > 0) yield batch
}

function exists(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined
  } catch (error) {
    return !(isSystemError(error) && error.code === 'ENOTDIR')
  }
}

function removeDamagedObjects(store: DiskStore, options: RunOptions<VerifyProgress>): number {
  const { index } = store
  const damaged: number[] = []
  index.read('Cannot verify the store', () => {
    for (const row of index.sql('SELECT id, hash, kind, bytes FROM objects').iterate()) {
      if (options.signal?.aborted === true)
        throw new FerryError('E_CANCELLED', 'Cannot verify the store: stopped')
      const name = row['hash']
      if (!(name instanceof Uint8Array) || !isObject(name, row['kind'], row['bytes']))
        damaged.push(row['id'] as number)
    }
  })
  index.write('Cannot remove damaged objects', () => {
    for (const id of damaged) index.sql('DELETE FROM objects WHERE id = ?').run(id)
  })
  return damaged.length
}
