/**
 * Opens the store of a data directory: `index.db` (files and manifests, all of which can be found out again) and
 * `shares.db` (secrets, which cannot). A damaged database is set aside, never deleted; the index then starts empty, and
 * of the shares everything is kept that can still be read.
 */
import { existsSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { makePrivateDirectory } from '../../shared/directories.ts'
import { isDamage, openDatabase, setAside, suspicionPath, toStoreError } from './database.ts'
import type { Database, DatabaseSchema } from './database.ts'
import { filesSql, openDiskFiles } from './disk-files.ts'
import { objectsSql, openDiskObjects } from './disk-objects.ts'
import { decodeShareRow, openDiskShares, sharesSql } from './disk-shares.ts'
import type { ShareRecord, Store } from './store.ts'

const indexSchema: DatabaseSchema = {
  version: 1,
  sql: `${filesSql}; ${objectsSql}`,
  synchronous: 'normal',
  rebuildable: true,
}
const sharesSchema: DatabaseSchema = { version: 1, sql: sharesSql, synchronous: 'full', rebuildable: false }

/** A store on disk, with what gc and verify need besides. */
export interface DiskStore extends Store {
  readonly index: Database
  readonly sharesDatabase: Database
  /** For spools and other files that need not survive the process. */
  readonly temporaryDirectory: string
  /** Databases that were found damaged and set aside when this store was opened. */
  readonly setAside: readonly string[]
}

export interface OpenStoreOptions {
  readonly nowMs?: () => number
}

/**
 * @throws E_STORE when it is another user's, newer than this ferry, or locked for longer than 5 s; E_PERMISSION,
 * E_NO_SPACE, E_IO when the directory cannot be used.
 */
export function openStore(directory: string, options: OpenStoreOptions = {}): DiskStore {
  const nowMs = options.nowMs ?? Date.now
  const path = resolve(directory)
  const temporaryDirectory = join(path, 'tmp')
  makePrivateDirectory(path)
  makePrivateDirectory(temporaryDirectory)
  const asides: string[] = []
  const index = openOrRebuild(join(path, 'index.db'), indexSchema, nowMs, asides)
  let sharesDatabase: Database
  try {
    sharesDatabase = openShares(join(path, 'shares.db'), nowMs, asides)
  } catch (error) {
    index[Symbol.dispose]()
    throw error
  }
  return {
    directory: path,
    temporaryDirectory,
    setAside: asides,
    index,
    sharesDatabase,
    files: openDiskFiles(index),
    objects: openDiskObjects(index, nowMs),
    shares: openDiskShares(sharesDatabase),
    [Symbol.dispose]() {
      index[Symbol.dispose]()
      sharesDatabase[Symbol.dispose]()
    },
  }
}

function openShares(path: string, nowMs: () => number, asides: string[]): Database {
  const before = asides.length
  const database = openOrRebuild(path, sharesSchema, nowMs, asides)
  const aside = asides[before]
  if (aside !== undefined) {
    const shares = openDiskShares(database)
    for (const share of salvageShares(aside)) shares.put(share)
  }
  return database
}

/** Opens a database, or sets a damaged one aside (its path is added to `asides`) and begins a new one. */
export function openOrRebuild(
  path: string,
  schema: DatabaseSchema,
  nowMs: () => number,
  asides: string[],
): Database {
  try {
    const database = openDatabase(path, schema)
    if (!existsSync(suspicionPath(path))) return database
    // A query met damage in an earlier run. Opening reads too little to see it again.
    if (isSound(database)) {
      rmSync(suspicionPath(path), { force: true })
      return database
    }
    database[Symbol.dispose]()
  } catch (error) {
    if (!isDamage(error)) throw error
  }
  try {
    asides.push(setAside(path, new Date(nowMs())))
  } catch (error) {
    throw toStoreError(error, `Cannot set the damaged store "${path}" aside`)
  }
  return openDatabase(path, schema)
}

/** SQLite's own examination of the whole file. */
export function isSound(database: Database): boolean {
  try {
    return database.sql('PRAGMA integrity_check(1)').get()?.['integrity_check'] === 'ok'
  } catch (error) {
    if (isDamage(error)) return false
    throw error
  }
}

/** Every share that can still be read from a damaged database, one way or another. */
function salvageShares(path: string): ShareRecord[] {
  const found = new Map<string, ShareRecord>()
  // The two indexes of the table lead to its rows by different pages.
  for (const query of [
    'SELECT * FROM shares ORDER BY id',
    'SELECT * FROM shares ORDER BY id DESC',
    'SELECT * FROM shares ORDER BY key',
  ]) {
    let database: DatabaseSync | undefined
    try {
      database = new DatabaseSync(path, { readOnly: true })
      for (const row of database.prepare(query).iterate()) {
        const share = decodeShareRow(row)
        found.set(Buffer.from(share.id).toString('hex'), share)
      }
    } catch {
      // The rows before the damage are kept; another order may reach those behind it.
    } finally {
      database?.close()
    }
  }
  return [...found.values()]
}
