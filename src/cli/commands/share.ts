/** `ferry share PATH...`: offers files and folders, prints the ticket, serves until it is stopped or used up. */
import { Command } from 'commander'
import type { JobSpec, ShareSpecOptions } from '../../jobs/engine-types.ts'
import type { Ferry, ShareJob } from '../../jobs/ferry.ts'
import type { ShareInput, ShareOptions, ShareSealed, ShareTicket } from '../../jobs/types.ts'
import { FerryError } from '../../shared/errors.ts'
import { cutMiddle, escapeText } from '../../shared/terminal-text.ts'
import { formatBytes, formatElapsed, formatPlural } from '../../shared/units.ts'
import { copyText } from '../clipboard.ts'
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
import { hashText } from '../output/json-lines.ts'
import { readPatternFile } from '../pattern-file.ts'
import { drawQr } from '../qr.ts'
import type { Session } from '../session.ts'
import { openSession } from '../session.ts'
import { shareSeparately } from './share-separately.ts'

interface Flags {
  readonly name?: string
  readonly once?: boolean
  readonly expire?: number
  readonly allow?: string[]
  readonly include?: string[]
  readonly exclude?: string[]
  readonly excludeFrom?: string[]
  readonly gitignore?: boolean
  readonly followSymlinks?: boolean
  readonly expand?: boolean
  readonly jobs?: number
  readonly pin?: boolean
  readonly new?: boolean
  readonly text?: string
  readonly qr?: boolean
  readonly copy?: boolean
  readonly daemon?: boolean
  readonly separate?: boolean
}

export function shareCommand(host: CommandHost): Command {
  const command = new Command('ferry share')
    .description('Offer files or folders: prints a ticket at once, and serves until Ctrl-C.')
    .argument('[PATH...]', 'files or folders; - is standard input')
    .option('--text <text>', 'share this text in place of a file')
    .option('--separate', 'a ticket of its own for each path')
    .option('--name <name>', 'name that receivers see')
    .option('--once', 'stop after one complete download')
    .option('--expire <time>', 'stop and refuse after this time: 30m, 24h, 7d', duration)
    .option('--allow <peer>', 'only this peer id may fetch (repeatable)', collect)
    .option('--include <pattern>', 'only what matches, as in .gitignore (repeatable)', collect)
    .option('--exclude <pattern>', 'not what matches, as in .gitignore (repeatable)', collect)
    .option('--exclude-from <file>', 'exclude patterns, one a line (repeatable)', collect)
    .option('--gitignore', 'leave out what .gitignore files name')
    .option('--expand', 'share what is in the named archives (zip, tar, tar.gz, tar.zst)')
    .option('--follow-symlinks', 'share what links point at, in place of the links')
    .option('-j, --jobs <n>', 'files hashed at once (default: cores, at most 8)', jobCount)
    .option('--pin', 'wait for hashing; the ticket is good for exactly this content')
    .option('--new', 'make a fresh ticket; the old one of these paths stops working')
    .option('--qr', 'show the ticket as a QR code')
    .option('--no-qr', 'no QR code')
    .option('--copy', 'put the ticket on the clipboard')
    .option('-d, --daemon', 'let the daemon share it, also after this command and the next restart')
  addEndOptions(command)
  addRateOptions(command)
  addNetworkOptions(command)
  addGlobalOptions(command, 'job')
  command.addHelpText('after', helpAfter)
  command.action((paths: string[], flags: Flags) => host.action(() => share(host, command, paths, flags)))
  return command
}

const helpAfter = `
The ticket stays the same when the same paths are shared again.
Keys while it runs: c copy, r QR code, p pause and go on, q stop.
Sizes and rates are SI (1 MB = 1,000,000 bytes).`

