/**
 * A strict S3 server in memory, on a free port of 127.0.0.1, for tests: it verifies signatures and sums, keeps S3's rules
 * about parts and conditions, writes down every request, and does wrong what it is told to do wrong. Paths name the
 * bucket (path style). Not built: versions, policies, presigned URLs, listings of version 1.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { checkBody, readWhole } from './body.ts'
import { S3Failure } from './failure.ts'
import { createFaultPlan, type S3Fault } from './faults.ts'
import { operations, type S3Answer, type S3Rules } from './operations.ts'
import { emptyRope, type Rope, ropeBlocks, ropeBytes, ropeOf, sliceRope } from './rope.ts'
import { type S3Credentials, verifySignature } from './signature.ts'
import { type Bucket, createBucket, type StoredObject } from './store.ts'
import { writeXml } from './xml.ts'

export interface S3Request {
  readonly operation: string
  readonly key: string
  /** Bytes of the body that have come, as they were on the wire. */
  receivedBytes: number
  /** 0 when the connection was cut instead. */
  status: number
  readonly headers: IncomingMessage['headers']
}

export interface S3Server extends AsyncDisposable {
  readonly endpoint: string
  readonly region: string
  readonly credentials: S3Credentials
  readonly requests: S3Request[]
  /** Calls of an operation so far; all calls without a name. */
  count(operation?: string): number
  /** Bytes of bodies that came, all operations together or one. */
  receivedBytes(operation?: string): number
  /** Resolves when `times` calls of an operation have been answered with success, from the start of the server on. */
  answered(operation: string, times: number): Promise<void>
  /** @see createFaultPlan */
  fault(operation: string, nth: number, fault: S3Fault, times?: number): void
  /** Does nothing wrong any more. */
  heal(): void
  /** Made when it is not there. */
  bucket(name: string): Bucket
  put(
    bucket: string,
    key: string,
    content: Uint8Array | Rope | string,
    metadata?: Readonly<Record<string, string>>,
  ): StoredObject
  content(bucket: string, key: string): Buffer
  /** Changes how the server behaves from now on. */
  set(change: S3Behaviour): void
}

export interface S3Behaviour {
  readonly rules?: Partial<S3Rules>
  readonly credentials?: S3Credentials
  /** Added to the server's clock. */
  readonly skewMs?: number
}

export const strictRules: S3Rules = {
  conditionsOnPut: true,
  conditionsOnComplete: true,
  conditionsOnCopy: true,
  conditionsOnDelete: true,
  quotedConditions: true,
  trailers: true,
  completeEtag: true,
  deleteObjects: true,
  pageSize: 1000,
}

/** What Ceph 16 does. */
export const cephRules: Partial<S3Rules> = {
  conditionsOnComplete: false,
  conditionsOnDelete: false,
  quotedConditions: false,
  trailers: false,
  completeEtag: false,
}

function operationOf(
  method: string,
  key: string,
  query: URLSearchParams,
  copies: boolean,
): string | undefined {
  if (key === '') {
    if (method === 'GET' && query.get('list-type') === '2') return 'ListObjectsV2'
    if (method === 'GET' && query.has('uploads')) return 'ListMultipartUploads'
    if (method === 'POST' && query.has('delete')) return 'DeleteObjects'
    return method === 'HEAD' ? 'HeadBucket' : undefined
  }
  const isPart = query.has('uploadId')
  if (method === 'GET') return isPart ? 'ListParts' : 'GetObject'
  if (method === 'HEAD') return 'HeadObject'
  if (method === 'PUT' && isPart) return copies ? 'UploadPartCopy' : 'UploadPart'
  if (method === 'PUT') return copies ? 'CopyObject' : 'PutObject'
  if (method === 'POST' && query.has('uploads')) return 'CreateMultipartUpload'
  if (method === 'POST' && isPart) return 'CompleteMultipartUpload'
  if (method === 'DELETE') return isPart ? 'AbortMultipartUpload' : 'DeleteObject'
  return undefined
}

const errorXml = (code: string, message: string, details: Readonly<Record<string, string>> = {}): string =>
  writeXml('Error', { Code: code, Message: message, ...details, RequestId: '0' })

