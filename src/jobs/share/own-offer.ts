/** A share of this computer, as its own receiver meets it: out of the store, whether or not it is being served. */
import type { ManifestEntry } from '../../blobs/manifest/entry.ts'
import { openManifest } from '../../blobs/manifest/reader.ts'
import type { Store } from '../../blobs/store/store.ts'
import type { WorkerPool } from '../../blobs/worker/pool.ts'
import { shareIdOf } from '../../node/auth.ts'
import type { ShareOffer } from '../../node/share-offer.ts'
import { isExclusive } from './door.ts'
import { createOffer } from './offer.ts'

/** Undefined when no finished share of this computer has the secret: it was never made here, or is still being hashed. */
export function openOwnOffer(
  store: Store,
  pool: Pick<WorkerPool, 'run'>,
  secret: Uint8Array,
): ShareOffer | undefined {
  const record = store.shares.byId(shareIdOf(secret))
  const bytes = record?.root && store.objects.get(record.root)
  if (!record?.root || !record.signature || !bytes) return undefined
  const { name, root, signature } = record
  const reader = openManifest(store.objects, root)
  const entry = (number: number): ManifestEntry | undefined =>
    number < reader.totals.entries ? reader.entry(number) : undefined
  return createOffer({
    record,
    objects: store.objects,
    pool,
    follow: true,
    catalogue: {
      manifest: { ...reader, bytes },
      entry,
      file(number) {
        const found = entry(number)
        return found?.kind === 'file' ? found : undefined
      },
      records: ({ content }) => (content instanceof Uint8Array ? content : store.objects.get(content.blob)),
    },
    describe: () => ({ name, live: false, root, signature, exclusive: isExclusive(record) }),
    // The user's own files: expiry and lists are for others.
    admit: () => undefined,
    finished: () => undefined,
  })
}
