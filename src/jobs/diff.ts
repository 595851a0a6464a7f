/**
 * The journey of `diff`: what a second ticket offers that a first one does not, and the other way round. Both lists of
 * files are walked side by side, since they are sorted alike; no content is fetched, and neither list is kept.
 */
import type { ManifestEntry } from '../blobs/manifest/entry.ts'
import { nameChunkList } from '../blobs/manifest/nodes.ts'
import { parseTicket } from '../node/ticket.ts'
import type { ProgressSink } from '../progress/events.ts'
import { equalBytes } from '../shared/bytes.ts'
import { throwIfCancelled } from '../shared/concurrency.ts'
import { createGlobFilter } from '../shared/glob.ts'
import { compareSortKeys } from '../shared/paths.ts'
import { connectShare, firstSession, type SharePeers } from './receive/connect-share.ts'
import { entriesOf } from './receive/entries-of.ts'
import type { DiffContext, DiffOptions, DiffResult, Difference, JobContext } from './types.ts'

/** Differences told at once. */
const batchSize = 256

/** @throws E_TICKET, E_UNREACHABLE, E_REFUSED, E_MANIFEST, E_VERIFY, E_CANCELLED */
export async function runDiff(
  firstText: string,
  secondText: string,
  options: DiffOptions,
  context: DiffContext,
): Promise<DiffResult> {
  const { progress, signal } = context
  progress.phase('resolve')
  const tickets = [parseTicket(firstText), parseTicket(secondText)] as const
  const wanted = createGlobFilter(options.only ?? [])
  const sinks = sumTotals(progress)
  const ends = tickets.map((_ticket, index) => ({ ...context, progress: sinks[index] as ProgressSink }))
  await using first = await connectShare(tickets[0], ends[0] as JobContext, { ...options, rules: {} })
  await using second = await connectShare(tickets[1], ends[1] as JobContext, { ...options, rules: {} })
  const counts = { same: 0, added: 0, removed: 0, changed: 0, attributes: 0 }
  let batch: Difference[] = []
  const tell = async (): Promise<void> => {
    const told = batch
    batch = []
    if (told.length > 0) await context.onDifferences(told)
  }
  const names: string[] = []
  const [before, after] = await Promise.all([
    openWalk(first, ends[0] as JobContext, names, 0),
    openWalk(second, ends[1] as JobContext, names, 1),
  ])
  progress.name(names.join(' → '))
  progress.phase('manifest')
  for (let old = await before.next(), now = await after.next(); old || now; ) {
    throwIfCancelled(signal)
    const order = !old ? 1 : !now ? -1 : compareSortKeys(old, now)
    const found = order < 0 ? onlyIn('removed', old) : order > 0 ? onlyIn('added', now) : compare(old, now)
    const entry = (order <= 0 ? old : now) as ManifestEntry
    if (wanted(entry.path)) {
      if (found) {
        batch.push(found)
        counts[found.kind]++
      } else counts.same++
      if (entry.kind === 'file') progress.addDone({ files: 1, bytes: entry.size })
      if (batch.length === batchSize) await tell()
    }
    if (order <= 0) old = await before.next()
    if (order >= 0) now = await after.next()
  }
  await tell()
  return { names: [names[0] as string, names[1] as string], ...counts }
}

interface Walk {
  next(): Promise<ManifestEntry | undefined>
}

async function openWalk(
  { fetcher }: SharePeers,
  context: JobContext,
  names: string[],
  index: number,
): Promise<Walk> {
  const { progress, signal, tools } = context
  const store = await tools.store()
  const session = await firstSession(fetcher, context)
  names[index] = session.share.name
  const groups = entriesOf({ fetcher, store, progress, signal }, session)
  let group: readonly { readonly entry: ManifestEntry }[] = []
  let at = 0
  return {
    async next() {
      while (at === group.length) {
        const more = await groups.next()
        if (more.done) return undefined
        group = more.value
        at = 0
      }
      return group[at++]?.entry
    },
  }
}

function onlyIn(kind: 'added' | 'removed', entry: ManifestEntry | undefined): Difference | undefined {
  if (!entry) return undefined
  const { path } = entry
  return { path, kind, isFolder: entry.kind === 'directory', size: sizeOf(entry), message: '' }
}

/** Undefined when they are the same. A folder's time says only that something in it came or went. */
function compare(old: ManifestEntry | undefined, now: ManifestEntry | undefined): Difference | undefined {
  if (!old || !now) return undefined
  const base = { path: now.path, isFolder: now.kind === 'directory', size: sizeOf(now) }
  const changed = (message: string): Difference => ({ ...base, kind: 'changed', message })
  if (old.kind !== now.kind) return changed(`a ${words[old.kind]} became a ${words[now.kind]}`)
  if (old.kind === 'symlink' && now.kind === 'symlink' && old.target !== now.target)
    return changed(`the link pointed to "${old.target}", and now to "${now.target}"`)
  if (old.kind === 'file' && now.kind === 'file' && !equalBytes(blobOf(old), blobOf(now)))
    return changed(old.size === now.size ? 'other content' : `${old.size} bytes became ${now.size}`)
  const isSameTime = now.kind === 'directory' || old.mtimeNs === now.mtimeNs
  if (old.mode === now.mode && isSameTime) return undefined
  return { ...base, kind: 'attributes', message: old.mode === now.mode ? 'another time' : 'another mode' }
}

const words = { file: 'file', directory: 'folder', symlink: 'link' } as const

const sizeOf = (entry: ManifestEntry): number => (entry.kind === 'file' ? entry.size : 0)

function blobOf({ content }: ManifestEntry & { readonly kind: 'file' }): Uint8Array {
  return content instanceof Uint8Array ? nameChunkList(content).reference.blob : content.blob
}

/** Two sinks whose totals are told as their sum. */
function sumTotals(progress: ProgressSink): ProgressSink[] {
  const totals = [0, 1].map(() => ({ files: 0, bytes: 0, final: false }))
  return totals.map((_total, index) => ({
    ...progress,
    name: () => undefined,
    totals(told) {
      totals[index] = told
      const larger = Math.max(...totals.map(({ files }) => files))
      const bytes = Math.max(...totals.map((total) => total.bytes))
      progress.totals({ files: larger, bytes, final: false })
    },
  }))
}
