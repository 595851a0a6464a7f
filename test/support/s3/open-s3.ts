/** Remotes on a server for tests: small parts, short pauses, keys in the environment. */
import { randomBytes } from 'node:crypto'
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import type { RemoteContext } from '../../../src/sync/context.ts'
import type { S3Location } from '../../../src/sync/location.ts'
import type { Remote } from '../../../src/sync/remote.ts'
import { defaultTuning, type S3Tuning } from '../../../src/sync/remotes/s3/limits.ts'
import { openS3Remote } from '../../../src/sync/remotes/s3/open.ts'
import type { RemotePlace } from '../../sync/remote-suite.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import type { S3Credentials } from './signature.ts'

/** Where a server is, and who may use it. */
export interface S3Address {
  readonly endpoint: string
  readonly credentials: S3Credentials
  /** Puts an object there without a request, where that is possible. */
  readonly put?: (bucket: string, key: string, content: Uint8Array) => unknown
}

export const testTuning: S3Tuning = {
  ...defaultTuning,
  partBytes: 5 * 1024 * 1024,
  singlePutBytes: 1024 * 1024,
  attempts: 4,
  retryBaseMs: 1,
  stallMs: 2000,
}

export interface S3Place extends RemotePlace {
  readonly prefix: string
  readonly stateDirectory: string
  readonly warnings: readonly string[]
  open(tuning?: Partial<S3Tuning>): Promise<Remote>
}

export const testBucket = 'test'

export function environmentOf({ credentials }: S3Address): RemoteContext['env'] {
  return {
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
  }
}

/** An empty part of the bucket. */
export async function openS3Place(
  address: S3Address,
  tuning: Partial<S3Tuning> = {},
  change: Partial<S3Location> = {},
): Promise<S3Place> {
  const prefix = change.prefix ?? `of/${randomBytes(6).toString('hex')}`
  const folder = temporaryFolder()
  const warnings: string[] = []
  const notNeeded = (): never => {
    throw new Error('nothing of this is needed')
  }
  const context: RemoteContext = {
    signal: new AbortController().signal,
    warn: (message) => warnings.push(message),
    pool: notNeeded,
    store: notNeeded,
    stateDirectory: folder.path,
    env: environmentOf(address),
  }
  const { endpoint, credentials } = address
  const location: S3Location = {
    kind: 's3',
    bucket: testBucket,
    prefix,
    endpoint,
    region: 'us-east-1',
    ...change,
  }
  const open = (more: Partial<S3Tuning> = {}): Promise<Remote> =>
    openS3Remote(location, context, { ...testTuning, ...tuning, ...more })
  const remote = await open()
  // The other program has a client of its own.
  const other = new S3Client({
    endpoint,
    credentials,
    region: 'us-east-1',
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  })
  return {
    prefix,
    remote,
    stateDirectory: folder.path,
    warnings,
    open,
    async intrude(path, bytes) {
      const Key = `${prefix}/${path}`
      if (address.put) address.put(testBucket, Key, bytes)
      else await other.send(new PutObjectCommand({ Bucket: testBucket, Key, Body: bytes }))
    },
    reopen: () => open(),
    async [Symbol.asyncDispose]() {
      other.destroy()
      await remote[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}
