/** What interrupted runs have left in the bucket: unfinished uploads below the location, and stages. */
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
} from './aws-client.ts'
import type { AbandonedTransfer } from '../../remote.ts'
import { stageFolder } from './assemble-object.ts'
import type { CallOptions } from './connection.ts'
import { ownFolder } from '../../own-names.ts'
import { decodeKey } from './keys.ts'
import { maxPages } from './limits.ts'
import { failureName } from './s3-errors.ts'
import { openUploadState } from './upload-state.ts'
import type { WriterContext } from './write-object.ts'

export async function listAbandoned(
  context: WriterContext,
  options: CallOptions,
): Promise<AbandonedTransfer[]> {
  return [...(await listUploads(context, options)), ...(await listStages(context, options))]
}

async function listUploads(context: WriterContext, options: CallOptions): Promise<AbandonedTransfer[]> {
  const { connection, keys, stateDirectory } = context
  const what = `Cannot list the unfinished uploads of s3://${keys.bucket}/${keys.prefix}`
  const found: AbandonedTransfer[] = []
  let from: { readonly KeyMarker?: string; readonly UploadIdMarker?: string } = {}
  for (let pages = 0; pages < maxPages; pages++) {
    const command = new ListMultipartUploadsCommand({
      Bucket: keys.bucket,
      Prefix: keys.prefix,
      EncodingType: 'url',
      ...from,
    })
    const page = await connection.call(what, (client, http) => client.send(command, http), options)
    for (const { Key: text = '', UploadId = '', Initiated } of page.Uploads ?? []) {
      const key = decodeKey(text)
      // What is removed here is never what a server tells of elsewhere.
      if (!key.startsWith(keys.prefix)) continue
      const path = key.slice(keys.prefix.length)
      const remove = async (): Promise<void> => {
        const abort = new AbortMultipartUploadCommand({ Bucket: keys.bucket, Key: key, UploadId })
        await connection.call(
          `Cannot remove the unfinished upload of "${path}"`,
          async (client, http) => {
            await client.send(abort, http).catch((error: unknown) => {
              if (failureName(error) !== 'NoSuchUpload') throw error
            })
          },
          options,
        )
        const state = openUploadState(stateDirectory, connection.place, key)
        if ((await state.read())?.uploadId === UploadId) await state.remove()
      }
      found.push({ path, startedAtMs: Initiated?.getTime() ?? 0, remove })
    }
    if (page.IsTruncated !== true || page.NextKeyMarker === undefined) break
    from = {
      KeyMarker: decodeKey(page.NextKeyMarker),
      ...(page.NextUploadIdMarker !== undefined && { UploadIdMarker: page.NextUploadIdMarker }),
    }
  }
  return found
}

async function listStages(
  { connection, keys }: WriterContext,
  options: CallOptions,
): Promise<AbandonedTransfer[]> {
  const found: AbandonedTransfer[] = []
  const folder = keys.own(`${stageFolder}/`)
  let token: string | undefined
  for (let pages = 0; pages < maxPages; pages++) {
    const command = new ListObjectsV2Command({
      Bucket: keys.bucket,
      Prefix: folder,
      ...(token !== undefined && { ContinuationToken: token }),
    })
    const page = await connection.call(
      'Cannot list stages',
      (client, http) => client.send(command, http),
      options,
    )
    for (const { Key: key = '', LastModified } of page.Contents ?? []) {
      if (!key.startsWith(folder)) continue
      found.push({
        path: `${ownFolder}/${stageFolder}/${key.slice(key.lastIndexOf('/') + 1)}`,
        startedAtMs: LastModified?.getTime() ?? 0,
        remove: async () => {
          await connection.call(
            'Cannot remove a stage',
            (client, http) => client.send(new DeleteObjectCommand({ Bucket: keys.bucket, Key: key }), http),
            options,
          )
        },
      })
    }
    token = page.NextContinuationToken
    if (page.IsTruncated !== true || token === undefined) break
  }
  return found
}
