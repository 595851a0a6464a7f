/**
 * Writes a whole object: one request for a small one, else parts, of which several are under way. Nothing is visible
 * before the content is confirmed. What an interrupted upload has left is used by the next run with the same content.
 */
import { ListPartsCommand, PutObjectCommand, type StorageClass } from './aws-client.ts'
import { createHash } from 'node:crypto'
import { mapBounded, type Semaphore, throwIfCancelled } from '../../../shared/concurrency.ts'
import { giveBack } from '../../../shared/dead-buffers.ts'
import { FerryError } from '../../../shared/errors.ts'
import type { RemoteContext } from '../../context.ts'
import type { WriteOptions, Written } from '../../remote.ts'
import type { Content } from '../../source.ts'
import { type ConditionHeaders, conflictAt, type Conditions, isRefusedCondition } from './conditions.ts'
import type { S3Connection } from './connection.ts'
import { bareEtag, type KeySpace } from './keys.ts'
import { leastPartBytes, maxPages, mostPartBytes, mostParts } from './limits.ts'
import { writeMetadata } from './metadata.ts'
import { createUpload, resumeUpload, type Upload } from './multipart.ts'
import { failureName } from './s3-errors.ts'
import { openUploadState, type UploadStateFile } from './upload-state.ts'

/** What writing needs, over all files. */
export interface WriterContext {
  readonly connection: S3Connection
  readonly keys: KeySpace
  readonly conditions: Conditions
  /** Bytes of parts in memory. */
  readonly buffers: Semaphore
  readonly stateDirectory: RemoteContext['stateDirectory']
}

const mebibyte = 1024 * 1024

/**
 * Bytes of each part but the last, for an object of `size`.
 * @throws E_NO_SPACE when no part size would do
 */
export function choosePartBytes(size: number, wanted: number, what: string): number {
  const least = Math.ceil(size / mostParts / mebibyte) * mebibyte
  if (least > mostPartBytes) throw new FerryError('E_NO_SPACE', `${what}: it is larger than S3 takes`)
  return Math.max(leastPartBytes, wanted, least)
}

/** @throws E_CHANGED when the content gives another number of bytes */
export async function readExactly(
  content: Content,
  offset: number,
  length: number,
  what: string,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const bytes = length === 0 ? new Uint8Array(0) : await content.read(offset, length, { signal })
  if (bytes.byteLength !== length)
    throw new FerryError('E_CHANGED', `${what}: its content is not as long as it was listed`)
  return bytes
}

export async function writeObject(
  context: WriterContext,
  path: string,
  content: Content,
  options: WriteOptions,
): Promise<Written> {
  throwIfCancelled(options.signal ?? context.connection.signal)
  return content.size <= context.connection.tuning.singlePutBytes
    ? await putObject(context, path, content, options)
    : await uploadObject(context, path, content, options)
}

async function putObject(
  { connection, keys, conditions, buffers }: WriterContext,
  path: string,
  content: Content,
  { attributes, expect, signal, onProgress }: WriteOptions,
): Promise<Written> {
  const key = keys.keyOf(path)
  const what = `Cannot write "${path}"`
  const release = await buffers.acquire(signal, content.size)
  try {
    const body = await readExactly(content, 0, content.size, what, signal)
    await content.confirm({ signal })
    const headers = await conditions.forPut(key, what, expect, { signal })
    const Metadata = writeMetadata(attributes)
    const storageClass = connection.storageClass as StorageClass | undefined
    const version = await connection.call(
      what,
      async (client, http, attempt) => {
        try {
          if (connection.bytes.isReady) {
            const sent = { key, headers: headersOf(Metadata, headers, storageClass), body }
            return bareEtag(await connection.bytes.send(client, sent, http.abortSignal))
          }
          const put = new PutObjectCommand({
            Bucket: keys.bucket,
            Key: key,
            Body: body,
            ContentLength: body.byteLength,
            Metadata,
            ...headers,
            ...(storageClass && { StorageClass: storageClass }),
          })
          return bareEtag((await client.send(put, http)).ETag)
        } catch (error) {
          if (!isRefusedCondition(error, expect)) throw error
          // An earlier call may have worked without an answer: then it is our own object that stands in the way.
          const ours = createHash('md5').update(body).digest('hex')
          const there = attempt > 1 ? await conditions.versionAt(key, what, { signal }) : undefined
          if (there === ours) return ours
          throw conflictAt(what, error)
        }
      },
      { signal },
    )
    onProgress?.({ sentBytes: content.size, copiedBytes: 0 })
    return { version, sentBytes: content.size, copiedBytes: 0, resumedBytes: 0 }
  } finally {
    release()
  }
}

/** As they are on the wire. */
function headersOf(
  metadata: Readonly<Record<string, string>>,
  { IfMatch, IfNoneMatch }: ConditionHeaders,
  storageClass: string | undefined,
): Record<string, string> {
  return {
    'content-type': 'application/octet-stream',
    ...Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`x-amz-meta-${name}`, value])),
    ...(IfMatch !== undefined && { 'if-match': IfMatch }),
    ...(IfNoneMatch !== undefined && { 'if-none-match': IfNoneMatch }),
    ...(storageClass !== undefined && { 'x-amz-storage-class': storageClass }),
  }
}

