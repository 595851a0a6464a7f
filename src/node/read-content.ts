/** Asks a provider for content over the best way there is: a lane, or else the conversation itself. */
import type { SessionLanes, Lane } from './lanes/session-lanes.ts'
import type { RequestTable } from './request-table.ts'
import type { EntryRange, ReadOptions, ReadOutcome } from './session.ts'
import { pendingRead } from './session-requests.ts'
import type { Channel } from './wire/channel.ts'
import { frameType } from './wire/frames.ts'
import { encodeRanges } from './wire/messages.ts'

export interface Ways {
  readonly channel: Channel
  readonly table: RequestTable
  readonly lanes: SessionLanes | undefined
}

/** When a lane breaks, what it owed is asked for again another way. @throws as `PeerSession.read` */
export async function readContent(
  ways: Ways,
  ranges: readonly EntryRange[],
  options: ReadOptions,
): Promise<ReadOutcome> {
  for (;;) {
    const lane = ways.lanes?.pick()
    try {
      return await readBy(ways, lane, ranges, options)
    } catch (error) {
      if (!lane || lane.channel.isOpen || !ways.channel.isOpen || options.signal?.aborted) throw error
    }
  }
}

async function readBy(
  { channel, table }: Ways,
  lane: Lane | undefined,
  ranges: readonly EntryRange[],
  { signal, into }: ReadOptions,
): Promise<ReadOutcome> {
  const way = lane?.channel ?? channel
  const bytes = ranges.reduce((sum, { length }) => sum + length, 0)
  let number = 0
  try {
    return await table.request<ReadOutcome>(
      signal,
      (id) => {
        number = id
        lane?.owed.add(id)
        if (lane) lane.owedBytes += bytes
        way.send(frameType.want, encodeRanges({ id, ranges }))
      },
      (resolve, reject) => pendingRead(ranges, into, resolve, reject),
      way,
    )
  } finally {
    if (lane?.owed.delete(number)) lane.owedBytes -= bytes
  }
}
