/** The options that every command has, and those that all commands with a network share. */
import type { Command } from 'commander'
import { Option } from 'commander'
import type { NetworkOptions } from '../jobs/types.ts'
import { FerryError } from '../shared/errors.ts'
import { parseBandwidth, parseDuration } from '../shared/units.ts'
import type { ColorMode } from './terminal.ts'

export interface GlobalOptions {
  /** 0, 1 (-v) or 2 (-vv). */
  readonly verbose: number
  readonly quiet: boolean
  readonly json: boolean
  readonly color: ColorMode
  readonly plain: boolean
  readonly progress: 'spinner' | 'detail' | 'none'
  readonly statsIntervalMs: number
  readonly logFile: string | undefined
}

const defaultStatsIntervalMs = 10_000

/** `--stats-interval` and `--progress` only act where something runs for a while. */
export function addGlobalOptions(command: Command, kind: 'job' | 'query'): Command {
  command
    .addOption(
      new Option('-v, --verbose', 'say more (-vv: with causes and stacks)')
        .default(0, 'off')
        .argParser((_value: string, before: number) => before + 1),
    )
    .option('-q, --quiet', 'only errors')
    .option('--json', 'machine-readable lines on stdout')
    .addOption(new Option('--color <when>', 'colours').choices(['auto', 'always', 'never']).default('auto'))
    .option('--plain', 'plain lines, no live view')
    .option('--config <file>', 'use this file of settings (also FERRY_CONFIG)')
    .helpOption('-h, --help', 'show this help')
    .showSuggestionAfterError(true)
    .allowExcessArguments(false)
  if (kind === 'job') {
    command
      .addOption(
        new Option('--progress <mode>', 'live view: one line, with files, or none')
          .choices(['spinner', 'detail', 'none'])
          .default('detail'),
      )
      .option('--stats-interval <time>', 'time between lines when there is no live view (10s)', duration)
    addLogOption(command)
  }
  return command
}

export function addLogOption(command: Command): Command {
  return command.option('--log-file <file>', 'write what is done to this file, too')
}

export function globalOptionsOf(command: Command): GlobalOptions {
  const options = command.opts<Record<string, unknown>>()
  const interval = options['statsInterval']
  return {
    verbose: options['verbose'] as number,
    quiet: options['quiet'] === true,
    json: options['json'] === true,
    color: options['color'] as ColorMode,
    plain: options['plain'] === true,
    progress: (options['progress'] as GlobalOptions['progress'] | undefined) ?? 'detail',
    statsIntervalMs: typeof interval === 'number' ? interval : defaultStatsIntervalMs,
    logFile: options['logFile'] as string | undefined,
  }
}

/** A line for each file is asked for by -v, and what a log is for. */
export function wantsEveryItem({ verbose, logFile }: GlobalOptions): boolean {
  return verbose > 0 || logFile !== undefined
}

export function addNetworkOptions(command: Command): Command {
  return command
    .option('--listen <addr>', 'address to listen on: HOST:PORT or a multiaddr (repeatable)', collect)
    .option('--announce <addr>', 'address for others to use, in place of those found (repeatable)', collect)
    .option('--dht', 'look for and announce peers in the DHT (default)')
    .option('--no-dht', 'do not look for or announce anything in the DHT')
    .option('--local', 'contact nobody outside the local network')
    .option('--no-local', 'contact others too (default)')
    .option(
      '--bootstrap <addr>',
      'multiaddr of a peer through which the DHT is entered (repeatable)',
      collect,
    )
}

export function networkOptionsOf(command: Command): NetworkOptions {
  const { listen, announce, bootstrap, dht, local } = command.opts<{
    listen?: string[]
    announce?: string[]
    dht?: boolean
    local?: boolean
    bootstrap?: string[]
  }>()
  return {
    ...(listen && { listen }),
    ...(announce && { announce }),
    ...(bootstrap && { bootstrap }),
    dht: dht ?? true,
    local: local === true,
  }
}

export function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value]
}

/** As commander's argument parser: our own error passes through unchanged. */
export function duration(text: string): number {
  return parseDuration(text)
}

/** More at once than this only fills memory. */
const maxJobs = 64

/** @throws E_USAGE when it is not a whole number from 1 to 64. */
export function jobCount(text: string): number {
  const count = /^\d{1,3}$/.test(text) ? Number(text) : 0
  if (count < 1 || count > maxJobs) {
    throw new FerryError('E_USAGE', `Cannot use "${text.slice(0, 20)}" as a number of files at once`, {
      hint: `give a whole number from 1 to ${maxJobs}`,
    })
  }
  return count
}

/** `--bwlimit`, and its name in other programs. */
export function addRateOptions(command: Command): Command {
  return command
    .option('--bwlimit <rate>', 'at most so much content a second: 500 (KiB), 2M, 1.5MB; 0 is no limit', rate)
    .addOption(new Option('--limit-rate <rate>', 'the same').argParser(rate).hideHelp())
}

/** Kept in an object, since no limit is a choice too. */
export interface RateChoice {
  readonly bytesPerSecond: number | undefined
}

function rate(text: string): RateChoice {
  return { bytesPerSecond: parseBandwidth(text) }
}

/** Bytes a second; undefined: no limit. */
export function rateOf(command: Command): number | undefined {
  const { bwlimit, limitRate } = command.opts<{ bwlimit?: RateChoice; limitRate?: RateChoice }>()
  // The settings know the first name only, so the second was said.
  return (limitRate ?? bwlimit)?.bytesPerSecond
}
