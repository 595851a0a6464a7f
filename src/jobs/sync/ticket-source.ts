/**
 * What a peer's ticket offers, as the source of a sync: its manifest is the listing, its chunk lists are known without
 * reading anything, and content comes when it is read (ticket-contents.ts). Whoever has the share can give: the sender,
 * and other receivers.
 */
import type { ManifestEntry } from '../../blobs/manifest/entry.ts'
import { nameChunkList } from '../../blobs/manifest/nodes.ts'
import { parseTicket, type Ticket } from '../../node/ticket.ts'
import { toHex } from '../../shared/bytes.ts'
import { throwIfCancelled } from '../../shared/concurrency.ts'
import { FerryError } from '../../shared/errors.ts'
import { shortenName } from '../../shared/paths.ts'
import { createThrottle } from '../../shared/throttle.ts'
import type { Content, Source, SyncEntry } from '../../sync/source.ts'
import { blameLiars, connectShare, firstSession, type SharePeers } from '../receive/connect-share.ts'
import { createTally } from '../receive/tally.ts'
import type { JobContext } from '../types.ts'
import { createListFilter } from './list-filter.ts'
import { createManifestPaths } from './manifest-paths.ts'
import { openSealedShare, type SealedShare } from './sealed-share.ts'
import { createTicketContents } from './ticket-contents.ts'

export interface TicketSourceOptions {
  /** As in `ReceiveOptions`. */
  readonly timeoutMs?: number | undefined
  readonly wait?: boolean | undefined
}

export interface TicketSource extends Source {
  /** Tells the sender that all has arrived: this is what a share for one download counts. */
  finished(): Promise<void>
}

/**
 * Resolves when the whole manifest is here and checked; a sender that still hashes is waited for.
 * @throws E_TICKET, E_UNREACHABLE, E_REFUSED, E_MANIFEST, E_VERIFY, E_CANCELLED
 */
export async function openTicketSource(
  ticketText: string,
  context: JobContext,
  options: TicketSourceOptions = {},
): Promise<TicketSource> {
  context.progress.phase('resolve')
  return await openShareSource(parseTicket(ticketText), context, options)
}

async function openShareSource(
  ticket: Ticket,
  context: JobContext,
  options: TicketSourceOptions,
): Promise<TicketSource> {
  const { progress, tools } = context
  const [store, pool] = await Promise.all([tools.store(), tools.pool()])
  const liars: string[] = []
  const sharedAnew = new AbortController()
  const signal = AbortSignal.any([context.signal, sharedAnew.signal])
  let share: SealedShare | undefined
  const peers: SharePeers = await connectShare(ticket, context, {
    ...options,
    rules: {},
    translate: (session, range) => share?.translate(session, range),
    onEvent(event) {
      if (event.type === 'dropped') liars.push(event.session.address)
      if (event.type !== 'connected' || !share) return
      // Nobody who is there counts as we do: the fetcher would wait for somebody who does.
      if (![event.session, ...peers.fetcher.sessions].some(share.isKnownTo))
        sharedAnew.abort(sharedAnewError())
    },
  })
  const { fetcher } = peers

  /** Who lied is what the user has to know when nobody is left. */
  async function blaming<Result>(action: () => Promise<Result>): Promise<Result> {
    try {
      return await action()
    } catch (error) {
      throw blameLiars(error, liars)
    }
  }

  async function openShare(): Promise<{ readonly name: string; readonly opened: SealedShare }> {
    const session = await firstSession(fetcher, { signal, progress })
    progress.phase('manifest')
    const opened = await openSealedShare({ fetcher, store, signal }, session)
    return { name: session.share.name, opened }
  }

  let name: string
  try {
    ;({ name, opened: share } = await blaming(openShare))
  } catch (error) {
    await peers[Symbol.asyncDispose]()
    throw error
  }
  const paths = createManifestPaths(share.manifest)
  const contents = createTicketContents({
    fetcher,
    signal,
    pool,
    store,
    share,
    tally: createTally(progress),
    // Whoever reads is held back; what is fetched ahead of it is little.
    throttle: createThrottle(),
  })

  return {
    url: `ticket of ${name}`,
    async *list(listed) {
      if (listed.followLinks)
        throw new FerryError('E_USAGE', 'Cannot follow the links of a ticket: not supported yet', {
          hint: 'leave out -L',
        })
      const isWanted = createListFilter(listed)
      for (const page of paths.pages()) {
        throwIfCancelled(listed.signal)
        throwIfCancelled(signal)
        const batch = page.filter(isWanted).map(listedOf)
        if (batch.length > 0) yield batch
      }
    },
    async open(entry, given) {
      throwIfCancelled(given?.signal)
      const found = entry.kind === 'file' ? paths.find({ path: entry.path, kind: 'file' }) : undefined
      if (found?.entry.kind !== 'file' || versionOf(found.entry) !== entry.version)
        throw new FerryError(
          'E_NOT_FOUND',
          `Cannot read "${shortenName(entry.path)}": the ticket does not offer it`,
        )
      const content: Content = contents.open(found.number, found.entry, entry.version)
      return {
        ...content,
        chunks: (wanted) => blaming(() => content.chunks(wanted)),
        read: (offset, length, wanted) => blaming(() => content.read(offset, length, wanted)),
      }
    },
    async finished() {
      const owners = fetcher.sessions.filter(({ owner }) => owner)
      // Thanks are not owed: a peer that has gone by now does not matter.
      await Promise.all(owners.map((session) => session.finished().catch(() => undefined)))
    },
    [Symbol.asyncDispose]: async () => await peers[Symbol.asyncDispose](),
  }
}

function sharedAnewError(): FerryError {
  return new FerryError('E_CHANGED', 'Cannot go on: the sender offers something else by now', {
    hint: 'run the same command again',
  })
}

/** The name of the content; of folders and links all that is known of them. */
function versionOf(entry: ManifestEntry): string {
  if (entry.kind === 'directory') return `${entry.mode} ${entry.mtimeNs}`
  if (entry.kind === 'symlink') return `${entry.mode} ${entry.mtimeNs} ${entry.target}`
  const { content } = entry
  return toHex(content instanceof Uint8Array ? nameChunkList(content).reference.blob : content.blob)
}

function listedOf(entry: ManifestEntry): SyncEntry {
  const { path, kind, mode, mtimeNs } = entry
  const size = entry.kind === 'file' ? entry.size : 0
  const target = entry.kind === 'symlink' ? { target: entry.target } : undefined
  return { path, kind, size, mtimeNs, mode, version: versionOf(entry), ...target }
}
