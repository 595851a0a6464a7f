/** The list of each screen, after its filter, and the cursor in it. Pure. */
import type { JobView, PeerView, ShareView } from '../../jobs/engine-types.ts'
import type { Board, LogEntry, RemoteRow } from './board.ts'
import { matches, parseFilter } from './filter.ts'
import type { ScreenName } from './keys.ts'
import { jobWord, transferRows } from './transfer-rows.ts'
import type { TransferRow } from './transfer-rows.ts'
import type { UiState } from './ui-state.ts'
import type { Cursor, RowList } from './window.ts'
import { locate, rowsOf } from './window.ts'

type Choice = Pick<UiState, 'filters' | 'sort' | 'reverse' | 'failedOnly'>

export interface Keyed<Value> {
  readonly key: string
  readonly value: Value
}

export function transferList(state: Choice, board: Board): RowList<TransferRow> {
  const { sort, reverse, failedOnly, filters } = state
  return transferRows(board, { filter: parseFilter(filters.transfers), sort, reverse, failedOnly })
}

export function shareList({ filters }: Choice, { shares }: Board): RowList<Keyed<ShareView>> {
  const filter = parseFilter(filters.shares)
  return rowsOf(
    shares
      .filter((share) =>
        matches(filter, {
          text: share.name,
          phase: jobWordOf(share),
          peers: share.peers.map(({ peer }) => peer),
        }),
      )
      .map((value) => ({ key: value.id, value })),
  )
}

function jobWordOf({ state, phase }: ShareView): string {
  return state === 'running' ? phase : state
}

export function peerList({ filters }: Choice, { peers }: Board): RowList<Keyed<PeerView>> {
  const filter = parseFilter(filters.peers)
  return rowsOf(
    peers
      .filter((peer) =>
        matches(filter, { text: `${peer.peer} ${peer.address}`, phase: peer.state, peers: [peer.peer] }),
      )
      .map((value) => ({ key: `${value.peer} ${value.address}`, value })),
  )
}

export function syncList({ filters }: Choice, { jobs }: Board): RowList<Keyed<JobView>> {
  const filter = parseFilter(filters.syncs)
  return rowsOf(
    jobs
      .filter(
        (job) =>
          job.kind === 'sync' &&
          matches(filter, {
            text: `${job.title} ${job.from.join(' ')} ${job.to ?? ''}`,
            phase: jobWord(job),
          }),
      )
      .map((value) => ({ key: value.id, value })),
  )
}

export function logList({ filters }: Choice, { log }: Board): RowList<Keyed<LogEntry>> {
  const filter = parseFilter(filters.log)
  const kept = filter.isEmpty
    ? log
    : log.filter((entry) => matches(filter, { text: entry.text, phase: entry.level }))
  return {
    count: kept.length,
    at(index) {
      const value = kept[index] as LogEntry
      return { key: String(value.id), value }
    },
  }
}

export function remoteList({ filters }: Choice, { remotes }: Board): RowList<Keyed<RemoteRow>> {
  const filter = parseFilter(filters.remotes)
  return rowsOf(
    remotes
      .filter(({ name, place, kind }) => matches(filter, { text: `${name} ${place}`, phase: kind }))
      .map((value) => ({ key: value.name, value })),
  )
}

export function listOf(screen: ScreenName, state: Choice, board: Board): RowList<{ readonly key: string }> {
  const lists = {
    transfers: transferList,
    shares: shareList,
    peers: peerList,
    syncs: syncList,
    log: logList,
    remotes: remoteList,
  }
  return lists[screen](state, board)
}

/** The log stays at its newest line until the user moves away from it. */
export function cursorOf(
  screen: ScreenName,
  { cursors }: Pick<UiState, 'cursors'>,
  list: RowList<{ readonly key: string }>,
): Cursor {
  const cursor = cursors[screen]
  if (screen !== 'log' || cursor.key !== undefined) return cursor
  return { key: undefined, index: Math.max(0, list.count - 1), top: list.count }
}

/** The row that is acted on; undefined in an empty list. */
export function selected<Row extends { readonly key: string }>(
  screen: ScreenName,
  state: UiState,
  list: RowList<Row>,
): Row | undefined {
  return list.count === 0 ? undefined : list.at(locate(list, cursorOf(screen, state, list)))
}

/** Ids of the jobs that a command is about: those of the marked rows, or that of the selected one. */
export function targetIds(state: UiState, board: Board): readonly string[] {
  const { screen, marks } = state
  if (screen === 'transfers' && marks.size > 0)
    return [...new Set([...marks].map((key) => key.split('\0')[0] as string))].filter((id) =>
      board.jobs.some((job) => job.id === id),
    )
  if (screen === 'transfers') {
    const row = selected(screen, state, transferList(state, board))
    return row ? [row.jobId] : []
  }
  if (screen !== 'shares' && screen !== 'syncs') return []
  const row = selected(screen, state, listOf(screen, state, board))
  return row ? [row.key] : []
}
