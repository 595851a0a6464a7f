/**
 * What is remembered, on this computer, of large uploads under way: which file on the server is the part of which
 * content. A part that is not written down here is nobody's: it is never trusted, and never gone on with.
 */
import { mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { hash } from '../../../blobs/hash.ts'
import { toHex } from '../../../shared/bytes.ts'
import { writeFileAtomic } from '../../../shared/write-file.ts'

export interface UploadRecord {
  /** Which server and user. */
  readonly place: string
  /** Absolute paths on the server. */
  readonly path: string
  readonly part: string
  /** Hash of `Content.identity`. */
  readonly identity: string
  readonly size: number
  /** Bytes from the beginning that the server has confirmed; undefined when the upload was killed. */
  readonly acknowledged: number | undefined
  /** Who writes it, so that two runs do not write into one part. */
  readonly pid: number
  readonly startedAtMs: number
}

export interface UploadRecords {
  find(path: string): UploadRecord | undefined
  /** True when a transfer that still runs writes it. */
  isBusy(record: UploadRecord): boolean
  save(record: UploadRecord): void
  remove(path: string): void
  /** Those of this place. */
  all(): readonly UploadRecord[]
}

/** Parts that this process writes now. */
const own = new Set<string>()

export const markBusy = (part: string): void => void own.add(part)
export const markIdle = (part: string): void => void own.delete(part)

export const identityHash = (identity: string): string => toHex(hash(new TextEncoder().encode(identity)))

/** A record that cannot be written costs a resume and nothing else. */
export function createUploadRecords(stateDirectory: string, place: string): UploadRecords {
  const folder = join(stateDirectory, 'sftp')
  const fileOf = (path: string): string =>
    join(folder, `${identityHash(`${place}${path}`).slice(0, 32)}.json`)
  const read = (file: string): UploadRecord | undefined => {
    try {
      const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
      return isRecord(value) && value.place === place ? value : undefined
    } catch {
      return undefined
    }
  }
  return {
    find(path) {
      const record = read(fileOf(path))
      return record?.path === path ? record : undefined
    },
    isBusy: ({ pid, part }) => (pid === process.pid ? own.has(part) : isAlive(pid)),
    save(record) {
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 })
        writeFileAtomic(fileOf(record.path), JSON.stringify(record))
      } catch {
        // Without the record the next run begins anew.
      }
    },
    remove(path) {
      rmSync(fileOf(path), { force: true })
    },
    all() {
      try {
        return readdirSync(folder)
          .filter((name) => name.endsWith('.json'))
          .flatMap((name) => read(join(folder, name)) ?? [])
      } catch {
        return []
      }
    },
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function isRecord(value: unknown): value is UploadRecord {
  if (typeof value !== 'object' || value === null) return false
  const record = value as Partial<Record<keyof UploadRecord, unknown>>
  return (
    [record.place, record.path, record.part, record.identity].every((item) => typeof item === 'string') &&
    [record.size, record.pid, record.startedAtMs].every((item) => Number.isSafeInteger(item)) &&
    (record.acknowledged === undefined || Number.isSafeInteger(record.acknowledged))
  )
}
