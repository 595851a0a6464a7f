/**
 * A job is one run of share, receive, list or verify: its result, its progress, and a way to stop it. Invariant: when
 * `result` has settled, everything that the run opened is closed and its progress has ended.
 */
import { randomBytes } from 'node:crypto'
import type { ItemEvent, JobKind, ProgressSink, ReportedError } from '../progress/events.ts'
import type { SnapshotSource } from '../progress/snapshot-source.ts'
import type { Clock } from '../shared/clock.ts'
import { createTracker } from '../progress/tracker.ts'
import { cancelled } from '../shared/concurrency.ts'
import { FerryError, toFerryError } from '../shared/errors.ts'
import { createFileChoice, type FileChoice, type LeftOut } from '../shared/file-choice.ts'
import { createPartLedger, type PartLedger } from '../shared/part-ledger.ts'
import { quoteName } from '../shared/terminal-text.ts'
import { createThrottle, type Throttle } from '../shared/throttle.ts'

export type { SnapshotSource }

export interface Job<Result> extends AsyncDisposable {
  readonly id: string
  /** Sampled at most every 100 ms; always ends with the terminal snapshot. */
  readonly progress: SnapshotSource
  /** Rejects with a `FerryError` when the job as a whole failed or was cancelled. Failures of single files are in the result. */
  readonly result: Promise<Result>
  /** Stops within one chunk, keeps what can be resumed, frees everything; resolves when that is done. */
  cancel(reason?: string): Promise<void>
  /** True for jobs that move content; of the others `pause` and `setRate` are refused. */
  readonly canPause: boolean
  /**
   * Nothing is asked for, answered, read or written from now on; links and what has arrived are kept. What is under way
   * still arrives. Without effect when it is paused or has ended. @throws E_USAGE when it cannot be paused
   */
  pause(): void
  resume(): void
  /** Bytes of content a second, or undefined for no limit. @throws E_USAGE when too slow, or the job has no content */
  setRate(bytesPerSecond: number | undefined): void
  /** True for jobs that do file by file, so that single ones can be left out. */
  readonly canLeaveOut: boolean
  /** Goes on without these files: one under way stops within one chunk. They count as skipped. @throws E_USAGE */
  leaveOut(files: readonly LeftOut[]): void
  /** Absolute paths of the files of which a part was begun that is not whole. */
  parts(): readonly string[]
}

/** Told while a job runs, in addition to its snapshots; both are called synchronously and must not throw. */
export interface JobListeners {
  /** Every item that ended on its own; small files that ended in batches are only counted, without `everyItem`. */
  readonly onItem?: ((item: ItemEvent) => void) | undefined
  /** Call `onItem` for small files, and for what is unpacked, too. A sync tells of all through `onChange`. Default false. */
  readonly everyItem?: boolean | undefined
  readonly onWarning?: ((message: string) => void) | undefined
}

/** How a job is known and held back from its start on. */
export interface JobControls {
  /** Its id; default: a new one. A job that goes on after a break keeps the one it had. */
  readonly id?: string | undefined
  /** Bytes of content a second, both ways together; default: no limit. */
  readonly bytesPerSecond?: number | undefined
  /** Only these files, or what is in these folders; paths of the tree, exactly. Default: all. */
  readonly paths?: readonly string[] | undefined
  /** Left out from the beginning; see `Job.leaveOut`. */
  readonly leftOut?: readonly LeftOut[] | undefined
  /** What `Job.parts` told of an earlier run. */
  readonly parts?: readonly string[] | undefined
}

export interface JobOptions extends JobListeners, JobControls {
  readonly signal?: AbortSignal | undefined
  readonly clock?: Clock
  /** Default: what the kind of job can. */
  readonly canLeaveOut?: boolean | undefined
}

export interface RunContext {
  readonly signal: AbortSignal
  readonly progress: ProgressSink
  /** All content of the job passes through it. */
  readonly throttle: Throttle
  /** Which files are done. */
  readonly files: FileChoice
  /** Told of every part that is begun and ended. */
  readonly parts: PartLedger
}

export function reportError(error: FerryError): ReportedError {
  return { code: error.code, message: error.message, hint: error.hint }
}

/** Ids say nothing of what they name, so that they may stand in logs and addresses. */
export function createJobId(): string {
  return `t_${randomBytes(4).toString('hex')}`
}

const withContent: readonly JobKind[] = ['share', 'receive', 'sync']
const fileByFile: readonly JobKind[] = ['receive', 'sync']

/** Starts `run` at once and wraps it as a job. @throws E_USAGE when the rate is too slow, or it cannot do single files */
export function createJob<Result>(
  kind: JobKind,
  name: string,
  run: (context: RunContext) => Promise<Result>,
  options: JobOptions = {},
): Job<Result> {
  const { id = createJobId(), onItem, everyItem, onWarning, clock } = options
  const throttle = createThrottle(options.bytesPerSecond)
  const canPause = withContent.includes(kind)
  const { canLeaveOut = fileByFile.includes(kind) } = options
  const mustDoSingle = (): void => {
    if (!canLeaveOut)
      throw new FerryError('E_USAGE', `Cannot do single files of this ${kind}: it is all or nothing`)
  }
  if (options.paths ?? options.leftOut) mustDoSingle()
  const files = createFileChoice({ only: options.paths, leftOut: options.leftOut })
  const parts = createPartLedger(options.parts)
  const tracker = createTracker({ id, kind, name, onItem, everyItem, onWarning, ...(clock && { clock }) })
  const controller = new AbortController()
  const signal = options.signal ? AbortSignal.any([controller.signal, options.signal]) : controller.signal

  async function start(): Promise<Result> {
    try {
      if (signal.aborted) throw cancelled(signal)
      const result = await run({ signal, progress: tracker.sink, throttle, files, parts })
      for (const path of files.unmet()) tracker.sink.warn(`There is no file ${quoteName(path)} in it`)
      tracker.finalize({ state: 'done' })
      return result
    } catch (caught) {
      const error = failureOf(caught, signal, kind)
      const state = error.code === 'E_CANCELLED' ? 'cancelled' : 'failed'
      tracker.finalize({ state, error: reportError(error) })
      throw error
    }
  }

  const result = start()
  // A caller that only watches the progress must not bring the process down.
  result.catch(() => undefined)
  const cancel = async (reason?: string): Promise<void> => {
    controller.abort(new FerryError('E_CANCELLED', reason ?? 'Stopped before it was finished'))
    await result.catch(() => undefined)
  }
  const mustHaveContent = (): void => {
    if (!canPause) throw new FerryError('E_USAGE', `Cannot hold back a job of kind "${kind}"`)
  }
  return {
    id,
    progress: tracker.snapshots,
    result,
    cancel,
    canPause,
    pause(): void {
      mustHaveContent()
      throttle.pause()
      tracker.setPaused(true)
    },
    resume(): void {
      throttle.resume()
      tracker.setPaused(false)
    },
    setRate(bytesPerSecond): void {
      mustHaveContent()
      throttle.setRate(bytesPerSecond)
    },
    canLeaveOut,
    leaveOut(named): void {
      mustDoSingle()
      files.leaveOut(named)
    },
    parts: () => parts.list(),
    [Symbol.asyncDispose]: () => cancel(),
  }
}

/** Whatever a run throws because it was told to stop counts as the stop, not as a failure of its own. */
function failureOf(error: unknown, signal: AbortSignal, kind: JobKind): FerryError {
  if (signal.aborted && !(error instanceof FerryError && error.code !== 'E_INTERNAL'))
    return cancelled(signal)
  return toFerryError(error, `Cannot ${kind}`)
}
