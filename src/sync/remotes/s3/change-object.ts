/** Changes within the bucket, without content passing through here: times and modes, moves, removals. */
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  type StorageClass,
} from './aws-client.ts'
import { mapBounded } from '../../../shared/concurrency.ts'
import { FerryError } from '../../../shared/errors.ts'
import type { Attributes, Expected } from '../../remote.ts'
import type { SyncEntry, Version } from '../../source.ts'
import { conflictAt, isRefusedCondition } from './conditions.ts'
import type { CallOptions } from './connection.ts'
import { bareEtag, quotedEtag } from './keys.ts'
import { copyPartBytes, mostCopyBytes } from './limits.ts'
import { writeMetadata } from './metadata.ts'
import { createUpload, markName, type ObjectHeaders } from './multipart.ts'
import { splitRange } from './stitch-parts.ts'
import type { WriterContext } from './write-object.ts'

export async function headObject(
  { connection, keys }: Pick<WriterContext, 'connection' | 'keys'>,
  key: string,
  what: string,
  options: CallOptions,
): Promise<HeadObjectCommandOutput> {
  return await connection.call(
    what,
    (client, http) => client.send(new HeadObjectCommand({ Bucket: keys.bucket, Key: key }), http),
    options,
  )
}

/** What an object carries besides its content, with other times and modes where `attributes` has some. */
function headersOf(head: HeadObjectCommandOutput, attributes: Attributes): ObjectHeaders {
  const { [markName]: _, ...others } = head.Metadata ?? {}
  return {
    Metadata: writeMetadata(attributes, others),
    ContentType: head.ContentType,
    CacheControl: head.CacheControl,
    ContentDisposition: head.ContentDisposition,
    ContentEncoding: head.ContentEncoding,
    ContentLanguage: head.ContentLanguage,
  }
}

interface Copy {
  readonly from: string
  readonly to: string
  readonly head: HeadObjectCommandOutput
  readonly attributes: Attributes
  readonly expect: Expected | undefined
  readonly what: string
}

/** Returns the version of the copy. @throws E_CONFLICT when the source is not what `head` says any more */
async function copyObject(context: WriterContext, copy: Copy, options: CallOptions): Promise<Version> {
  const { connection, keys } = context
  const { from, to, head, attributes, expect, what } = copy
  const headers = headersOf(head, attributes)
  const version = bareEtag(head.ETag)
  const size = head.ContentLength ?? 0
  if (size > mostCopyBytes) {
    const upload = await createUpload({ ...context, key: to, what }, headers, options)
    try {
      const parts = splitRange(0, size, copyPartBytes)
      await mapBounded(
        parts.entries(),
        ([index, range]) => upload.copy(index + 1, { ...range, key: from, version, isWhole: false }, options),
        { limit: connection.tuning.partsAtOnce, signal: options.signal },
      )
      return await upload.complete(expect, options)
    } catch (error) {
      await upload.abort()
      throw error
    }
  }
  const storageClass = (connection.storageClass ?? head.StorageClass) as StorageClass | undefined
  return await connection.call(
    what,
    async (client, http) => {
      const command = new CopyObjectCommand({
        Bucket: keys.bucket,
        Key: to,
        CopySource: keys.sourceOf(from),
        CopySourceIfMatch: quotedEtag(version),
        MetadataDirective: 'REPLACE',
        ...headers,
        ...(storageClass && { StorageClass: storageClass }),
      })
      const { CopyObjectResult } = await client.send(command, http).catch((error: unknown) => {
        throw isRefusedCondition(error, { version }) ? conflictAt(what, error) : error
      })
      return bareEtag(CopyObjectResult?.ETag) || bareEtag((await headObject(context, to, what, options)).ETag)
    },
    { ...options, isLong: true },
  )
}

/** Copies the object onto itself; returns its version. @throws E_CONFLICT when it is not `entry` any more */
export async function setObjectAttributes(
  context: WriterContext,
  entry: SyncEntry,
  attributes: Attributes,
  options: CallOptions,
): Promise<Version> {
  const what = `Cannot set the times of "${entry.path}"`
  const key = context.keys.keyOf(entry.path)
  const head = await headObject(context, key, what, options)
  if (bareEtag(head.ETag) !== entry.version) throw conflictAt(what)
  const expect = { version: entry.version }
  return await copyObject(context, { from: key, to: key, head, attributes, expect, what }, options)
}

/** There is no moving in S3: a copy, then the removal of what was copied. @throws E_NOT_FOUND */
export async function renameObject(
  context: WriterContext,
  from: string,
  to: string,
  options: CallOptions,
): Promise<void> {
  const what = `Cannot move "${from}"`
  const key = context.keys.keyOf(from)
  const head = await headObject(context, key, what, options)
  await copyObject(
    context,
    { from: key, to: context.keys.keyOf(to), head, attributes: {}, expect: undefined, what },
    options,
  )
  await deleteKey(context, key, bareEtag(head.ETag), what, options)
}

/** @throws E_CONFLICT when it is not `entry` any more */
export async function duplicateObject(
  context: WriterContext,
  entry: SyncEntry,
  to: string,
  options: CallOptions,
): Promise<Version> {
  const what = `Cannot keep "${entry.path}" as "${to}"`
  const key = context.keys.keyOf(entry.path)
  const head = await headObject(context, key, what, options)
  if (bareEtag(head.ETag) !== entry.version) throw conflictAt(what)
  const copy = { from: key, to: context.keys.keyOf(to), head, attributes: {}, expect: undefined, what }
  await copyObject(context, copy, options)
  return entry.version
}

/** @throws E_CONFLICT when another version stands there */
export async function deleteKey(
  { connection, keys, conditions }: WriterContext,
  key: string,
  version: Version,
  what: string,
  options: CallOptions,
): Promise<void> {
  const headers = await conditions.forDelete(key, what, version, options)
  await connection.call(
    what,
    async (client, http) => {
      await client
        .send(new DeleteObjectCommand({ Bucket: keys.bucket, Key: key, ...headers }), http)
        .catch((error) => {
          throw isRefusedCondition(error, { version }) ? conflictAt(what, error) : error
        })
    },
    options,
  )
}

export function notAFile(what: string): FerryError {
  return new FerryError('E_INTERNAL', `${what}: it is not a file`)
}
