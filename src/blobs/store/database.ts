/**
 * One SQLite database: opened with the settings that every one of ours has, its schema made or checked, its errors turned
 * into `FerryError`s that say what the user can do. SQL itself stands where the tables are used.
 */
import { closeSync, existsSync, fchmodSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { StatementSync } from 'node:sqlite'
import { FerryError, isSystemError, toFerryError } from '../../shared/errors.ts'

export interface DatabaseSchema {
  /** Kept in `user_version`. */
  readonly version: number
  /** Makes the tables of that version in an empty database. */
  readonly sql: string
  /**
   * `full` survives a power cut with every commit, `normal` may lose the last ones but stays whole: enough for what can
   * be found out again.
   */
  readonly synchronous: 'normal' | 'full'
  /** Its content can be found out again: on a full disk it may then be changed in place, without a safe journal. */
  readonly rebuildable: boolean
}

export interface Database extends Disposable {
  readonly path: string
  /** Prepares once and keeps the statement. */
  sql(text: string): StatementSync
  /** Runs `body` in one transaction that takes the write lock first; undone when it throws. */
  write<Result>(what: string, body: () => Result): Result
  /** Runs `body`, and turns what SQLite throws into a `FerryError` that begins with `Cannot <what>`. */
  read<Result>(what: string, body: () => Result): Result
  /** For damage that SQLite does not see: the next start examines the database. @throws E_STORE always */
  reportDamage(what: string): never
}

/** How long to wait for another process that is writing. Its transactions are batches of milliseconds. */
const busyTimeoutMs = 5000

/** SQLite's primary result codes. */
const resultCodes = {
  busy: 5,
  locked: 6,
  readOnly: 8,
  io: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  notDatabase: 26,
}

function resultCode(error: unknown): number | undefined {
  if (!isSystemError(error) || error.code !== 'ERR_SQLITE_ERROR' || !('errcode' in error)) return undefined
  return (error.errcode as number) & 0xff
}

/** True when SQLite found that the file is no database, or a broken one. */
export function isDamage(error: unknown): boolean {
  const code = resultCode(error instanceof FerryError ? error.cause : error)
  return code === resultCodes.corrupt || code === resultCodes.notDatabase
}

/** What SQLite threw, as an error for the user. */
export function toStoreError(error: unknown, what: string): FerryError {
  if (error instanceof FerryError) return error
  const code = resultCode(error)
  const explain = (
    kind: 'E_STORE' | 'E_NO_SPACE' | 'E_PERMISSION' | 'E_IO',
    reason: string,
    hint: string,
    retryable = false,
  ): FerryError => new FerryError(kind, `${what}: ${reason}`, { cause: error, hint, retryable })
  if (code === resultCodes.busy || code === resultCodes.locked)
    return explain(
      'E_STORE',
      'another program is using the store',
      'wait for it to end, then try again',
      true,
    )
  if (code === resultCodes.corrupt || code === resultCodes.notDatabase) return damaged(what, error)
  if (code === resultCodes.full)
    return explain('E_NO_SPACE', 'the disk is full', 'free some space, for instance with: ferry store gc')
  if (code === resultCodes.readOnly || code === resultCodes.cannotOpen)
    return explain('E_PERMISSION', 'the store cannot be written', writableHint)
  if (code === resultCodes.io)
    return explain('E_IO', 'the disk reported an error', 'check the disk, or set FERRY_STORE to another one')
  const failure = toFerryError(error, what)
  if (failure.code !== 'E_PERMISSION') return failure
  return explain('E_PERMISSION', failure.message.slice(what.length + 2), writableHint)
}

const writableHint = 'set FERRY_STORE to a folder that you can write to'

function damaged(what: string, cause: unknown): FerryError {
  return new FerryError('E_STORE', `${what}: the store is damaged`, {
    cause,
    hint: 'run the same command again: ferry then rebuilds it',
  })
}

/** The file beside a database that says: damage was seen, examine it before the next use. */
export function suspicionPath(path: string): string {
  return `${path}.suspect`
}

/** @throws E_STORE (damaged, newer, locked), E_PERMISSION, E_NO_SPACE */
export function openDatabase(path: string, schema: DatabaseSchema): Database {
  const what = `Cannot open the store "${path}"`
  try {
    // SQLite gives its own files the mode of the database, so this must be right before it opens it.
    const file = openSync(path, 'a', 0o600)
    if (process.getuid !== undefined) fchmodSync(file, 0o600)
    closeSync(file)
    return wrap(path, connect(path, schema, what))
  } catch (error) {
    throw toStoreError(error, what)
  }
}

function connect(path: string, schema: DatabaseSchema, what: string): DatabaseSync {
  const attempt = (prepare: (database: DatabaseSync) => void): DatabaseSync => {
    const database = new DatabaseSync(path, { timeout: busyTimeoutMs })
    try {
      prepare(database)
      return database
    } catch (error) {
      database.close()
      throw error
    }
  }
  try {
    return attempt((database) => prepareSchema(database, schema, what))
  } catch (error) {
    if (!meansNoRoom(error)) throw error
    try {
      return attempt((database) => prepareWithoutRoom(database, schema, what))
    } catch {
      throw error
    }
  }
}

/** A full disk has no room for the memory that processes share, and SQLite then reports an error of the disk. */
function meansNoRoom(error: unknown): boolean {
  const code = resultCode(error)
  return code === resultCodes.full || code === resultCodes.io || code === resultCodes.cannotOpen
}

/**
 * For looking and tidying up on a full disk: alone, so without shared memory, and what is rebuildable without a journal
 * file, so that deleting needs no room.
 */
function prepareWithoutRoom(database: DatabaseSync, schema: DatabaseSchema, what: string): void {
  database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = MEMORY')
  if (schemaVersion(database) !== schema.version)
    throw new FerryError('E_NO_SPACE', `${what}: the disk is full`, {
      hint: 'free some space, then try again',
    })
  if (schema.rebuildable) database.exec('PRAGMA journal_mode = MEMORY')
}

function schemaVersion(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.['user_version'])
}

