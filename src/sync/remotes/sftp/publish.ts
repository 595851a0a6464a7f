/**
 * Gives a finished part its name. SFTP has no conditions, so what stands there is looked at directly before the rename;
 * what someone else writes in between is lost, a window of one round trip. Where nothing is expected and the server's
 * rename never replaces, there is no window.
 *
 * A server without posix-rename cannot replace by renaming: the old version is set aside under a reserved name, the
 * new one named, the old one deleted. Both half states are put right by the next one who comes by (`recoverAside`).
 */
import type { Stats } from 'ssh2'
import { FerryError } from '../../../shared/errors.ts'
import { shortenName } from '../../../shared/paths.ts'
import type { Expected } from '../../remote.ts'
import type { Version } from '../../source.ts'
import type { SftpChannel } from './channel.ts'
import { kindOf, versionOf } from './entry.ts'
import { asidePath, removePart } from './part-file.ts'
import { isMissing, sftpStatus, statusOf } from './sftp-error.ts'

export interface PublishRequest {
  readonly part: string
  /** Absolute. */
  readonly path: string
  /** For messages. */
  readonly name: string
  readonly expect: Expected | undefined
  /** Told what is replaced, before it is. */
  readonly onReplace?: ((stats: Stats) => Promise<void>) | undefined
}

export function conflict(name: string, why: string): FerryError {
  return new FerryError('E_CONFLICT', `Cannot replace "${shortenName(name)}": ${why}`)
}

/** What stands at an absolute path; undefined when nothing does. */
export async function lstatIfThere(channel: SftpChannel, path: string): Promise<Stats | undefined> {
  try {
    return await channel.lstat(path)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

async function versionAt(channel: SftpChannel, path: string, stats: Stats): Promise<Version> {
  return kindOf(stats) === 'symlink' ? versionOf(stats, await channel.readlink(path)) : versionOf(stats)
}

/** @throws E_CONFLICT when something else stands at `path` than was expected */
export async function checkExpected(
  channel: SftpChannel,
  { path, name, expect }: Pick<PublishRequest, 'path' | 'name' | 'expect'>,
): Promise<Stats | undefined> {
  const there = await lstatIfThere(channel, path)
  if (there && kindOf(there) === 'directory') throw conflict(name, 'a folder is in the way')
  if (expect === undefined) return there
  if (expect === 'absent') {
    if (there) throw conflict(name, 'something is there by now')
  } else if (!there) throw conflict(name, 'it is not there any more')
  else if ((await versionAt(channel, path, there)) !== expect.version)
    throw conflict(name, 'someone else has changed it')
  return there
}

/** @throws E_CONFLICT, or the status of the failed call */
export async function publishPart(channel: SftpChannel, request: PublishRequest): Promise<void> {
  const { features } = channel
  const { part, path, name, expect } = request
  if (!features.posixRename) await recoverAside(channel, path)
  if (expect === 'absent' && features.renameKeeps) return await renameNew(channel, part, path, name)
  const there = await checkExpected(channel, request)
  if (there) await request.onReplace?.(there)
  if (features.posixRename) return await channel.posixRename(part, path)
  if (!there) return await renameNew(channel, part, path, name)
  const aside = asidePath(path)
  await channel.rename(path, aside)
  try {
    await channel.rename(part, path)
  } catch (error) {
    // What was there comes back, unless the server is gone; then the next run does this.
    await channel.rename(aside, path).catch(() => undefined)
    throw error
  }
  await removePart(channel, aside)
}

async function renameNew(channel: SftpChannel, part: string, path: string, name: string): Promise<void> {
  try {
    await channel.rename(part, path)
  } catch (error) {
    if (statusOf(error) === sftpStatus.failure && (await lstatIfThere(channel, path)))
      throw conflict(name, 'something is there by now')
    throw error
  }
}

/** Puts right what a replacement without posix-rename has left half done. */
export async function recoverAside(channel: SftpChannel, path: string): Promise<void> {
  const aside = asidePath(path)
  if (!(await lstatIfThere(channel, aside))) return
  if (await lstatIfThere(channel, path)) await removePart(channel, aside)
  else await channel.rename(aside, path)
}
