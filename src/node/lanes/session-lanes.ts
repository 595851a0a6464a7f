/** The lanes of one session at the receiver's end: opened beside the conversation, used while they are there. */
import { delay } from '../../shared/concurrency.ts'
import type { FerryError } from '../../shared/errors.ts'
import { longWindowBytes, maxLanes, sessionWindowBytes } from '../limits.ts'
import type { RequestTable } from '../request-table.ts'
import { lost, openChannel, type Channel } from '../wire/channel.ts'
import { laneProviderFrames } from '../wire/frames.ts'
import { laneKeyOf } from './keys.ts'
import { laneLink, type LaneSocket } from './lane-link.ts'
import { openLane } from './open-lane.ts'

/** A lane that broke is opened again after this time. */
const reopenAfterMs = 1_000

/** From here on one TCP connection is held back by the round trip, and each loss halves a smaller part of the whole. */
const longRoundTripMs = 8

const isLong = (roundTripMs: number): boolean => roundTripMs >= longRoundTripMs

export function lanesFor(roundTripMs: number): number {
  return isLong(roundTripMs) ? maxLanes : 1
}

/** What to keep under way with a provider: over a long link more, or its lanes would run dry between answers. */
export function windowFor(roundTripMs: number): number {
  return isLong(roundTripMs) ? longWindowBytes : sessionWindowBytes
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
  /** As the conversation began; a busy computer makes it look longer than it is. */
  readonly roundTripMs: number
  readonly table: Pick<RequestTable, 'frame' | 'data' | 'space' | 'lost'>
  /** Ends all lanes. */
  readonly signal: AbortSignal
  /** The provider broke the protocol. */
  readonly onBroken: (error: FerryError) => void
}

/** Opens as many as the link needs. Where that is not possible nothing is lost but speed: the conversation carries all. */
export function createSessionLanes(options: SessionLanesOptions): SessionLanes {
  const { provider, table, signal, onBroken } = options
  const key = laneKeyOf(options.secret)
  const lanes = new Set<Lane>()
  let goneBytes = 0

  /** Until it breaks, or all end. */
  async function run({ socket, onData }: LaneSocket): Promise<void> {
    const channel = openChannel(laneLink({ socket, onData }), laneProviderFrames, {
      frame: table.frame,
      data: table.data,
      space: table.space,
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
  }

  async function keepOpen(first?: LaneSocket): Promise<void> {
    for (let opened = first; ; opened = undefined) {
      await run(opened ?? (await openLane(provider, key, { signal })))
      await delay(reopenAfterMs, signal)
    }
  }

  async function start(): Promise<void> {
    const first = await openLane(provider, key, { signal })
    const count = lanesFor(Math.min(options.roundTripMs, first.connectMs))
    await Promise.all([
      keepOpen(first),
      ...Array.from({ length: count - 1 }, () => keepOpen().catch(() => undefined)),
    ])
  }
  // A lane that cannot be opened is not tried again: the port is closed to them.
  start().catch(() => undefined)

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
