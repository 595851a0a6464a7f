/**
 * The entries that a ticket offers, in manifest order and complete with content, without fetching any of it: from the
 * sealed manifest, or as a live share tells them.
 */
import type { ChunkRecords } from '../../blobs/chunk-records.ts'
import { createLiveManifest } from '../../blobs/live-manifest.ts'
import type { ManifestEntry } from '../../blobs/manifest/entry.ts'
import type { Store } from '../../blobs/store/store.ts'
import type { Fetcher } from '../../node/fetcher.ts'
import type { PeerSession } from '../../node/session.ts'
import { equalBytes } from '../../shared/bytes.ts'
import { FerryError } from '../../shared/errors.ts'
import type { Throttle } from '../../shared/throttle.ts'
import type { ProgressSink } from '../../progress/events.ts'
import { fetchManifest } from './fetch-manifest.ts'

export interface NumberedEntry {
  /** In the numbers that the session uses. */
  readonly number: number
  readonly entry: ManifestEntry
  /** The whole chunk list, when it was told along. */
  readonly records?: ChunkRecords
}

export interface EntriesInput {
  readonly fetcher: Fetcher
  readonly store: Store
  readonly progress: ProgressSink
  readonly signal: AbortSignal
  readonly throttle?: Pick<Throttle, 'take'>
}

/** In groups. The generator's return value is the root. @throws E_MANIFEST, E_VERIFY, E_UNREACHABLE, E_CANCELLED */
export async function* entriesOf(
  input: EntriesInput,
  session: PeerSession,
): AsyncGenerator<readonly NumberedEntry[], Uint8Array> {
  input.progress.phase('manifest')
  if (session.share.live) return yield* followEntries(input, session)
  const { root } = session.share
  if (!root) throw new FerryError('E_PROTOCOL', 'Cannot list: the peer does not say what it shares')
  const manifest = await fetchManifest({ ...input, rules: {} }, root)
  const { files, bytes } = manifest.totals
  input.progress.totals({ files, bytes, final: true })
  for (let page = 0; page < manifest.pageCount; page++) {
    const { first } = manifest.page(page)
    yield manifest.entriesOf(page).map((entry, index) => ({ number: first + index, entry }))
  }
  return root
}

async function* followEntries(
  { store, signal }: EntriesInput,
  session: PeerSession,
): AsyncGenerator<readonly NumberedEntry[], Uint8Array> {
  const lists = new Map<string, ChunkRecords>()
  const manifest = createLiveManifest((object) => {
    store.objects.putMany([object])
    if (object.kind === 'list') lists.set(Buffer.from(object.hash).toString('hex'), object.bytes)
  })
  for await (const event of session.follow({ signal })) {
    const closed = manifest.take(event)
    if (event.type === 'entries')
      yield event.entries.map((entry, index) => ({ number: event.first + index, entry }))
    if (closed && event.type === 'close') {
      const key = closed.content instanceof Uint8Array ? '' : Buffer.from(closed.content.blob).toString('hex')
      const records = lists.get(key)
      lists.clear()
      yield [{ number: event.number, entry: closed, ...(records && { records }) }]
    }
    if (event.type !== 'end') continue
    if (!equalBytes(manifest.finish().root, event.root))
      throw new FerryError('E_VERIFY', 'Cannot accept the share: what was told is not what its owner signed')
    return event.root
  }
  throw new FerryError('E_UNREACHABLE', 'Cannot go on: the sender stopped before everything was told')
}
