/**
 * The journey of a share: recall the ticket → walk → read, cut and hash in the workers → the live log and the manifest
 * grow → receivers are served from the first moment → sealed and signed → served until it is stopped, expires, or is used
 * up. The ticket is told before anything is read (with `pin`, when everything is).
 */
import { availableParallelism } from 'node:os'
import { ingest } from '../blobs/ingest/ingest.ts'
import { openLiveLog } from '../blobs/live-log.ts'
import { createWorkerPool } from '../blobs/worker/pool.ts'
import { walk } from '../blobs/walk/walk.ts'
import { signRoot } from '../node/root-signature.ts'
import { publicKeyOf } from '../node/peer-id.ts'
import { encodeTicket } from '../node/ticket.ts'
import { cancelled, delay } from '../shared/concurrency.ts'
import { createCatalogue } from './share/catalogue.ts'
import { createDoor, isExclusive } from './share/door.ts'
import { createOffer } from './share/offer.ts'
import { recallShare } from './share/remember.ts'
import { openSources } from './share/sources.ts'
import { collectFailures } from './share/failures.ts'
import type { ShareContext, ShareInput, ShareOptions, ShareResult, ShareSealed } from './types.ts'

/** Files read at once when the user does not say: more than the cores only wait for each other. */
const defaultJobs: number = Math.min(8, availableParallelism())

/** Reading from the page cache is twenty times as fast as any link. */
const readerThreads = 1

/** Starting mDNS and the DHT takes a third of a second of processor time. */
const announceAfterMs = 3_000

/**
 * Runs until it is cancelled (then it rejects with E_CANCELLED), expires, or is used up.
 * @throws E_NOT_FOUND, E_USAGE when something named cannot be shared; E_STORE, E_PERMISSION, E_NO_SPACE.
 */
export async function runShare(
  inputs: readonly ShareInput[],
  options: ShareOptions,
  context: ShareContext,
): Promise<ShareResult> {
  const { signal, tools } = context
  const { progress, failures } = collectFailures(context.progress)
  progress.phase('resolve')
  for (const peer of options.allow ?? []) publicKeyOf(peer)
  using sources = await openSources(inputs, options, tools.directory, { signal, progress })
  const [store, identity, pool] = await Promise.all([tools.store(), tools.identity(), tools.pool()])
  let record = recallShare(store.shares, sources, options, Date.now())
  progress.name(record.name)

  using log = openLiveLog(store.temporaryDirectory)
  const catalogue = createCatalogue(store.objects)
  let seal: { readonly root: Uint8Array; readonly signature: Uint8Array } | undefined
  // Threads of their own while hashing goes on: a read for a receiver must not wait behind 64 MiB that are being cut.
  await using readers = createWorkerPool({ size: readerThreads })
  await using door = createDoor({ record, shares: store.shares, progress })
  const offer = createOffer({
    record,
    catalogue,
    log,
    objects: store.objects,
    pool: { run: (...task) => (seal ? pool : readers).run(...task) },
    follow: options.followSymlinks ?? false,
    describe: () => ({
      name: record.name,
      live: !seal,
      root: seal?.root,
      signature: seal?.signature,
      exclusive: isExclusive(record),
    }),
    admit: door.admit,
    throttle: context.throttle,
    finished: door.finished,
  })

  /** Walks and hashes everything, telling the log; ends with the signed root. */
  async function hashAll(): Promise<ShareSealed> {
    progress.phase('hash')
    const batches = walk(
      [...sources.paths].map(([name, diskPath]) => ({ name, diskPath })),
      {
        include: options.include,
        exclude: options.exclude,
        gitignore: options.gitignore,
        followSymlinks: options.followSymlinks,
        leaveOut: [tools.directory],
        signal,
      },
    )
    const limit = options.jobs ?? defaultJobs
    const found = ingest(batches, {
      pool,
      files: store.files,
      progress,
      limit,
      signal,
      throttle: context.throttle,
    })
    for await (const event of found) log.append(catalogue.take(event))
    const { root, totals } = catalogue.finish()
    const signature = signRoot(identity, record.id, root)
    seal = { root, signature }
    record = { ...record, root, signature, downloads: door.downloads }
    store.shares.put(record)
    log.append({ type: 'end', root, signature, dropped: catalogue.dropped })
    return { root, files: totals.files, bytes: totals.bytes, reusedBytes: found.reusedBytes }
  }

  // Hashing begins while the network starts.
  const hashing = hashAll()
  hashing.catch(() => undefined)
  const { host, discovery, provider, onEvent } = await tools.serving(
    record.port === 0 ? undefined : record.port,
  )
  if (host.port !== undefined && host.port !== record.port) {
    if (record.port !== 0)
      progress.warn(`Port ${record.port} is taken: tickets of this share from before lead nowhere for now`)
    record = { ...record, port: host.port, downloads: door.downloads }
    store.shares.put(record)
  }
  const stopListening = onEvent(record.id, door.onEvent)
  const offered = provider.offer(offer)
  // Finding is for those whom the ticket's addresses do not lead here; the first moments belong to all others.
  const ending = new AbortController()
  const announcing = delay(announceAfterMs, AbortSignal.any([signal, ending.signal])).then(
    () => discovery.announce(record.secret),
    () => undefined,
  )
  try {
    const tell = (root?: Uint8Array): string => {
      const ticket = encodeTicket({
        version: 1,
        peer: identity.peer,
        addrs: host.addresses,
        secret: record.secret,
        ...(root && { root }),
      })
      context.onTicket({ ticket, name: record.name, root, addresses: host.addresses })
      return ticket
    }
    const early = options.pin ? undefined : tell()
    const sealed = await Promise.race([hashing, stopped(signal)])
    door.setTotal(sealed.bytes)
    const ticket = early ?? tell(sealed.root)
    context.onSealed(sealed)
    progress.phase('serve')
    const ended = await Promise.race([door.ended, stopped(signal)])
    return { ticket, name: record.name, ...sealed, failed: failures(), downloads: door.downloads, ended }
  } finally {
    stopListening()
    ending.abort()
    await (await announcing)?.[Symbol.asyncDispose]()
    await offered[Symbol.asyncDispose]()
    // The spool and the log are closed behind this, so nothing may still write to them.
    await hashing.catch(() => undefined)
  }
}

/** Rejects when the signal fires; never resolves. */
function stopped(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(cancelled(signal))
    else signal.addEventListener('abort', () => reject(cancelled(signal)), { once: true })
  })
}
