/** Every command by name, and how to load it; nothing of a command is read before it is wanted. */
import type { Command } from 'commander'
import { closestName } from './closest-name.ts'
import type { CommandHost } from './command-host.ts'

export interface CommandEntry {
  readonly name: string
  readonly aliases: readonly string[]
  /** Files of settings that it reads: none, the user's, or also the project's. */
  readonly settings: 'none' | 'user' | 'project'
  readonly load: (host: CommandHost) => Promise<Command>
}

export const commands: readonly CommandEntry[] = [
  {
    name: 'share',
    aliases: [],
    settings: 'user',
    load: async (host) => (await import('./commands/share.ts')).shareCommand(host),
  },
  {
    name: 'receive',
    aliases: ['get'],
    settings: 'user',
    load: async (host) => (await import('./commands/receive.ts')).receiveCommand(host),
  },
  {
    name: 'sync',
    aliases: [],
    settings: 'project',
    load: async (host) => (await import('./commands/sync.ts')).syncCommand(host),
  },
  {
    name: 'ls',
    aliases: [],
    settings: 'user',
    load: async (host) => (await import('./commands/ls.ts')).lsCommand(host),
  },
  {
    name: 'verify',
    aliases: [],
    settings: 'user',
    load: async (host) => (await import('./commands/verify.ts')).verifyCommand(host),
  },
  {
    name: 'tui',
    aliases: [],
    settings: 'user',
    load: async (host) => (await import('./commands/tui.ts')).tuiCommand(host),
  },
  {
    name: 'diff',
    aliases: [],
    settings: 'user',
    load: async (host) => (await import('./commands/diff.ts')).diffCommand(host),
  },
  {
    name: 'daemon',
    aliases: [],
    settings: 'user',
    load: async (host) => (await import('./commands/daemon.ts')).daemonCommand(host),
  },
  {
    name: 'status',
    aliases: [],
    settings: 'user',
    load: async (host) => (await import('./commands/status.ts')).statusCommand(host),
  },
  ...(['pause', 'resume', 'cancel', 'retry'] as const).map((name) => ({
    name,
    aliases: [],
    settings: 'user' as const,
    load: async (host: CommandHost) => (await import('./commands/control.ts')).controlCommand(name)(host),
  })),
  {
    name: 'shares',
    aliases: [],
    settings: 'user',
    load: async (host) => (await import('./commands/status.ts')).sharesCommand(host),
  },
  {
    name: 'peers',
    aliases: [],
    settings: 'user',
    load: async (host) => (await import('./commands/status.ts')).peersCommand(host),
  },
  {
    name: 'history',
    aliases: [],
    settings: 'user',
    load: async (host) => (await import('./commands/status.ts')).historyCommand(host),
  },
  {
    name: 'store',
    aliases: [],
    settings: 'user',
    load: async (host) => (await import('./commands/store.ts')).storeCommand(host),
  },
  {
    name: 'remote',
    aliases: [],
    settings: 'user',
    load: async (host) => (await import('./commands/remote.ts')).remoteCommand(host),
  },
  {
    name: 'providers',
    aliases: [],
    settings: 'user',
    load: async (host) => (await import('./commands/providers.ts')).providersCommand(host),
  },
  {
    name: 'config',
    aliases: [],
    settings: 'none',
    load: async (host) => (await import('./commands/config.ts')).configCommand(host),
  },
  {
    name: 'doctor',
    aliases: [],
    settings: 'user',
    load: async (host) => (await import('./commands/doctor.ts')).doctorCommand(host),
  },
  {
    name: 'completion',
    aliases: [],
    settings: 'none',
    load: async (host) => (await import('./commands/completion.ts')).completionCommand(host),
  },
  {
    name: 'help',
    aliases: [],
    settings: 'none',
    load: async (host) => (await import('./commands/help.ts')).helpCommand(host),
  },
]

export function findCommand(name: string): CommandEntry | undefined {
  return commands.find((entry) => entry.name === name || entry.aliases.includes(name))
}

/** A command that was probably meant: at most two letters away. */
export function suggestCommand(name: string): string | undefined {
  const known = commands.flatMap((entry) => [entry.name, ...entry.aliases])
  return closestName(name, known)
}
