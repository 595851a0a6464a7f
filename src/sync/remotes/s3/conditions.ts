/**
 * Which conditions a server keeps. Amazon's keeps all of them; others ignore some without a word, or read an ETag only
 * without its quotes. So a Put is tried out on an object of ferry's own before the first one that depends on it, and
 * remembered; where a condition is not kept, the object is looked at right before the change.
 */
import { DeleteObjectCommand, HeadObjectCommand, PutObjectCommand } from './aws-client.ts'
import { randomBytes } from 'node:crypto'
import { FerryError } from '../../../shared/errors.ts'
import type { Expected } from '../../remote.ts'
import type { CallOptions, S3Connection } from './connection.ts'
import { bareEtag, type KeySpace, quotedEtag } from './keys.ts'
import { statusOf } from './s3-errors.ts'

/** How an ETag must be written to be compared; `none`: it is not. */
type Matching = 'quoted' | 'bare' | 'none'

interface KeptConditions {
  readonly match: Matching
  readonly absent: boolean
}

export interface ConditionHeaders {
  readonly IfMatch?: string
  readonly IfNoneMatch?: '*'
}

export interface Conditions {
  /** Headers for a PutObject, after a look at `key` where they would not be enough. @throws E_CONFLICT */
  forPut(
    key: string,
    what: string,
    expect: Expected | undefined,
    options: CallOptions,
  ): Promise<ConditionHeaders>
  /** The same for what ends an upload, right before it; and for a removal. @throws E_CONFLICT */
  forComplete(
    key: string,
    what: string,
    expect: Expected | undefined,
    options: CallOptions,
  ): Promise<ConditionHeaders>
  forDelete(key: string, what: string, version: string, options: CallOptions): Promise<ConditionHeaders>
  /** What stands at `key` now; undefined when nothing does. */
  versionAt(key: string, what: string, options: CallOptions): Promise<string | undefined>
}

const aws: KeptConditions = { match: 'quoted', absent: true }
const none: KeptConditions = { match: 'none', absent: false }

export const conflictAt = (what: string, cause?: unknown): FerryError =>
  new FerryError('E_CONFLICT', `${what}: something else was written there meanwhile`, { cause })

function headersFor(expect: Expected | undefined, kept: KeptConditions): ConditionHeaders {
  if (expect === undefined) return {}
  if (expect === 'absent') return kept.absent ? { IfNoneMatch: '*' } : {}
  if (kept.match === 'none') return {}
  return { IfMatch: kept.match === 'quoted' ? quotedEtag(expect.version) : expect.version }
}

export function createConditions(connection: S3Connection, keys: KeySpace): Conditions {
  let probing: Promise<KeptConditions> | undefined

  async function probe(): Promise<KeptConditions> {
    const at = { Bucket: keys.bucket, Key: keys.own(`probe/${randomBytes(12).toString('hex')}`) }
    const what = 'Cannot find out which conditions the server keeps'
    /** True when the object was written; false when the condition forbade it. */
    const put = (headers: { IfMatch?: string; IfNoneMatch?: '*' }): Promise<string | undefined> =>
      connection.call(what, async (client, http) => {
        const written = client.send(
          new PutObjectCommand({ ...at, Body: new Uint8Array([102]), ...headers }),
          http,
        )
        return await written.then(
          ({ ETag }) => bareEtag(ETag),
          (error: unknown) => {
            // 501: the server says that it does not know the condition, which is as good as ignoring it.
            if ([400, 404, 409, 412, 501].includes(statusOf(error) ?? 0)) return undefined
            throw error
          },
        )
      })
    try {
      const etag = await put({})
      if (etag === undefined) return none
      /** Kept when it refuses what is another version, and takes what is this one. */
      const isKept = async (write: (version: string) => string): Promise<boolean> =>
        (await put({ IfMatch: write('0'.repeat(32)) })) === undefined &&
        (await put({ IfMatch: write(etag) })) !== undefined
      const match: Matching = (await isKept(quotedEtag))
        ? 'quoted'
        : (await isKept((version) => version))
          ? 'bare'
          : 'none'
      return { match, absent: (await put({ IfNoneMatch: '*' })) === undefined }
    } catch (error) {
      // Whoever may not write beside the data, or only with other headers, is served without conditions.
      if (error instanceof FerryError && ['E_PERMISSION', 'E_REFUSED'].includes(error.code)) return none
      throw error
    } finally {
      await connection
        .call(what, (client, http) => client.send(new DeleteObjectCommand(at), http), { attempts: 2 })
        .catch(() => undefined)
    }
  }

  async function kept(): Promise<KeptConditions> {
    if (!connection.isOwnEndpoint) return aws
    probing ??= probe()
    try {
      return await probing
    } catch (error) {
      probing = undefined
      throw error
    }
  }

  const versionAt = (key: string, what: string, options: CallOptions): Promise<string | undefined> =>
    connection.call(
      what,
      async (client, http) => {
        try {
          return bareEtag(
            (await client.send(new HeadObjectCommand({ Bucket: keys.bucket, Key: key }), http)).ETag,
          )
        } catch (error) {
          if (statusOf(error) === 404) return undefined
          throw error
        }
      },
      options,
    )

  async function look(key: string, what: string, expect: Expected, options: CallOptions): Promise<void> {
    const etag = await versionAt(key, what, options)
    if (expect === 'absent' ? etag !== undefined : etag !== expect.version) throw conflictAt(what)
  }

  return {
    versionAt,
    async forPut(key, what, expect, options) {
      if (expect === undefined) return {}
      const headers = headersFor(expect, await kept())
      if (Object.keys(headers).length === 0) await look(key, what, expect, options)
      return headers
    },
    async forComplete(key, what, expect, options) {
      if (expect === undefined) return {}
      const headers = headersFor(expect, await kept())
      // That a server keeps a condition on a Put says nothing about this one.
      if (connection.isOwnEndpoint) await look(key, what, expect, options)
      return headers
    },
    async forDelete(key, what, version, options) {
      if (!connection.isOwnEndpoint) return { IfMatch: quotedEtag(version) }
      await look(key, what, { version }, options)
      return {}
    },
  }
}

/** Whether a failed change was refused because of its condition; a version that is gone is one of these. */
export function isRefusedCondition(error: unknown, expect: Expected | undefined): boolean {
  const status = statusOf(error)
  return expect !== undefined && (status === 412 || status === 409 || (status === 404 && expect !== 'absent'))
}
