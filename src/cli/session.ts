/** One command at work: its terminal, its reporter, and how a job is followed from start to exit code. */
import type { Command } from 'commander'
import type { Ferry } from '../jobs/ferry.ts'
import { createFerry } from '../jobs/ferry.ts'
import type { Job } from '../jobs/job.ts'
import type { NetworkOptions } from '../jobs/types.ts'
import type { Snapshot } from '../progress/events.ts'
import type { SnapshotSource } from '../progress/snapshot-source.ts'
import { FerryError } from '../shared/errors.ts'
import { resolveDirectories } from '../shared/directories.ts'
import type { CommandHost } from './command-host.ts'
import { exitCodes } from './exit-codes.ts'
import type { GlobalOptions } from './global-options.ts'
import { globalOptionsOf } from './global-options.ts'
import { watchInterrupts } from './interrupts.ts'
import { endHooksOf, runEndHooks } from './end-hooks.ts'
import type { KeyHandlers, Keys } from './keys.ts'
import { watchKeys } from './keys.ts'
import { createLogFile } from './output/log-file.ts'
import type { Reporter } from './output/reporter.ts'
import { createReporter } from './output/reporter.ts'
import type { Terminal } from './terminal.ts'
import { createTerminal } from './terminal.ts'

export interface Session {
  readonly options: GlobalOptions
  readonly terminal: Terminal
  readonly reporter: Reporter
  openFerry(network?: NetworkOptions, threads?: number): Ferry
  /**
   * Follows a job to its end. `keys` are read beside `p`, which holds the job back; none when the terminal is its input.
   * `stopped` is set when the user (or a reader that went away) ended it: then there is no
   * result, and the exit code is that of the interruption.
   * @throws FerryError what the job failed with
   */
  follow<Result>(job: Job<Result>, keys?: KeyHandlers | 'none'): Promise<Followed<Result>>
}

export type Followed<Result> =
  | { readonly result: Result; readonly snapshot: Snapshot; readonly stopped?: undefined }
  | { readonly snapshot: Snapshot; readonly stopped: number; readonly result?: undefined }

export function openSession(host: CommandHost, command: Command): Session {
  const options = globalOptionsOf(command)
  const terminal = createTerminal(host.io, { color: options.color, plain: options.plain })
  const log = options.logFile === undefined ? undefined : createLogFile(options.logFile)
  let keysRead: Keys | undefined
  const told = createReporter(terminal, options, log)
  // A question needs the keyboard for itself.
  const pauseAll = (): (() => void) => {
    const takeBack = keysRead?.hold()
    const resume = told.pause()
    return () => {
      resume()
      takeBack?.()
    }
  }
  const reporter: Reporter = Object.defineProperties(
    { ...told, pause: pauseAll },
    { end: { get: () => told.end } },
  )
  const hooks = endHooksOf(command)
  const kind = command.name().split(' ').at(-1) as string
  if (hooks) host.onEnd((exitCode) => runEndHooks(hooks, kind, exitCode, told.end, terminal))
  host.onFailure((error, exitCode) => reporter.fail(error, exitCode))
  for (const warning of host.config().warnings) reporter.warning(warning)
  return {
    options,
    terminal,
    reporter,
    openFerry(network = {}, threads): Ferry {
      const directory = resolveDirectories(host.io.env).data
      return (host.createFerry ?? createFerry)({ ...network, directory, threads })
    },
    async follow<Result>(job: Job<Result>, keys: KeyHandlers | 'none' = {}): Promise<Followed<Result>> {
      let stopped: number | undefined
      const stop = (exitCode: number): void => {
        stopped ??= exitCode
        void job.cancel('Stopped by the user')
      }
      using stack = new DisposableStack()
      const interrupts = watchInterrupts((exitCode) => {
        if (stopped === undefined) reporter.say('  Stopping (Ctrl-C again stops at once)')
        stop(exitCode)
      })
      const stopKey = (): void => interrupts.interrupt()
      stack.use(interrupts)
      keysRead = stack.use(
        watchKeys(
          terminal,
          keys === 'none'
            ? {}
            : {
                ...(job.canPause && { p: () => togglePause(job, reporter) }),
                ...keys,
                '\u0003': stopKey,
                ...(keys['q'] && { q: stopKey }),
              },
        ),
      )
      terminal.onBrokenPipe(() => stop(exitCodes.brokenPipe))
      reporter.emit('start', { id: job.id, kind: job.progress.current.kind })
      if (host.onContent) void tellContent(job.progress, host.onContent)
      await reporter.watch(job.progress)
      const snapshot = job.progress.current
      try {
        return { result: await job.result, snapshot }
      } catch (error) {
        const wasStopped = error instanceof FerryError && error.code === 'E_CANCELLED'
        if (stopped !== undefined && wasStopped) return { snapshot, stopped }
        throw error
      }
    },
  }
}

function togglePause(job: Job<unknown>, reporter: Reporter): void {
  const isPaused = job.progress.current.state === 'paused'
  if (isPaused) job.resume()
  else job.pause()
  reporter.say(isPaused ? '  Going on' : '  Paused: p goes on, Ctrl-C stops')
}

async function tellContent(progress: SnapshotSource, tell: (bytes: number) => void): Promise<void> {
  for await (const { bytes } of progress) tell(bytes.done)
}
