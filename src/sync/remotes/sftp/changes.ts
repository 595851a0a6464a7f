/** What is changed without content: attributes, links, names, and what is removed. Links are never followed. */
import { FerryError } from '../../../shared/errors.ts'
import type { RunOptions } from '../../../shared/options.ts'
import { parentPath, shortenName } from '../../../shared/paths.ts'
import type { RemoteCaps, WriteOptions, Written } from '../../remote.ts'
import type { SyncEntry, Version } from '../../source.ts'
import type { SftpChannel } from './channel.ts'
import { kindOf, toSeconds, versionOf } from './entry.ts'
import type { Folders } from './folders.ts'
import { newPartPath, removePart } from './part-file.ts'
import { remotePath, type SftpPlace } from './place.ts'
import { lstatIfThere, publishPart } from './publish.ts'
import { toInputAttributes } from './replace-file.ts'
import { statusOf, toSftpError } from './sftp-error.ts'

export interface Changes
  extends Required<Pick<RemoteCaps, 'makeFolder' | 'writeLink' | 'setAttributes' | 'rename' | 'duplicate'>> {
  remove(entry: SyncEntry, options?: RunOptions): Promise<void>
}

export function createChanges(place: SftpPlace, folders: Folders): Changes {
  const at = (path: string): string => remotePath(place, path)
  const run = async <Result>(
    what: string,
    signal: AbortSignal | undefined,
    use: (channel: SftpChannel, attempt: number) => Promise<Result>,
  ): Promise<Result> => {
    try {
      return await place.pool.run(use, { signal })
    } catch (error) {
      throw toSftpError(error, what)
    }
  }
  const changed = (what: string): FerryError =>
    new FerryError('E_CONFLICT', `${what}: someone else has changed it`)
  /** @throws E_CONFLICT when it is not the entry any more */
  const checkEntry = async (channel: SftpChannel, entry: SyncEntry, what: string): Promise<boolean> => {
    const there = await lstatIfThere(channel, at(entry.path))
    if (!there) return false
    const target = kindOf(there) === 'symlink' ? await channel.readlink(at(entry.path)) : undefined
    if (kindOf(there) !== entry.kind || versionOf(there, target) !== entry.version) throw changed(what)
    return true
  }

  return {
    makeFolder: (path, { signal } = {}) =>
      run(`Cannot make the folder "${shortenName(path)}"`, signal, (channel) =>
        folders.ensure(channel, path),
      ),

    async writeLink(path: string, target: string, options: WriteOptions): Promise<Written> {
      const { mtimeNs } = options.attributes
      const what = `Cannot write the link "${shortenName(path)}"`
      const version = await run(what, options.signal, async (channel) => {
        await folders.ensure(channel, parentPath(path))
        const part = newPartPath(at(path))
        await channel.symlink(target, part)
        try {
          if (mtimeNs !== undefined) await setLinkTimes(channel, part, mtimeNs)
          const made = versionOf(await channel.lstat(part), target)
          await publishPart(channel, { part, path: at(path), name: path, expect: options.expect })
          return made
        } catch (error) {
          if (!channel.isLost) await removePart(channel, part).catch(() => undefined)
          throw error
        }
      })
      return { version, sentBytes: 0, copiedBytes: 0, resumedBytes: 0 }
    },

    setAttributes: (entry, attributes, { signal } = {}): Promise<Version> => {
      const what = `Cannot set times and mode of "${shortenName(entry.path)}"`
      return run(what, signal, async (channel, attempt) => {
        // A call whose answer was lost may have changed the version already.
        if (attempt === 1 && !(await checkEntry(channel, entry, what))) throw changed(what)
        const values = toInputAttributes(attributes)
        if (entry.kind === 'symlink') {
          if (attributes.mtimeNs !== undefined)
            await setLinkTimes(channel, at(entry.path), attributes.mtimeNs)
        } else if (values !== undefined) await channel.setstat(at(entry.path), values)
        return versionOf(await channel.lstat(at(entry.path)), entry.target)
      })
    },

    rename: (from, to, { signal } = {}) =>
      run(`Cannot move "${shortenName(from)}" to "${shortenName(to)}"`, signal, async (channel, attempt) => {
        await folders.ensure(channel, parentPath(to))
        folders.forget(from)
        const source = await lstatIfThere(channel, at(from))
        if (!source && attempt > 1 && (await lstatIfThere(channel, at(to)))) return
        if (!source) await channel.lstat(at(from))
        await publishPart(channel, { part: at(from), path: at(to), name: to, expect: undefined })
      }),

    duplicate: (entry, to, { signal } = {}) => {
      const what = `Cannot keep "${shortenName(entry.path)}" as "${shortenName(to)}"`
      return run(what, signal, async (channel) => {
        if (!(await checkEntry(channel, entry, what))) throw changed(what)
        if (entry.kind !== 'file') return undefined
        await folders.ensure(channel, parentPath(to))
        if (await lstatIfThere(channel, at(to))) await channel.unlink(at(to))
        try {
          // A second name does: files are replaced by a rename, and never written in place.
          await channel.hardlink(at(entry.path), at(to))
        } catch (error) {
          // The server does not say why; a file system without second names is what it mostly is.
          if (statusOf(error) === undefined) throw error
          return undefined
        }
        return entry.version
      })
    },

    remove: (entry, { signal } = {}) => {
      const what = `Cannot remove "${shortenName(entry.path)}"`
      return run(what, signal, async (channel, attempt) => {
        if (!(await checkEntry(channel, entry, what))) {
          if (attempt > 1) return
          throw new FerryError('E_CONFLICT', `${what}: it is not there any more`)
        }
        if (entry.kind !== 'directory') return await channel.unlink(at(entry.path))
        folders.forget(entry.path)
        try {
          await channel.rmdir(at(entry.path))
        } catch (error) {
          if (statusOf(error) === undefined || !(await isFilled(channel, at(entry.path)))) throw error
          throw new FerryError('E_CONFLICT', `${what}: the folder is not empty`, { cause: error })
        }
      })
    },
  }

  async function setLinkTimes(channel: SftpChannel, full: string, mtimeNs: bigint): Promise<void> {
    if (!channel.features.lsetstat) return
    const seconds = toSeconds(mtimeNs)
    await channel.lsetstat(full, { atime: seconds, mtime: seconds })
  }
}

async function isFilled(channel: SftpChannel, full: string): Promise<boolean> {
  const handle = await channel.opendir(full)
  try {
    const names = await channel.readdir(handle)
    return names.some(({ filename }) => filename !== '.' && filename !== '..')
  } catch {
    return false
  } finally {
    channel.close(handle).catch(() => undefined)
  }
}
