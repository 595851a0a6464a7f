/** What S3's operations do, as the test server carries them out: a call in, an answer out, no socket. */
import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { preconditionFailed, S3Failure } from './failure.ts'
import { listObjects, listUploads } from './listings.ts'
import { type Rope, ropeMd5, ropeName, ropeOf, sliceRope } from './rope.ts'
import {
  type Bucket,
  bareEtag,
  leastPartBytes,
  mostPartBytes,
  mostParts,
  type ObjectInfo,
  type StoredObject,
} from './store.ts'
import { elements, elementText, writeXml } from './xml.ts'

/** Where the server may be less than S3 itself, as others are. */
export interface S3Rules {
  readonly conditionsOnPut: boolean
  readonly conditionsOnComplete: boolean
  readonly conditionsOnCopy: boolean
  readonly conditionsOnDelete: boolean
  /** False: an ETag in quotes matches nothing in a conditional Put, as with Ceph. */
  readonly quotedConditions: boolean
  /** False: bodies in aws-chunked are refused. */
  readonly trailers: boolean
  /** False: the reply to Complete has an empty ETag, as with Ceph. */
  readonly completeEtag: boolean
  /** False: DeleteObjects is not known. */
  readonly deleteObjects: boolean
  /** Entries of one listing. */
  readonly pageSize: number
}

export interface S3Call {
  readonly operation: string
  readonly bucket: Bucket
  readonly bucketName: string
  readonly key: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly rules: S3Rules
  findBucket(name: string): Bucket
}

export interface S3Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly xml?: string
  /** Body of a GetObject. */
  readonly content?: Rope
}

const kept = [
  'content-type',
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'x-amz-storage-class',
]

const text = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value

function infoOf(headers: IncomingHttpHeaders): ObjectInfo {
  const info = { headers: {} as Record<string, string>, metadata: {} as Record<string, string> }
  let bytes = 0
  for (const [name, value] of Object.entries(headers)) {
    if (kept.includes(name)) info.headers[name] = String(value)
    if (!name.startsWith('x-amz-meta-')) continue
    info.metadata[name.slice('x-amz-meta-'.length)] = String(value)
    bytes += name.length - 'x-amz-meta-'.length + String(value).length
  }
  if (bytes > 2048)
    throw new S3Failure(400, 'MetadataTooLarge', 'Your metadata headers exceed the maximum allowed size')
  return info
}

function describe(object: StoredObject): Record<string, string> {
  const metadata = Object.entries(object.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value])
  return {
    etag: `"${object.etag}"`,
    'last-modified': new Date(object.modifiedMs).toUTCString(),
    'accept-ranges': 'bytes',
    'content-type': 'binary/octet-stream',
    ...object.headers,
    ...(Object.fromEntries(metadata) as Record<string, string>),
  }
}

function conditions(
  call: S3Call,
  honoured: boolean,
): { ifMatch?: string | undefined; ifNoneMatch?: string | undefined } {
  if (!honoured) return {}
  const ifMatch = text(call.headers['if-match'])
  if (ifMatch?.startsWith('"') && !call.rules.quotedConditions) throw preconditionFailed('If-Match')
  return { ifMatch, ifNoneMatch: text(call.headers['if-none-match']) }
}

/** Half-open; undefined for the whole. */
function rangeOf(header: string | undefined, length: number, strict: boolean): [number, number] | undefined {
  if (header === undefined) return undefined
  const match = /^bytes=(\d+)-(\d*)$/.exec(header)
  const invalid = new S3Failure(416, 'InvalidRange', 'The requested range is not satisfiable')
  if (!match) throw strict ? new S3Failure(400, 'InvalidArgument', 'The range is malformed') : invalid
  const from = Number(match[1])
  const last = match[2] === '' ? length - 1 : Number(match[2])
  if (from >= length || last < from || (strict && last >= length)) throw invalid
  return [from, Math.min(last, length - 1) + 1]
}

