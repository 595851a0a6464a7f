/** `ferry sync SRC DST`: makes DST hold what SRC holds and sends only what changed. Run again, it goes on where it stopped. */
import { Command, Option } from 'commander'
import type { Ferry } from '../../jobs/ferry.ts'
import { readRules, readNames } from '../../jobs/sync/pattern-lines.ts'
import type { SyncOptions, SyncResult } from '../../jobs/sync/types.ts'
import { askerOf } from '../ask.ts'
import type { CommandHost } from '../command-host.ts'
import { handOver, refuseOwnOptions } from '../daemon/hand-over.ts'
import { FerryError } from '../../shared/errors.ts'
import { absoluteLocation } from '../../jobs/sync/absolute-location.ts'
import { definitionsOf } from '../config/load-config.ts'
import { addEndOptions } from '../end-hooks.ts'
import { exitCodes } from '../exit-codes.ts'
import {
  addGlobalOptions,
  addLogOption,
  addRateOptions,
  collect,
  duration,
  jobCount,
  networkOptionsOf,
  rateOf,
  addNetworkOptions,
} from '../global-options.ts'
import { createSyncLines } from '../output/sync-lines.ts'
import { readTicket } from '../ticket-input.ts'
import { addRsyncFlags, type SaidFlags } from '../rsync-options.ts'
import { parseRsyncSize, wholeNumber } from '../rsync-units.ts'
import { addS3Options, s3OptionsOf } from '../s3-options.ts'
import { openSession } from '../session.ts'
import { readTextFile } from '../pattern-file.ts'

interface Flags {
  readonly itemizeChanges: number
  readonly jobs?: number
  readonly maxDelete?: number
  readonly modifyWindow?: number
  readonly maxSize?: number
  readonly minSize?: number
  readonly exclude?: readonly string[]
  readonly filesFrom?: string
  readonly deltaThreshold?: number
  readonly blockSize?: number
  readonly backupDir?: string
  readonly suffix?: string
  readonly daemon?: boolean
}

type Rule = NonNullable<SyncOptions['rules']>[number]

export function syncCommand(host: CommandHost): Command {
  const command = new Command('ferry sync')
    .description(
      'Make DST hold what SRC holds, sending only what changed. Run it again to go on after a break.\n\nSRC and DST: a folder, s3://bucket/prefix, sftp://[user@]host/path, host:path, or a remote of your own as NAME:path. SRC may be a ticket. "SRC/" is what is in the folder, "SRC" the folder itself.',
    )
    .argument('<SRC>', 'what to read')
    .argument('<DST>', 'what to write')
    .usage('[options] SRC DST')
  const said = addRsyncFlags(command)
  const rules: Rule[] = []
  command
    .addOption(
      new Option('-i, --itemize-changes', "a line for each change, with rsync's letters (-ii: for all)")
        .default(0, 'off')
        .argParser((_value: string, before: number) => before + 1),
    )
    .option('-j, --jobs <n>', 'files at once (default: what suits DST)', jobCount)
    .option('--max-delete <n>', 'delete at most so many (exit code 25 when there are more)', wholeNumber(0))
    .option(
      '--modify-window <s>',
      'times that differ by less are the same; -1: to the nanosecond',
      wholeNumber(-1),
    )
    .option('--max-size <size>', 'leave out what is larger (10K is 10,240)', (text) => parseRsyncSize(text))
    .option('--min-size <size>', 'leave out what is smaller', (text) => parseRsyncSize(text))
    .option('--include <pattern>', 'do not leave out what matches (repeatable)', collect)
    .option('--exclude <pattern>', 'leave out what matches (repeatable)', collect)
    .option('--exclude-from <file>', 'patterns of --exclude, one a line (repeatable)', collect)
    .option('--files-from <file>', 'only the names in this file, one a line; - reads standard input')
    .option('--delta-threshold <size>', 'smaller files go whole (50MB)', (text) => parseRsyncSize(text))
    .option('-B, --block-size <size>', 'average chunk of a delta, 64K to 4M', (text) => parseRsyncSize(text))
    .option('--backup-dir <dir>', 'keep backups in this folder of DST')
    .option('--suffix <text>', 'behind the name of a backup (~ without --backup-dir)')
    .option('--daemon', 'let the daemon do it, also after this command and a restart')
  addLogOption(command)
  addEndOptions(command)
  addRateOptions(command)
  addS3Options(command)
  command.on('option:include', (pattern: string) => rules.push({ kind: 'include', pattern }))
  command.on('option:exclude', (pattern: string) => rules.push({ kind: 'exclude', pattern }))
  command.on('option:exclude-from', (file: string) =>
    rules.push(...readRules('exclude', readTextFile(file, 'patterns'), file)),
  )
  addNetworkOptions(command)
  addGlobalOptions(command, 'query')
  command.option('--stats-interval <time>', 'time between lines when there is no live view (10s)', duration)
  command.addHelpText('after', '\nKeys while it runs: p pause and go on.')
  command.action((from: string, to: string, flags: Flags) =>
    host.action(() => sync(host, command, { from, to, flags, said, rules })),
  )
  return command
}

