/** The index of files in SQLite. A path is compared by its UTF-8 bytes, which is the order of a walk. */
import { compareUtf8 } from '../../shared/paths.ts'
import type { Database } from './database.ts'
import { fingerprintFields, packFingerprint } from '../fingerprint.ts'
import { createFileRowWriter, decodeFileRow } from './file-row.ts'
import type { FileIndex, FileRows, IndexedFile } from './store.ts'

/** An id that is new at every replacement, so that descending ids are most recent first without another index. */
export const filesSql = `
  CREATE TABLE files (id INTEGER PRIMARY KEY, path TEXT NOT NULL, row BLOB NOT NULL);
  CREATE UNIQUE INDEX files_path ON files (path)`

/** SQL for the eight bytes of a row that hold the size; see file-row.ts. */
export const fileSizeColumn = 'substr(row, 9, 8)'

/**
 * Listings read this much at a time, and hold no lock between: a reader may stop for minutes, or write meanwhile. Little,
 * so that rows die before the collector moves them.
 */
const batchBytes = 1 << 15

/** Rows of one statement: it costs two thirds of one for each. */
const rowsPerStatement = 16
const insertRows = (count: number): string =>
  `INSERT OR REPLACE INTO files (path, row) VALUES ${Array(count).fill('(?, ?)').join(', ')}`
const oneRow = insertRows(1)
const severalRows = insertRows(rowsPerStatement)
/** Files whose rows are made at once. */
const packedFiles = 256

const what = 'Cannot read the index of files'

interface Row {
  readonly id: number
  readonly path: string
  readonly row: Uint8Array
}

/**
 * Rows of queries that continue each other, in batches. `next` gives the query behind a row, or the first; `isBehind`
 * says that a row comes after another one, without which a damaged database could lead in circles.
 */
function* batches(
  database: Database,
  next: (last: Row | undefined) => IterableIterator<unknown>,
  isBehind: (row: Row, other: Row) => boolean,
): IterableIterator<IndexedFile> {
  let last: Row | undefined
  for (;;) {
    const rows = database.read(what, () => {
      const batch: Row[] = []
      let bytes = 0
      for (const row of next(last) as IterableIterator<Row>) {
        batch.push(row)
        bytes += row.row.byteLength
        if (bytes >= batchBytes) break
      }
      return batch
    })
    for (const row of rows) {
      const file = decodeFileRow(row.path, row.row)
      if (file !== undefined) yield file
    }
    const end = rows.at(-1)
    if (end === undefined) return
    if (last !== undefined && !isBehind(end, last)) database.reportDamage(what)
    last = end
  }
}

/** The rows of files, in groups that each overwrite the one before. */
function* pack(files: Iterable<IndexedFile>): Generator<FileRows> {
  const writer = createFileRowWriter(packedFiles)
  const fingerprint = new BigInt64Array(fingerprintFields)
  let paths: string[] = []
  for (const file of files) {
    packFingerprint(fingerprint, 0, file.fingerprint)
    writer.add(file.path, fingerprint, 0, file)
    if (paths.push(file.path) < packedFiles) continue
    yield { paths, ...writer.take() }
    paths = []
  }
  if (paths.length > 0) yield { paths, ...writer.take() }
}

export function openDiskFiles(database: Database): FileIndex {
  const get = (path: string): IndexedFile | undefined => {
    const row = database.read(what, () => database.sql('SELECT row FROM files WHERE path = ?').get(path))
    return row === undefined ? undefined : decodeFileRow(path, row['row'])
  }
  /** What is bound is copied at once, so a group may overwrite the one before. */
  function write(groups: Iterable<FileRows>): void {
    database.write('Cannot write the index of files', () => {
      const one = database.sql(oneRow)
      const several = database.sql(severalRows)
      for (const { paths, rows, ends } of groups) {
        let values: (string | Uint8Array)[] = []
        let from = 0
        for (let index = 0; index < ends.length; index++) {
          const to = ends[index] as number
          if (to > from) values.push(paths[index] as string, rows.subarray(from, to))
          from = to
          if (values.length < 2 * rowsPerStatement) continue
          several.run(...values)
          values = []
        }
        for (let at = 0; at < values.length; at += 2)
          one.run(values[at] as string, values[at + 1] as Uint8Array)
      }
    })
  }

  return {
    get,
    *under(root) {
      const itself = get(root)
      if (itself !== undefined) yield itself
      const folder = root.endsWith('/') ? root : `${root}/`
      // '0' comes directly behind '/': between the two lies exactly what begins with the folder.
      const end = `${folder.slice(0, -1)}0`
      yield* batches(
        database,
        (last) =>
          database
            .sql('SELECT id, path, row FROM files WHERE path > ? AND path < ? ORDER BY path')
            .iterate(last?.path ?? folder, end),
        (row, other) => compareUtf8(row.path, other.path) > 0,
      )
    },
    *all() {
      yield* batches(
        database,
        (last) =>
          database
            .sql('SELECT id, path, row FROM files WHERE id < ? ORDER BY id DESC')
            .iterate(last?.id ?? Number.MAX_SAFE_INTEGER),
        (row, other) => row.id < other.id,
      )
    },
    putMany: (files) => write(pack(files)),
    putRows: write,
    removeMany(paths) {
      database.write('Cannot write the index of files', () => {
        const remove = database.sql('DELETE FROM files WHERE path = ?')
        for (const path of paths) remove.run(path)
      })
    },
  }
}
