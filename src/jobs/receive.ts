/**
 * The journey of a receive: ticket → whoever serves it → manifest, checked as a whole (of a live share: as it is told) →
 * what is here already is taken from here, the rest fetched → verified → written → named. Run again after any
 * interruption, it goes on where it was.
 */
import { createChunkHomes } from '../blobs/chunk-homes.ts'
import { createPathSet } from '../blobs/path-set.ts'
import { openChunkLookup, type ChunkLookup } from '../blobs/store/chunk-lookup.ts'
import { openDestination, type Destination } from '../blobs/tree-writer/destination.ts'
import { createFolders } from '../blobs/tree-writer/folders.ts'
import type { PeerSession } from '../node/session.ts'
import { parseTicket } from '../node/ticket.ts'
import { createSemaphore } from '../shared/concurrency.ts'
import { FerryError } from '../shared/errors.ts'
import { createGlobFilter } from '../shared/glob.ts'
import { blameLiars, connectShare, firstSession } from './receive/connect-share.ts'
import { createIndexRecorder } from './receive/index-recorder.ts'
import { createNumbering } from './receive/numbering.ts'
import { receiveLive } from './receive/receive-live.ts'
import { runReceiveArchive } from './receive/receive-archive.ts'
import { runReceiveOutput } from './receive/receive-output.ts'
import { receiveSealed, type PassOptions } from './receive/receive-sealed.ts'
import { startSeeding, type Seeding } from './receive/start-seeding.ts'
import { underWayBytes, type ReceiveRun } from './receive/run.ts'
import { createTally } from './receive/tally.ts'
import type { JobContext, ReceiveOptions, ReceiveResult } from './types.ts'

const defaultJobs = 6
/** Local copies at once; more only compete for the same disk. */
const copiesAtOnce = 2

/**
 * Writes what the ticket offers into the folder `into`. Failures of single files are in the result.
 * @throws E_TICKET, E_UNREACHABLE, E_REFUSED, E_MANIFEST, E_VERIFY, E_CONFLICT, E_NO_SPACE, E_PERMISSION, E_CANCELLED
 */
