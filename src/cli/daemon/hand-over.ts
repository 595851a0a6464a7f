/** `share -d` and `receive -d`: the job is given to the daemon, which is started when none runs, and this command ends. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { JobSpec, JobView } from '../../jobs/engine-types.ts'
import { FerryError } from '../../shared/errors.ts'
import type { CommandHost } from '../command-host.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Session } from '../session.ts'
import { startDaemon } from './access.ts'
import { followJob } from './job-source.ts'

/** Options that a job of the daemon cannot have: the network is the daemon's, and a terminal or pipe stays here. */
const notForDaemon = [
  'listen',
  'announce',
  'dht',
  'local',
  'bootstrap',
  'text',
  'stdout',
  'logFile',
  'notify',
  'onComplete',
  'onFailure',
]

/** Of these the daemon, which has no terminal and no shell, knows nothing. */
const endOptions: ReadonlySet<string> = new Set(['notify', 'onComplete', 'onFailure'])

/** @throws E_USAGE when the command line asks for what only a job of this process can do */
export function refuseOwnOptions(command: Command): void {
  for (const name of notForDaemon) {
    if (command.getOptionValueSource(name) !== 'cli') continue
    const option = command.options.find((each) => each.attributeName() === name)
    throw new FerryError('E_USAGE', `Cannot use ${option?.long ?? name} together with --daemon`, {
      hint: endOptions.has(name)
        ? 'wait for it with: ferry status ID --watch'
        : 'give options of the network to: ferry daemon start',
    })
  }
}

/** Paths are those of this command's folder; the daemon has another. */
export function absolutePaths(host: CommandHost, paths: readonly string[]): string[] {
  const cwd = host.io.cwd()
  return paths.map((path) => resolve(cwd, path))
}

/** Starts the job there. For a share `onTicket` is called once, with its ticket. */
export async function handOver(
  host: CommandHost,
  { reporter }: Session,
  spec: JobSpec,
  onTicket: (view: JobView & { readonly ticket: string }) => Promise<void> = async () => undefined,
): Promise<number> {
  const { client, info, isNew } = await startDaemon(host)
  await using engine = client
  if (isNew) reporter.say(`  Started the daemon (process ${info.pid})`)
  const view = await engine.start(spec)
  if (spec.kind === 'share') {
    const source = followJob(engine, view, undefined, ({ ticket }) => ticket !== null)
    for await (const _ of source) if (source.view.ticket !== null) break
    const { ticket, snapshot } = source.view
    if (ticket === null) {
      const { message = 'Cannot share: it ended before it had a ticket', hint } = snapshot.error ?? {}
      throw new FerryError('E_CONFLICT', message, { hint })
    }
    await onTicket({ ...source.view, ticket })
  }
  reporter.emit('start', { id: view.id, kind: view.kind })
  reporter.finish(exitCodes.ok, { job: view.id })
  reporter.say(`  The daemon does the rest; watch it with: ferry status ${view.id} --watch`)
  return exitCodes.ok
}
