/** Lists a location page by page. What is refused as a whole is jumped over, also ferry's own records. */
import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from './aws-client.ts'
import { FerryError } from '../../../shared/errors.ts'
import { compareUtf8 } from '../../../shared/paths.ts'
import type { ListOptions, SyncEntry } from '../../source.ts'
import type { S3Connection } from './connection.ts'
import { createKeyTree, type ListedObject } from './key-tree.ts'
import { bareEtag, decodeKey, type KeySpace } from './keys.ts'

interface ListedKey {
  readonly key: string
  readonly object: ListedObject | undefined
}

/** Behind every key that begins with `prefix` and a slash, and in front of all that come later. */
const behind = (folderKey: string): string => `${folderKey}/\u{10FFFF}`

function keysOf(page: ListObjectsV2CommandOutput): ListedKey[] {
  const contents = (page.Contents ?? []).map(({ Key = '', Size = 0, ETag }) => ({
    key: decodeKey(Key),
    object: { size: Size, version: bareEtag(ETag) },
  }))
  const prefixes = (page.CommonPrefixes ?? []).map(({ Prefix = '' }) => ({
    key: decodeKey(Prefix),
    object: undefined,
  }))
  // Each of both is sorted.
  return prefixes.length === 0
    ? contents
    : [...contents, ...prefixes].sort((a, b) => compareUtf8(a.key, b.key))
}

export async function* listObjects(
  connection: S3Connection,
  keys: KeySpace,
  options: ListOptions,
): AsyncGenerator<readonly SyncEntry[]> {
  const { signal, under } = options
  const what = `Cannot list s3://${keys.bucket}/${keys.prefix}`
  const base = under === undefined ? keys.prefix : `${keys.keyOf(under)}/`
  const tree = createKeyTree(options)
  const disorder = (): FerryError =>
    new FerryError('E_PROTOCOL', `${what}: the pages do not follow each other`)
  const load = (from: {
    readonly ContinuationToken?: string
    readonly StartAfter?: string
  }): Promise<ListObjectsV2CommandOutput> => {
    const command = new ListObjectsV2Command({
      Bucket: keys.bucket,
      Prefix: base,
      EncodingType: 'url',
      ...(!options.recursive && { Delimiter: '/' }),
      ...from,
    })
    const loading = connection.call(what, (client, http) => client.send(command, http), { signal })
    // Nobody waits for it when the list is left early.
    loading.catch(() => undefined)
    return loading
  }
  let last: string | undefined
  let next = load({})
  for (;;) {
    const page = await next
    const before = last
    for (const { key, object } of keysOf(page)) {
      const order = last === undefined ? 1 : compareUtf8(key, last)
      // Some servers tell the last one of a page again.
      if (order === 0) continue
      if (order < 0 || !key.startsWith(base)) throw disorder()
      last = key
      tree.take(key.slice(keys.prefix.length), object)
    }
    const entries = tree.drain()
    const isLast = page.IsTruncated !== true
    const { refused } = tree
    // The next page is on its way while this one is looked at.
    if (!isLast && refused !== undefined) next = load({ StartAfter: behind(keys.keyOf(refused)) })
    else if (!isLast && page.NextContinuationToken !== undefined && last !== before)
      next = load({ ContinuationToken: page.NextContinuationToken })
    else if (!isLast) throw disorder()
    if (entries.length > 0) yield entries
    if (isLast) return
  }
}
