/** `ferry ls TICKET`: what a ticket offers, one line an entry, streamed as it comes. */
import { Command } from 'commander'
import type { Ferry } from '../../jobs/ferry.ts'
import type { ListedEntry } from '../../jobs/types.ts'
import { escapeText } from '../../shared/terminal-text.ts'
import { formatBytes, formatPlural } from '../../shared/units.ts'
import type { CommandHost } from '../command-host.ts'
import { exitCodes } from '../exit-codes.ts'
import {
  addGlobalOptions,
  addNetworkOptions,
  collect,
  duration,
  networkOptionsOf,
} from '../global-options.ts'
import { hashText, jsonLine } from '../output/json-lines.ts'
import { openSession } from '../session.ts'
import { dropPastedCommand, readTicket } from '../ticket-input.ts'

interface Flags {
  readonly long?: boolean
  readonly bytes?: boolean
  readonly only?: string[]
  readonly timeout?: number
  readonly wait?: boolean
}

export function lsCommand(host: CommandHost): Command {
  const command = new Command('ferry ls')
    .description('List what a ticket offers, without fetching it.')
    .argument('<TICKET...>', 'the ticket; - reads it from standard input, a file name from the file')
    .usage('[options] TICKET')
    .option('-l, --long', 'with mode, size and time')
    .option('--bytes', 'exact sizes in bytes')
    .option('--only <glob>', 'only what matches (repeatable)', collect)
    .option('--timeout <time>', 'give up when nobody answers for this time (default: 30s)', duration)
    .option('--wait', 'wait for the sender to start')
  addNetworkOptions(command)
  addGlobalOptions(command, 'query')
  command.action((words: string[], flags: Flags) => host.action(() => list(host, command, words, flags)))
  return command
}

async function list(
  host: CommandHost,
  command: Command,
  words: readonly string[],
  flags: Flags,
): Promise<number> {
  const [word = ''] = dropPastedCommand(words)
  const ticket = await readTicket(word, host.io.stdin)
  const session = openSession(host, command)
  const { reporter, terminal, options } = session
  await using ferry: Ferry = session.openFerry(networkOptionsOf(command))
  const { stdout } = host.io
  const write = async (entries: readonly ListedEntry[]): Promise<void> => {
    const text = entries
      .map((entry) => (options.json ? jsonLine('entry', fieldsOf(entry)) : `${lineOf(entry, flags)}\n`))
      .join('')
    reporter.out(text)
    // A pager that is not read holds the listing up, instead of filling memory.
    if (stdout.writableNeedDrain && !terminal.brokenPipe) {
      await new Promise<void>((resolve) => {
        stdout.once('drain', resolve)
        terminal.onBrokenPipe(resolve)
      })
    }
  }
  const { only, timeout, wait } = flags
  const job = ferry.list(ticket, write, { only, timeoutMs: timeout, wait })
  const { result, stopped } = await session.follow(job)
  const exitCode = stopped ?? exitCodes.ok
  reporter.finish(exitCode, result?.root ? { root: hashText(result.root) } : {})
  if (result) reporter.say(`${formatPlural(result.files, 'file')}, ${formatBytes(result.bytes)}`)
  return exitCode
}

function fieldsOf(entry: ListedEntry): object {
  const { path, kind, size, mode, mtimeNs, target, blob } = entry
  return {
    path,
    kind,
    size,
    mode: mode.toString(8).padStart(4, '0'),
    mtime: timeText(mtimeNs),
    mtimeNs: String(mtimeNs),
    target,
    hash: blob ? hashText(blob) : undefined,
  }
}

function lineOf(entry: ListedEntry, flags: Flags): string {
  const path = escapeText(entry.path) + (entry.kind === 'directory' ? '/' : '')
  const link = entry.target === undefined ? '' : ` -> ${escapeText(entry.target)}`
  const size = entry.kind === 'file' ? (flags.bytes ? String(entry.size) : formatBytes(entry.size)) : ''
  if (!flags.long) return `${size.padStart(flags.bytes ? 15 : 9)}  ${path}${link}`
  return `${modeText(entry)} ${size.padStart(flags.bytes ? 15 : 9)}  ${timeText(entry.mtimeNs)}  ${path}${link}`
}

const kindLetters = { file: '-', directory: 'd', symlink: 'l' } as const

function modeText({ kind, mode }: ListedEntry): string {
  const bits = Array.from('rwxrwxrwx', (letter, index) => (mode & (0o400 >> index) ? letter : '-'))
  return kindLetters[kind] + bits.join('')
}

/** ISO 8601 to the second; years that a Date cannot hold stay plain seconds. */
function timeText(mtimeNs: bigint): string {
  const date = new Date(Number(mtimeNs / 1_000_000n))
  return Number.isNaN(date.getTime())
    ? `@${mtimeNs / 1_000_000_000n}`
    : date.toISOString().replace(/\.\d+Z$/, 'Z')
}
