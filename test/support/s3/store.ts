/** What the test server holds: buckets, objects, unfinished uploads, and S3's rules about parts. */
import { createHash, randomUUID } from 'node:crypto'
import { compareUtf8 } from '../../../src/shared/paths.ts'
import { noSuchKey, preconditionFailed, S3Failure } from './failure.ts'
import { joinRopes, type Rope, ropeMd5 } from './rope.ts'

export const leastPartBytes: number = 5 * 1024 ** 2
export const mostPartBytes: number = 5 * 1024 ** 3
const mostObjectBytes = 5 * 1024 ** 4
export const mostParts = 10_000

export interface StoredObject {
  readonly key: string
  readonly content: Rope
  /** Without quotes. */
  readonly etag: string
  readonly modifiedMs: number
  /** Content-Type and others of this kind, in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Without `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>
}

export type ObjectInfo = Pick<StoredObject, 'headers' | 'metadata'>

export interface StoredPart {
  readonly number: number
  readonly content: Rope
  readonly etag: string
  readonly modifiedMs: number
}

export interface StoredUpload {
  readonly id: string
  readonly key: string
  readonly info: ObjectInfo
  readonly startedMs: number
  readonly parts: Map<number, StoredPart>
}

export interface Conditions {
  readonly ifMatch?: string | undefined
  readonly ifNoneMatch?: string | undefined
}

export interface Bucket {
  readonly objects: Map<string, StoredObject>
  readonly uploads: Map<string, StoredUpload>
  /** Keys by their UTF-8 bytes. */
  sortedKeys(): readonly string[]
  find(key: string): StoredObject
  put(key: string, content: Rope, info: ObjectInfo, etag?: string): StoredObject
  remove(key: string): void
  /** @throws S3Failure when what stands at `key` is not what is wanted */
  demand(key: string, conditions: Conditions): void
  createUpload(key: string, info: ObjectInfo): StoredUpload
  findUpload(key: string, id: string): StoredUpload
  complete(
    upload: StoredUpload,
    listed: readonly { readonly number: number; readonly etag: string }[],
  ): StoredObject
}

export const bareEtag = (etag: string): string => etag.trim().replace(/^"(.*)"$/, '$1')

export function createBucket(nowMs: () => number): Bucket {
  const objects = new Map<string, StoredObject>()
  const uploads = new Map<string, StoredUpload>()
  let sorted: string[] | undefined

  const put = (key: string, content: Rope, info: ObjectInfo, etag = ropeMd5(content)): StoredObject => {
    if (Buffer.byteLength(key) > 1024) throw new S3Failure(400, 'KeyTooLongError', 'Your key is too long')
    if (!objects.has(key)) sorted = undefined
    const { headers, metadata } = info
    const object = { key, content, etag, modifiedMs: nowMs(), headers, metadata }
    objects.set(key, object)
    return object
  }

  return {
    objects,
    uploads,
    put,
    sortedKeys() {
      sorted ??= [...objects.keys()].sort(compareUtf8)
      return sorted
    },
    find(key) {
      const object = objects.get(key)
      if (!object) throw noSuchKey(key)
      return object
    },
    remove(key) {
      if (objects.delete(key)) sorted = undefined
    },
    demand(key, { ifMatch, ifNoneMatch }) {
      const there = objects.get(key)
      if (ifNoneMatch !== undefined && ifNoneMatch !== '*')
        throw new S3Failure(501, 'NotImplemented', 'If-None-Match takes * only')
      if (ifNoneMatch !== undefined && there) throw preconditionFailed('If-None-Match')
      if (ifMatch === undefined) return
      if (!there) throw noSuchKey(key)
      if (ifMatch !== '*' && bareEtag(ifMatch) !== there.etag) throw preconditionFailed('If-Match')
    },
    createUpload(key, info) {
      if (Buffer.byteLength(key) > 1024) throw new S3Failure(400, 'KeyTooLongError', 'Your key is too long')
      const upload = { id: randomUUID(), key, info, startedMs: nowMs(), parts: new Map<number, StoredPart>() }
      uploads.set(upload.id, upload)
      return upload
    },
    findUpload(key, id) {
      const upload = uploads.get(id)
      if (!upload || upload.key !== key)
        throw new S3Failure(404, 'NoSuchUpload', 'The specified upload does not exist.')
      return upload
    },
    complete(upload, listed) {
      if (listed.length === 0) throw new S3Failure(400, 'MalformedXML', 'No part is listed')
      const parts = listed.map(({ number, etag }, index) => {
        const part = upload.parts.get(number)
        if (index > 0 && number <= (listed[index - 1]?.number ?? 0))
          throw new S3Failure(400, 'InvalidPartOrder', 'The list of parts was not in ascending order.')
        if (!part || part.etag !== bareEtag(etag))
          throw new S3Failure(400, 'InvalidPart', `Part ${number} could not be found, or its ETag differs.`)
        if (index < listed.length - 1 && part.content.length < leastPartBytes)
          throw new S3Failure(
            400,
            'EntityTooSmall',
            'Your proposed upload is smaller than the minimum allowed size',
            {
              details: { ProposedSize: String(part.content.length), PartNumber: String(number) },
            },
          )
        return part
      })
      const content = joinRopes(parts.map((part) => part.content))
      if (content.length > mostObjectBytes)
        throw new S3Failure(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size')
      const hash = createHash('md5')
      for (const part of parts) hash.update(Buffer.from(part.etag, 'hex'))
      uploads.delete(upload.id)
      return put(upload.key, content, upload.info, `${hash.digest('hex')}-${parts.length}`)
    },
  }
}