interface Input {
  readonly from: string
  readonly to: string
  readonly flags: Flags
  readonly said: SaidFlags
  readonly rules: readonly Rule[]
}

async function sync(host: CommandHost, command: Command, input: Input): Promise<number> {
  const { flags, said } = input
  if (said.said('progress') === false) command.setOptionValue('progress', 'none')
  else if (command.getOptionValueSource('progress') !== 'config') command.setOptionValue('progress', 'detail')
  const session = openSession(host, command)
  const { reporter } = session
  const filesFrom = flags.filesFrom === undefined ? undefined : await readFilesFrom(flags.filesFrom, host)
  const settings = {
    ...settingsOf(input, filesFrom),
    bytesPerSecond: rateOf(command),
    s3: s3OptionsOf(command),
  }
  if (flags.daemon) {
    refuseOwnOptions(command)
    if (settings.dryRun || flags.itemizeChanges > 0)
      throw new FerryError('E_USAGE', 'Cannot tell what the daemon would do: leave out -n and -i')
    const { bytesPerSecond = null, ...options } = settings
    const places = { remotes: definitionsOf(host.config()), cwd: host.io.cwd() }
    return await handOver(host, session, {
      kind: 'sync',
      from: absoluteLocation(input.from, { ...places, direction: 'source' }),
      to: absoluteLocation(input.to, { ...places, direction: 'destination' }),
      options,
      limits: { bytesPerSecond },
    })
  }
  const lines = createSyncLines(session, {
    itemize: flags.itemizeChanges,
    dryRun: settings.dryRun === true,
    stats: said.said('stats') === true,
    partial: settings.partial !== false,
  })
  if (said.wantsOwners && session.options.verbose > 1)
    reporter.say('  Owner, group and devices are not kept: not supported yet')
  await using ferry: Ferry = session.openFerry(networkOptionsOf(command))
  // A ticket on standard input does not show in the list of processes.
  const from = input.from === '-' ? await readTicket('-', host.io.stdin) : input.from
  const job = ferry.sync(from, input.to, {
    ...settings,
    ...lines.listeners,
    remotes: definitionsOf(host.config()),
    ask: askerOf(session),
  })
  lines.begin(job.id)
  const { result, snapshot, stopped } = await session.follow(job)
  if (stopped !== undefined) {
    reporter.finish(stopped)
    if (stopped !== exitCodes.brokenPipe) reporter.say(lines.stopped(snapshot))
    return stopped
  }
  const exitCode = exitCodeOf(result)
  lines.end(result, snapshot, exitCode)
  return exitCode
}

async function readFilesFrom(file: string, host: CommandHost): Promise<readonly string[]> {
  if (file !== '-') return readNames(readTextFile(file, 'names'))
  let text = ''
  for await (const part of host.io.stdin as AsyncIterable<Buffer | string>) text += part.toString()
  return readNames(text)
}

function settingsOf({ flags, said, rules }: Input, filesFrom: readonly string[] | undefined): SyncOptions {
  const isListed = filesFrom !== undefined
  const is = (flag: string): boolean => said.said(flag) === true
  // What a file of settings excludes stands behind what the command line says.
  const excluded = rules.filter(({ kind, from }) => kind === 'exclude' && from === undefined).length
  const more = (flags.exclude ?? []).slice(excluded).map((pattern): Rule => ({ kind: 'exclude', pattern }))
  return {
    recursive: said.archived('recursive', isListed),
    links: said.archived('links'),
    perms: said.archived('perms'),
    times: said.archived('times'),
    copyLinks: is('copy-links'),
    oneFileSystem: is('one-file-system'),
    dryRun: is('dry-run'),
    checksum: is('checksum'),
    sizeOnly: is('size-only'),
    update: is('update'),
    ignoreExisting: is('ignore-existing'),
    existing: is('existing'),
    modifyWindow: flags.modifyWindow,
    maxSize: flags.maxSize,
    minSize: flags.minSize,
    delete: is('delete'),
    maxDelete: flags.maxDelete,
    wholeFile: said.said('whole-file'),
    deltaThreshold: flags.deltaThreshold,
    blockSize: flags.blockSize,
    jobs: flags.jobs,
    backup: is('backup'),
    backupDir: flags.backupDir,
    suffix: flags.suffix,
    partial: said.said('partial'),
    failOnConflict: is('fail-on-conflict'),
    sidecar: said.said('sidecar'),
    rules: [...rules, ...more],
    filesFrom,
    abortStale: is('abort-stale'),
  }
}

/** Failures of single files go before what was only passed over. */
function exitCodeOf({ failed, changedMeanwhile, keptByMaxDelete }: SyncResult): number {
  if (failed.count > changedMeanwhile) return exitCodes.someFailed
  if (failed.count > 0) return exitCodes.sourceChanged
  return keptByMaxDelete > 0 ? exitCodes.maxDelete : exitCodes.ok
}