function prepareSchema(database: DatabaseSync, schema: DatabaseSchema, what: string): void {
  const found = schemaVersion(database)
  if (found > schema.version)
    throw new FerryError('E_STORE', `${what}: a newer ferry has written it (version ${found})`, {
      hint: 'update ferry, or set FERRY_STORE to another folder',
    })
  // Must stand before the first table; lets gc give space back without a copy of the database.
  if (found === 0) database.exec('PRAGMA auto_vacuum = INCREMENTAL')
  database.exec(
    `PRAGMA journal_mode = WAL; PRAGMA synchronous = ${schema.synchronous}; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF`,
  )
  if (found === schema.version) return
  database.exec('BEGIN IMMEDIATE')
  try {
    // Another process may have made the tables while this one waited for the lock.
    if (schemaVersion(database) < schema.version)
      database.exec(`${schema.sql}; PRAGMA user_version = ${schema.version}`)
    database.exec('COMMIT')
  } catch (error) {
    rollBack(database)
    throw error
  }
}

function wrap(path: string, database: DatabaseSync): Database {
  const statements = new Map<string, StatementSync>()
  const fail = (error: unknown, what: string): never => {
    if (isDamage(error)) noteSuspicion(path)
    throw toStoreError(error, what)
  }
  return {
    path,
    sql(text) {
      let statement = statements.get(text)
      if (statement === undefined) {
        statement = database.prepare(text)
        statements.set(text, statement)
      }
      return statement
    },
    write(what, body) {
      try {
        database.exec('BEGIN IMMEDIATE')
        const result = body()
        database.exec('COMMIT')
        return result
      } catch (error) {
        rollBack(database)
        return fail(error, what)
      }
    },
    read(what, body) {
      try {
        return body()
      } catch (error) {
        return fail(error, what)
      }
    },
    reportDamage(failed) {
      noteSuspicion(path)
      throw damaged(failed, undefined)
    },
    [Symbol.dispose]() {
      if (database.isOpen) database.close()
    },
  }
}

function rollBack(database: DatabaseSync): void {
  // A full disk or damage may have undone the transaction already.
  if (database.isTransaction) database.exec('ROLLBACK')
}

function noteSuspicion(path: string): void {
  try {
    writeFileSync(suspicionPath(path), '', { mode: 0o600 })
  } catch {
    // On a full or read-only disk the next open finds the damage by itself, or not at all: no worse than without.
  }
}

/** Moves a database and its companions out of the way; the path it has now. */
export function setAside(path: string, now: Date): string {
  const aside = `${path}.damaged-${now.toISOString().replaceAll(':', '')}`
  for (const suffix of ['', '-wal', '-shm'])
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix)
  rmSync(suspicionPath(path), { force: true })
  return aside
}
