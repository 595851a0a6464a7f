/** Turns what commander says about a wrong command line into one of our errors, in our words. */
import type { Command } from 'commander'
import { CommanderError } from 'commander'
import { FerryError } from '../shared/errors.ts'
import { isSecretName, secretHint } from './secret-names.ts'

/** Thrown in place of a process exit when help was asked for and shown. */
const shown = new Set(['commander.help', 'commander.helpDisplayed', 'commander.version'])

export function isHelpShown(error: unknown): boolean {
  return error instanceof CommanderError && shown.has(error.code)
}

/** `error: unknown option '--progres'\n(Did you mean --progress?)` becomes `unknown option --progres (did you mean --progress?)`. */
export function fromCommanderError(error: unknown, command: Command): unknown {
  if (!(error instanceof CommanderError) || isHelpShown(error)) return error
  const message = error.message
    .replace(/^error: /, '')
    .replace(/\n\(Did you mean (one of )?/, ' (did you mean $1')
    // What stands behind the name may be a secret; it is not repeated.
    .replace(/(unknown option|unknown command) '([^'=]*)(?:=[^]*?)?'/, '$1 $2')
  const option = /^unknown option (-\S+)/.exec(message)?.[1]
  const hint =
    option !== undefined && isSecretName(option)
      ? `secrets are not taken on the command line, where others could read them.\n${secretHint}`
      : `see: ${command.name()} --help`
  return new FerryError('E_USAGE', message, { hint })
}
