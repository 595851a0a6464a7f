/** `ferry pause|resume|cancel|retry ID...`: steers jobs of the daemon. All are tried; the first failure is the exit code. */
import { Command } from 'commander'
import type { EngineClient } from '../../daemon/client.ts'
import type { JobView } from '../../jobs/engine-types.ts'
import { toFerryError, type FerryError } from '../../shared/errors.ts'
import { escapeText } from '../../shared/terminal-text.ts'
import type { CommandHost } from '../command-host.ts'
import { requireDaemon } from '../daemon/access.ts'
import { exitCodes } from '../exit-codes.ts'
import { addGlobalOptions } from '../global-options.ts'
import { openSession } from '../session.ts'

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
    addGlobalOptions(command, 'query')
    return command.action((ids: string[]) =>
      host.action(async () => {
        const { reporter } = openSession(host, command)
        await using engine = await requireDaemon(host)
        let failure: FerryError | undefined
        for (const id of ids) {
          try {
            const view = await act(engine, name, id)
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

function act(engine: EngineClient, name: ControlName, id: string): Promise<JobView> {
  return engine[name](id)
}
