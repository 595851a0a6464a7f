/** The lanes of one session at the receiver's end: opened beside the conversation, used while they are there. */
import { delay } from '../../shared/concurrency.ts'
import type { FerryError } from '../../shared/errors.ts'
import { longWindowBytes, maxLanes, sessionWindowBytes } from '../limits.ts'
import type { RequestTable } from '../request-table.ts'
import { lost, openChannel, type Channel } from '../wire/channel.ts'
import { laneProviderFrames } from '../wire/frames.ts'
import { laneKeyOf } from './keys.ts'
import { laneLink } from './lane-link.ts'
import { openLane } from './open-lane.ts'

/** A lane that broke is opened again after this time. */
const reopenAfterMs = 1_000

/** From here on one TCP connection is held back by the round trip, and each loss halves a smaller part of the whole. */
const longRoundTripMs = 8

export function lanesFor(roundTripMs: number): number {
  return roundTripMs < longRoundTripMs ? 1 : maxLanes
}

/** What to keep under way with a provider: over a long link more, or its lanes would run dry between answers. */
export function windowFor(roundTripMs: number): number {
  return roundTripMs < longRoundTripMs ? sessionWindowBytes : longWindowBytes
}

export interface Lane {
  readonly channel: Channel
  /** Requests that are not answered whole yet, and what they ask for. */
  readonly owed: Set<number>
  owedBytes: number
}

export interface SessionLanes {
  /** The lane of which the least is wanted; undefined when none is open. */
  pick(): Lane | undefined
  readonly receivedBytes: number
}

export interface SessionLanesOptions {
  readonly provider: { readonly host: string; readonly port: number }
  readonly secret: Uint8Array
  readonly count: number
  readonly table: Pick<RequestTable, 'frame' | 'data' | 'lost'>
  /** Ends all lanes. */
  readonly signal: AbortSignal
  /** The provider broke the protocol. */
  readonly onBroken: (error: FerryError) => void
}

/** Opens `count` lanes. Where that is not possible nothing is lost but speed: the conversation carries everything. */
export function createSessionLanes(options: SessionLanesOptions): SessionLanes {
  const { provider, count, table, signal, onBroken } = options
  const key = laneKeyOf(options.secret)
  const lanes = new Set<Lane>()
  let goneBytes = 0

  async function keepOpen(): Promise<void> {
    for (;;) {
      const socket = await openLane(provider, key, { signal })
      const channel = openChannel(laneLink(socket), laneProviderFrames, {
        frame: table.frame,
        data: table.data,
        ended(error) {
          lanes.delete(lane)
          goneBytes += channel.receivedBytes
          table.lost([...lane.owed], error ?? lost())
          if (error?.code === 'E_PROTOCOL') onBroken(error)
        },
      })
      const lane: Lane = { channel, owed: new Set(), owedBytes: 0 }
      lanes.add(lane)
      const end = (): void => void channel.close()
      signal.addEventListener('abort', end, { once: true })
      await channel.closed
      signal.removeEventListener('abort', end)
      await delay(reopenAfterMs, signal)
    }
  }
  // One that cannot be opened is not tried again: the port is closed to them.
  for (let number = 0; number < count; number++) keepOpen().catch(() => undefined)

  return {
    pick() {
      let best: Lane | undefined
      for (const lane of lanes) if (!best || lane.owedBytes < best.owedBytes) best = lane
      return best
    },
    get receivedBytes() {
      let received = goneBytes
      for (const { channel } of lanes) received += channel.receivedBytes
      return received
    },
  }
}
