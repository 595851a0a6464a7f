/**
 * `ferry diff FIRST SECOND`: what changed from one ticket to another, without fetching either. One of the two may be a
 * folder on disk: then its files are read and compared, as `verify` does.
 */
import { Command } from 'commander'
import type { Ferry } from '../../jobs/ferry.ts'
import type { Difference, VerifyDifference } from '../../jobs/types.ts'
import { FerryError } from '../../shared/errors.ts'
import { escapeText } from '../../shared/terminal-text.ts'
import { formatBytes, formatCount, formatPlural } from '../../shared/units.ts'
import type { CommandHost } from '../command-host.ts'
import { exitCodes } from '../exit-codes.ts'
import {
  addGlobalOptions,
  addNetworkOptions,
  collect,
  duration,
  networkOptionsOf,
} from '../global-options.ts'
import type { Session } from '../session.ts'
import { openSession } from '../session.ts'
import { isPath, readTicket } from '../ticket-input.ts'

interface Flags {
  readonly only?: string[]
  readonly timeout?: number
  readonly wait?: boolean
}

type Counts = Readonly<Record<Difference['kind'], number>>

export function diffCommand(host: CommandHost): Command {
  const command = new Command('ferry diff')
    .description(
      'Show what changed from FIRST to SECOND, without fetching anything. Exit code 6 when they differ.',
    )
    .argument('<FIRST>', 'a ticket (- reads it from standard input), or a folder or file on disk')
    .argument('<SECOND>', 'the same; only one of both may be on disk')
    .option('--only <glob>', 'only what matches (repeatable)', collect)
    .option('--timeout <time>', 'give up when nobody answers for this time (default: 30s)', duration)
    .option('--wait', 'wait for the senders to start')
  addNetworkOptions(command)
  addGlobalOptions(command, 'job')
  command.addHelpText('after', '\n+ added, - removed, ! changed, with -v also ~ another mode or time.')
  command.action((first: string, second: string, flags: Flags) =>
    host.action(() => diff(host, command, [first, second], flags)),
  )
  return command
}

async function diff(
  host: CommandHost,
  command: Command,
  words: readonly [string, string],
  flags: Flags,
): Promise<number> {
  const onDisk = words.map(isPath)
  if (onDisk.every(Boolean))
    throw new FerryError('E_USAGE', 'Cannot compare two places on disk', {
      hint: 'ferry sync -avn --delete FIRST/ SECOND shows what is different',
    })
  if (words.every((word) => word === '-'))
    throw new FerryError('E_USAGE', 'Cannot read two tickets from standard input')
  const session = openSession(host, command)
  await using ferry: Ferry = session.openFerry(networkOptionsOf(command))
  const path = words[onDisk.indexOf(true)]
  return path === undefined
    ? await diffTickets(host, session, ferry, words, flags)
    : await diffPath(host, session, ferry, {
        path,
        word: words[onDisk.indexOf(false)] as string,
        onDisk,
        flags,
      })
}

async function diffTickets(
  { io }: CommandHost,
  session: Session,
  ferry: Ferry,
  [firstWord, secondWord]: readonly [string, string],
  { only, timeout, wait }: Flags,
): Promise<number> {
  const [first, second] = [await readTicket(firstWord, io.stdin), await readTicket(secondWord, io.stdin)]
  const write = async (differences: readonly Difference[]): Promise<void> => {
    for (const difference of differences) show(session, difference)
    // A pager that is not read holds the comparison up, instead of filling memory.
    if (!io.stdout.writableNeedDrain || session.terminal.brokenPipe) return
    await new Promise<void>((resolve) => {
      io.stdout.once('drain', resolve)
      session.terminal.onBrokenPipe(resolve)
    })
  }
  const job = ferry.diff(first, second, write, {
    only,
    timeoutMs: timeout,
    wait,
    onWarning: (message) => session.reporter.warning(message),
  })
  const { result, stopped } = await session.follow(job)
  if (stopped !== undefined) {
    session.reporter.finish(stopped)
    return stopped
  }
  return finish(session, result, result.same)
}

interface OnDisk {
  readonly path: string
  readonly word: string
  readonly onDisk: readonly boolean[]
  readonly flags: Flags
}

async function diffPath(
  { io }: CommandHost,
  session: Session,
  ferry: Ferry,
  { path, word, onDisk, flags }: OnDisk,
): Promise<number> {
  const { only, timeout, wait } = flags
  const ticket = await readTicket(word, io.stdin)
  const { result, stopped } = await session.follow(
    ferry.verify(path, ticket, {
      only,
      timeoutMs: timeout,
      wait,
      onWarning: (message) => session.reporter.warning(message),
    }),
  )
  if (stopped !== undefined) {
    session.reporter.finish(stopped)
    return stopped
  }
  const counts = { added: 0, removed: 0, changed: 0, attributes: 0 }
  const isDiskFirst = onDisk[0] === true
  for (const found of result.differences) {
    const difference = differenceOf(found, isDiskFirst)
    counts[difference.kind]++
    show(session, difference)
  }
  const left = result.different + result.extra - result.differences.length
  if (left > 0) session.reporter.warning(`${formatCount(left)} more differences are not listed`)
  return finish(session, counts, Math.max(0, result.files - counts.changed), left)
}

/** What is missing on disk was added since, or removed, as one looks from the first to the second. */
function differenceOf({ path, kind, message }: VerifyDifference, isDiskFirst: boolean): Difference {
  const base = { path, isFolder: false, size: 0 }
  if (kind === 'missing') return { ...base, kind: isDiskFirst ? 'added' : 'removed', message: '' }
  if (kind === 'extra') return { ...base, kind: isDiskFirst ? 'removed' : 'added', message: '' }
  return { ...base, kind: 'changed', message }
}

const marks: Readonly<Record<Difference['kind'], string>> = {
  added: '+',
  removed: '-',
  changed: '!',
  attributes: '~',
}

function show({ reporter, options, terminal }: Session, difference: Difference): void {
  const { path, kind, isFolder, size, message } = difference
  if (options.json) return reporter.emit('difference', difference)
  if (kind === 'attributes' && options.verbose === 0) return
  const { palette } = terminal
  const paints = {
    added: palette.good,
    removed: palette.bad,
    changed: palette.waiting,
    attributes: palette.dim,
  }
  const isResultShown = terminal.io.stdout.isTTY === true
  const mark = isResultShown ? paints[kind](marks[kind]) : marks[kind]
  const detail = message !== '' ? `  ${escapeText(message)}` : size > 0 ? `  ${formatBytes(size)}` : ''
  reporter.out(`${mark} ${escapeText(path)}${isFolder ? '/' : ''}${detail}\n`)
}

function finish({ reporter, terminal }: Session, counts: Counts, same: number, unlisted = 0): number {
  const { added, removed, changed, attributes } = counts
  const isSame = added + removed + changed + unlisted === 0
  const exitCode = isSame ? exitCodes.ok : exitCodes.verification
  reporter.finish(exitCode, { same, added, removed, changed, attributes })
  const touched = attributes > 0 ? `, ${formatCount(attributes)} with another mode or time` : ''
  reporter.say(
    isSame
      ? `  ${terminal.palette.good('✔')} no difference in ${formatPlural(same + attributes, 'name')}${touched}`
      : `  ${formatCount(added)} added, ${formatCount(removed)} removed, ${formatCount(changed)} changed${touched}, ${formatCount(same)} the same`,
  )
  return exitCode
}
