/** `ferry verify PATH TICKET`: are the files on disk those that the ticket offers? Writes nothing. */
import { Command } from 'commander'
import type { Ferry } from '../../jobs/ferry.ts'
import { escapeText } from '../../shared/terminal-text.ts'
import { formatBytes, formatElapsed, formatPlural } from '../../shared/units.ts'
import type { CommandHost } from '../command-host.ts'
import { exitCodes } from '../exit-codes.ts'
import {
  addGlobalOptions,
  addNetworkOptions,
  collect,
  duration,
  jobCount,
  networkOptionsOf,
} from '../global-options.ts'
import { openSession } from '../session.ts'
import { readTicket } from '../ticket-input.ts'

interface Flags {
  readonly only?: string[]
  readonly timeout?: number
  readonly wait?: boolean
  readonly jobs?: number
}

export function verifyCommand(host: CommandHost): Command {
  const command = new Command('ferry verify')
    .description('Compare files on disk with what a ticket offers. Exit code 6 when they differ.')
    .argument('<PATH>', 'the folder that was received into')
    .argument('<TICKET>', 'the ticket; - reads it from standard input, a file name from the file')
    .option('--only <glob>', 'only what matches (repeatable)', collect)
    .option('-j, --jobs <n>', 'files read at once (default: cores, at most 8)', jobCount)
    .option('--timeout <time>', 'give up when nobody answers for this time (default: 30s)', duration)
    .option('--wait', 'wait for the sender to start')
  addNetworkOptions(command)
  addGlobalOptions(command, 'job')
  command.action((path: string, word: string, flags: Flags) =>
    host.action(() => verify(host, command, path, word, flags)),
  )
  return command
}

async function verify(
  host: CommandHost,
  command: Command,
  path: string,
  word: string,
  flags: Flags,
): Promise<number> {
  const ticket = await readTicket(word, host.io.stdin)
  const session = openSession(host, command)
  const { reporter, terminal } = session
  const jobs = flags.jobs
  await using ferry: Ferry = session.openFerry(networkOptionsOf(command), jobs)
  const job = ferry.verify(path, ticket, {
    only: flags.only,
    timeoutMs: flags.timeout,
    wait: flags.wait,
    jobs,
    onWarning: (message) => reporter.warning(message),
  })
  const { result, snapshot, stopped } = await session.follow(job)
  if (stopped !== undefined) {
    reporter.finish(stopped)
    return stopped
  }
  for (const difference of result.differences) reporter.emit('check', { id: job.id, ...difference })
  const exitCode = result.different > 0 ? exitCodes.verification : exitCodes.ok
  reporter.finish(exitCode, { different: result.different, extra: result.extra })
  const { palette } = terminal
  for (const { path: name, kind, message } of result.differences) {
    const mark = kind === 'extra' ? palette.waiting('+') : palette.bad('!')
    reporter.say(`  ${mark} ${escapeText(name)}: ${escapeText(message)}`)
  }
  const amount = `${formatPlural(result.files, 'file')}, ${formatBytes(result.bytes)}`
  if (result.extra > 0) reporter.say(`  ${formatPlural(result.extra, 'name')} here, but not in the ticket`)
  reporter.say(
    result.different === 0
      ? `  ${palette.good('✔')} all the same: ${amount} in ${formatElapsed(snapshot.elapsedMs)}`
      : `  ${formatPlural(result.different, 'difference')} in ${amount}`,
  )
  return exitCode
}
