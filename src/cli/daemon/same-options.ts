/** What was said on the command line, for a `ferry daemon run` that is started in its place. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { CommandHost } from '../command-host.ts'

/** How this process shows things is no business of the other one. */
const own = ['json', 'quiet', 'verbose', 'color', 'plain', 'ascii']

/** Options of the command line alone: the other one reads the settings itself. */
export function sameOptions(host: CommandHost, command: Command): string[] {
  const args: string[] = []
  for (const option of command.options) {
    const name = option.attributeName()
    if (command.getOptionValueSource(name) !== 'cli' || option.long === undefined) continue
    if (own.includes(name)) continue
    const value: unknown = command.getOptionValue(name)
    if (option.isBoolean() || option.negate) args.push(option.long)
    else
      for (const each of [value].flat())
        args.push(option.long, name === 'socket' ? resolve(host.io.cwd(), String(each)) : String(each))
  }
  return args
}
