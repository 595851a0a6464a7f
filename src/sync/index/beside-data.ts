/**
 * An index and its chunk lists as records beside the data, where others may read and write them too. Nothing that goes
 * wrong here stops a sync: it is told once, and everything goes on without.
 */
import type { RunOptions } from '../../shared/options.ts'
import { FerryError } from '../../shared/errors.ts'
import { mapBounded } from '../../shared/concurrency.ts'
import type { RecordStore } from '../remote.ts'
import {
  decodeIndex,
  decodeIndexId,
  encodeIndex,
  encodeIndexId,
  idRecordBytes,
  isNewerIndex,
} from './index-codec.ts'
import { maxIndexBytes, maxIndexRows } from './limits.ts'
import type { ListName } from './list-codec.ts'
import type { Row, RowTable } from './row-table.ts'
import { equalBytes } from '../../shared/bytes.ts'

/** Tells which state `index` is in, in a few bytes: who knows that state need not read the index. */
const idRecord = 'index-id'
const indexRecord = 'index'
const listRecord = ({ path, version }: ListName): string => `sig/${path}/${version}`
/** Old lists removed at once. */
const removalsAtOnce = 8

export interface BesideData {
  /**
   * Tells the rows, unless `known` is the id of the present state, and whether others could have written them. One request;
   * two when there is news.
   * @returns the id of the present state, undefined when there is none that can be read
   */
  readRows(
    known: Uint8Array | undefined,
    onRow: (row: Row, isGuarded: boolean) => void,
    options?: RunOptions,
  ): Promise<Uint8Array | undefined>
  /** Two requests. True when it was done. */
  writeRows(rows: RowTable, id: Uint8Array, options?: RunOptions): Promise<boolean>
  /** One request. Undefined when there is none. */
  readList(name: ListName, maxBytes: number, options?: RunOptions): Promise<Uint8Array | undefined>
  /** Nobody could have written this list who cannot write the data. */
  isGuarded(name: ListName, options?: RunOptions): Promise<boolean>
  /** One request. */
  writeList(name: ListName, bytes: Uint8Array, options?: RunOptions): Promise<void>
  /** One request each. */
  removeLists(names: readonly ListName[], options?: RunOptions): Promise<void>
}

export interface BesideOptions {
  readonly records: RecordStore
  /** False: read, but never written. */
  readonly mayWrite: boolean
  readonly warn: (message: string) => void
  /** For messages. */
  readonly url: string
}

export function openBesideData({ records, mayWrite, warn, url }: BesideOptions): BesideData {
  let canRead = true
  let canWrite = mayWrite

  /** What fails once is not tried again in this run: it would fail for each file. */
  async function attempt<Result>(
    action: () => Promise<Result>,
    giveUp: () => void,
  ): Promise<Result | undefined> {
    try {
      return await action()
    } catch (error) {
      if (!(error instanceof FerryError) || error.code === 'E_CANCELLED' || error.code === 'E_INTERNAL')
        throw error
      giveUp()
      warn(`What ferry remembers beside "${url}" is not used: ${error.message}`)
      return undefined
    }
  }
  const read = async <Result>(action: () => Promise<Result>): Promise<Result | undefined> =>
    canRead ? await attempt(action, () => (canRead = false)) : undefined
  const write = async (action: () => Promise<void>): Promise<void> => {
    if (canWrite) await attempt(action, () => (canWrite = false))
  }

  return {
    readRows: (known, onRow, options) =>
      read(async () => {
        if (known) {
          const told = await records.read(idRecord, idRecordBytes, options)
          if (!told || refuseNewer(told)) return undefined
          // What is damaged is made anew by the next save; only what cannot be read at all is given up.
          const id = unlessDamaged(() => decodeIndexId(told))
          if (!id || equalBytes(id, known)) return id
        }
        const bytes = await records.read(indexRecord, maxIndexBytes, options)
        if (!bytes || refuseNewer(bytes)) return undefined
        const isGuarded = (await records.isGuarded?.(indexRecord, options)) ?? false
        return unlessDamaged(() => decodeIndex(bytes, maxIndexRows, (row) => onRow(row, isGuarded)))
      }),
    async writeRows(rows, id, options) {
      // The rows first: a crash between the two leaves news that nobody is told of, and no wrong ones.
      await write(async () => {
        await records.write(indexRecord, encodeIndex(rows, id), options)
        await records.write(idRecord, encodeIndexId(id), options)
      })
      return canWrite
    },
    readList: (name, maxBytes, options) => read(() => records.read(listRecord(name), maxBytes, options)),
    isGuarded: async (name, options) =>
      (await read(async () => await records.isGuarded?.(listRecord(name), options))) ?? false,
    writeList: (name, bytes, options) => write(() => records.write(listRecord(name), bytes, options)),
    removeLists: (names, options) =>
      write(() =>
        mapBounded(names, (name) => records.remove(listRecord(name), options), {
          limit: removalsAtOnce,
          signal: options?.signal,
        }),
      ),
  }

  /** It is left as it is: that ferry can read it. */
  function refuseNewer(bytes: Uint8Array): boolean {
    if (!isNewerIndex(bytes)) return false
    canRead = false
    canWrite = false
    warn(`What ferry remembers beside "${url}" is not used: a newer ferry has written it`)
    return true
  }

  function unlessDamaged<Result>(decode: () => Result): Result | undefined {
    try {
      return decode()
    } catch (error) {
      if (!(error instanceof FerryError)) throw error
      warn(`What ferry remembers beside "${url}" is made anew: ${error.message}`)
      return undefined
    }
  }
}
