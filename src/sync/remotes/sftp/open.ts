/** An SFTP folder as a remote. See docs/decisions/019-sftp.md for what it promises and what SFTP cannot. */
import type { RunOptions } from '../../../shared/options.ts'
import { shortenName } from '../../../shared/paths.ts'
import type { RemoteContext } from '../../context.ts'
import type { SftpLocation } from '../../location.ts'
import type { Remote, RemoteCaps } from '../../remote.ts'
import type { SyncEntry } from '../../source.ts'
import { listAbandoned } from './abandoned.ts'
import { assemblePieces } from './assemble-pieces.ts'
import { createChanges } from './changes.ts'
import { createDialler } from './connect.ts'
import { kindOf, secondNs, toEntry } from './entry.ts'
import { createFolders } from './folders.ts'
import { filesAtOnce, leastDeltaBytes, requestsPerRead } from './limits.ts'
import { listTree } from './list-tree.ts'
import { remotePath, type SftpPlace } from './place.ts'
import { openPool, type SftpPool } from './pool.ts'
import { recoverAside } from './publish.ts'
import { openContent } from './read-content.ts'
import { createRecords } from './records.ts'
import { replaceFile } from './replace-file.ts'
import { isMissing, toSftpError } from './sftp-error.ts'
import { resolveSshSettings } from './ssh-settings.ts'
import { createUploadRecords } from './upload-records.ts'

/**
 * Connects and logs in; the location need not exist yet.
 * @throws E_UNREACHABLE, E_REFUSED when the host's key is not trusted or the login fails, E_USAGE
 */
export async function openSftpRemote(location: SftpLocation, context: RemoteContext): Promise<Remote> {
  const settings = resolveSshSettings(location, context.env)
  const dialler = createDialler(settings, context)
  const pool = await openPool(dialler, context.signal, context.warn)
  try {
    const address = settings.host.includes(':') ? `[${settings.host}]` : settings.host
    const place = `sftp://${settings.user}@${address}:${settings.port}`
    const root = await findRoot(pool, location.path, place)
    const warned = new Set<string>()
    return createRemote({
      pool,
      context,
      root,
      place,
      url: `sftp://${settings.user}@${location.host}${settings.port === 22 ? '' : `:${settings.port}`}${root || '/'}`,
      folders: new Set(),
      warnOnce(about, message) {
        if (warned.has(about)) return
        warned.add(about)
        context.warn(message)
      },
    })
  } catch (error) {
    await pool[Symbol.asyncDispose]()
    throw error
  }
}

async function findRoot(pool: SftpPool, path: string, place: string): Promise<string> {
  if (path.startsWith('/')) return path.replace(/\/+$/, '')
  try {
    const home = await pool.run((channel) => channel.realpath('.'))
    return `${home.replace(/\/+$/, '')}${path === '' ? '' : `/${path}`}`.replace(/\/+$/, '')
  } catch (error) {
    throw toSftpError(error, `Cannot find the home folder of ${place}`)
  }
}

function createRemote(place: SftpPlace): Remote {
  const { pool, context } = place
  const { features } = pool
  const folders = createFolders(place)
  const records = createUploadRecords(context.stateDirectory, place.place)
  const changes = createChanges(place, folders)
  const writing = { place, folders, records }

  const assemble: NonNullable<RemoteCaps['assemble']> = (old, segments, content, options) => {
    const readBytes = requestsPerRead * features.requestBytes
    const pieces = assemblePieces(segments, { size: content.size, oldSize: old.size, readBytes })
    return replaceFile(writing, { path: old.path, content, options, from: { old, pieces } })
  }
  const { makeFolder, writeLink, setAttributes, rename, duplicate, remove } = changes
  return {
    url: place.url,
    place: place.place,
    caps: {
      ...(features.copyData ? { assemble } : {}),
      makeFolder,
      writeLink,
      setAttributes,
      rename,
      ...(features.hardlink && { duplicate }),
      records: createRecords(place, folders),
      modes: true,
      timeStepNs: secondNs,
      weakVersions: true,
      leastDeltaBytes,
      concurrency: filesAtOnce,
    },
    list: (options) => listTree(place, options),
    open: (entry, options) => openContent(place, entry, options),
    stat: (path, options) => stat(place, path, options),
    async write(path, content, options) {
      if (!features.copyData && typeof options.expect === 'object' && content.size >= leastDeltaBytes)
        place.warnOnce(
          'copy-data',
          `${place.url} has no copy-data (OpenSSH has it from 9.0 on): changed files are sent whole`,
        )
      return await replaceFile(writing, { path, content, options })
    },
    remove,
    abandoned: (options) => listAbandoned(place, records, options),
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  }
}

async function stat(
  place: SftpPlace,
  path: string,
  { signal }: RunOptions = {},
): Promise<SyncEntry | undefined> {
  const full = remotePath(place, path)
  try {
    return await place.pool.run(
      async (channel) => {
        if (path === '') return toEntry('', await channel.stat(full))
        if (!channel.features.posixRename) await recoverAside(channel, full)
        const stats = await channel.lstat(full)
        return toEntry(path, stats, kindOf(stats) === 'symlink' ? await channel.readlink(full) : undefined)
      },
      { signal },
    )
  } catch (error) {
    if (isMissing(error)) return undefined
    throw toSftpError(error, `Cannot look at "${shortenName(path === '' ? place.url : path)}"`)
  }
}
