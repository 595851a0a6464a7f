/**
 * The settings that count, and where each comes from: environment before project file before user's file. The command
 * line goes before all of them (`apply-config.ts`). Files that are not there are no failure, unless they were named.
 */
import { FerryError } from '../../shared/errors.ts'
import { quoteName } from '../../shared/terminal-text.ts'
import type { RemoteDefinition } from '../../jobs/types.ts'
import type { ConfigPlaces } from './config-paths.ts'
import { findProjectFile, findRemotesFile, findUserFile } from './config-paths.ts'
import type { ConfigKey } from './config-key.ts'
import { configKeys } from './keys.ts'
import type { ConfigFile, FileRemote, RawFile } from './read-config-file.ts'
import { readConfigFile } from './read-config-file.ts'
import type { SettingValue } from './value-kinds.ts'

export interface Setting {
  readonly key: ConfigKey
  readonly value: SettingValue
  readonly level: 'environment' | 'project' | 'user'
  /** Name of the variable, or file and line. */
  readonly origin: string
}

export interface ConfiguredRemote extends FileRemote {
  readonly file: string
  /** Made by `ferry remote`, and so to be changed by it. */
  readonly isOwn: boolean
}

export interface Config {
  /** By name; only what is set somewhere. A list that is appended holds all levels, the first one first. */
  readonly settings: ReadonlyMap<string, Setting>
  readonly remotes: ReadonlyMap<string, ConfiguredRemote>
  readonly userFile: string
  readonly remotesFile: string
  /** Undefined when there is none, it was not asked for, or it is not trusted. */
  readonly projectFile: string | undefined
  readonly warnings: readonly string[]
}

/**
 * `scope` is what is asked for: a project file concerns syncs alone, so nothing else fails because of one.
 * @throws E_USAGE with file and line for whatever is wrong; E_NOT_FOUND when a named file is not there
 */
export async function loadConfig(
  places: ConfigPlaces,
  scope: { readonly project: boolean },
): Promise<Config> {
  const warnings: string[] = []
  const user = findUserFile(places)
  const userFile = await readConfigFile(user.path, 'user')
  if (!userFile && user.isNamed)
    throw new FerryError(
      'E_NOT_FOUND',
      `Cannot read the settings of ${quoteName(user.path)}: it does not exist`,
      {
        hint: 'check --config and FERRY_CONFIG',
      },
    )
  const remotesPath = findRemotesFile(places)
  const remotesFile = remotesPath === user.path ? undefined : await readConfigFile(remotesPath, 'remotes')
  const projectPath = scope.project ? findProjectFile(places) : undefined
  const projectFile =
    projectPath === undefined || projectPath === user.path
      ? undefined
      : await readConfigFile(projectPath, 'project', (file) => isTrusted(file, warnings))
  for (const file of [userFile, remotesFile]) if (file) warnIfOpen(file, warnings)

  const settings = new Map<string, Setting>()
  for (const level of [
    environmentLevel(places.env),
    fileLevel(projectFile, 'project'),
    fileLevel(userFile, 'user'),
  ])
    for (const setting of level) {
      const higher = settings.get(setting.key.name)
      if (!higher) settings.set(setting.key.name, setting)
      else if (setting.key.isAppended)
        settings.set(setting.key.name, {
          ...higher,
          value: [...(higher.value as readonly string[]), ...(setting.value as readonly string[])],
          origin: `${higher.origin}, ${setting.origin}`,
        })
    }
  const remotes = new Map<string, ConfiguredRemote>()
  for (const file of [remotesFile, userFile])
    for (const remote of file?.remotes ?? [])
      remotes.set(remote.name, { ...remote, file: (file as ConfigFile).path, isOwn: file === remotesFile })
  return {
    settings,
    remotes,
    userFile: user.path,
    remotesFile: remotesPath,
    projectFile: projectFile?.path,
    warnings,
  }
}

/** For the library, which knows remotes by name. */
export function definitionsOf(config: Config): ReadonlyMap<string, RemoteDefinition> {
  return new Map([...config.remotes].map(([name, { definition }]) => [name, definition]))
}

function environmentLevel(env: ConfigPlaces['env']): Setting[] {
  return configKeys.flatMap((key): Setting[] => {
    const { origin, text } = key.fromEnv?.(env) ?? { origin: key.env ?? '', text: env[key.env ?? ''] ?? '' }
    if (text.trim() === '') return []
    try {
      const value = key.kind.fromText(text)
      if (Array.isArray(value) && value.length === 0) return []
      return [{ key, value, level: 'environment', origin }]
    } catch (error) {
      throw error instanceof FerryError
        ? new FerryError('E_USAGE', `${origin}: ${error.message}`, { hint: error.hint })
        : error
    }
  })
}

function fileLevel(file: ConfigFile | undefined, level: 'project' | 'user'): Setting[] {
  return (file?.settings ?? []).map(({ key, value, line }) => ({
    key,
    value,
    level,
    origin: `${file?.path}:${line}`,
  }))
}

/** A file that another user could put there, say in /tmp, is no project of this user. */
function isTrusted({ path, mode, uid }: RawFile, warnings: string[]): boolean {
  const self = process.getuid?.()
  const isOwn = self === undefined || uid === self || uid === 0
  if (isOwn && (mode & 0o002) === 0) return true
  const reason = isOwn ? 'everyone can write to it' : 'it belongs to another user'
  warnings.push(`Ignored the settings of ${quoteName(path)}: ${reason}`)
  return false
}

function warnIfOpen({ path, mode, uid }: RawFile, warnings: string[]): void {
  const self = process.getuid?.()
  if (self === undefined) return
  if (uid !== self && uid !== 0)
    warnings.push(`${quoteName(path)} belongs to another user, who can change your settings`)
  else if ((mode & 0o022) !== 0)
    warnings.push(`Others can change your settings in ${quoteName(path)}; to end that: chmod 600 ${path}`)
}
