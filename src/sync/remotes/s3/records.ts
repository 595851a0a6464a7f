/** Ferry's own small objects, below `.ferry/` of the location. */
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from './aws-client.ts'
import { FerryError } from '../../../shared/errors.ts'
import type { RecordStore } from '../../remote.ts'
import type { S3Connection } from './connection.ts'
import { decodeKey, type KeySpace } from './keys.ts'
import { collectBody } from './read-object.ts'
import { statusOf } from './s3-errors.ts'

export function createRecordStore(connection: S3Connection, keys: KeySpace): RecordStore {
  const at = (name: string): { Bucket: string; Key: string } => ({ Bucket: keys.bucket, Key: keys.own(name) })
  return {
    async read(name, maxBytes, { signal } = {}) {
      const what = `Cannot read the record "${name}"`
      return await connection.call(
        what,
        async (client, http) => {
          const got = await client.send(new GetObjectCommand(at(name)), http).catch((error: unknown) => {
            if (statusOf(error) === 404) return undefined
            throw error
          })
          return got && (await collectBody(got, maxBytes, connection.tuning.stallMs, what))
        },
        { signal },
      )
    },
    async write(name, bytes, { signal } = {}) {
      await connection.call(
        `Cannot write the record "${name}"`,
        (client, http) =>
          client.send(
            new PutObjectCommand({ ...at(name), Body: bytes, ContentLength: bytes.byteLength }),
            http,
          ),
        { signal },
      )
    },
    async remove(name, { signal } = {}) {
      await connection.call(
        `Cannot remove the record "${name}"`,
        (client, http) => client.send(new DeleteObjectCommand(at(name)), http),
        { signal },
      )
    },
    async list(prefix, { signal } = {}) {
      const names: string[] = []
      const base = keys.own('')
      let token: string | undefined
      do {
        const command = new ListObjectsV2Command({
          Bucket: keys.bucket,
          Prefix: keys.own(prefix),
          EncodingType: 'url',
          ...(token !== undefined && { ContinuationToken: token }),
        })
        const page = await connection.call(
          'Cannot list records',
          (client, http) => client.send(command, http),
          { signal },
        )
        for (const { Key = '' } of page.Contents ?? []) names.push(decodeKey(Key).slice(base.length))
        const next = page.IsTruncated === true ? page.NextContinuationToken : undefined
        if (next !== undefined && next === token)
          throw new FerryError('E_PROTOCOL', 'Cannot list records: the pages do not end')
        token = next
      } while (token !== undefined)
      return names
    },
  }
}
