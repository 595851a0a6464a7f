/** Ferry's own records, as files below `.ferry/` of the location. */
import { randomBytes } from 'node:crypto'
import { FerryError } from '../../../shared/errors.ts'
import { isReservedName, parentPath, parseTreePath } from '../../../shared/paths.ts'
import type { RecordStore } from '../../remote.ts'
import { abortable } from './abortable.ts'
import type { SftpChannel } from './channel.ts'
import { kindOf } from './entry.ts'
import type { Folders } from './folders.ts'
import { removePart } from './part-file.ts'
import { remotePath, type SftpPlace } from './place.ts'
import { lstatIfThere, recoverAside } from './publish.ts'
import { readFolder, recordsFolder } from './read-folder.ts'
import { isMissing, toSftpError } from './sftp-error.ts'

/** Of group and others. */
const othersMayWrite = 0o022

export function createRecords(place: SftpPlace, folders: Folders): RecordStore {
  const pathOf = (name: string): string => `${recordsFolder}/${parseTreePath(name)}`

  const read = async (
    channel: SftpChannel,
    full: string,
    maxBytes: number,
  ): Promise<Uint8Array | undefined> => {
    let handle: Buffer
    try {
      // A link could lead to any file that the server's user may read.
      if (kindOf(await channel.lstat(full)) !== 'file') return undefined
      handle = await channel.open(full, 'read')
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
    try {
      const { size } = await channel.fstat(handle)
      if (size > maxBytes)
        throw new FerryError(
          'E_STORE',
          `Cannot read the record "${full}": it is larger than ${maxBytes} bytes`,
        )
      const bytes = Buffer.from(new ArrayBuffer(size))
      let at = 0
      while (at < size) {
        const wanted = Math.min(size - at, channel.features.requestBytes)
        const got = await channel.read(handle, bytes, at, wanted, at)
        if (got === 0) break
        at += got
      }
      return new Uint8Array(bytes.buffer, 0, at)
    } finally {
      if (!channel.isLost) channel.close(handle).catch(() => undefined)
    }
  }

  const write = async (channel: SftpChannel, path: string, bytes: Uint8Array): Promise<void> => {
    await folders.ensure(channel, parentPath(path))
    const full = remotePath(place, path)
    const part = remotePath(place, `${recordsFolder}/${randomBytes(8).toString('hex')}.ferry-part`)
    const handle = await channel.open(part, 'write-new', 0o644)
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const step = channel.features.requestBytes
    try {
      for (let at = 0; at < buffer.length; at += step)
        await channel.write(handle, buffer, at, Math.min(step, buffer.length - at), at)
    } catch (error) {
      if (!channel.isLost) await removePart(channel, part).catch(() => undefined)
      throw error
    } finally {
      if (!channel.isLost) await channel.close(handle).catch(() => undefined)
    }
    if (channel.features.posixRename) return await channel.posixRename(part, full)
    // A record may be missing for a moment: it is a hint.
    await removePart(channel, full)
    await channel.rename(part, full)
  }

  const list = async (channel: SftpChannel, folder: string): Promise<readonly string[]> => {
    const stats = await lstatIfThere(channel, remotePath(place, folder))
    if (!stats || kindOf(stats) !== 'directory') return []
    const { entries } = await readFolder(place, channel, folder)
    const names: string[] = []
    for (const entry of entries) {
      if (entry.kind === 'directory') names.push(...(await list(channel, entry.path)))
      else if (entry.kind === 'file' && !isReservedName(entry.path))
        names.push(entry.path.slice(recordsFolder.length + 1))
    }
    return names
  }

  /** Whoever owns the location may write all of its data; nobody else may have a hand in what lies on the way there. */
  const isGuarded = async (channel: SftpChannel, path: string): Promise<boolean> => {
    const names = path.split('/')
    const paths = names.map((_, index) => remotePath(place, names.slice(0, index + 1).join('/')))
    try {
      const [top, ...found] = await Promise.all([
        channel.stat(remotePath(place, '')),
        ...paths.map((full) => channel.lstat(full)),
      ])
      return found.every(
        (stats) =>
          kindOf(stats) !== 'symlink' && stats.uid === top.uid && (stats.mode & othersMayWrite) === 0,
      )
    } catch (error) {
      if (isMissing(error)) return false
      throw error
    }
  }

  return {
    async isGuarded(name, { signal } = {}) {
      try {
        return await place.pool.run((channel) => isGuarded(channel, pathOf(name)), { signal })
      } catch (error) {
        throw toSftpError(error, `Cannot look at the record "${name}"`)
      }
    },
    async read(name, maxBytes, { signal } = {}) {
      try {
        return await place.pool.run(
          async (channel) => {
            const full = remotePath(place, pathOf(name))
            if (!channel.features.posixRename) await recoverAside(channel, full)
            return await read(channel, full, maxBytes)
          },
          { signal },
        )
      } catch (error) {
        throw toSftpError(error, `Cannot read the record "${name}"`)
      }
    },
    async write(name, bytes, { signal } = {}) {
      try {
        await place.pool.run((channel) => write(channel, pathOf(name), bytes), { signal })
      } catch (error) {
        throw toSftpError(error, `Cannot write the record "${name}"`)
      }
    },
    async remove(name, { signal } = {}) {
      try {
        await place.pool.run((channel) => removePart(channel, remotePath(place, pathOf(name))), { signal })
      } catch (error) {
        throw toSftpError(error, `Cannot remove the record "${name}"`)
      }
    },
    async list(prefix, { signal } = {}) {
      const slash = prefix.lastIndexOf('/')
      const folder = slash < 0 ? recordsFolder : `${recordsFolder}/${prefix.slice(0, slash)}`
      try {
        const names = await place.pool.run((channel) => abortable(list(channel, folder), signal), { signal })
        return names.filter((name) => name.startsWith(prefix))
      } catch (error) {
        throw toSftpError(error, `Cannot list the records of ${place.url}`)
      }
    },
  }
}