export async function startS3(options: S3Behaviour & { readonly region?: string } = {}): Promise<S3Server> {
  const { region = 'us-east-1' } = options
  let rules: S3Rules = { ...strictRules, ...options.rules }
  let credentials = options.credentials ?? { accessKeyId: 'TESTKEY', secretAccessKey: 'TESTSECRET' }
  let skewMs = options.skewMs ?? 0
  const buckets = new Map<string, Bucket>()
  const requests: S3Request[] = []
  const faults = createFaultPlan()
  const waiting = new Set<() => void>()
  const nowMs = (): number => Date.now() + skewMs
  const findBucket = (name: string): Bucket => {
    const bucket = buckets.get(name)
    if (!bucket) throw new S3Failure(404, 'NoSuchBucket', 'The specified bucket does not exist')
    return bucket
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = request.url ?? '/'
    const mark = url.indexOf('?')
    const path = (mark < 0 ? url : url.slice(0, mark)).slice(1)
    const query = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1).replaceAll('+', '%2B'))
    const slash = path.indexOf('/')
    const bucketName = decodeURIComponent(slash < 0 ? path : path.slice(0, slash))
    const key = slash < 0 ? '' : decodeURIComponent(path.slice(slash + 1))
    const operation = operationOf(
      request.method ?? '',
      key,
      query,
      request.headers['x-amz-copy-source'] !== undefined,
    )
    const log: S3Request = {
      operation: operation ?? 'unknown',
      key,
      receivedBytes: 0,
      status: 0,
      headers: request.headers,
    }
    requests.push(log)
    const fault = operation === undefined ? undefined : faults.take(operation)
    if (fault?.kind === 'silence') return
    if (fault?.kind === 'reset-before') return void request.socket.destroy()
    try {
      const payload = verifySignature(request, [credentials], region, nowMs())
      if (operation === undefined) throw new S3Failure(501, 'NotImplemented', 'This is not known here')
      const raw = await readWhole(request, (count) => {
        log.receivedBytes += count
      })
      const body = checkBody(request, raw, payload, rules.trailers)
      const bucket = findBucket(bucketName)
      if (fault?.kind === 'error')
        throw new S3Failure(fault.status, fault.code, fault.code, {
          headers: fault.headers ?? {},
          details: fault.details ?? {},
        })
      if (fault?.kind === 'error-in-200')
        return send(response, log, { status: 200, xml: errorXml(fault.code, fault.code) })
      if (fault?.kind === 'meanwhile') await fault.run(bucket)
      const done = (operations[operation] as NonNullable<(typeof operations)[string]>)({
        operation,
        bucket,
        bucketName,
        key,
        query,
        headers: request.headers,
        body,
        rules,
        findBucket,
      })
      if (fault?.kind === 'reset-after') return void request.socket.destroy()
      await send(response, log, done, fault)
      for (const look of waiting) look()
    } catch (error) {
      if (request.socket.destroyed) return
      const failure = error instanceof S3Failure ? error : new S3Failure(500, 'InternalError', String(error))
      const { status, code, message, headers, details } = failure
      const isBodiless = request.method === 'HEAD'
      const xml = isBodiless ? '' : errorXml(code, message, details)
      // A body that nobody has read must not be taken for the next request.
      if (!request.complete) response.shouldKeepAlive = false
      await send(response, log, { status, headers, xml })
    }
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => request.socket.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const matches = (operation: string | undefined): S3Request[] =>
    operation === undefined ? requests : requests.filter((request) => request.operation === operation)
  const bucketOf = (name: string): Bucket => {
    const bucket = buckets.get(name) ?? createBucket(nowMs)
    buckets.set(name, bucket)
    return bucket
  }
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region,
    get credentials() {
      return credentials
    },
    requests,
    count: (operation) => matches(operation).length,
    receivedBytes: (operation) => matches(operation).reduce((sum, request) => sum + request.receivedBytes, 0),
    answered(operation, times) {
      return new Promise((resolve) => {
        const look = (): void => {
          if (matches(operation).filter(({ status }) => status >= 200 && status < 300).length < times) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      })
    },
    fault: faults.add,
    heal: faults.clear,
    bucket: bucketOf,
    put(bucket, key, content, metadata = {}) {
      const rope =
        typeof content === 'string'
          ? ropeOf(Buffer.from(content))
          : 'pieces' in content
            ? content
            : ropeOf(content)
      return bucketOf(bucket).put(key, rope, { headers: {}, metadata })
    },
    content: (bucket, key) => ropeBytes(bucketOf(bucket).find(key).content),
    set(change) {
      rules = { ...rules, ...change.rules }
      credentials = change.credentials ?? credentials
      skewMs = change.skewMs ?? skewMs
    },
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function send(
  response: ServerResponse,
  log: S3Request,
  answer: S3Answer,
  fault?: S3Fault,
): Promise<void> {
  const { status, headers = {}, xml = '', content = emptyRope } = answer
  log.status = status
  const isContent = answer.content !== undefined
  const sent =
    fault?.kind === 'truncate' || fault?.kind === 'stall' || fault?.kind === 'short-body'
      ? sliceRope(content, 0, fault.bytes)
      : content
  const length = isContent ? headers['content-length'] : String(Buffer.byteLength(xml))
  const { 'content-length': _, ...others } = headers
  response.writeHead(status, {
    'x-amz-request-id': '0',
    ...(!isContent && xml !== '' && { 'content-type': 'application/xml' }),
    ...others,
    ...(fault?.kind !== 'short-body' && { 'content-length': length }),
    ...(fault?.kind === 'short-body' && fault.withLength && { 'content-length': String(sent.length) }),
  })
  if (!isContent) return void response.end(xml)
  const closed = once(response, 'close').catch(() => undefined)
  for (const block of ropeBlocks(sent)) {
    if (response.destroyed) return
    if (!response.write(block)) await Promise.race([once(response, 'drain'), closed])
  }
  if (fault?.kind === 'truncate') return void response.socket?.destroy()
  if (fault?.kind !== 'stall') response.end()
}
