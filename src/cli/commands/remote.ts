/** `ferry remote add|edit|rm|ls|test`: buckets and servers with a name. What they hold of a secret is nothing. */
import { Command, Option } from 'commander'
import type { RemoteDefinition } from '../../jobs/types.ts'
import { FerryError } from '../../shared/errors.ts'
import { escapeText, quoteName } from '../../shared/terminal-text.ts'
import { formatCount, formatElapsed, formatPlural } from '../../shared/units.ts'
import { askerOf } from '../ask.ts'
import { closestName } from '../closest-name.ts'
import type { CommandHost } from '../command-host.ts'
import type { Config, ConfiguredRemote } from '../config/load-config.ts'
import { definitionsOf } from '../config/load-config.ts'
import type { RemoteFields, RemoteType } from '../config/remote-keys.ts'
import { defineRemote, remoteKeys, remoteNameProblem, remoteTypes } from '../config/remote-keys.ts'
import { describeRemote } from '../config/describe-remote.ts'
import { changeRemotes } from '../config/remotes-file.ts'
import type { SettingValue } from '../config/value-kinds.ts'
import { exitCodes } from '../exit-codes.ts'
import { addGlobalOptions, collect } from '../global-options.ts'
import { openSession } from '../session.ts'

type Flags = Readonly<Record<string, string | boolean | undefined>> & { readonly unset?: string[] }

export function remoteCommand(host: CommandHost): Command {
  const command = new Command('ferry remote')
    .description('Buckets and servers with a name: NAME:path in place of a long location.')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
  const add = new Command('add')
    .description('give one a name')
    .argument('<NAME>', 'letters, digits, - and _')
    .argument('<TYPE>', 's3 or sftp')
  const edit = new Command('edit')
    .description('change one; what is not named stays')
    .argument('<NAME>')
    .option('--unset <field>', 'take this field out (repeatable)', collect)
  const remove = new Command('rm').description('forget one; what it names is not touched').argument('<NAME>')
  const list = new Command('ls').description('list them')
  const test = new Command('test')
    .description('log in and look, changing nothing')
    .argument('<NAME>', 'of a remote; or any location, such as s3://bucket or host:path')
  for (const each of [add, edit]) for (const option of fieldOptions()) each.addOption(option)
  addGlobalOptions(add, 'query').action((name: string, type: string, flags: Flags) =>
    host.action(() => addRemote(host, add, name, type, flags)),
  )
  addGlobalOptions(edit, 'query').action((name: string, flags: Flags) =>
    host.action(() => editRemote(host, edit, name, flags)),
  )
  addGlobalOptions(remove, 'query').action((name: string) =>
    host.action(() => removeRemote(host, remove, name)),
  )
  addGlobalOptions(list, 'query').action(() => host.action(() => listRemotes(host, list)))
  addGlobalOptions(test, 'query').action((name: string) => host.action(() => testRemote(host, test, name)))
  for (const each of [add, edit, remove, list, test]) command.addCommand(each)
  return command
}

function fieldOptions(): Option[] {
  return remoteKeys.map(({ name, kind, type, summary }) => {
    const flag = `--${name.replaceAll('_', '-')}`
    return new Option(
      kind.name === 'true or false' ? flag : `${flag} <${valueName(name)}>`,
      `${type}: ${summary}`,
    )
  })
}

function valueName(field: string): string {
  return ({ endpoint: 'url', identity_file: 'file', port: 'n' } as Record<string, string>)[field] ?? 'name'
}

/** The fields that the command line names, checked one by one. */
function fieldsOf(type: RemoteType, flags: Flags): RemoteFields {
  const fields: Record<string, SettingValue> = {}
  for (const { name, kind, type: itsType } of remoteKeys) {
    const flag = name.replaceAll(/_(.)/g, (_whole, letter: string) => letter.toUpperCase())
    const given = flags[flag]
    if (given === undefined) continue
    if (itsType !== type)
      throw new FerryError(
        'E_USAGE',
        `Cannot use --${name.replaceAll('_', '-')}: it is for ${itsType} remotes`,
      )
    try {
      fields[name] = kind.fromText(String(given))
    } catch (error) {
      throw error instanceof FerryError
        ? new FerryError('E_USAGE', `--${name.replaceAll('_', '-')}: ${error.message}`, { hint: error.hint })
        : error
    }
  }
  return fields
}

async function addRemote(
  host: CommandHost,
  command: Command,
  name: string,
  typeText: string,
  flags: Flags,
): Promise<number> {
  const session = openSession(host, command)
  const config = host.config()
  const problem = remoteNameProblem(name)
  if (problem !== undefined)
    throw new FerryError('E_USAGE', `Cannot add the remote ${quoteName(name)}: ${problem}`)
  const type = remoteTypes.find((each) => each === typeText)
  if (!type)
    throw new FerryError('E_USAGE', `Cannot add the remote ${name}: its type is s3 or sftp`, {
      hint: `ferry remote add ${name} sftp --host HOST, or: ferry remote add ${name} s3 --bucket BUCKET`,
    })
  const there = config.remotes.get(name)
  if (there)
    throw new FerryError('E_CONFLICT', `Cannot add the remote ${name}: there is one of that name`, {
      hint: there.isOwn
        ? `ferry remote edit ${name}, or: ferry remote rm ${name}`
        : `it is in ${there.file}:${there.line}`,
    })
  const fields = fieldsOf(type, flags)
  const definition = define(name, type, fields)
  await changeRemotes(config.remotesFile, (remotes) => [...remotes, { name, type, fields }])
  session.reporter.say(`  ${name}: is ${describeRemote(definition)}. Try it: ferry remote test ${name}`)
  session.reporter.finish(exitCodes.ok, { remote: { name, kind: type, ...fields } })
  return exitCodes.ok
}

