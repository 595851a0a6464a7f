/**
 * The rows of the list of transfers: each job, and under it its files that are under way, have failed, or have just ended.
 * Invariant: a row is made when it is looked at; a list of a million costs what is on the screen, unless it is sorted or
 * filtered.
 */
import type { JobState, JobView } from '../../jobs/engine-types.ts'
import type { Phase, Snapshot } from '../../progress/events.ts'
import { escapeText } from '../../shared/terminal-text.ts'
import type { Board, EndedFile } from './board.ts'
import type { Filter } from './filter.ts'
import { matches } from './filter.ts'
import type { RowList } from './window.ts'

export type Marker = 'none' | 'failed' | 'done' | 'had'

export interface TransferRow {
  readonly key: string
  readonly jobId: string
  /** Undefined for the job itself. */
  readonly path: string | undefined
  readonly kind: JobView['kind']
  /** Escaped. */
  readonly name: string
  /** A word for the state, always shown beside any colour. */
  readonly word: string
  readonly marker: Marker
  /** Whole, rounded down, 100 only when done; undefined while the total is not known. */
  readonly percent: number | undefined
  readonly done: number
  readonly size: number | undefined
  readonly rate: number | undefined
  readonly etaMs: number | undefined
  /** Milliseconds without a byte; undefined while bytes move. */
  readonly stalledMs: number | undefined
  /** Connected ones, of a job. */
  readonly peers: number | undefined
  readonly files: { readonly done: number; readonly total: number } | undefined
}

export const sortKeys = ['order', 'name', 'phase', 'size', 'speed', 'eta'] as const
export type SortKey = (typeof sortKeys)[number]

export interface RowChoice {
  readonly filter: Filter
  readonly sort: SortKey
  readonly reverse: boolean
  readonly failedOnly: boolean
}

/** Without bytes for so long, a job or file counts as standing still. */
export const stalledAfterMs = 10_000

const phaseWords: Partial<Record<Phase, string>> = { 'had-it': 'had it', serve: 'serving' }
const stateWords: Partial<Record<JobState, string>> = {
  interrupted: 'stopped',
  cancelled: 'stopped',
  paused: 'paused',
}

export function jobWord({ state, snapshot }: Pick<JobView, 'state' | 'snapshot'>): string {
  if (state !== 'running') return stateWords[state] ?? state
  return phaseWords[snapshot.phase] ?? snapshot.phase
}

/** Never 100 before it is done. */
export function floorPercent(done: number, total: number): number {
  return total > 0 ? Math.min(99, Math.floor((done / total) * 100)) : 0
}

function jobRow(job: JobView): TransferRow {
  const { snapshot, state } = job
  const { bytes, files, idleMs } = snapshot
  const isMoving = state === 'running' && snapshot.phase !== 'serve'
  // What is served has no end to come nearer to.
  const isKnown = (files.final && (isMoving || state !== 'running')) || state === 'done'
  return {
    key: job.id,
    jobId: job.id,
    path: undefined,
    kind: job.kind,
    name: escapeText(job.title),
    word: jobWord(job),
    marker: state === 'failed' || files.failed > 0 ? 'failed' : state === 'done' ? 'done' : 'none',
    percent: isKnown ? snapshot.percent : undefined,
    done: bytes.done,
    size: bytes.total > 0 ? bytes.total : undefined,
    rate: state === 'running' ? snapshot.rate : undefined,
    etaMs: isMoving && snapshot.etaSeconds !== undefined ? snapshot.etaSeconds * 1000 : undefined,
    stalledMs: isMoving && bytes.done > 0 && idleMs >= stalledAfterMs ? idleMs : undefined,
    peers: snapshot.peers.filter((peer) => peer.state === 'connected').length,
    files: { done: files.done, total: files.total },
  }
}

type ActiveFile = Snapshot['active'][number]

function fileRow(
  job: JobView,
  path: string,
  rest: Pick<TransferRow, 'word'> & Partial<TransferRow>,
): TransferRow {
  return {
    key: `${job.id}\0${path}`,
    jobId: job.id,
    path,
    kind: job.kind,
    name: escapeText(path),
    marker: 'none',
    percent: undefined,
    done: 0,
    size: undefined,
    rate: undefined,
    etaMs: undefined,
    stalledMs: undefined,
    peers: undefined,
    files: undefined,
    ...rest,
  }
}

