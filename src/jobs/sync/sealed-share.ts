/**
 * A share whose whole manifest is here, checked and signed: of a live one once its sender has hashed everything. A sync
 * compares whole trees and may delete, so it begins with nothing less. Entries are counted as in the manifest; what they
 * are on a session that still counts as the live stream did is told by `translate`.
 */
import { createLiveManifest } from '../../blobs/live-manifest.ts'
import { openManifest, type ManifestReader } from '../../blobs/manifest/reader.ts'
import type { Store } from '../../blobs/store/store.ts'
import type { Fetcher } from '../../node/fetcher.ts'
import type { EntryRange, PeerSession } from '../../node/session.ts'
import { equalBytes } from '../../shared/bytes.ts'
import { FerryError } from '../../shared/errors.ts'
import { fetchManifest } from '../receive/fetch-manifest.ts'

/** Links that may be lost while a live share is followed; each time it is told from its beginning. */
const attempts = 8

export interface SealedShare {
  readonly manifest: ManifestReader
  /** False for a session over another content, such as after its sender has shared anew. */
  isKnownTo(session: PeerSession): boolean
  /** The same range on a session; undefined when it cannot be asked there. */
  translate(session: PeerSession, range: EntryRange): EntryRange | undefined
}

export interface SealedInput {
  readonly fetcher: Fetcher
  readonly store: Store
  readonly signal: AbortSignal
}

/** @throws E_MANIFEST, E_VERIFY, E_UNREACHABLE, E_REFUSED, E_CANCELLED */
export async function openSealedShare(input: SealedInput, first: PeerSession): Promise<SealedShare> {
  let session = first
  for (let attempt = 1; ; attempt++) {
    const { live, root } = session.share
    if (!live) {
      if (!root) throw new FerryError('E_PROTOCOL', 'Cannot sync: the peer does not say what it shares')
      return shareOf(await fetchManifest({ ...input, rules: {} }, root), undefined)
    }
    try {
      const { root: sealed, dropped } = await follow(input, session)
      return shareOf(openManifest(input.store.objects, sealed), { session, dropped })
    } catch (error) {
      const isLost = error instanceof FerryError && error.code === 'E_UNREACHABLE'
      if (!isLost || attempt === attempts) throw error
      session = await input.fetcher.session({ signal: input.signal })
    }
  }
}

interface Followed {
  readonly session: PeerSession
  readonly dropped: readonly number[]
}

async function follow(
  { store, signal }: SealedInput,
  session: PeerSession,
): Promise<{ readonly root: Uint8Array; readonly dropped: readonly number[] }> {
  const manifest = createLiveManifest((object) => store.objects.putMany([object]))
  for await (const event of session.follow({ signal })) {
    manifest.take(event)
    if (event.type !== 'end') continue
    if (!equalBytes(manifest.finish().root, event.root))
      throw new FerryError('E_VERIFY', 'Cannot accept the share: what was told is not what its owner signed')
    return { root: event.root, dropped: event.dropped }
  }
  throw new FerryError('E_UNREACHABLE', 'Cannot go on: the sender stopped before everything was told', {
    hint: 'run the same command again when the sender is back',
    retryable: true,
  })
}

function shareOf(manifest: ManifestReader, followed: Followed | undefined): SealedShare {
  const isKnownTo = ({ share }: PeerSession): boolean =>
    !share.live && share.root !== undefined && equalBytes(share.root, manifest.hash)
  return {
    manifest,
    isKnownTo: (session) => session === followed?.session || isKnownTo(session),
    translate(session, range) {
      if (session === followed?.session) return { ...range, entry: liveNumber(range.entry, followed.dropped) }
      return isKnownTo(session) ? range : undefined
    },
  }
}

/** The number in the live stream of entry `sealed` of the manifest. @param dropped live numbers that are not in it, ascending */
export function liveNumber(sealed: number, dropped: readonly number[]): number {
  let live = sealed
  for (const number of dropped) {
    if (number > live) break
    live++
  }
  return live
}
