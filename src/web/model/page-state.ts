/**
 * All that the page knows, and how it changes. Pure: what came from the server, what the connection does, and the passing
 * of seconds are actions; a new state is made of an old one.
 */
import type { EngineChange, JobView } from '../../jobs/engine-types.ts'
import type { FeedStatus } from '../../progress/client/live-feed.ts'
import { totalsOf } from './figures.ts'
import type { SpeedSeries } from './speed-series.ts'
import { addSample } from './speed-series.ts'
import type { Tone } from './words.ts'
import { isDryRun, kindWords, titleOf } from './words.ts'

export interface Notice {
  readonly key: number
  readonly tone: Tone
  readonly text: string
  readonly hint?: string | undefined
  /** Job that it is about. */
  readonly id?: string | undefined
  readonly atMs: number
}

export interface PageState {
  /** False until the server has told its jobs for the first time. */
  readonly isLoaded: boolean
  /** Newest first. */
  readonly jobs: readonly JobView[]
  readonly link: FeedStatus
  /** When the connection is tried again. */
  readonly retryAtMs: number | undefined
  /** The server has said no for good: why. */
  readonly refusal: string | undefined
  /** By job: the last of the six steps at which it was seen to run. */
  readonly reached: ReadonlyMap<string, number>
  /** By job; of all together under `down` and `up`. */
  readonly series: ReadonlyMap<string, SpeedSeries>
  readonly notices: readonly Notice[]
  readonly nowMs: number
}

export type PageAction =
  | { readonly type: 'change'; readonly change: EngineChange; readonly atMs: number }
  | { readonly type: 'link'; readonly status: FeedStatus; readonly atMs: number }
  | { readonly type: 'refused'; readonly message: string }
  | { readonly type: 'tick'; readonly atMs: number }
  | { readonly type: 'notice'; readonly notice: Omit<Notice, 'key'> }
  | { readonly type: 'dismiss'; readonly key: number }

export const emptyState: PageState = {
  isLoaded: false,
  jobs: [],
  link: { connection: 'idle', isPolling: false, failures: 0, retryInMs: undefined },
  retryAtMs: undefined,
  refusal: undefined,
  series: new Map(),
  reached: new Map(),
  notices: [],
  nowMs: 0,
}

/** A notice goes by itself; what went wrong stays longer. */
const noticeMs = 6000
const badNoticeMs = 20_000
/** More at once nobody reads. */
const maxNotices = 4

export function reducePage(state: PageState, action: PageAction): PageState {
  switch (action.type) {
    case 'change':
      return takeChange(state, action.change, action.atMs)
    case 'link': {
      const { status, atMs } = action
      const retryAtMs = status.retryInMs === undefined ? undefined : atMs + status.retryInMs
      return { ...state, link: status, retryAtMs, nowMs: atMs }
    }
    case 'refused':
      return { ...state, refusal: action.message }
    case 'tick':
      return takeTick(state, action.atMs)
    case 'notice':
      return addNotices(state, [action.notice])
    case 'dismiss':
      break
  }
  return { ...state, notices: state.notices.filter(({ key }) => key !== action.key) }
}

function takeChange(state: PageState, { whole, jobs, removed }: EngineChange, atMs: number): PageState {
  const before = new Map(state.jobs.map((job) => [job.id, job]))
  const after = new Map(whole ? [] : before)
  for (const job of jobs) after.set(job.id, job)
  for (const id of removed) after.delete(id)
  const next = {
    ...state,
    isLoaded: true,
    refusal: undefined,
    reached: reachedOf(state, after),
    jobs: [...after.values()].toSorted((a, b) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? 1 : -1)),
    nowMs: atMs,
  }
  return addNotices(
    next,
    jobs.filter((job) => isNews(before.get(job.id), job, whole)).map((job) => endOf(job, atMs)),
  )
}

function reachedOf(before: PageState, jobs: ReadonlyMap<string, JobView>): ReadonlyMap<string, number> {
  const runs = new Map(before.jobs.map(({ id, attempts }) => [id, attempts]))
  const reached = new Map<string, number>()
  for (const { id, state, snapshot, attempts } of jobs.values()) {
    // Of an earlier run it says nothing.
    const known = runs.get(id) === attempts ? before.reached.get(id) : undefined
    const step = state === 'running' ? snapshot.stepNumber : known
    if (step !== undefined) reached.set(id, step)
  }
  return reached
}

/** It has ended since the page looked last; a quick one may never have been seen running. */
function isNews(before: JobView | undefined, job: JobView, whole: boolean): boolean {
  if (job.endedAtMs === null) return false
  return before === undefined ? !whole : before.endedAtMs === null
}

/** What is to be told of a job that has ended. */
function endOf(job: JobView, atMs: number): Omit<Notice, 'key'> {
  const { id, state, snapshot } = job
  const what = `${isDryRun(job) ? 'Dry run' : kindWords[job.kind]} of ${titleOf(job)}`
  if (state === 'done')
    return {
      tone: 'good',
      text: `${what} is complete${isDryRun(job) ? ': nothing was changed' : ''}`,
      id,
      atMs,
    }
  if (state === 'cancelled') return { tone: 'quiet', text: `${what} was stopped`, id, atMs }
  const { message = 'it failed', hint } = snapshot.error ?? {}
  return { tone: 'bad', text: `${what} failed: ${message}`, hint, id, atMs }
}

function addNotices(state: PageState, added: readonly Omit<Notice, 'key'>[]): PageState {
  if (added.length === 0) return state
  const first = (state.notices.at(-1)?.key ?? 0) + 1
  const notices = [...state.notices, ...added.map((notice, index) => ({ ...notice, key: first + index }))]
  return { ...state, notices: notices.slice(-maxNotices) }
}

function takeTick(state: PageState, atMs: number): PageState {
  const notices = state.notices.filter(
    (notice) => atMs - notice.atMs < (notice.tone === 'bad' ? badNoticeMs : noticeMs),
  )
  // What is shown may be old: without a connection nobody knows how fast it is.
  const isKnown = state.isLoaded && state.link.connection !== 'disconnected'
  const series = isKnown ? sampled(state, atMs) : state.series
  return {
    ...state,
    nowMs: atMs,
    series,
    notices: notices.length === state.notices.length ? state.notices : notices,
  }
}

function sampled({ jobs, series }: PageState, atMs: number): ReadonlyMap<string, SpeedSeries> {
  const next = new Map<string, SpeedSeries>()
  const add = (key: string, rate: number): void => {
    next.set(key, addSample(series.get(key) ?? [], { atMs, rate }))
  }
  const { downRate, upRate } = totalsOf(jobs)
  add('down', downRate)
  add('up', upRate)
  for (const { id, state, snapshot, endedAtMs } of jobs) {
    // The line of a job that has ended stays as it was.
    if (endedAtMs === null) add(id, state === 'running' ? snapshot.rate : 0)
    else if (series.has(id)) next.set(id, series.get(id) ?? [])
  }
  return next
}
