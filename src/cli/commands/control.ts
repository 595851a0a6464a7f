/** `ferry pause|resume|cancel|retry ID...`: steers jobs of the daemon. All are tried; the first failure is the exit code. */
import { Command } from 'commander'
import type { EngineClient } from '../../daemon/client.ts'
import type { JobView } from '../../jobs/engine-types.ts'
import { FerryError, toFerryError } from '../../shared/errors.ts'
import { escapeText } from '../../shared/terminal-text.ts'
import type { CommandHost } from '../command-host.ts'
import { requireDaemon } from '../daemon/access.ts'
import { exitCodes } from '../exit-codes.ts'
import { addGlobalOptions } from '../global-options.ts'
import { openSession } from '../session.ts'

interface ControlFlags {
  readonly file?: readonly string[]
  readonly deletePartial?: boolean
}

const actions = {
  pause: ['Hold jobs of the daemon back; links and what has arrived are kept.', 'pause'],
  resume: ['Let paused or interrupted jobs of the daemon go on.', 'resume'],
  cancel: ['Stop jobs of the daemon; what has arrived is kept.', 'cancel'],
  retry: ['Run jobs of the daemon that have ended again; what is here is kept.', 'retry'],
} as const

export type ControlName = keyof typeof actions

export function controlCommand(name: ControlName): (host: CommandHost) => Command {
  return (host) => {
    const [description] = actions[name]
    const command = new Command(`ferry ${name}`)
      .description(description)
      .argument('<ID...>', 'jobs, as "ferry status" names them')
    if (name === 'cancel' || name === 'retry')
      command.option(
        '--file <path...>',
        name === 'cancel'
          ? 'leave out only these files or folders; the job goes on without them'
          : 'only these files or folders, also those that were left out',
      )
    if (name === 'cancel')
      command.option('--delete-partial', 'delete what has arrived of files that are not whole')
    addGlobalOptions(command, 'query')
    return command.action((ids: string[], flags: ControlFlags) =>
      host.action(async () => {
        if (flags.file) mustBeOneJob(name, ids)
        const { reporter } = openSession(host, command)
        await using engine = await requireDaemon(host)
        let failure: FerryError | undefined
        for (const id of ids) {
          try {
            const view = await act(engine, name, id, flags)
            reporter.emit('job', view)
            reporter.say(`  ${view.id} ${view.state}  ${escapeText(view.title)}`)
          } catch (error) {
            if (failure) reporter.warning(failure.message)
            failure = toFerryError(error, `Cannot ${name} ${id}`)
          }
        }
        if (failure) throw failure
        reporter.finish(exitCodes.ok)
        return exitCodes.ok
      }),
    )
  }
}

/** @throws E_USAGE when files are named of several jobs */
function mustBeOneJob(name: ControlName, ids: readonly string[]): void {
  if (ids.length === 1) return
  throw new FerryError('E_USAGE', `Cannot ${name} files of ${ids.length} jobs: name one job`, {
    hint: `ferry ${name} ${ids[0]} --file PATH`,
  })
}

function act(
  engine: EngineClient,
  name: ControlName,
  id: string,
  { file: paths, deletePartial = false }: ControlFlags,
): Promise<JobView> {
  if (name === 'retry') return engine.retry(id, paths && { paths })
  if (name !== 'cancel') return engine[name](id)
  const partial = deletePartial ? 'delete' : 'keep'
  return paths ? engine.cancelFiles(id, { paths, partial }) : engine.cancel(id, { partial })
}
