/** `ferry store info|gc|verify`: what ferry remembers of files and shares, and keeping it in order. */
import { Command } from 'commander'
import { escapeText } from '../../shared/terminal-text.ts'
import { formatBytes, formatCount, formatElapsed, formatPlural } from '../../shared/units.ts'
import type { CommandHost } from '../command-host.ts'
import { exitCodes } from '../exit-codes.ts'
import { addGlobalOptions } from '../global-options.ts'
import { openSession } from '../session.ts'

export function storeCommand(host: CommandHost): Command {
  const command = new Command('ferry store')
    .description('What ferry remembers: which files hold which chunks, what is shared, lists of files.')
    .helpOption('-h, --help', 'show this help')
  const info = new Command('info').description('how much is remembered, and where')
  const gc = new Command('gc').description('forget files that are gone, expired shares, and unused lists')
  const verify = new Command('verify').description('read every known file again and forget what changed')
  addGlobalOptions(info, 'query').action(() => host.action(() => showInfo(host, info)))
  addGlobalOptions(gc, 'job').action(() => host.action(() => collectGarbage(host, gc)))
  addGlobalOptions(verify, 'job').action(() => host.action(() => verifyStore(host, verify)))
  return command.addCommand(info).addCommand(gc).addCommand(verify).helpCommand(false)
}

async function showInfo(host: CommandHost, command: Command): Promise<number> {
  const session = openSession(host, command)
  await using ferry = session.openFerry()
  const info = await ferry.store.info()
  if (!session.options.json) {
    session.reporter.out(
      `${[
        `place      ${escapeText(info.directory)}`,
        `size       ${formatBytes(info.databaseBytes)}`,
        `files      ${formatCount(info.files)} known, ${formatBytes(info.fileBytes)} (referenced, not copied)`,
        `shares     ${formatCount(info.shares)}`,
        `lists      ${formatCount(info.objects)}, ${formatBytes(info.objectBytes)}`,
      ].join('\n')}\n`,
    )
  }
  session.reporter.finish(exitCodes.ok, { store: info })
  return exitCodes.ok
}

async function collectGarbage(host: CommandHost, command: Command): Promise<number> {
  const session = openSession(host, command)
  await using ferry = session.openFerry()
  const { result, stopped } = await session.follow(ferry.store.gc())
  session.reporter.finish(stopped ?? exitCodes.ok, { store: result })
  if (stopped !== undefined) return stopped
  const { removedFiles, removedShares, removedObjects, freedBytes } = result
  session.reporter.say(
    `  Forgot ${formatPlural(removedFiles, 'file')}, ${formatPlural(removedShares, 'share')} and ` +
      `${formatPlural(removedObjects, 'list')}; ${formatBytes(freedBytes)} freed`,
  )
  return exitCodes.ok
}

async function verifyStore(host: CommandHost, command: Command): Promise<number> {
  const session = openSession(host, command)
  await using ferry = session.openFerry()
  const { result, snapshot, stopped } = await session.follow(ferry.store.verify())
  if (stopped !== undefined) {
    session.reporter.finish(stopped)
    return stopped
  }
  // Files are the user's to change. A damaged list is our own loss, and what it named must be fetched or hashed again.
  const exitCode = result.damagedObjects > 0 ? exitCodes.verification : exitCodes.ok
  session.reporter.finish(exitCode, { store: result })
  session.reporter.say(
    `  Read ${formatCount(result.files)} files, ${formatBytes(result.bytes)} in ${formatElapsed(snapshot.elapsedMs)}: ` +
      `${formatCount(result.changed)} changed, ${formatCount(result.missing)} gone, ` +
      `${formatCount(result.damagedObjects)} damaged lists removed`,
  )
  return exitCode
}