async function share(host: CommandHost, command: Command, paths: string[], flags: Flags): Promise<number> {
  const inputs = inputsOf(host, paths, flags)
  const session = openSession(host, command)
  const { reporter, terminal } = session
  if (flags.separate) refuseSeparate(paths, flags)
  if (flags.daemon) return await shareBehind(host, command, session, paths, flags)
  const { jobs } = flags
  await using ferry: Ferry = session.openFerry(networkOptionsOf(command), jobs)
  const options: ShareOptions = {
    ...specOptionsOf(flags),
    bytesPerSecond: rateOf(command),
    onItem: (item) => reporter.item(item),
    everyItem: wantsEveryItem(session.options),
    onWarning: (message) => reporter.warning(message),
  }
  if (flags.separate)
    return await shareSeparately(session, ferry, paths, options, (ticket) => showSeparate(session, ticket))
  const job = ferry.share(inputs, options)
  let shown: ShareTicket | undefined
  const copy = (): void => {
    if (shown) void copyTicket(session, shown.ticket)
  }
  const qr = (): void => {
    if (shown) showQr(session, shown.ticket)
  }
  const keys = paths.includes('-') ? 'none' : { c: copy, r: qr, q: () => undefined }
  // The live view waits for the ticket: whatever stdout leads to, nothing is drawn around it while it comes out.
  const resume = flags.pin ? undefined : reporter.pause()
  const tell = async (): Promise<void> => {
    shown = await job.ticket
    showTicket(session, shown)
    if (flags.qr) showQr(session, shown.ticket)
    if (flags.copy) await copyTicket(session, shown.ticket)
    resume?.()
    showSealed(session, job, await job.sealed, shown)
  }
  // What keeps the ticket from coming is the job's failure, and shown as that.
  const told = tell().catch(() => undefined)
  const followed = await session.follow(job, keys)
  await told
  const { snapshot, stopped, result } = followed
  const failed = result?.failed.count ?? snapshot.files.failed
  if (stopped !== undefined) {
    reporter.finish(stopped)
    if (stopped !== exitCodes.brokenPipe) reporter.say(stoppedLine(paths, shown))
    return stopped
  }
  const exitCode = failed > 0 ? exitCodes.someFailed : exitCodes.ok
  reporter.finish(exitCode, { downloads: result.downloads, ended: result.ended })
  reporter.say(
    result.ended === 'once'
      ? `  ${terminal.palette.good('✔')} Fetched once; the ticket is used up.`
      : '  The time set with --expire has passed; the ticket is refused from now on.',
  )
  return exitCode
}

function specOptionsOf(flags: Flags): ShareSpecOptions {
  return {
    name: flags.name,
    once: flags.once,
    expireMs: flags.expire,
    allow: flags.allow,
    include: flags.include,
    exclude: [...(flags.exclude ?? []), ...(flags.excludeFrom ?? []).flatMap(readPatternFile)],
    gitignore: flags.gitignore,
    followSymlinks: flags.followSymlinks,
    expand: flags.expand,
    jobs: flags.jobs,
    pin: flags.pin,
    fresh: flags.new,
  }
}

async function shareBehind(
  host: CommandHost,
  command: Command,
  session: Session,
  paths: readonly string[],
  flags: Flags,
): Promise<number> {
  refuseOwnOptions(command)
  if (paths.includes('-'))
    throw new FerryError('E_USAGE', 'Cannot hand standard input over to the daemon', {
      hint: 'share a file, or leave out --daemon',
    })
  const spec: JobSpec = {
    kind: 'share',
    paths: absolutePaths(host, paths),
    options: specOptionsOf(flags),
    limits: { bytesPerSecond: rateOf(command) ?? null },
  }
  return await handOver(host, session, spec, async ({ ticket, title }) => {
    showTicket(session, { ticket, name: title, root: undefined, addresses: [] })
    if (flags.qr) showQr(session, ticket)
    if (flags.copy) await copyTicket(session, ticket)
  })
}

/** @throws E_USAGE when there is nothing, or a mix that cannot be shared together. */
function inputsOf({ io }: CommandHost, paths: readonly string[], flags: Flags): ShareInput[] {
  if (flags.text !== undefined) {
    if (paths.length > 0) {
      throw new FerryError('E_USAGE', 'Cannot share --text and paths together', { hint: 'run ferry twice' })
    }
    return [{ name: flags.name ?? 'text.txt', content: chunksOf(flags.text) }]
  }
  if (paths.length === 0) {
    throw new FerryError('E_USAGE', 'Nothing to share', {
      hint: 'name a file or folder: ferry share ~/Pictures',
    })
  }
  if (!paths.includes('-')) return [...paths]
  if (paths.length > 1) {
    throw new FerryError('E_USAGE', 'Cannot share standard input together with other paths', {
      hint: 'run ferry twice, or use ./- for a file of that name',
    })
  }
  return [{ name: flags.name ?? 'stdin', content: io.stdin as AsyncIterable<Uint8Array> }]
}

