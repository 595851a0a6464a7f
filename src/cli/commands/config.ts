/** `ferry config get|set|unset|list|path|edit`: settings, and where each of them comes from. */
import { spawn } from 'node:child_process'
import { Command } from 'commander'
import { FerryError, toFerryError } from '../../shared/errors.ts'
import { escapeText, quoteName } from '../../shared/terminal-text.ts'
import { closestName } from '../closest-name.ts'
import type { CommandHost } from '../command-host.ts'
import { changeConfigFile } from '../config/change-config.ts'
import { configPlaces, findUserFile } from '../config/config-paths.ts'
import type { ConfigKey } from '../config/config-key.ts'
import { configKeys, findKey, keyProblem } from '../config/keys.ts'
import type { Config } from '../config/load-config.ts'
import { loadConfig } from '../config/load-config.ts'
import { checkConfigText, readRawFile } from '../config/read-config-file.ts'
import type { SettingValue } from '../config/value-kinds.ts'
import { writeValue } from '../config/value-kinds.ts'
import { exitCodes } from '../exit-codes.ts'
import { addGlobalOptions } from '../global-options.ts'
import { isSecretName, secretHint } from '../secret-names.ts'
import { openSession } from '../session.ts'

export function configCommand(host: CommandHost): Command {
  const command = new Command('ferry config')
    .description('Settings: what counts, where it comes from, and changing it.')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
  const list = new Command('list').description('all settings, with the place each comes from (default)')
  const get = new Command('get')
    .description('the value of one setting')
    .argument('<KEY>', 'such as sync.jobs')
  const set = new Command('set')
    .description('set it in your own file; comments stay')
    .argument('<KEY>', 'such as sync.jobs')
    .argument('<VALUE...>', 'its value; a list as several words')
  const unset = new Command('unset').description('take it out of your own file').argument('<KEY>')
  const path = new Command('path').description('where your own file is')
  const edit = new Command('edit').description('open your own file in $VISUAL or $EDITOR')
  addGlobalOptions(list, 'query').action(() => host.action(() => showAll(host, list)))
  addGlobalOptions(get, 'query').action((key: string) => host.action(() => showOne(host, get, key)))
  addGlobalOptions(set, 'query').action((key: string, words: string[]) =>
    host.action(() => change(host, set, key, words)),
  )
  addGlobalOptions(unset, 'query').action((key: string) =>
    host.action(() => change(host, unset, key, undefined)),
  )
  addGlobalOptions(path, 'query').action(() => host.action(async () => showPath(host, path)))
  addGlobalOptions(edit, 'query').action(() => host.action(() => openEditor(host, edit)))
  for (const each of [get, set, unset, path, edit]) command.addCommand(each)
  return command.addCommand(list, { isDefault: true }).addHelpText('after', helpAfter)
}

const helpAfter = `
Options go before the environment, that before the project's .ferry.toml (for
sync), that before your own file. See docs/config.md.`

async function load(host: CommandHost, command: Command): Promise<Config> {
  return await loadConfig(configPlaces(command, host.io), { project: true })
}

interface Shown {
  readonly key: ConfigKey
  readonly value: SettingValue | undefined
  readonly origin: string
}

function shown(config: Config, key: ConfigKey): Shown {
  const setting = config.settings.get(key.name)
  return { key, value: setting?.value, origin: setting?.origin ?? 'default' }
}

async function showAll(host: CommandHost, command: Command): Promise<number> {
  const session = openSession(host, command)
  const config = await load(host, command)
  for (const warning of config.warnings) session.reporter.warning(warning)
  const all = configKeys.map((key) => shown(config, key))
  for (const one of all) session.reporter.emit('setting', fieldsOf(one))
  if (!session.options.json) session.reporter.out(all.map(lineOf).join(''))
  session.reporter.finish(exitCodes.ok)
  return exitCodes.ok
}

async function showOne(host: CommandHost, command: Command, name: string): Promise<number> {
  const key = keyOf(name)
  const session = openSession(host, command)
  const one = shown(await load(host, command), key)
  session.reporter.emit('setting', fieldsOf(one))
  if (!session.options.json && one.value !== undefined) {
    // One value a line, so that a script can read it.
    const lines = Array.isArray(one.value) ? (one.value as readonly string[]) : [String(one.value)]
    session.reporter.out(lines.map((line) => `${escapeText(line)}\n`).join(''))
  }
  if (one.value === undefined) session.reporter.say(`  Not set; the default is: ${key.preset}`)
  session.reporter.finish(exitCodes.ok)
  return exitCodes.ok
}

