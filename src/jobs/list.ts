/** The journey of `ls`: what a ticket offers, without fetching any of it. */
import type { ManifestEntry } from '../blobs/manifest/entry.ts'
import { nameChunkList } from '../blobs/manifest/nodes.ts'
import { parseTicket } from '../node/ticket.ts'
import { throwIfCancelled } from '../shared/concurrency.ts'
import { createGlobFilter } from '../shared/glob.ts'
import { connectShare, firstSession } from './receive/connect-share.ts'
import { entriesOf } from './receive/entries-of.ts'
import type { ListContext, ListedEntry, ListOptions, ListResult } from './types.ts'

/** @throws E_TICKET, E_UNREACHABLE, E_REFUSED, E_MANIFEST, E_VERIFY, E_CANCELLED */
export async function runList(
  ticketText: string,
  options: ListOptions,
  context: ListContext,
): Promise<ListResult> {
  const { progress, signal, tools } = context
  progress.phase('resolve')
  const ticket = parseTicket(ticketText)
  const wanted = createGlobFilter(options.only ?? [])
  const store = await tools.store()
  await using peers = await connectShare(ticket, context, { ...options, rules: {} })
  const session = await firstSession(peers.fetcher, context)
  const groups = entriesOf({ fetcher: peers.fetcher, store, progress, signal }, session)
  const totals = { files: 0, bytes: 0 }
  for (;;) {
    const next = await groups.next()
    if (next.done) return { name: session.share.name, ...totals, root: next.value }
    throwIfCancelled(signal)
    const entries = next.value.map(({ entry }) => entry).filter(({ path }) => wanted(path))
    for (const entry of entries) {
      if (entry.kind !== 'file') continue
      totals.files++
      totals.bytes += entry.size
    }
    if (entries.length > 0) await context.onEntries(entries.map(listed))
  }
}

function listed(entry: ManifestEntry): ListedEntry {
  const { path, kind, mode, mtimeNs } = entry
  const base = { path, kind, mode, mtimeNs, size: 0 }
  if (entry.kind === 'symlink') return { ...base, target: entry.target }
  if (entry.kind === 'directory') return base
  const { content, size } = entry
  const blob = content instanceof Uint8Array ? nameChunkList(content).reference.blob : content.blob
  return { ...base, size, blob }
}