async function* chunksOf(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text)
}

/** @throws E_USAGE for what makes sense of one share only */
function refuseSeparate(paths: readonly string[], flags: Flags): void {
  const other = (['daemon', 'text', 'name', 'qr', 'copy'] as const).find((name) => flags[name])
  if (other === undefined && !paths.includes('-')) return
  const what = other === undefined ? 'standard input' : `--${other}`
  throw new FerryError('E_USAGE', `Cannot use ${what} together with --separate`, {
    hint: 'run "ferry share" once for each path',
  })
}

function showSeparate(session: Session, ticket: ShareTicket): void {
  if (session.options.json) return showTicket(session, ticket)
  session.reporter.say(`\n  ${escapeText(ticket.name)}`)
  session.reporter.out(`${ticket.ticket}\n`)
}

function showTicket({ reporter, options, terminal }: Session, ticket: ShareTicket): void {
  if (options.json) {
    const { ticket: text, name, root, addresses } = ticket
    reporter.emit('ticket', {
      ticket: text,
      command: `ferry receive ${text}`,
      name,
      root: root ? hashText(root) : null,
      addresses,
    })
    return
  }
  // On a terminal the whole command is easier to copy; a program wants the ticket alone.
  const whole = terminal.io.stdout.isTTY === true && !options.quiet
  reporter.say('\n  On the other computer run:\n')
  reporter.out(`${whole ? 'ferry receive ' : ''}${ticket.ticket}\n`)
  const keys =
    terminal.interactive && terminal.io.stdin.isTTY === true ? 'c copy · r QR code · p pause · q stop' : ''
  reporter.say(keys === '' ? '' : `\n  ${terminal.palette.dim(keys)}\n`)
}

function showSealed(
  { reporter, options, terminal }: Session,
  job: ShareJob,
  sealed: ShareSealed,
  ticket: ShareTicket,
): void {
  const { files, bytes, reusedBytes, root } = sealed
  reporter.emit('plan', { id: job.id, files, bytes, reusedBytes, root: hashText(root), final: true })
  if (files === 0) reporter.warning('There is no file in it')
  const name = escapeText(ticket.name)
  const reused = reusedBytes > 0 ? `   (${formatBytes(reusedBytes)} was already known)` : ''
  const took = options.verbose > 0 ? ` in ${formatElapsed(job.progress.current.elapsedMs)}` : ''
  reporter.say(
    `  Shared   ${cutMiddle(name, terminal.columns - 20)}   ${formatPlural(files, 'file')}, ${formatBytes(bytes)}${took}${reused}`,
  )
}

async function copyTicket({ reporter, terminal }: Session, ticket: string): Promise<void> {
  const way = await copyText(ticket, terminal)
  if (way === 'terminal') reporter.say('  Asked the terminal to copy the ticket')
  else if (way) reporter.say(`  Copied the ticket with ${way}`)
  else reporter.warning('There is no clipboard to copy to')
}

function showQr({ reporter, terminal }: Session, ticket: string): void {
  const color = terminal.palette.bold('x') !== 'x'
  const { columns, rows } = terminal
  const picture = drawQr(ticket, { columns, rows, color })
  if (picture.fits) reporter.say(`\n${picture.lines.join('\n')}\n`)
  else {
    reporter.warning(
      `The terminal is too small for the code (it needs ${picture.columns} columns and ${picture.rows} rows)`,
    )
  }
}

function stoppedLine(paths: readonly string[], ticket: ShareTicket | undefined): string {
  if (!ticket || paths.length === 0 || paths.includes('-')) return '  Stopped.'
  const words = paths.map((path) => (/^[\w./~@%+=:,-]+$/.test(path) ? path : `'${escapeText(path)}'`))
  return `  Stopped. The ticket works again when you run: ferry share ${words.join(' ')}`
}