async function editRemote(host: CommandHost, command: Command, name: string, flags: Flags): Promise<number> {
  const session = openSession(host, command)
  const config = host.config()
  const { type, fields: old } = ownRemote(config, name, 'change')
  const changed = fieldsOf(type, flags)
  const unset = flags.unset ?? []
  for (const field of unset)
    if (!(field.replaceAll('-', '_') in old))
      throw new FerryError('E_USAGE', `Cannot take ${quoteName(field)} out of ${name}: it is not set`)
  if (unset.length === 0 && Object.keys(changed).length === 0)
    throw new FerryError('E_USAGE', `Nothing to change in ${name}`, { hint: 'see: ferry remote edit --help' })
  const dropped = new Set(unset.map((field) => field.replaceAll('-', '_')))
  const kept = Object.entries(old).filter(([field]) => !dropped.has(field))
  const fields = { ...Object.fromEntries(kept), ...changed }
  const definition = define(name, type, fields)
  await changeRemotes(config.remotesFile, (remotes) =>
    remotes.map((remote) => (remote.name === name ? { name, type, fields } : remote)),
  )
  session.reporter.say(`  ${name}: is ${describeRemote(definition)} now`)
  session.reporter.finish(exitCodes.ok, { remote: { name, kind: type, ...fields } })
  return exitCodes.ok
}

async function removeRemote(host: CommandHost, command: Command, name: string): Promise<number> {
  const session = openSession(host, command)
  const config = host.config()
  ownRemote(config, name, 'remove')
  await changeRemotes(config.remotesFile, (remotes) => remotes.filter((remote) => remote.name !== name))
  session.reporter.say(`  Forgot ${name}:`)
  session.reporter.finish(exitCodes.ok)
  return exitCodes.ok
}

async function listRemotes(host: CommandHost, command: Command): Promise<number> {
  const { reporter, options } = openSession(host, command)
  const remotes = [...host.config().remotes.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const width = Math.max(8, ...remotes.map(({ name }) => name.length + 1))
  for (const { name, type, fields, file } of remotes)
    reporter.emit('remote', { name, kind: type, ...fields, file })
  if (!options.json)
    reporter.out(
      remotes
        .map(({ name, definition }) => `${`${name}:`.padEnd(width)} ${describeRemote(definition)}\n`)
        .join(''),
    )
  if (remotes.length === 0) reporter.say('  There are none. To add one: ferry remote add NAME s3|sftp')
  reporter.finish(exitCodes.ok)
  return exitCodes.ok
}

async function testRemote(host: CommandHost, command: Command, name: string): Promise<number> {
  const session = openSession(host, command)
  const { reporter, options, terminal } = session
  const config = host.config()
  if (!/[:/]/.test(name)) existingRemote(config, name, 'test')
  await using ferry = session.openFerry()
  const job = ferry.testRemote(/[:/]/.test(name) ? name : `${name}:`, {
    remotes: definitionsOf(config),
    ask: askerOf(session),
    onWarning: (message) => reporter.warning(message),
  })
  const { result, snapshot, stopped } = await session.follow(job)
  reporter.finish(stopped ?? exitCodes.ok, { remote: result })
  if (stopped !== undefined) return stopped
  const { url, kind, entries, isMore, delta, modes, links, abandoned = 0 } = result
  if (options.quiet || options.json) return exitCodes.ok
  const here =
    kind === undefined
      ? 'nothing is there yet; a sync makes it'
      : kind === 'file'
        ? 'it is a file'
        : `${formatCount(entries)} ${entries === 1 ? 'entry' : 'entries'}${isMore ? ' and more' : ''} at the top`
  const can = (what: boolean, text: string): string => `    ${what ? 'yes' : 'no '}  ${text}`
  const lines = [
    `  ${terminal.palette.good(terminal.unicode ? '✔' : '*')} ${escapeText(url)}: ${here} (${formatElapsed(snapshot.elapsedMs)})`,
    can(delta, 'of a changed file only the changes are sent'),
    can(modes, 'permission bits are kept'),
    can(links, 'symbolic links are kept'),
  ]
  if (abandoned > 0) lines.push(`    ${formatPlural(abandoned, 'interrupted upload')} lie there`)
  reporter.out(`${lines.join('\n')}\n`)
  return exitCodes.ok
}

/** @throws E_NOT_FOUND when there is none; E_CONFLICT when a person's file has it */
function ownRemote(config: Config, name: string, verb: string): ConfiguredRemote {
  const remote = existingRemote(config, name, verb)
  if (remote.isOwn) return remote
  throw new FerryError(
    'E_CONFLICT',
    `Cannot ${verb} the remote ${name}: it is in ${remote.file}:${remote.line}`,
    {
      hint: 'change it there: ferry config edit',
    },
  )
}

function existingRemote({ remotes }: Config, name: string, verb: string): ConfiguredRemote {
  const remote = remotes.get(name)
  if (!remote) {
    const near = closestName(name, [...remotes.keys()])
    throw new FerryError(
      'E_NOT_FOUND',
      `Cannot ${verb} the remote ${quoteName(name)}: there is none of that name`,
      {
        hint: near === undefined ? 'see: ferry remote ls' : `did you mean ${near}?`,
      },
    )
  }
  return remote
}

function define(name: string, type: RemoteType, fields: RemoteFields): RemoteDefinition {
  try {
    return defineRemote(type, fields)
  } catch (error) {
    throw error instanceof FerryError
      ? new FerryError('E_USAGE', `Cannot use the remote ${name}: ${error.message}`, { hint: error.hint })
      : error
  }
}