function activeRow(job: JobView, { path, phase, done, total, rate }: ActiveFile): TransferRow {
  const isPaused = job.state === 'paused'
  return fileRow(job, path, {
    word: isPaused ? 'paused' : (phaseWords[phase] ?? phase),
    percent: floorPercent(done, total),
    done,
    size: total,
    rate: isPaused ? undefined : rate,
    etaMs: !isPaused && rate >= 1 ? ((total - done) / rate) * 1000 : undefined,
  })
}

/** Files of a job without making their rows. */
function filesOf(
  job: JobView,
  ended: readonly EndedFile[],
): { count: number; at(index: number): TransferRow } {
  const { active, failures } = job.snapshot
  const count = active.length + failures.length + ended.length
  return {
    count,
    at(index) {
      const file = active[index]
      if (file) return activeRow(job, file)
      const failure = failures[index - active.length]
      if (failure) return fileRow(job, failure.path, { word: 'failed', marker: 'failed' })
      const { path, bytes } = ended[index - active.length - failures.length] as EndedFile
      return fileRow(job, path, { word: 'done', marker: 'done', percent: 100, done: bytes, size: bytes })
    },
  }
}

const noFiles: readonly EndedFile[] = []

/** All rows that the choice leaves, in its order. */
export function transferRows(board: Pick<Board, 'jobs' | 'ended'>, choice: RowChoice): RowList<TransferRow> {
  const isWhole = choice.filter.isEmpty && choice.sort === 'order' && !choice.failedOnly && !choice.reverse
  return isWhole ? wholeList(board) : chosenList(board, choice)
}

function wholeList({ jobs, ended }: Pick<Board, 'jobs' | 'ended'>): RowList<TransferRow> {
  const parts = jobs.map((job) => ({ job, files: filesOf(job, ended.get(job.id) ?? noFiles) }))
  const starts: number[] = []
  let count = 0
  for (const { files } of parts) {
    starts.push(count)
    count += 1 + files.count
  }
  return {
    count,
    at(index) {
      let part = 0
      for (let high = starts.length - 1; part < high; ) {
        const middle = Math.ceil((part + high) / 2)
        if ((starts[middle] as number) <= index) part = middle
        else high = middle - 1
      }
      const { job, files } = parts[part] as (typeof parts)[number]
      const inside = index - (starts[part] as number)
      return inside === 0 ? jobRow(job) : files.at(inside - 1)
    },
  }
}

function chosenList({ jobs, ended }: Pick<Board, 'jobs' | 'ended'>, choice: RowChoice): RowList<TransferRow> {
  const { filter, failedOnly } = choice
  const compare = comparison(choice)
  const groups: { readonly head: TransferRow; readonly rows: readonly TransferRow[] }[] = []
  for (const job of jobs) {
    const head = jobRow(job)
    const files = filesOf(job, ended.get(job.id) ?? noFiles)
    const peers = job.snapshot.peers.map(({ peer }) => peer)
    const isWanted = (row: TransferRow): boolean =>
      (!failedOnly || row.marker === 'failed') &&
      matches(filter, {
        text: row.path === undefined ? row.name : `${head.name} ${row.name}`,
        phase: row.word,
        peers,
      })
    const rows: TransferRow[] = []
    for (let index = 0; index < files.count; index++) {
      const row = files.at(index)
      if (isWanted(row)) rows.push(row)
    }
    // A job stays as the head of those of its files that are wanted.
    if (rows.length > 0 || isWanted(head))
      groups.push({ head, rows: compare ? rows.toSorted(compare) : rows })
  }
  const sorted = compare ? groups.toSorted((a, b) => compare(a.head, b.head)) : groups
  const all = sorted.flatMap(({ head, rows }) => [head, ...rows])
  return { count: all.length, at: (index) => all[index] as TransferRow }
}

/** Numbers begin with the largest, words with A; what has none comes last. */
function comparison({ sort, reverse }: RowChoice): ((a: TransferRow, b: TransferRow) => number) | undefined {
  const sign = reverse ? -1 : 1
  const byNumber = (of: (row: TransferRow) => number | undefined) => (a: TransferRow, b: TransferRow) =>
    ((of(b) ?? -1) - (of(a) ?? -1)) * sign
  const byText = (of: (row: TransferRow) => string) => (a: TransferRow, b: TransferRow) =>
    (of(a) < of(b) ? -1 : of(a) > of(b) ? 1 : 0) * sign
  if (sort === 'name') return byText((row) => row.name)
  if (sort === 'phase') return byText((row) => row.word)
  if (sort === 'size') return byNumber((row) => row.size)
  if (sort === 'speed') return byNumber((row) => row.rate)
  if (sort === 'eta') return byNumber((row) => row.etaMs)
  return reverse ? (a, b) => (a.key < b.key ? 1 : -1) : undefined
}
