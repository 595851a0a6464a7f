/** What a command is given by `run.ts`, and what it gives back. */
import type { createFerry } from '../jobs/ferry.ts'
import type { FerryError } from '../shared/errors.ts'
import type { openTui } from '../tui/open-tui.ts'
import type { Config } from './config/load-config.ts'
import type { ProcessIo } from './terminal.ts'

export interface CommandHost {
  readonly io: ProcessIo
  readonly version: string
  /** What files and environment say; the command's own options have been given it already. */
  config(): Config
  /** In place of the real one, for tests. */
  readonly createFerry?: typeof createFerry
  /** The full-screen view. It is handed in because only an ES module can load it, and what runs commands is none. */
  readonly loadTui?: () => Promise<{ readonly openTui: typeof openTui }>
  /** Told now and then how much content a job has dealt with. */
  readonly onContent?: (bytes: number) => void
  /** Told by the command once the command line was understood; what `run` returns is the exit code. */
  action(run: () => Promise<number>): void
  /** From here on `show` prints a failure in place of the plain way, because outputs are open. */
  onFailure(show: (error: FerryError, exitCode: number) => void): void
  /** `run` is called when the command has ended and everything is said; it must not reject. */
  onEnd(run: (exitCode: number) => Promise<void>): void
}
