/**
 * A bucket, or a part of one, as a remote. Keys are paths; folders are the parts of keys between slashes, and objects
 * whose key ends in a slash. Links cannot be kept. Times and modes are metadata, which a listing does not tell.
 */
import { ListObjectsV2Command } from './aws-client.ts'
import { createSemaphore, throwIfCancelled } from '../../../shared/concurrency.ts'
import { FerryError } from '../../../shared/errors.ts'
import type { TreePath } from '../../../shared/paths.ts'
import type { RemoteContext } from '../../context.ts'
import type { S3Location } from '../../location.ts'
import type { Remote, RemoteCaps } from '../../remote.ts'
import type { SyncEntry } from '../../source.ts'
import { listAbandoned } from './abandoned.ts'
import { assembledBytes, assembleObject, leastAssembledBytes } from './assemble-object.ts'
import { deleteKey, duplicateObject, headObject, renameObject, setObjectAttributes } from './change-object.ts'
import { createConditions } from './conditions.ts'
import { type CallOptions, connectS3 } from './connection.ts'
import { bareEtag, createKeySpace, decodeKey } from './keys.ts'
import { folderEntry } from './key-tree.ts'
import { defaultTuning, type S3Tuning } from './limits.ts'
import { listObjects } from './list-objects.ts'
import { readMetadata } from './metadata.ts'
import { openObject } from './read-object.ts'
import { createRecordStore } from './records.ts'
import { failureName, statusOf } from './s3-errors.ts'
import { writeObject, type WriterContext } from './write-object.ts'

/** Small files are one request each, and most of it is waiting. */
const filesAtOnce = 48

/**
 * One request, which tells whether bucket, region and credentials are right.
 * @throws E_NOT_FOUND without the bucket; E_USAGE, E_PERMISSION, E_REFUSED, E_UNREACHABLE
 */
export async function openS3Remote(
  location: S3Location,
  context: RemoteContext,
  tuning: S3Tuning = defaultTuning,
): Promise<Remote> {
  const connection = connectS3(location, context, tuning)
  const keys = createKeySpace(location.bucket, location.prefix)
  const { stateDirectory } = context
  const conditions = createConditions(connection, keys)
  const buffers = createSemaphore(tuning.bufferBytes)
  const writer: WriterContext = { connection, keys, conditions, buffers, stateDirectory }
  const url = `s3://${location.bucket}/${location.prefix}`

  const firstKey = async (
    prefix: string,
    what: string,
    options: CallOptions,
  ): Promise<string | undefined> => {
    const command = new ListObjectsV2Command({
      Bucket: keys.bucket,
      Prefix: prefix,
      MaxKeys: 1,
      EncodingType: 'url',
    })
    const page = await connection.call(what, (client, http) => client.send(command, http), options)
    const key = page.Contents?.[0]?.Key
    return key === undefined ? undefined : decodeKey(key)
  }
  /** What opening has seen already: it answers the first question for the location itself. */
  let seen: { readonly key: string | undefined } | undefined

  async function stat(path: string, options: CallOptions): Promise<SyncEntry | undefined> {
    throwIfCancelled(options.signal)
    const what = `Cannot look at "${path === '' ? url : path}"`
    const key = keys.keyOf(path)
    if (key === '') return folderEntry('')
    const first = path === '' ? seen : undefined
    seen = undefined
    if (first && first.key === undefined) return undefined
    // The object of this very name would have come before those below it.
    if (first?.key?.startsWith(`${key}/`)) return folderEntry('')
    try {
      const head = await headObject(writer, key, what, options)
      const { mtimeNs, mode, blob } = readMetadata(head.Metadata)
      return {
        path: path as TreePath,
        kind: 'file',
        size: head.ContentLength ?? 0,
        mtimeNs: mtimeNs ?? BigInt(head.LastModified?.getTime() ?? 0) * 1_000_000n,
        mode,
        version: bareEtag(head.ETag),
        ...(blob && { blob }),
      }
    } catch (error) {
      if (statusOf(error) !== 404) throw error
    }
    return (await firstKey(`${key}/`, what, options)) === undefined ? undefined : folderEntry(path)
  }

  const caps: RemoteCaps = {
    modes: true,
    timeStepNs: 1n,
    leastDeltaBytes: leastAssembledBytes,
    concurrency: filesAtOnce,
    records: createRecordStore(connection, keys),
    assemble: (old, segments, content, options) => assembleObject(writer, old, segments, content, options),
    assembledBytes: (old, segments) => assembledBytes(writer, old, segments),
    setAttributes: (entry, attributes, { signal } = {}) =>
      setObjectAttributes(writer, entry, attributes, { signal }),
    rename: (from, to, { signal } = {}) => renameObject(writer, from, to, { signal }),
    duplicate: (entry, to, { signal } = {}) => duplicateObject(writer, entry, to, { signal }),
    md5: ({ kind, version }) => (kind === 'file' && /^[0-9a-f]{32}$/.test(version) ? version : undefined),
    async describe(entry, { signal } = {}) {
      if (entry.kind !== 'file') return entry
      const now = await stat(entry.path, { signal })
      if (now?.version !== entry.version)
        throw new FerryError(
          'E_CHANGED',
          `Cannot look at "${entry.path}": it is not what was listed any more`,
        )
      return now
    },
  }

  try {
    seen = { key: await firstKey(location.prefix, `Cannot open ${url}`, { attempts: 3 }) }
  } catch (error) {
    // Keys that may write but not list are of use too; what needs a list will say so.
    if (!(error instanceof FerryError && ['AccessDenied', 'Forbidden'].includes(failureName(error)))) {
      connection[Symbol.dispose]()
      throw error
    }
  }
  return {
    url,
    place: connection.place,
    caps,
    list: (options) => listObjects(connection, keys, options),
    open: async (entry) => openObject(connection, keys, entry),
    stat: (path, { signal } = {}) => stat(path, { signal }),
    write: (path, content, options) => writeObject(writer, path, content, options),
    async remove(entry, { signal } = {}) {
      throwIfCancelled(signal)
      const key = keys.keyOf(entry.path)
      const what = `Cannot remove "${entry.path}"`
      // A folder is there as long as something is in it, or an object of its own makes it.
      if (entry.kind !== 'directory') await deleteKey(writer, key, entry.version, what, { signal })
      else if (entry.version !== '') await deleteKey(writer, `${key}/`, entry.version, what, { signal })
    },
    abandoned: ({ signal } = {}) => listAbandoned(writer, { signal }),
    async [Symbol.asyncDispose]() {
      connection[Symbol.dispose]()
    },
  }
}
