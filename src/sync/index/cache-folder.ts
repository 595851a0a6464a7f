/**
 * Small files of this computer that may be lost without harm: each is replaced as a whole by a rename, so a killed
 * process leaves the old one. Not synced to disk: after a power cut one may be damaged, which its own checksum shows.
 */
import { mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isSystemError, toFerryError } from '../../shared/errors.ts'

export interface CacheFolder {
  /** Undefined when there is none, or it is longer than `maxBytes`. @throws E_PERMISSION, E_IO */
  read(name: string, maxBytes: number): Promise<Uint8Array | undefined>
  /** @throws E_NO_SPACE, E_PERMISSION, E_IO */
  write(name: string, bytes: Uint8Array): Promise<void>
  remove(name: string): Promise<void>
  /** Removes what killed processes have left half written in `folders` of it. Never fails: it is tried again next time. */
  sweep(folders: readonly string[]): Promise<void>
}

const halfWritten = '.new'
/** No write of these small files takes as long, so nobody is still at it. */
const leftoverMs = 3_600_000
let written = 0

/** `folder` is made on the first write. */
export function openCacheFolder(folder: string): CacheFolder {
  return {
    async read(name, maxBytes) {
      const path = join(folder, name)
      try {
        await using file = await open(path, 'r')
        const { size } = await file.stat()
        if (size > maxBytes) return undefined
        const bytes = new Uint8Array(size)
        let length = 0
        while (length < size) {
          const { bytesRead } = await file.read(bytes, length, size - length, length)
          if (bytesRead === 0) break
          length += bytesRead
        }
        return bytes.subarray(0, length)
      } catch (error) {
        if (isMissing(error)) return undefined
        throw toFerryError(error, `Cannot read "${path}"`)
      }
    },
    async write(name, bytes) {
      const path = join(folder, name)
      // Another sync may write the same one at this moment.
      const temporary = `${path}.${process.pid}-${written++}${halfWritten}`
      try {
        await mkdir(dirname(path), { recursive: true, mode: 0o700 })
        await writeFile(temporary, bytes, { mode: 0o600 })
        await rename(temporary, path)
      } catch (error) {
        await rm(temporary, { force: true }).catch(() => undefined)
        throw toFerryError(error, `Cannot write "${path}"`)
      }
    },
    async remove(name) {
      const path = join(folder, name)
      try {
        await rm(path, { force: true })
      } catch (error) {
        throw toFerryError(error, `Cannot remove "${path}"`)
      }
    },
    async sweep(folders) {
      for (const each of folders) {
        const names = await readdir(join(folder, each)).catch(() => [])
        for (const name of names) {
          if (!name.endsWith(halfWritten)) continue
          const path = join(folder, each, name)
          const stats = await stat(path).catch(() => undefined)
          if (stats && Date.now() - stats.mtimeMs > leftoverMs)
            await rm(path, { force: true }).catch(() => undefined)
        }
      }
    },
  }
}

function isMissing(error: unknown): boolean {
  return isSystemError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}
