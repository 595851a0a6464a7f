/** A location as a `Remote`. The client of each kind of place is loaded when the first location of that kind is opened. */
import type { RemoteContext } from './context.ts'
import type { RemoteLocation } from './location.ts'
import type { Remote } from './remote.ts'

/**
 * Whether the location itself is there, `stat('')` tells.
 * @throws E_UNREACHABLE, E_PERMISSION, E_REFUSED, E_USAGE … when the place cannot be reached
 */
export async function openRemote(location: RemoteLocation, context: RemoteContext): Promise<Remote> {
  if (location.kind === 'local')
    return await (await import('./remotes/local/open.ts')).openLocalRemote(location, context)
  if (location.kind === 'sftp')
    return await (await import('./remotes/sftp/open.ts')).openSftpRemote(location, context)
  return await (await import('./remotes/s3/open.ts')).openS3Remote(location, context)
}