export async function runReceive(
  ticketText: string,
  into: string,
  options: ReceiveOptions,
  context: JobContext,
): Promise<ReceiveResult> {
  const { progress, tools } = context
  progress.phase('resolve')
  const ticket = parseTicket(ticketText)
  if ((options.as || options.output) && options.order !== undefined && options.order !== 'name')
    throw new FerryError('E_USAGE', 'Cannot put an archive or a stream into another order', {
      hint: 'leave out --order',
    })
  if (options.as) return await runReceiveArchive(ticket, into, options.as, options, context)
  if (options.output) return await runReceiveOutput(ticket, options.output, options, context)
  const { files, parts } = context
  const matches = createGlobFilter(options.only ?? [])
  const wanted = (path: string): boolean => matches(path) && files.isChosen(path)
  const destination = openDestination(into)
  const rules = { foldsNames: destination.foldsNames, windowsNames: process.platform === 'win32' }
  const [store, pool, identity] = await Promise.all([tools.store(), tools.pool(), tools.identity()])
  const isOwn = identity.peer === ticket.peer
  const tally = createTally(progress)
  const index = createIndexRecorder({
    index: store.files,
    pool,
    coarseClock: destination.foldsNames,
    onWarning: (message) => progress.warn(message),
  })
  let lookup: Promise<ChunkLookup> | undefined
  const liars: string[] = []
  const numbering = createNumbering()
  let seeding: Seeding | undefined
  /** Ends the present pass when whoever is left cannot be asked what it wants to know. */
  let stopPass: AbortController | undefined

  await using peers = await connectShare(ticket, context, {
    ...options,
    rules,
    translate: (session, range) => numbering.translate(session, range),
    onEvent(event) {
      if (event.type === 'dropped') liars.push(event.session.address)
      if (event.type !== 'connected') return
      seeding?.tell(event.session)
      if (![event.session, ...peers.fetcher.sessions].some(numbering.isKnownTo)) stopPass?.abort()
    },
  })
  try {
    let root: Uint8Array
    let session = await firstSession(peers.fetcher, context)
    /** Files of earlier passes over the same share, when one had to be begun again. */
    const finished = createPathSet()
    let finishedBytes = 0
    for (;;) {
      const stop = new AbortController()
      stopPass = stop
      const isAgain = finished.size > 0
      tally.files.total = finished.size
      tally.bytes.total = finishedBytes
      const run: ReceiveRun = {
        signal: AbortSignal.any([context.signal, stop.signal]),
        progress,
        throttle: context.throttle,
        files,
        parts,
        tally,
        fetcher: peers.fetcher,
        pool,
        store,
        destination,
        folders: createFolders(destination.root, destination.isNew && !isAgain),
        overwrite: options.overwrite ?? 'never',
        safeLinks: options.safeLinks ?? false,
        underWay: createSemaphore(Math.max(underWayBytes, session.windowBytes)),
        copying: createSemaphore(copiesAtOnce),
        homes: createChunkHomes(),
        index,
        lookup: () => (lookup ??= openChunkLookup(store.files, { signal: context.signal })),
        onVerified: (disk, ranges) => seeding?.addRanges(disk, ranges),
        numberOn: (other, entry) => numbering.numberOn(other, entry),
      }
      const passOptions: PassOptions = {
        wanted: isAgain ? (path) => wanted(path) && !finished.has(path) : wanted,
        jobs: options.jobs ?? defaultJobs,
        order: options.order,
        confirm: (plan) => confirm(options, context, destination, session.share.name, plan),
        onManifest(manifest) {
          const { name, signature, exclusive } = session.share
          if (options.seed === false || exclusive || !signature || isOwn) return
          const { objects } = store
          const { diskPath } = run.folders
          const { throttle } = context
          const offered = {
            secret: ticket.secret,
            name,
            signature,
            manifest,
            objects,
            pool,
            throttle,
            diskPath,
          }
          seeding = startSeeding(offered, peers.fetcher, context)
        },
        onComplete(number, { path, size }, disk) {
          finished.add(path)
          finishedBytes += size
          seeding?.addFile(number, path, disk)
        },
        onLeftOut({ path, size }) {
          finished.add(path)
          finishedBytes += size
        },
      }
      numbering.begin(session)
      try {
        if (session.share.live) {
          if (options.order !== undefined && options.order !== 'name')
            progress.warn('The sender is still reading: files come in its order, not by --order')
          root = (await receiveLive(run, session, { ...passOptions, onEnd: numbering.end })).root
        } else {
          root = rootOf(session)
          await receiveSealed(run, root, passOptions)
        }
        break
      } catch (error) {
        const isOver = stop.signal.aborted || (session.share.live && isLostLink(error))
        if (!isOver || context.signal.aborted) throw error
        // What was told by the lost link has numbers of its own: begin again with whoever is there.
        session = await firstSession(peers.fetcher, context)
      } finally {
        stop.abort()
      }
    }
    if (tally.files.failed === 0 && options.only === undefined && files.isWhole)
      await sayFinished(peers.fetcher.sessions)
    return resultOf(session.share.name, root)
  } catch (error) {
    throw blameLiars(error, liars)
  } finally {
    await seeding?.[Symbol.asyncDispose]()
    await index.flush()
  }

  function resultOf(name: string, root: Uint8Array): ReceiveResult {
    return {
      name,
      destination: destination.root,
      written: tally.tops,
      root,
      files: { ...tally.files },
      bytes: { ...tally.bytes },
      failed: tally.failures(),
      peers: peers.givers.size,
    }
  }
}

function rootOf(session: PeerSession): Uint8Array {
  if (session.share.root) return session.share.root
  throw new FerryError('E_PROTOCOL', 'Cannot receive: the peer does not say what it shares')
}

function isLostLink(error: unknown): boolean {
  return error instanceof FerryError && error.code === 'E_UNREACHABLE'
}

async function confirm(
  options: ReceiveOptions,
  { signal }: JobContext,
  destination: Destination,
  name: string,
  plan: { readonly files: number; readonly bytes: number; readonly final: boolean },
): Promise<void> {
  if (!options.confirm) return
  const isWanted = await options.confirm({
    name,
    ...plan,
    freeBytes: destination.freeBytes(),
    destination: destination.root,
  })
  if (!isWanted) throw new FerryError('E_CANCELLED', 'Nothing was received: it was not wanted')
  signal.throwIfAborted()
}

/** Thanks are not owed: a peer that has gone by now does not matter. */
async function sayFinished(sessions: readonly PeerSession[]): Promise<void> {
  await Promise.all(
    sessions.filter(({ owner }) => owner).map((session) => session.finished().catch(() => undefined)),
  )
}
