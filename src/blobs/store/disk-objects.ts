/**
 * Manifest roots, pages and chunk lists in SQLite. Each is named by its hash, and checked against it when read: what the
 * disk has changed counts as absent.
 */
import { chunkRecordBytes } from '../chunk-records.ts'
import { hash } from '../hash.ts'
import { equalBytes, nameChunkList } from '../manifest/nodes.ts'
import type { Database } from './database.ts'
import type { ObjectKind, ObjectTable } from './store.ts'

/** `added_at_ms` is renewed at every put, so that gc leaves alone what somebody is just about to refer to. */
export const objectsSql = `
  CREATE TABLE objects (
    id INTEGER PRIMARY KEY, hash BLOB NOT NULL, kind INTEGER NOT NULL, added_at_ms INTEGER NOT NULL, bytes BLOB NOT NULL);
  CREATE UNIQUE INDEX objects_hash ON objects (hash)`

export const objectKinds: readonly ObjectKind[] = ['root', 'page', 'list']

/**
 * True when a row's columns are an object of this name: a list is named by its nodes, everything else by its own hash.
 * They may be of any type, as damage may change that too.
 */
export function isObject(name: Uint8Array, kind: unknown, bytes: unknown): bytes is Uint8Array {
  if (!(bytes instanceof Uint8Array)) return false
  const isList = objectKinds[Number(kind)] === 'list'
  if (isList && bytes.byteLength % chunkRecordBytes !== 0) return false
  return equalBytes(isList ? nameChunkList(bytes).reference.blob : hash(bytes), name)
}

export function openDiskObjects(database: Database, nowMs: () => number): ObjectTable {
  const what = 'Cannot read a manifest from the store'
  return {
    get(name) {
      const row = database.read(what, () =>
        database.sql('SELECT kind, bytes FROM objects WHERE hash = ?').get(name),
      )
      if (row === undefined) return undefined
      const { kind, bytes } = row
      return isObject(name, kind, bytes) ? bytes : undefined
    },
    has: (name) =>
      database.read(what, () => database.sql('SELECT 1 FROM objects WHERE hash = ?').get(name)) !== undefined,
    putMany(objects) {
      database.write('Cannot write a manifest to the store', () => {
        const put = database.sql(
          `INSERT INTO objects (hash, kind, added_at_ms, bytes) VALUES (?, ?, ?, ?)
           ON CONFLICT (hash) DO UPDATE SET added_at_ms = excluded.added_at_ms, bytes = excluded.bytes`,
        )
        for (const object of objects)
          put.run(object.hash, objectKinds.indexOf(object.kind), nowMs(), object.bytes)
      })
    },
  }
}
