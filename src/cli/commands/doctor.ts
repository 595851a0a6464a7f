/** `ferry doctor`: what works here and what does not, one line a check. */
import { Command } from 'commander'
import { escapeText } from '../../shared/terminal-text.ts'
import type { CommandHost } from '../command-host.ts'
import { exitCodes } from '../exit-codes.ts'
import { addGlobalOptions, addNetworkOptions, networkOptionsOf } from '../global-options.ts'
import { openSession } from '../session.ts'

export function doctorCommand(host: CommandHost): Command {
  const command = new Command('ferry doctor').description(
    'Check Node, data folder, store, identity, network, clock and space. Exit code 1 when something fails.',
  )
  addNetworkOptions(command)
  addGlobalOptions(command, 'query')
  return command.action(() => host.action(() => doctor(host, command)))
}

async function doctor(host: CommandHost, command: Command): Promise<number> {
  const session = openSession(host, command)
  const { reporter, terminal } = session
  const { palette, unicode } = terminal
  await using ferry = session.openFerry(networkOptionsOf(command))
  const checks = await ferry.examine()
  const marks = {
    ok: palette.good(unicode ? '✔' : '*'),
    warning: palette.waiting('!'),
    failed: palette.bad(unicode ? '✘' : 'X'),
  }
  for (const check of checks) {
    reporter.emit('check', check)
    if (session.options.json || (session.options.quiet && check.state === 'ok')) continue
    reporter.out(`${marks[check.state]} ${check.name.padEnd(10)} ${escapeText(check.text)}\n`)
    if (check.hint) reporter.out(`  ${' '.repeat(10)} hint: ${escapeText(check.hint)}\n`)
  }
  const exitCode = checks.some((check) => check.state === 'failed') ? exitCodes.failure : exitCodes.ok
  reporter.finish(exitCode)
  return exitCode
}