/** Whether the next run can go on after this failure: then the parts stay. */
function mayGoOn(error: unknown): boolean {
  return error instanceof FerryError && ['E_UNREACHABLE', 'E_CANCELLED', 'E_TIMEOUT'].includes(error.code)
}

async function uploadObject(
  context: WriterContext,
  path: string,
  content: Content,
  options: WriteOptions,
): Promise<Written> {
  const { connection, keys, stateDirectory } = context
  const { expect, signal, onProgress, resume = true } = options
  const key = keys.keyOf(path)
  const what = `Cannot write "${path}"`
  const state = openUploadState(stateDirectory, connection.place, key)
  const begun = await beginUpload(context, { key, what, state, content, options })
  const { upload, partBytes, there } = begun
  let { resumedBytes } = begun
  let sentBytes = 0
  const report = (): void => onProgress?.({ sentBytes, copiedBytes: 0 })
  try {
    const numbers = Array.from({ length: Math.ceil(content.size / partBytes) }, (_, index) => index + 1)
    await mapBounded(
      numbers.filter((number) => !there.has(number)),
      async (number) => {
        const offset = (number - 1) * partBytes
        const length = Math.min(partBytes, content.size - offset)
        const release = await context.buffers.acquire(signal, length)
        try {
          const bytes = await readExactly(content, offset, length, what, signal)
          await upload.send(number, bytes, { signal })
          giveBack(bytes)
          sentBytes += length
          report()
        } finally {
          release()
        }
      },
      { limit: connection.tuning.partsAtOnce, signal },
    )
    await content.confirm({ signal })
    const version = await upload.complete(expect, { signal })
    await state.remove()
    return { version, sentBytes, copiedBytes: 0, resumedBytes }
  } catch (error) {
    if (failureName(error) === 'NoSuchUpload' && resumedBytes > 0) {
      // It was thrown away between its listing and now: all over again, once.
      resumedBytes = 0
      await state.remove()
      return await uploadObject(context, path, content, options)
    }
    if (!resume || !mayGoOn(error)) {
      await upload.abort()
      await state.remove()
    }
    throw error
  }
}

interface Begun {
  readonly upload: Upload
  readonly partBytes: number
  /** Numbers of parts that are there. */
  readonly there: ReadonlySet<number>
  readonly resumedBytes: number
}

/** Takes up the upload of an earlier run when it is one of the same content, or begins one. */
async function beginUpload(
  context: WriterContext,
  {
    key,
    what,
    state,
    content,
    options,
  }: {
    readonly key: string
    readonly what: string
    readonly state: UploadStateFile
    readonly content: Content
    readonly options: WriteOptions
  },
): Promise<Begun> {
  const { connection } = context
  const { attributes, signal, resume = true } = options
  const target = { ...context, key, what }
  // The metadata was given when the upload was begun.
  const Metadata = writeMetadata(attributes)
  const identity = createHash('sha256')
    .update(JSON.stringify([content.identity, Metadata, connection.storageClass]))
    .digest('hex')
  const left = resume ? await state.read() : undefined
  if (left) {
    const upload = resumeUpload(target, left.uploadId, left.mark)
    if (left.identity === identity && left.size === content.size) {
      const parts = await listParts(context, key, left.uploadId, what, signal)
      if (parts) {
        const there = new Set<number>()
        let resumedBytes = 0
        for (const { number, etag, size } of parts) {
          const offset = (number - 1) * left.partBytes
          if (size !== Math.min(left.partBytes, content.size - offset)) continue
          upload.keep(number, etag)
          there.add(number)
          resumedBytes += size
        }
        return { upload, partBytes: left.partBytes, there, resumedBytes }
      }
    } else await upload.abort()
  }
  const partBytes = choosePartBytes(content.size, connection.tuning.partBytes, what)
  const upload = await createUpload(target, { Metadata }, { signal })
  if (resume)
    await state.write({
      uploadId: upload.id,
      mark: upload.mark,
      partBytes,
      identity,
      size: content.size,
      startedAtMs: Date.now(),
    })
  return { upload, partBytes, there: new Set(), resumedBytes: 0 }
}

interface ListedPart {
  readonly number: number
  readonly etag: string
  readonly size: number
}

/** Undefined when the upload is not there any more. */
async function listParts(
  { connection, keys }: WriterContext,
  key: string,
  uploadId: string,
  what: string,
  signal: AbortSignal | undefined,
): Promise<readonly ListedPart[] | undefined> {
  const parts: ListedPart[] = []
  let marker: string | undefined
  for (let pages = 0; pages < maxPages; pages++) {
    const command = new ListPartsCommand({
      Bucket: keys.bucket,
      Key: key,
      UploadId: uploadId,
      ...(marker !== undefined && { PartNumberMarker: marker }),
    })
    try {
      const page = await connection.call(what, (client, http) => client.send(command, http), { signal })
      for (const { PartNumber: number = 0, ETag: etag = '', Size: size = 0 } of page.Parts ?? [])
        parts.push({ number, etag, size })
      if (page.IsTruncated !== true) return parts
      marker = page.NextPartNumberMarker
    } catch (error) {
      if (failureName(error) === 'NoSuchUpload') return undefined
      throw error
    }
  }
  return parts
}
