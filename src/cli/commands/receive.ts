/** `ferry receive TICKET [DEST]`: fetches what a ticket offers; run again, it goes on where it stopped. */
import { createInterface } from 'node:readline/promises'
import { Command, Option } from 'commander'
import type { ReceiveSpecOptions } from '../../jobs/engine-types.ts'
import type { Ferry } from '../../jobs/ferry.ts'
import type {
  ArchiveFormat,
  OverwritePolicy,
  ReceiveOrder,
  ReceiveOptions,
  ReceivePlan,
  ReceiveResult,
} from '../../jobs/types.ts'
import type { Snapshot } from '../../progress/events.ts'
import { FerryError } from '../../shared/errors.ts'
import { escapeText } from '../../shared/terminal-text.ts'
import { formatBytes, formatElapsed, formatPlural, formatRate } from '../../shared/units.ts'
import type { CommandHost } from '../command-host.ts'
import { absolutePaths, handOver, refuseOwnOptions } from '../daemon/hand-over.ts'
import { addEndOptions } from '../end-hooks.ts'
import { exitCodes } from '../exit-codes.ts'
import {
  addGlobalOptions,
  addNetworkOptions,
  addRateOptions,
  collect,
  duration,
  jobCount,
  networkOptionsOf,
  rateOf,
  wantsEveryItem,
} from '../global-options.ts'
import { hashText, requestsOf } from '../output/json-lines.ts'
import type { Session } from '../session.ts'
import { openSession } from '../session.ts'
import { dropPastedCommand, readTicket } from '../ticket-input.ts'

interface Flags {
  readonly output?: string
  readonly overwrite: OverwritePolicy
  readonly safeLinks?: boolean
  readonly only?: string[]
  readonly jobs?: number
  readonly order?: ReceiveOrder
  readonly stdout?: boolean
  readonly as?: ArchiveFormat
  readonly timeout?: number
  readonly wait?: boolean
  readonly seed: boolean
  readonly yes?: boolean
  readonly daemon?: boolean
}

/** Above this a person is asked first, when it would take more than half of the free space. */
const askAboveBytes = 10e9

export function receiveCommand(host: CommandHost): Command {
  const command = new Command('ferry receive')
    .description('Fetch what a ticket offers into a folder. Run it again to go on after a break.')
    .argument(
      '<TICKET...>',
      'the ticket (- reads it from standard input, a file name from the file) and, behind it, DEST',
    )
    .usage('[options] TICKET [DEST]')
    .option('-o, --output <dir>', 'folder to write into, made when missing (default: DEST, or this one)')
    .addOption(
      new Option('--overwrite <when>', 'what to do with files that are in the way and differ')
        .choices(['never', 'always', 'newer', 'rename'])
        .default('never'),
    )
    .option('--safe-links', 'leave out symbolic links that lead out of what is received')
    .option('--only <glob>', "fetch only what matches, such as '*.jpg' (repeatable)", collect)
    .option('-j, --jobs <n>', 'files fetched at once (default: 6)', jobCount)
    .addOption(
      new Option('--order <which>', 'which files come first (default: name)').choices([
        'size-desc',
        'size-asc',
        'name',
        'mtime',
      ]),
    )
    .addOption(new Option('--as <format>', 'make one archive of it while it arrives').choices(['zip', 'tar']))
    .option('--stdout', 'write the one file of the ticket, or the archive, to standard output')
    .option('--timeout <time>', 'give up when nobody answers for this time (default: 30s)', duration)
    .option('--wait', 'wait for the sender to start')
    .option('--no-seed', 'do not offer what has arrived to others who fetch the same')
    .option('-d, --daemon', 'let the daemon receive it, also after this command and a restart')
    .option('-y, --yes', 'do not ask before very large transfers')
  addEndOptions(command)
  addRateOptions(command)
  addNetworkOptions(command)
  addGlobalOptions(command, 'job')
  command.addHelpText('after', '\nKeys while it runs: p pause and go on.')
  command.action((words: string[], flags: Flags) => host.action(() => receive(host, command, words, flags)))
  return command
}

