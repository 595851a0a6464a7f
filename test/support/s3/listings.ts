/** Listings of the test server: pages in the order of the keys' bytes, folded at a delimiter, and encoded when asked for. */
import { S3Failure } from './failure.ts'
import type { S3Answer, S3Call } from './operations.ts'
import { writeXml } from './xml.ts'

const encodeKey = (key: string): string =>
  encodeURIComponent(key).replaceAll('%2F', '/').replaceAll('%20', '+')

/** The first index in sorted `keys` whose key is not before `key`. */
function lowerBound(keys: readonly string[], key: string, order: (a: string, b: string) => number): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (order(keys[middle] as string, key) < 0) low = middle + 1
    else high = middle
  }
  return low
}

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

export function listObjects(call: S3Call): S3Answer {
  const { query, bucket, rules } = call
  const prefix = query.get('prefix') ?? ''
  const delimiter = query.get('delimiter') ?? ''
  const token = query.get('continuation-token')
  const after = token === null ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64url').toString()
  const limit = Math.min(Number(query.get('max-keys') ?? 1000), rules.pageSize)
  if (!(limit >= 0)) throw new S3Failure(400, 'InvalidArgument', 'max-keys is not a number')
  const encode = query.get('encoding-type') === 'url' ? encodeKey : (key: string): string => key
  const keys = bucket.sortedKeys()
  const contents: string[] = []
  const prefixes: string[] = []
  let last = ''
  let isTruncated = false
  let at = lowerBound(keys, byBytes(after, prefix) < 0 ? prefix : after, byBytes)
  for (; at < keys.length; at++) {
    const key = keys[at] as string
    if (!key.startsWith(prefix)) break
    if (key === after && after !== '') continue
    const fold = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
    const folded = fold < 0 ? undefined : key.slice(0, fold + delimiter.length)
    if (folded !== undefined && (folded === prefixes.at(-1) || (after.startsWith(folded) && token !== null)))
      continue
    if (contents.length + prefixes.length >= limit) {
      isTruncated = true
      break
    }
    if (folded === undefined) contents.push(key)
    else prefixes.push(folded)
    last = folded ?? key
  }
  return {
    status: 200,
    xml: writeXml('ListBucketResult', {
      Name: call.bucketName,
      Prefix: encode(prefix),
      ...(delimiter !== '' && { Delimiter: encode(delimiter) }),
      MaxKeys: limit,
      KeyCount: contents.length + prefixes.length,
      IsTruncated: isTruncated,
      ...(isTruncated && { NextContinuationToken: Buffer.from(last).toString('base64url') }),
      Contents: contents.map((key) => {
        const object = bucket.find(key)
        return {
          Key: encode(key),
          LastModified: new Date(object.modifiedMs).toISOString(),
          ETag: `"${object.etag}"`,
          Size: object.content.length,
          StorageClass: object.headers['x-amz-storage-class'] ?? 'STANDARD',
        }
      }),
      CommonPrefixes: prefixes.map((one) => ({ Prefix: encode(one) })),
    }),
  }
}

export function listUploads(call: S3Call): S3Answer {
  const { query, bucket, rules } = call
  const prefix = query.get('prefix') ?? ''
  const keyMarker = query.get('key-marker') ?? ''
  const idMarker = query.get('upload-id-marker') ?? ''
  const encode = query.get('encoding-type') === 'url' ? encodeKey : (key: string): string => key
  const all = [...bucket.uploads.values()]
    .filter((upload) => upload.key.startsWith(prefix))
    .sort((a, b) => byBytes(a.key, b.key) || byBytes(a.id, b.id))
    .filter((upload) => {
      const order = byBytes(upload.key, keyMarker)
      return (
        keyMarker === '' || order > 0 || (order === 0 && idMarker !== '' && byBytes(upload.id, idMarker) > 0)
      )
    })
  const page = all.slice(0, Math.min(rules.pageSize, Number(query.get('max-uploads') ?? 1000)))
  const isTruncated = page.length < all.length
  return {
    status: 200,
    xml: writeXml('ListMultipartUploadsResult', {
      Bucket: call.bucketName,
      IsTruncated: isTruncated,
      ...(isTruncated && {
        NextKeyMarker: encode(page.at(-1)?.key ?? ''),
        NextUploadIdMarker: page.at(-1)?.id ?? '',
      }),
      Upload: page.map((upload) => ({
        Key: encode(upload.key),
        UploadId: upload.id,
        Initiated: new Date(upload.startedMs).toISOString(),
      })),
    }),
  }
}
