/** The share as it is remembered between runs, so that the same paths give the same ticket the next day. */
import { randomBytes } from 'node:crypto'
import type { ShareRecord, ShareTable } from '../../blobs/store/store.ts'
import { secretBytes } from '../../node/ticket.ts'
import { shareIdOf } from '../../node/auth.ts'
import type { ShareOptions } from '../types.ts'
import type { ShareSources } from './sources.ts'

/**
 * The remembered share of these sources with the policy of this run, or a new one. A share that was used up (`once`) is
 * never revived: whoever still has its ticket was told that it is good for one download. Nor does one that was downloaded
 * become one for a single download: that has been.
 */
export function recallShare(
  shares: ShareTable,
  sources: ShareSources,
  options: ShareOptions,
  nowMs: number,
): ShareRecord {
  const { key = `unnamed ${randomBytes(16).toString('hex')}`, name, paths } = sources
  const known = shares.byKey(key)
  const usedUp = known !== undefined && known.downloads > 0 && (known.once || options.once === true)
  const reusable = known && !usedUp && !options.fresh ? known : undefined
  if (known && !reusable) shares.remove(known.id)
  const secret = reusable?.secret ?? new Uint8Array(randomBytes(secretBytes))
  const record: ShareRecord = {
    id: shareIdOf(secret),
    secret,
    key,
    name,
    sources: paths,
    port: reusable?.port ?? known?.port ?? 0,
    createdAtMs: reusable?.createdAtMs ?? nowMs,
    expiresAtMs: options.expireMs === undefined ? undefined : nowMs + options.expireMs,
    once: options.once ?? false,
    downloads: reusable?.downloads ?? 0,
    allow: options.allow ?? [],
    root: reusable?.root,
    signature: reusable?.signature,
  }
  // The secret is on disk before the ticket is out: a crash must not make the ticket worthless.
  shares.put(record)
  return record
}
