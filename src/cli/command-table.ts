/** Every command by name, and how to load it; nothing of a command is read before it is wanted. */
import type { Command } from 'commander'
import type { CommandHost } from './command-host.ts'

export interface CommandEntry {
  readonly name: string
  readonly aliases: readonly string[]
  readonly load: (host: CommandHost) => Promise<Command>
}

export const commands: readonly CommandEntry[] = [
  {
    name: 'share',
    aliases: [],
    load: async (host) => (await import('./commands/share.ts')).shareCommand(host),
  },
  {
    name: 'receive',
    aliases: ['get'],
    load: async (host) => (await import('./commands/receive.ts')).receiveCommand(host),
  },
  { name: 'ls', aliases: [], load: async (host) => (await import('./commands/ls.ts')).lsCommand(host) },
  {
    name: 'verify',
    aliases: [],
    load: async (host) => (await import('./commands/verify.ts')).verifyCommand(host),
  },
  {
    name: 'store',
    aliases: [],
    load: async (host) => (await import('./commands/store.ts')).storeCommand(host),
  },
  {
    name: 'doctor',
    aliases: [],
    load: async (host) => (await import('./commands/doctor.ts')).doctorCommand(host),
  },
  {
    name: 'completion',
    aliases: [],
    load: async (host) => (await import('./commands/completion.ts')).completionCommand(host),
  },
  { name: 'help', aliases: [], load: async (host) => (await import('./commands/help.ts')).helpCommand(host) },
]

export function findCommand(name: string): CommandEntry | undefined {
  return commands.find((entry) => entry.name === name || entry.aliases.includes(name))
}

/** A command that was probably meant: at most two letters away. */
export function suggestCommand(name: string): string | undefined {
  const known = commands.flatMap((entry) => [entry.name, ...entry.aliases])
  const near = known
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .filter(({ candidate, distance }) => distance <= Math.min(2, candidate.length - 2))
    .toSorted((a, b) => a.distance - b.distance)
  return near[0]?.candidate
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitute = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substitute, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}
