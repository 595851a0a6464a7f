/** How much the store holds, counted by SQLite without reading what is counted. */
import { objectKinds } from './disk-objects.ts'
import { fileSizeColumn } from './disk-files.ts'
import { directoryBytes } from './gc.ts'
import type { DiskStore } from './open-store.ts'

export interface StoreSize {
  readonly databaseBytes: number
  /** Files of the user that the index knows, and the sum of their sizes. */
  readonly files: number
  readonly fileBytes: number
  readonly shares: number
  /** Manifests (roots), and all their pieces. */
  readonly manifests: number
  readonly objects: number
  readonly objectBytes: number
}

/** @throws E_STORE */
export function measureStore(store: DiskStore): StoreSize {
  const { index } = store
  return index.read('Cannot look at the store', () => {
    let files = 0
    let fileBytes = 0
    for (const row of index.sql(`SELECT ${fileSizeColumn} AS size FROM files`).iterate()) {
      files++
      fileBytes += readSize(row['size'])
    }
    const objects = index.sql('SELECT count(*) AS count, total(length(bytes)) AS bytes FROM objects').get()
    const manifests = index
      .sql('SELECT count(*) AS count FROM objects WHERE kind = ?')
      .get(objectKinds.indexOf('root'))
    return {
      databaseBytes: directoryBytes(store.directory),
      files,
      fileBytes,
      shares: store.shares.list().length,
      manifests: Number(manifests?.['count']),
      objects: Number(objects?.['count']),
      objectBytes: Number(objects?.['bytes']),
    }
  })
}

function readSize(column: unknown): number {
  if (!(column instanceof Uint8Array) || column.byteLength !== 8) return 0
  return Number(new DataView(column.buffer, column.byteOffset, 8).getBigUint64(0, true))
}
