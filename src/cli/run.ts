/**
 * Finds the command, loads only that one, runs it and turns whatever happens into an exit code. The only place that
 * prints failures.
 */
import type { Command } from 'commander'
import { FerryError, toFerryError } from '../shared/errors.ts'
import { applyConfig } from './config/apply-config.ts'
import { configPlaces } from './config/config-paths.ts'
import type { Config } from './config/load-config.ts'
import { noConfig } from './config/no-config.ts'
import { commands, findCommand, suggestCommand } from './command-table.ts'
import type { CommandHost } from './command-host.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import { mainHelp } from './help-text.ts'
import { printErrorLine } from './output/json-lines.ts'
import { formatError } from './print-error.ts'
import type { ProcessIo } from './terminal.ts'
import { createTerminal } from './terminal.ts'
import { fromCommanderError, isHelpShown } from './usage-errors.ts'

/** For whoever has loaded this: the program has limits of its own. */
export { withUsualLimits } from '../shared/dead-buffers.ts'

/** Options that may stand before the command. They take no value, or one after `=`, or the next word. */
const leadingFlags = new Set(['-v', '-vv', '--verbose', '-q', '--quiet', '--json', '--plain'])

const leadingWithValue = new Set(['--color', '--config'])

/** Splits `[global options] COMMAND [rest]`. */
export function splitArgs(args: readonly string[]): {
  readonly name: string | undefined
  readonly rest: string[]
} {
  const leading: string[] = []
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] as string
    if (leadingWithValue.has(arg)) leading.push(arg, args[++index] ?? '')
    else if (leadingFlags.has(arg) || /^--(?:color|config)=/.test(arg)) leading.push(arg)
    else return { name: arg, rest: [...leading, ...args.slice(index + 1)] }
  }
  return { name: undefined, rest: leading }
}

/** Runs one command line (without the program's name) and returns the exit code. Never rejects. */
export async function run(
  args: readonly string[],
  version: string,
  io: ProcessIo = process,
  parts: Pick<CommandHost, 'createFerry' | 'loadTui' | 'onContent'> = {},
): Promise<number> {
  const verbosity =
    args.filter((arg) => arg === '-v' || arg === '--verbose').length + (args.includes('-vv') ? 2 : 0)
  let show = (error: FerryError, exitCode: number): void => {
    if (args.includes('--json')) printErrorLine(io, error, exitCode)
    const terminal = createTerminal(io, { color: 'auto', plain: true })
    terminal.err(formatError(error, verbosity, terminal.palette))
  }
  let afterwards: ((exitCode: number) => Promise<void>) | undefined
  try {
    const { name, rest } = splitArgs(args)
    if (name === undefined) {
      io.stdout.write(mainHelp)
      return exitCodes.ok
    }
    const entry = findCommand(name)
    if (!entry) throw unknownCommand(name)
    let action: (() => Promise<number>) | undefined
    let config: Config = noConfig
    const command = await entry.load({
      io,
      version,
      ...parts,
      config: () => config,
      action: (next) => void (action = next),
      onFailure: (next) => void (show = next),
      onEnd: (next) => void (afterwards = next),
    })
    parse(command, rest, io)
    if (!action) return exitCodes.ok
    if (entry.settings !== 'none') {
      config = await readSettings(command, io, entry.settings === 'project')
      for (const each of [command, ...command.commands]) applyConfig(each, entry.name, config)
    }
    const exitCode = await action()
    await afterwards?.(exitCode)
    return exitCode
  } catch (caught) {
    if (isHelpShown(caught)) return exitCodes.ok
    const error = toFerryError(caught, 'Cannot run the command')
    const exitCode = exitCodeOf(error)
    show(error, exitCode)
    await afterwards?.(exitCode)
    return exitCode
  }
}

/** What nobody caught is a bug; it ends the process, because what was going on is unknown. */
export function reportCrash(error: unknown): void {
  const verbosity = process.argv.includes('-vv') ? 2 : 1
  process.stderr.write(formatError(toFerryError(error, 'Something went wrong inside'), verbosity))
  process.exit(exitCodes.failure)
}

function parse(command: Command, args: readonly string[], io: ProcessIo): void {
  const configure = (each: Command): void => {
    each.exitOverride()
    each.configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      // Errors are thrown as well; they are printed once, in our own form.
      writeErr: () => undefined,
      getOutHelpWidth: () => io.stdout.columns ?? 80,
    })
    for (const child of each.commands) configure(child)
  }
  configure(command)
  try {
    command.parse([...args], { from: 'user' })
  } catch (error) {
    throw fromCommanderError(error, command)
  }
}

async function readSettings(command: Command, io: ProcessIo, project: boolean): Promise<Config> {
  const { loadConfig } = await import('./config/load-config.ts')
  return await loadConfig(configPlaces(command, io), { project })
}

function unknownCommand(name: string): FerryError {
  const guess = suggestCommand(name)
  const looksLikeOption = name.startsWith('-')
  const kind = looksLikeOption ? 'option' : 'command'
  return new FerryError('E_USAGE', `unknown ${kind} ${name}${guess ? ` (did you mean ${guess}?)` : ''}`, {
    hint: looksLikeOption
      ? 'options stand behind the command; see: ferry --help'
      : `commands: ${commandNames()}`,
  })
}

function commandNames(): string {
  return commands.map((entry) => entry.name).join(', ')
}
