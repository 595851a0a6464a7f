/**
 * Makes folders, and makes sure that what is above a file is folders and nothing else: a link in the way would lead the
 * file to another place. What was seen to be a folder is remembered.
 */
import { FerryError } from '../../../shared/errors.ts'
import { parentPath, shortenName } from '../../../shared/paths.ts'
import type { SftpChannel } from './channel.ts'
import { kindOf } from './entry.ts'
import { remotePath, type SftpPlace } from './place.ts'
import { isMissing, toSftpError } from './sftp-error.ts'

export interface Folders {
  /** `path` and those above it, up to the location itself, which '' is. @throws E_CONFLICT, E_PERMISSION, E_NO_SPACE */
  ensure(channel: SftpChannel, path: string): Promise<void>
  /** It may not be one any more, nor what is in it. */
  forget(path: string): void
}

export function createFolders(place: SftpPlace): Folders {
  const making = new Map<string, Promise<void>>()

  const ensure = (channel: SftpChannel, path: string): Promise<void> => {
    if (place.folders.has(path)) return Promise.resolve()
    let made = making.get(path)
    if (made === undefined) {
      made = make(channel, path).finally(() => making.delete(path))
      making.set(path, made)
    }
    return made
  }
  const make = async (channel: SftpChannel, path: string): Promise<void> => {
    if (path === '') await makeRoot(channel, remotePath(place, ''))
    else {
      await ensure(channel, parentPath(path))
      await makeOne(channel, path)
    }
    place.folders.add(path)
  }
  const makeOne = async (channel: SftpChannel, path: string): Promise<void> => {
    const full = remotePath(place, path)
    const what = `Cannot make the folder "${shortenName(path)}"`
    let there = await kindAt(channel, full, what)
    if (there === undefined) {
      try {
        return await channel.mkdir(full)
      } catch (error) {
        // Someone else may have made it meanwhile, or a lost connection hidden that we did.
        there = await kindAt(channel, full, what)
        if (there === undefined) throw toSftpError(error, what)
      }
    }
    if (there !== 'directory')
      throw new FerryError('E_CONFLICT', `${what}: a ${there === 'symlink' ? 'link' : 'file'} is in the way`)
  }
  return {
    ensure,
    forget(path) {
      for (const folder of place.folders)
        if (folder === path || folder.startsWith(`${path}/`)) place.folders.delete(folder)
    },
  }
}

async function kindAt(channel: SftpChannel, full: string, what: string): Promise<string | undefined> {
  try {
    return kindOf(await channel.lstat(full))
  } catch (error) {
    if (isMissing(error)) return undefined
    throw toSftpError(error, what)
  }
}

/** Links above and at the location are the user's own. */
async function makeRoot(channel: SftpChannel, full: string): Promise<void> {
  const what = `Cannot make the folder "${full}"`
  try {
    if (kindOf(await channel.stat(full)) === 'directory') return
  } catch (error) {
    if (!isMissing(error)) throw toSftpError(error, what)
    const above = full.slice(0, full.lastIndexOf('/'))
    if (above !== '') await makeRoot(channel, above)
    try {
      await channel.mkdir(full)
      return
    } catch (failure) {
      const stats = await channel.stat(full).catch(() => undefined)
      if (stats && kindOf(stats) === 'directory') return
      throw toSftpError(failure, what)
    }
  }
  throw new FerryError('E_CONFLICT', `${what}: something else is in the way`)
}
