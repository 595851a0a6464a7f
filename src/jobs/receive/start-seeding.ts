/**
 * Offers what has arrived to other receivers of the same ticket while this receive runs. Begins only when the receive
 * takes a while: most are over before anyone could use it, and need not open a port.
 */
import type { PeerSession } from '../../node/session.ts'
import type { Offered } from '../../node/provider/provider.ts'
import type { Fetcher } from '../../node/fetcher.ts'
import type { JobContext } from '../types.ts'
import { createSeed, type Seed, type SeedParts } from './seed-offer.ts'

/** Receives that are over sooner do not serve. */
export const seedAfterMs = 1000

export interface Seeding extends AsyncDisposable, Pick<Seed, 'addFile' | 'addRanges'> {
  /** A session came up: the owner is told where we are, or has meanwhile made the share exclusive, which ends this. */
  tell(session: PeerSession): void
}

export function startSeeding(
  parts: SeedParts,
  fetcher: Fetcher,
  { progress, tools }: Pick<JobContext, 'progress' | 'tools'>,
): Seeding {
  const seed = createSeed(parts)
  let offered: Offered | undefined
  let addresses: readonly string[] = []
  let ended = false

  const tell = (session: PeerSession): void => {
    if (!session.owner) return
    if (session.share.exclusive) void stop()
    else if (addresses.length > 0) void session.serve(addresses).catch(() => undefined)
  }
  async function begin(): Promise<void> {
    try {
      const { host, provider } = await tools.serving()
      if (ended) return
      offered = provider.offer(seed.offer)
      addresses = host.addresses
      for (const session of fetcher.sessions) tell(session)
    } catch (error) {
      progress.warn(`Others cannot fetch from here meanwhile: ${(error as Error).message}`)
    }
  }
  let beginning: Promise<void> | undefined
  const timer = setTimeout(() => {
    beginning = begin()
  }, seedAfterMs)
  timer.unref()

  async function stop(): Promise<void> {
    ended = true
    addresses = []
    clearTimeout(timer)
    await beginning
    await offered?.[Symbol.asyncDispose]()
  }

  return {
    addFile: (number, path, disk) => seed.addFile(number, path, disk),
    addRanges: (disk, ranges) => seed.addRanges(disk, ranges),
    tell,
    [Symbol.asyncDispose]: stop,
  }
}