function get(call: S3Call): S3Answer {
  const object = call.bucket.find(call.key)
  const ifMatch = text(call.headers['if-match'])
  if (ifMatch !== undefined && bareEtag(ifMatch) !== object.etag) throw preconditionFailed('If-Match')
  const ifNoneMatch = text(call.headers['if-none-match'])
  if (ifNoneMatch !== undefined && bareEtag(ifNoneMatch) === object.etag) return { status: 304 }
  const range = rangeOf(text(call.headers['range']), object.content.length, false)
  const [from, to] = range ?? [0, object.content.length]
  return {
    status: range ? 206 : 200,
    headers: {
      ...describe(object),
      ...(range && { 'content-range': `bytes ${from}-${to - 1}/${object.content.length}` }),
      'content-length': String(to - from),
    },
    content:
      call.operation === 'HeadObject'
        ? { length: 0, pieces: [] }
        : sliceRope(object.content, from, to - from),
  }
}

function copySource(call: S3Call): StoredObject {
  const [path = ''] = (text(call.headers['x-amz-copy-source']) ?? '').replace(/^\//, '').split('?')
  const slash = path.indexOf('/')
  const source = call
    .findBucket(decodeURIComponent(path.slice(0, slash)))
    .find(decodeURIComponent(path.slice(slash + 1)))
  const ifMatch = text(call.headers['x-amz-copy-source-if-match'])
  if (call.rules.conditionsOnCopy && ifMatch !== undefined && bareEtag(ifMatch) !== source.etag)
    throw preconditionFailed('x-amz-copy-source-If-Match')
  return source
}

function copyObject(call: S3Call): S3Answer {
  const source = copySource(call)
  const replaces = call.headers['x-amz-metadata-directive'] === 'REPLACE'
  if (source.content.length > mostPartBytes)
    throw new S3Failure(
      400,
      'InvalidRequest',
      'The specified copy source is larger than the maximum allowable size',
    )
  if (!replaces && source === call.bucket.objects.get(call.key))
    throw new S3Failure(
      400,
      'InvalidRequest',
      'This copy request is illegal because it is trying to copy an object to itself without changing it',
    )
  call.bucket.demand(call.key, conditions(call, call.rules.conditionsOnPut))
  const etag = source.etag.includes('-') ? ropeMd5(source.content) : source.etag
  const copy = call.bucket.put(call.key, source.content, replaces ? infoOf(call.headers) : source, etag)
  return {
    status: 200,
    xml: writeXml('CopyObjectResult', {
      ETag: `"${copy.etag}"`,
      LastModified: new Date(copy.modifiedMs).toISOString(),
    }),
  }
}

function takePart(call: S3Call, content: Rope, etag: string): void {
  const number = Number(call.query.get('partNumber'))
  if (!(Number.isInteger(number) && number >= 1 && number <= mostParts))
    throw new S3Failure(
      400,
      'InvalidArgument',
      `Part number must be an integer between 1 and ${mostParts}, inclusive`,
    )
  if (content.length > mostPartBytes) throw new S3Failure(400, 'EntityTooLarge', 'The part is too large')
  const upload = call.bucket.findUpload(call.key, call.query.get('uploadId') ?? '')
  upload.parts.set(number, { number, content, etag, modifiedMs: Date.now() })
}

function uploadPartCopy(call: S3Call): S3Answer {
  const source = copySource(call)
  const header = text(call.headers['x-amz-copy-source-range'])
  const range = rangeOf(header, source.content.length, true)
  if (range && source.content.length <= leastPartBytes)
    throw new S3Failure(400, 'InvalidRequest', 'A range can be copied of an object of more than 5 MiB only')
  const [from, to] = range ?? [0, source.content.length]
  const content = sliceRope(source.content, from, to - from)
  const etag = ropeName(content)
  takePart(call, content, etag)
  return {
    status: 200,
    xml: writeXml('CopyPartResult', { ETag: `"${etag}"`, LastModified: new Date().toISOString() }),
  }
}

function completeUpload(call: S3Call): S3Answer {
  const upload = call.bucket.findUpload(call.key, call.query.get('uploadId') ?? '')
  call.bucket.demand(call.key, conditions(call, call.rules.conditionsOnComplete))
  const listed = elements(call.body.toString(), 'Part').map((part) => ({
    number: Number(elementText(part, 'PartNumber')),
    etag: elementText(part, 'ETag') ?? '',
  }))
  const object = call.bucket.complete(upload, listed)
  const etag = call.rules.completeEtag ? `"${object.etag}"` : ''
  return {
    status: 200,
    xml: writeXml('CompleteMultipartUploadResult', { Bucket: call.bucketName, Key: call.key, ETag: etag }),
  }
}

function deleteObjects(call: S3Call): S3Answer {
  if (!call.rules.deleteObjects) throw new S3Failure(501, 'NotImplemented', 'DeleteObjects is not known here')
  if (
    call.headers['content-md5'] === undefined &&
    !Object.keys(call.headers).some((name) => /^x-amz-checksum-(?!algorithm)/.test(name))
  )
    throw new S3Failure(400, 'InvalidRequest', 'Missing required header for this request: Content-MD5')
  const objects = elements(call.body.toString(), 'Object')
  if (objects.length > 1000 || objects.length === 0)
    throw new S3Failure(400, 'MalformedXML', 'From 1 to 1,000 objects')
  const failed: { Key: string; Code: string; Message: string }[] = []
  for (const object of objects) {
    const key = elementText(object, 'Key') ?? ''
    const etag = elementText(object, 'ETag')
    const there = call.bucket.objects.get(key)
    if (call.rules.conditionsOnDelete && etag !== undefined && there && bareEtag(etag) !== there.etag)
      failed.push({ Key: key, Code: 'PreconditionFailed', Message: 'The ETag differs' })
    else call.bucket.remove(key)
  }
  return { status: 200, xml: writeXml('DeleteResult', { Error: failed }) }
}

function listParts(call: S3Call): S3Answer {
  const upload = call.bucket.findUpload(call.key, call.query.get('uploadId') ?? '')
  const after = Number(call.query.get('part-number-marker') ?? 0)
  const all = [...upload.parts.values()]
    .filter((part) => part.number > after)
    .sort((a, b) => a.number - b.number)
  const page = all.slice(0, Math.min(call.rules.pageSize, Number(call.query.get('max-parts') ?? 1000)))
  return {
    status: 200,
    xml: writeXml('ListPartsResult', {
      Key: upload.key,
      UploadId: upload.id,
      IsTruncated: page.length < all.length,
      NextPartNumberMarker: page.at(-1)?.number ?? 0,
      Part: page.map((part) => ({
        PartNumber: part.number,
        LastModified: new Date(part.modifiedMs).toISOString(),
        ETag: `"${part.etag}"`,
        Size: part.content.length,
      })),
    }),
  }
}

const md5 = (bytes: Uint8Array): string => createHash('md5').update(bytes).digest('hex')

/** Every operation that is known, by its name in S3's reference. */
export const operations: Readonly<Record<string, (call: S3Call) => S3Answer>> = {
  HeadBucket: () => ({ status: 200 }),
  ListObjectsV2: listObjects,
  ListMultipartUploads: listUploads,
  ListParts: listParts,
  GetObject: get,
  HeadObject: get,
  PutObject(call) {
    call.bucket.demand(call.key, conditions(call, call.rules.conditionsOnPut))
    if (call.body.byteLength > mostPartBytes) throw new S3Failure(400, 'EntityTooLarge', 'It is too large')
    const object = call.bucket.put(call.key, ropeOf(call.body), infoOf(call.headers), md5(call.body))
    return { status: 200, headers: { etag: `"${object.etag}"` } }
  },
  CopyObject: copyObject,
  DeleteObject(call) {
    const { ifMatch } = conditions(call, call.rules.conditionsOnDelete)
    if (ifMatch !== undefined && call.bucket.objects.has(call.key)) call.bucket.demand(call.key, { ifMatch })
    call.bucket.remove(call.key)
    return { status: 204 }
  },
  DeleteObjects: deleteObjects,
  CreateMultipartUpload(call) {
    const upload = call.bucket.createUpload(call.key, infoOf(call.headers))
    return {
      status: 200,
      xml: writeXml('InitiateMultipartUploadResult', {
        Bucket: call.bucketName,
        Key: call.key,
        UploadId: upload.id,
      }),
    }
  },
  UploadPart(call) {
    const etag = md5(call.body)
    takePart(call, ropeOf(call.body), etag)
    return { status: 200, headers: { etag: `"${etag}"` } }
  },
  UploadPartCopy: uploadPartCopy,
  CompleteMultipartUpload: completeUpload,
  AbortMultipartUpload(call) {
    call.bucket.uploads.delete(call.bucket.findUpload(call.key, call.query.get('uploadId') ?? '').id)
    return { status: 204 }
  },
}
