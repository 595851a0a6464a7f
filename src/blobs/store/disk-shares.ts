/**
 * The shares in SQLite, in a database of their own: a lost index costs some reading, a lost secret costs the ticket that
 * somebody has written down. What is not damaged together cannot be lost together.
 */
import { FerryError } from '../../shared/errors.ts'
import type { Database } from './database.ts'
import type { ShareRecord, ShareTable } from './store.ts'

export const sharesSql = `
  CREATE TABLE shares (
    id BLOB PRIMARY KEY, key TEXT NOT NULL UNIQUE, secret BLOB NOT NULL, name TEXT NOT NULL, sources TEXT NOT NULL,
    port INTEGER NOT NULL, created_at_ms INTEGER NOT NULL, expires_at_ms INTEGER, once INTEGER NOT NULL,
    downloads INTEGER NOT NULL, allow TEXT NOT NULL, root BLOB, signature BLOB) WITHOUT ROWID`

type Row = Readonly<Record<string, unknown>>

const optional = (value: unknown): unknown => (value === null ? undefined : value)

/** A row as a share. Throws when it is not one, which only damage can bring about. */
export function decodeShareRow(row: Row): ShareRecord {
  return {
    id: row['id'] as Uint8Array,
    secret: row['secret'] as Uint8Array,
    key: row['key'] as string,
    name: row['name'] as string,
    sources: new Map(JSON.parse(row['sources'] as string) as [string, string][]),
    port: row['port'] as number,
    createdAtMs: row['created_at_ms'] as number,
    expiresAtMs: optional(row['expires_at_ms']) as number | undefined,
    once: row['once'] === 1,
    downloads: row['downloads'] as number,
    allow: JSON.parse(row['allow'] as string) as string[],
    root: optional(row['root']) as Uint8Array | undefined,
    signature: optional(row['signature']) as Uint8Array | undefined,
  }
}

export function openDiskShares(database: Database): ShareTable {
  const reading = 'Cannot read the remembered shares'
  const writing = 'Cannot remember the share'
  const one = (sql: string, value: string | Uint8Array): ShareRecord | undefined =>
    database.read(reading, () => {
      const row = database.sql(sql).get(value)
      return row === undefined ? undefined : decodeShareRow(row)
    })
  return {
    byKey: (key) => one('SELECT * FROM shares WHERE key = ?', key),
    byId: (id) => one('SELECT * FROM shares WHERE id = ?', id),
    list: () =>
      database.read(reading, () =>
        database.sql('SELECT * FROM shares ORDER BY created_at_ms, id').all().map(decodeShareRow),
      ),
    put(share) {
      database.write(writing, () => {
        // A fresh share of the same sources takes the place of the old one.
        database.sql('DELETE FROM shares WHERE key = ? AND id <> ?').run(share.key, share.id)
        database
          .sql(
            // Another process may have counted a download since the caller read its record.
            `INSERT INTO shares VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (id) DO UPDATE SET key = excluded.key, secret = excluded.secret, name = excluded.name,
               sources = excluded.sources, port = excluded.port, expires_at_ms = excluded.expires_at_ms,
               once = excluded.once, downloads = max(downloads, excluded.downloads), allow = excluded.allow,
               root = excluded.root, signature = excluded.signature`,
          )
          .run(
            share.id,
            share.key,
            share.secret,
            share.name,
            JSON.stringify([...share.sources]),
            share.port,
            share.createdAtMs,
            share.expiresAtMs ?? null,
            share.once ? 1 : 0,
            share.downloads,
            JSON.stringify(share.allow),
            share.root ?? null,
            share.signature ?? null,
          )
      })
    },
    countDownload: (id) =>
      database.write('Cannot count a download', () => {
        const row = database
          .sql('UPDATE shares SET downloads = downloads + 1 WHERE id = ? RETURNING downloads')
          .get(id)
        if (row === undefined)
          throw new FerryError('E_NOT_FOUND', 'Cannot count a download: the share is not in the store')
        return row['downloads'] as number
      }),
    remove(id) {
      database.write('Cannot remove the share', () => database.sql('DELETE FROM shares WHERE id = ?').run(id))
    },
  }
}
