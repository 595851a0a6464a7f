/**
 * What a later run needs to go on with an unfinished upload: one small file for each object, without a secret in it.
 * Which parts are there is not written down; the server knows it better.
 */
import { createHash } from 'node:crypto'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isSystemError } from '../../../shared/errors.ts'
import { writeFileAtomic } from '../../../shared/write-file.ts'
import { maxStateBytes } from './limits.ts'

export interface UploadState {
  readonly uploadId: string
  /** What its object will carry; see `multipart.ts`. */
  readonly mark: string
  readonly partBytes: number
  /** Of the content, and what goes with it: another one cannot go on here. */
  readonly identity: string
  readonly size: number
  /** Milliseconds since 1970. */
  readonly startedAtMs: number
}

export interface UploadStateFile {
  /** Undefined when there is none, or none that can be read. */
  read(): Promise<UploadState | undefined>
  write(state: UploadState): Promise<void>
  remove(): Promise<void>
}

const format = 1

export function openUploadState(stateDirectory: string, place: string, key: string): UploadStateFile {
  const folder = join(stateDirectory, 'uploads')
  const name = createHash('sha256').update(`${place}\0${key}`).digest('hex').slice(0, 40)
  const path = join(folder, `${name}.json`)
  return {
    async read() {
      try {
        const text = await readFile(path, 'utf8')
        if (text.length > maxStateBytes) return undefined
        const { format: found, ...state } = JSON.parse(text) as UploadState & { format?: unknown }
        const isWhole =
          found === format &&
          typeof state.uploadId === 'string' &&
          typeof state.mark === 'string' &&
          typeof state.identity === 'string' &&
          Number.isSafeInteger(state.partBytes) &&
          state.partBytes > 0 &&
          Number.isSafeInteger(state.size)
        return isWhole ? state : undefined
      } catch (error) {
        if (error instanceof SyntaxError || (isSystemError(error) && error.code === 'ENOENT'))
          return undefined
        throw error
      }
    },
    async write(state) {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      // Two syncs of one process may write the same one at once.
      writeFileAtomic(path, JSON.stringify({ format, ...state }))
    },
    remove: () => rm(path, { force: true }),
  }
}
