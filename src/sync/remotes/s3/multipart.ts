/**
 * One multipart upload: begun, filled with sent and copied parts, and completed or aborted. Each part is sent from one
 * buffer, whose bytes the signature covers. An upload carries a mark in its metadata, by which it can be told afterwards
 * whether a Complete without an answer has worked.
 */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  type StorageClass,
  UploadPartCommand,
  UploadPartCopyCommand,
} from './aws-client.ts'
import { randomBytes } from 'node:crypto'
import { FerryError } from '../../../shared/errors.ts'
import type { Expected } from '../../remote.ts'
import { conflictAt, type Conditions, isRefusedCondition } from './conditions.ts'
import type { CallOptions, S3Connection } from './connection.ts'
import { bareEtag, type KeySpace, quotedEtag } from './keys.ts'
import { failureName, statusOf } from './s3-errors.ts'

/** In the metadata of objects that were uploaded in parts. */
export const markName = 'ferry-upload'

export interface ObjectHeaders {
  readonly Metadata: Readonly<Record<string, string>>
  readonly ContentType?: string | undefined
  readonly CacheControl?: string | undefined
  readonly ContentDisposition?: string | undefined
  readonly ContentEncoding?: string | undefined
  readonly ContentLanguage?: string | undefined
}

/** Half-open. */
export interface CopyRange {
  readonly key: string
  readonly from: number
  readonly length: number
  /** Left out: the whole object, of `length` bytes. */
  readonly version?: string | undefined
  readonly isWhole: boolean
}

export interface Upload {
  readonly id: string
  /** What its object will carry. */
  readonly mark: string
  /** Part numbers begin at 1. */
  send(number: number, bytes: Uint8Array, options: CallOptions): Promise<void>
  /** @throws E_CONFLICT when the source is another version */
  copy(number: number, range: CopyRange, options: CallOptions): Promise<void>
  /** Adds a part that an earlier run has sent. */
  keep(number: number, etag: string): void
  /** Returns the version of the object. @throws E_CONFLICT */
  complete(expect: Expected | undefined, options: CallOptions): Promise<string>
  /** Nothing of it stays. Failures are passed over: what could not be removed is found by `abandoned`. */
  abort(): Promise<void>
}

interface Target {
  readonly connection: S3Connection
  readonly keys: KeySpace
  readonly conditions: Conditions
  readonly key: string
  /** Begins the sentence of errors. */
  readonly what: string
}

export async function createUpload(
  target: Target,
  headers: ObjectHeaders,
  options: CallOptions,
): Promise<Upload> {
  const { connection, keys, key, what } = target
  const storageClass = connection.storageClass as StorageClass | undefined
  const mark = randomBytes(8).toString('hex')
  const { UploadId } = await connection.call(
    what,
    (client, http) =>
      client.send(
        new CreateMultipartUploadCommand({
          Bucket: keys.bucket,
          Key: key,
          ...headers,
          Metadata: { ...headers.Metadata, [markName]: mark },
          ...(storageClass && { StorageClass: storageClass }),
        }),
        http,
      ),
    options,
  )
  if (UploadId === undefined) throw new FerryError('E_PROTOCOL', `${what}: the server began no upload`)
  return resumeUpload(target, UploadId, mark)
}

/** An upload that was begun before. */
export function resumeUpload(
  { connection, keys, conditions, key, what }: Target,
  id: string,
  mark: string,
): Upload {
  const at = { Bucket: keys.bucket, Key: key, UploadId: id }
  const etags = new Map<number, string>()
  const took = (number: number, etag: string | undefined): void => {
    if (bareEtag(etag) === '')
      throw new FerryError('E_PROTOCOL', `${what}: the server does not confirm a part`, { retryable: true })
    etags.set(number, etag as string)
  }

  /** The version at the key, when it is the one that this upload made. */
  const completed = (options: CallOptions): Promise<string | undefined> =>
    connection.call(
      what,
      async (client, http) => {
        try {
          const head = await client.send(new HeadObjectCommand({ Bucket: keys.bucket, Key: key }), http)
          return head.Metadata?.[markName] === mark ? bareEtag(head.ETag) : undefined
        } catch (error) {
          if (statusOf(error) === 404) return undefined
          throw error
        }
      },
      options,
    )

  return {
    id,
    mark,
    keep: (number, etag) => void etags.set(number, etag),
    async send(number, bytes, options) {
      await connection.call(
        what,
        async (client, http) => {
          if (connection.bytes.isReady) {
            const query = { partNumber: String(number), uploadId: id }
            const sent = { key, query, headers: {}, body: bytes }
            return took(number, await connection.bytes.send(client, sent, http.abortSignal))
          }
          const { ETag } = await client.send(
            new UploadPartCommand({
              ...at,
              PartNumber: number,
              Body: bytes,
              ContentLength: bytes.byteLength,
            }),
            http,
          )
          took(number, ETag)
        },
        options,
      )
    },
    async copy(number, { key: source, from, length, version, isWhole }, options) {
      await connection.call(
        what,
        async (client, http) => {
          const command = new UploadPartCopyCommand({
            ...at,
            PartNumber: number,
            CopySource: keys.sourceOf(source),
            ...(version !== undefined && { CopySourceIfMatch: quotedEtag(version) }),
            ...(!isWhole && { CopySourceRange: `bytes=${from}-${from + length - 1}` }),
          })
          const { CopyPartResult } = await client.send(command, http).catch((error: unknown) => {
            throw version !== undefined &&
              isRefusedCondition(error, { version }) &&
              failureName(error) !== 'NoSuchUpload'
              ? conflictAt(what, error)
              : error
          })
          took(number, CopyPartResult?.ETag)
        },
        { ...options, isLong: true },
      )
    },
    async complete(expect, options) {
      const headers = await conditions.forComplete(key, what, expect, options)
      const parts = [...etags].sort(([a], [b]) => a - b).map(([PartNumber, ETag]) => ({ PartNumber, ETag }))
      return await connection.call(
        what,
        async (client, http, attempt) => {
          // The answer to an earlier call may have been lost behind its effect.
          const before = attempt > 1 ? await completed(options) : undefined
          if (before !== undefined) return before
          try {
            const done = await client.send(
              new CompleteMultipartUploadCommand({ ...at, ...headers, MultipartUpload: { Parts: parts } }),
              http,
            )
            // Ceph tells an empty one.
            const version = bareEtag(done.ETag) || (await completed(options))
            if (version === undefined) throw conflictAt(what)
            return version
          } catch (error) {
            if (failureName(error) !== 'NoSuchUpload' && isRefusedCondition(error, expect))
              throw conflictAt(what, error)
            throw error
          }
        },
        { ...options, isLong: true },
      )
    },
    async abort() {
      await connection
        .call(what, (client, http) => client.send(new AbortMultipartUploadCommand(at), http), {
          attempts: 2,
          // What was cancelled is cleaned up all the same.
          signal: AbortSignal.timeout(10_000),
        })
        .catch(() => undefined)
    },
  }
}
