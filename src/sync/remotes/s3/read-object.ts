/**
 * The content of one version of an object, in ranges. A range is whole and of that version, or it fails: the length is
 * counted, the ETag compared, a connection that stands still is given up, and what is missing is asked for again.
 */
import { GetObjectCommand, type GetObjectCommandOutput, HeadObjectCommand } from './aws-client.ts'
import type { Readable } from 'node:stream'
import { throwIfCancelled } from '../../../shared/concurrency.ts'
import { concatBytes } from '../../../shared/bytes.ts'
import { countDeadBuffers } from '../../../shared/dead-buffers.ts'
import { FerryError, type ErrorCode } from '../../../shared/errors.ts'
import type { Content, SyncEntry } from '../../source.ts'
import type { S3Connection } from './connection.ts'
import { bareEtag, type KeySpace, quotedEtag } from './keys.ts'
import { statusOf } from './s3-errors.ts'

export function openObject(connection: S3Connection, keys: KeySpace, entry: SyncEntry): Content {
  const key = keys.keyOf(entry.path)
  const { size, version } = entry
  const what = `Cannot read "${entry.path}"`
  const changed = (cause?: unknown): FerryError =>
    new FerryError('E_CHANGED', `${what}: it is not what was listed any more`, { cause })

  /** Every read asks for the version by its ETag, so one that has worked has seen what was listed. */
  let isSeen = false

  return {
    size,
    identity: `${connection.place}/${key}@${version}`,
    chunks: async () => undefined,
    async read(offset, length, { signal } = {}) {
      throwIfCancelled(signal)
      if (offset < 0 || length < 0 || offset + length > size) throw changed()
      const bytes = Buffer.allocUnsafeSlow(length)
      let filled = 0
      if (length > 0)
        await connection.call(
          what,
          async (client, http) => {
            const from = offset + filled
            const got = await client
              .send(
                new GetObjectCommand({
                  Bucket: keys.bucket,
                  Key: key,
                  Range: `bytes=${from}-${offset + length - 1}`,
                  IfMatch: quotedEtag(version),
                }),
                http,
              )
              .catch((error: unknown) => {
                throw statusOf(error) === 412 || statusOf(error) === 416 ? changed(error) : error
              })
            const body = got.Body as Readable
            const expected = `bytes ${from}-${offset + length - 1}/${size}`
            const isWhole = from === 0 && length === size && got.ContentLength === size
            if (bareEtag(got.ETag) !== version || (got.ContentRange !== expected && !isWhole)) {
              body.destroy()
              throw changed()
            }
            await fill(body, connection.tuning.stallMs, what, (block) => {
              if (filled + block.byteLength > length) return false
              filled += block.copy(bytes, filled)
              countDeadBuffers(block.byteLength)
              return true
            })
            if (filled < length) throw incomplete('E_UNREACHABLE', what)
          },
          { signal },
        )
      isSeen ||= length > 0
      return new Uint8Array(bytes.buffer, bytes.byteOffset, length)
    },
    async confirm({ signal } = {}) {
      throwIfCancelled(signal)
      if (isSeen) return
      const head = await connection.call(
        what,
        (client, http) => client.send(new HeadObjectCommand({ Bucket: keys.bucket, Key: key }), http),
        { signal },
      )
      if (bareEtag(head.ETag) !== version) throw changed()
    },
    async [Symbol.asyncDispose]() {},
  }
}

const incomplete = (code: ErrorCode, what: string, cause?: unknown): FerryError =>
  new FerryError(code, `${what}: the connection to the server was lost`, { cause, retryable: true })

/** Gives the blocks of `body` to `take` until it ends; fails when it has nothing for `stallMs`, or `take` wants no more. */
function fill(
  body: Readable,
  stallMs: number,
  what: string,
  take: (block: Buffer) => boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => body.destroy(incomplete('E_UNREACHABLE', what)), stallMs)
    body.on('data', (block: Buffer) => {
      timer.refresh()
      if (!take(block))
        body.destroy(new FerryError('E_PROTOCOL', `${what}: the server sends more than was asked for`))
    })
    body.once('end', () => {
      clearTimeout(timer)
      resolve()
    })
    body.once('error', (error) => {
      clearTimeout(timer)
      reject(error instanceof FerryError ? error : incomplete('E_UNREACHABLE', what, error))
    })
    body.once('close', () => {
      clearTimeout(timer)
      reject(incomplete('E_UNREACHABLE', what))
    })
  })
}

/** The whole body of a small object. @throws E_STORE when it is larger than `maxBytes` */
export async function collectBody(
  got: GetObjectCommandOutput,
  maxBytes: number,
  stallMs: number,
  what: string,
): Promise<Uint8Array> {
  const body = got.Body as Readable
  const tooLarge = new FerryError('E_STORE', `${what}: it is larger than ${maxBytes} bytes`)
  if ((got.ContentLength ?? 0) > maxBytes) {
    body.destroy()
    throw tooLarge
  }
  const blocks: Buffer[] = []
  let length = 0
  await fill(body, stallMs, what, (block) => {
    length += block.byteLength
    if (length > maxBytes) return false
    blocks.push(block)
    return true
  })
  if (got.ContentLength !== undefined && length !== got.ContentLength) throw incomplete('E_UNREACHABLE', what)
  return concatBytes(blocks)
}
