/**
 * Gives a command that was parsed what the settings say, wherever the command line has said nothing. So every level is
 * merged here and nowhere else, and a command reads its options without knowing of the others.
 */
import type { Command } from 'commander'
import type { Config } from './load-config.ts'

/** `name` is that of the command in the command table. */
export function applyConfig(command: Command, name: string, config: Config): void {
  const known = new Set(command.options.map((option) => option.attributeName()))
  for (const { key, value } of config.settings.values()) {
    if (!known.has(key.option) || !(key.commands.includes(name) || key.commands.includes('*'))) continue
    const source = command.getOptionValueSource(key.option)
    const isSaid = source !== undefined && source !== 'default'
    if (!isSaid) command.setOptionValueWithSource(key.option, key.toOption?.(value) ?? value, 'config')
    else if (key.isAppended) {
      const said = command.getOptionValue(key.option) as readonly string[]
      command.setOptionValueWithSource(key.option, [...said, ...(value as readonly string[])], source)
    }
  }
}
