/**
 * The jobs in SQLite, in a database of their own beside those of the store: written every other second while something
 * runs, opened only by the one process that runs jobs for others, and of no harm to tickets when it is damaged. It holds
 * the tickets of receives that are not done, so nobody else may read it.
 */
import { join, resolve } from 'node:path'
import { makePrivateDirectory } from '../../shared/directories.ts'
import type { Database, DatabaseSchema } from './database.ts'
import type { JobTable, StoredEnd, StoredJob } from './job-table.ts'
import { maxEndsKept, maxJobsKept } from './job-table.ts'
import { openOrRebuild } from './open-store.ts'

const schema: DatabaseSchema = {
  version: 1,
  sql: `
    CREATE TABLE jobs (
      id TEXT PRIMARY KEY, state TEXT NOT NULL, created_at_ms INTEGER NOT NULL, started_at_ms INTEGER NOT NULL,
      ended_at_ms INTEGER, attempts INTEGER NOT NULL, spec TEXT NOT NULL, extra TEXT NOT NULL, snapshot TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE ends (
      id TEXT NOT NULL, attempts INTEGER NOT NULL, ended_at_ms INTEGER NOT NULL, row TEXT NOT NULL,
      PRIMARY KEY (id, attempts)) WITHOUT ROWID;
    CREATE INDEX ends_time ON ends (ended_at_ms)`,
  synchronous: 'full',
  rebuildable: false,
}

export interface DiskJobs extends JobTable, Disposable {
  /** Where a damaged database was moved to when this one was opened. */
  readonly setAside: readonly string[]
}

type Row = Readonly<Record<string, unknown>>

const jobOf = (row: Row): StoredJob => ({
  id: row['id'] as string,
  state: row['state'] as string,
  createdAtMs: row['created_at_ms'] as number,
  startedAtMs: row['started_at_ms'] as number,
  endedAtMs: (row['ended_at_ms'] as number | null) ?? undefined,
  attempts: row['attempts'] as number,
  spec: row['spec'] as string,
  extra: row['extra'] as string,
  snapshot: row['snapshot'] as string,
})

const endOf = (row: Row): StoredEnd => ({
  id: row['id'] as string,
  attempts: row['attempts'] as number,
  endedAtMs: row['ended_at_ms'] as number,
  row: row['row'] as string,
})

/** @throws E_STORE, E_PERMISSION, E_NO_SPACE as `openStore` */
export function openDiskJobs(directory: string, nowMs: () => number = Date.now): DiskJobs {
  const path = resolve(directory)
  makePrivateDirectory(path)
  const setAside: string[] = []
  const database: Database = openOrRebuild(join(path, 'jobs.db'), schema, nowMs, setAside)
  const reading = 'Cannot read the remembered jobs'
  const writing = 'Cannot remember the job'
  return {
    setAside,
    put(job) {
      database.write(writing, () => {
        database
          .sql('INSERT OR REPLACE INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)')
          .run(
            job.id,
            job.state,
            job.createdAtMs,
            job.startedAtMs,
            job.endedAtMs ?? null,
            job.attempts,
            job.spec,
            job.extra,
            job.snapshot,
          )
        database
          .sql(
            `DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE ended_at_ms IS NOT NULL
               ORDER BY ended_at_ms LIMIT max(0, (SELECT count(*) FROM jobs) - ?))`,
          )
          .run(maxJobsKept)
      })
    },
    get: (id) =>
      database.read(reading, () => {
        const row = database.sql('SELECT * FROM jobs WHERE id = ?').get(id)
        return row === undefined ? undefined : jobOf(row)
      }),
    list: () =>
      database.read(reading, () =>
        database.sql('SELECT * FROM jobs ORDER BY created_at_ms, id').all().map(jobOf),
      ),
    remove(id) {
      database.write('Cannot forget the job', () => database.sql('DELETE FROM jobs WHERE id = ?').run(id))
    },
    addEnd({ id, attempts, endedAtMs, row }) {
      database.write(writing, () => {
        database.sql('INSERT OR REPLACE INTO ends VALUES (?, ?, ?, ?)').run(id, attempts, endedAtMs, row)
        database
          .sql(
            `DELETE FROM ends WHERE (id, attempts) IN (SELECT id, attempts FROM ends ORDER BY ended_at_ms
               LIMIT max(0, (SELECT count(*) FROM ends) - ?))`,
          )
          .run(maxEndsKept)
      })
    },
    ends: (limit, beforeMs) =>
      database.read(reading, () =>
        database
          .sql('SELECT * FROM ends WHERE ended_at_ms < ? ORDER BY ended_at_ms DESC, attempts DESC LIMIT ?')
          .all(beforeMs, limit)
          .map(endOf),
      ),
    [Symbol.dispose]() {
      database[Symbol.dispose]()
    },
  }
}