/** `words` undefined takes the setting out. */
async function change(
  host: CommandHost,
  command: Command,
  name: string,
  words: readonly string[] | undefined,
): Promise<number> {
  const key = keyOf(name)
  const value = words === undefined ? undefined : valueOf(key, words)
  const session = openSession(host, command)
  const { path } = findUserFile(configPlaces(command, host.io))
  const { removeFromToml, setInToml } = await import('../config/edit-toml.ts')
  await changeConfigFile(path, 'user', async (text) => {
    // What is wrong already is told with its line, before it is changed.
    await checkConfigText(text, path, 'user')
    const at = key.name.split('.') as [string, string]
    return value === undefined ? removeFromToml(text, at) : setInToml(text, at, writeValue(value))
  })
  session.reporter.emit('setting', { key: key.name, value: value ?? null, origin: path })
  const { settings } = await load(host, command)
  const counting = settings.get(key.name)
  if (counting && counting.level !== 'user' && !key.isAppended)
    session.reporter.warning(
      `${counting.origin} goes before your file, and says ${escapeText(writeValue(counting.value))}`,
    )
  session.reporter.finish(exitCodes.ok)
  return exitCodes.ok
}

function valueOf(key: ConfigKey, words: readonly string[]): SettingValue {
  if (key.kind.isList) return words
  if (words.length > 1)
    throw new FerryError('E_USAGE', `Cannot set ${key.name} to ${words.length} values: it takes one`)
  const [word = ''] = words
  try {
    const value = key.kind.fromText(word)
    // A size stays as it was written: 1MiB says more than 1048576.
    return typeof value === 'number' && !/^\d+$/.test(word) ? word.trim() : value
  } catch (error) {
    throw error instanceof FerryError
      ? new FerryError('E_USAGE', `Cannot set ${key.name}: ${error.message}`, { hint: error.hint })
      : error
  }
}

async function showPath(host: CommandHost, command: Command): Promise<number> {
  const session = openSession(host, command)
  const { path } = findUserFile(configPlaces(command, host.io))
  if (!session.options.json) session.reporter.out(`${escapeText(path)}\n`)
  session.reporter.finish(exitCodes.ok, { path })
  return exitCodes.ok
}

const template = `# Settings of ferry. See docs/config.md, or: ferry config list
`

async function openEditor(host: CommandHost, command: Command): Promise<number> {
  const { io } = host
  const session = openSession(host, command)
  const { path } = findUserFile(configPlaces(command, io))
  const editor = io.env['VISUAL'] || io.env['EDITOR'] || 'vi'
  if (!readRawFile(path)) await changeConfigFile(path, 'user', async () => template)
  await runEditor(editor, path)
  const edited = readRawFile(path)
  if (edited) await checkConfigText(edited.text, path, 'user')
  session.reporter.finish(exitCodes.ok, { path })
  return exitCodes.ok
}

/** As git does it: the variable may hold options, so a shell reads it; the path is handed over beside it. */
async function runEditor(editor: string, path: string): Promise<void> {
  const ended = Promise.withResolvers<number | null>()
  const child = spawn('/bin/sh', ['-c', `${editor} "$@"`, 'ferry', path], { stdio: 'inherit' })
  child.on('error', ended.reject)
  child.on('exit', ended.resolve)
  let code: number | null
  try {
    code = await ended.promise
  } catch (error) {
    throw toFerryError(error, `Cannot start the editor ${quoteName(editor)}`)
  }
  if (code !== 0)
    throw new FerryError('E_IO', `The editor ${quoteName(editor)} ended with a failure`, {
      hint: `set EDITOR, or open ${path} yourself`,
    })
}

/** @throws E_USAGE when there is no such setting */
function keyOf(name: string): ConfigKey {
  const key = findKey(name)
  if (key) return key
  if (name.startsWith('remote.'))
    throw new FerryError('E_USAGE', 'Cannot change remotes here', { hint: 'see: ferry remote --help' })
  if (isSecretName(name))
    throw new FerryError('E_USAGE', `${quoteName(name)} looks like a secret, which ferry does not keep`, {
      hint: secretHint,
    })
  throw new FerryError('E_USAGE', `${quoteName(name)}: ${keyProblem(name, closestName)}`, {
    hint: 'see: ferry config list',
  })
}

function fieldsOf({ key, value, origin }: Shown): object {
  return { key: key.name, value: value ?? null, origin, default: key.preset, summary: key.summary }
}

function lineOf({ key, value, origin }: Shown): string {
  const text = value === undefined ? `# ${key.preset}` : escapeText(writeValue(value))
  return `${key.name.padEnd(24)} ${text.padEnd(28)} ${escapeText(origin)}\n`
}