async function receive(
  host: CommandHost,
  command: Command,
  words: readonly string[],
  flags: Flags,
): Promise<number> {
  const [ticketWord = '', place, ...extra] = dropPastedCommand(words)
  if (extra.length > 0 || (place !== undefined && flags.output !== undefined)) {
    throw new FerryError('E_USAGE', 'Cannot write into more than one folder', {
      hint: 'usage: ferry receive TICKET [DEST]',
    })
  }
  if (flags.stdout && command.opts<{ json?: boolean }>().json) {
    throw new FerryError('E_USAGE', 'Cannot write the file and JSON lines to standard output', {
      hint: 'leave out --json or --stdout',
    })
  }
  const into = flags.output ?? place ?? '.'
  const ticket = await readTicket(ticketWord, host.io.stdin)
  const session = openSession(host, command)
  const { reporter } = session
  if (flags.daemon) {
    refuseOwnOptions(command)
    const limits = { bytesPerSecond: rateOf(command) ?? null }
    const [folder = ''] = absolutePaths(host, [into])
    return await handOver(host, session, {
      kind: 'receive',
      ticket,
      into: folder,
      options: specOptionsOf(flags),
      limits,
    })
  }
  await using ferry: Ferry = session.openFerry(networkOptionsOf(command))
  let seen: Snapshot | undefined
  const options: ReceiveOptions = {
    ...specOptionsOf(flags),
    output: flags.stdout ? host.io.stdout : undefined,
    confirm: (plan) => confirmPlan(session, plan, flags.yes === true, seen),
    bytesPerSecond: rateOf(command),
    onItem: (item) => reporter.item(item),
    everyItem: wantsEveryItem(session.options),
    onWarning: (message) => reporter.warning(message),
  }
  const job = ferry.receive(ticket, into, options)
  seen = job.progress.current
  const { result, snapshot, stopped } = await session.follow(job)
  if (stopped !== undefined) {
    reporter.finish(stopped)
    if (stopped !== exitCodes.brokenPipe) reporter.say(`  ${stoppedLine(snapshot)}`)
    return stopped
  }
  const failed = result.failed.count
  const exitCode = failed > 0 ? exitCodes.someFailed : exitCodes.ok
  const { total, had } = result.files
  reporter.finish(exitCode, {
    root: hashText(result.root),
    destination: result.destination,
    // What the job itself counted, and not what could be watched of it.
    files: { done: total - failed, total, had, failed },
    bytes: result.bytes,
  })
  for (const line of doneLines(session, result, snapshot)) reporter.say(line)
  return exitCode
}

function specOptionsOf(flags: Flags): ReceiveSpecOptions {
  return {
    overwrite: flags.overwrite,
    safeLinks: flags.safeLinks,
    only: flags.only,
    jobs: flags.jobs,
    order: flags.order,
    timeoutMs: flags.timeout,
    wait: flags.wait,
    seed: flags.seed,
    as: flags.as,
  }
}

async function confirmPlan(
  { reporter, terminal }: Session,
  plan: ReceivePlan,
  yes: boolean,
  seen: Snapshot | undefined,
): Promise<boolean> {
  const { name, files, bytes, final, freeBytes, destination } = plan
  reporter.emit('plan', { id: seen?.id, name, files, bytes, final, freeBytes, destination })
  const amount = final
    ? ` · ${formatPlural(files, 'file')}, ${formatBytes(bytes)}`
    : ' · the sender still reads it'
  const free = freeBytes === undefined ? '' : ` · ${formatBytes(freeBytes)} free`
  reporter.say(`  ${escapeText(name)}${amount}${free}`)
  const { stdin } = terminal.io
  const large = bytes > askAboveBytes && freeBytes !== undefined && bytes > freeBytes / 2
  if (yes || !large || !terminal.interactive || stdin.isTTY !== true) return true
  const resume = reporter.pause()
  const prompt = createInterface({ input: stdin, output: terminal.io.stderr })
  try {
    const answer = await prompt.question('  This takes more than half of the free space. Go on? [y/N] ')
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    prompt.close()
    resume()
  }
}

function stoppedLine(snapshot: Snapshot): string {
  const { bytes, percent, files } = snapshot
  const where = files.final && bytes.total > 0 ? ` at ${percent}%` : ''
  if (bytes.done === 0) return `Stopped${where}. To go on, run the same command again`
  return `Stopped${where}. ${formatBytes(bytes.done)} is kept; to go on, run the same command again`
}

function doneLines({ terminal, options }: Session, result: ReceiveResult, snapshot: Snapshot): string[] {
  const { palette, unicode } = terminal
  const { files, bytes } = result
  const arrived = files.total - files.failed
  const mark = files.failed > 0 ? palette.waiting('!') : palette.good(unicode ? '✔' : '*')
  const place = result.destination === undefined ? '' : ` ${unicode ? '→' : '->'} ${placeOf(result)}`
  const speed = bytes.fetched > 0 ? ` (${formatRate(snapshot.rate)})` : ''
  const lines = [
    `  ${mark} ${formatPlural(arrived, 'file')}, ${formatBytes(bytes.total)} in ${formatElapsed(snapshot.elapsedMs)}${speed}${place}`,
  ]
  const fetched = `${formatBytes(bytes.fetched)} fetched from ${formatPlural(result.peers, 'peer')}`
  const reused = bytes.reused > 0 ? `, ${formatBytes(bytes.reused)} already here` : ''
  lines.push(
    bytes.fetched === 0 && bytes.reused > 0
      ? `    everything was already on this computer${files.failed > 0 ? ' that could be had' : ''}`
      : `    ${fetched}${reused}, every chunk verified`,
  )
  const net = requestsOf(snapshot)
  if (options.verbose > 0 && net)
    lines.push(`    ${formatPlural(net.requests, 'request')}, ${net.ms} ms each on average`)
  if (options.verbose > 0) lines.push(`    root ${hashText(result.root)}`)
  return lines
}

function placeOf(result: ReceiveResult): string {
  const [first] = result.written
  return escapeText(first !== undefined && result.written.length === 1 ? first : (result.destination ?? ''))
}
