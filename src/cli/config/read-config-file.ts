/**
 * One file of settings: read within its limit, parsed, and every key in it checked. Whatever is wrong names the file and
 * the line, and nothing of the file counts. Values that are refused are not shown when their key sounds like a secret.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { isUtf8 } from 'node:buffer'
import { FerryError, isSystemError, toFerryError } from '../../shared/errors.ts'
import { quoteName } from '../../shared/terminal-text.ts'
import { closestName } from '../closest-name.ts'
import { isSecretName, secretHint } from '../secret-names.ts'
import type { ConfigKey } from './config-key.ts'
import { findKey, keyProblem } from './keys.ts'
import { maxConfigBytes, maxListLength, maxTomlDepth } from './limits.ts'
import type { RemoteFields, RemoteType } from './remote-keys.ts'
import { defineRemote, remoteKeys, remoteNameProblem, remoteTypes } from './remote-keys.ts'
import type { RemoteDefinition } from '../../jobs/types.ts'
import type { TomlPlaces } from './toml-places.ts'
import { findPlaces, lineOf } from './toml-places.ts'
import type { SettingValue } from './value-kinds.ts'

/** `user`: everything; `project`: what a stranger may set; `remotes`: remotes only. */
export type FileRole = 'user' | 'project' | 'remotes'

export interface FileSetting {
  readonly key: ConfigKey
  readonly value: SettingValue
  readonly line: number
}

export interface RemoteFieldsOf {
  readonly name: string
  readonly type: RemoteType
  readonly fields: RemoteFields
}

export interface FileRemote extends RemoteFieldsOf {
  readonly definition: RemoteDefinition
  readonly line: number
}

export interface RawFile {
  readonly path: string
  readonly text: string
  readonly uid: number
  /** Permission bits. */
  readonly mode: number
}

export interface ConfigFile extends RawFile {
  readonly settings: readonly FileSetting[]
  readonly remotes: readonly FileRemote[]
}

/**
 * Undefined when there is no such file, or `isWanted` says no to it.
 * @throws E_USAGE with file and line when it is not right; E_PERMISSION, E_IO when it cannot be read
 */
export async function readConfigFile(
  path: string,
  role: FileRole,
  isWanted: (file: RawFile) => boolean = () => true,
): Promise<ConfigFile | undefined> {
  const raw = readRawFile(path)
  if (!raw || !isWanted(raw)) return undefined
  return { ...raw, ...(await checkConfigText(raw.text, path, role)) }
}

/** @throws E_USAGE as `readConfigFile` */
export async function checkConfigText(
  text: string,
  path: string,
  role: FileRole,
): Promise<Pick<ConfigFile, 'settings' | 'remotes'>> {
  const table = await parseToml(text, path)
  const places = findPlaces(text)
  const file: Checking = { path, role, places }
  const settings: FileSetting[] = []
  const remotes: FileRemote[] = []
  for (const [section, inner] of Object.entries(table)) {
    if (section === 'remote' && role !== 'project') {
      for (const [name, fields] of Object.entries(tableOf(inner, [section], file)))
        remotes.push(readRemote(name, tableOf(fields, [section, name], file), file))
      continue
    }
    if (role === 'remotes')
      throw wrong(file, [section], `"${section}" does not belong here: this file is for remotes alone`)
    if (role === 'project' && section === 'remote')
      throw wrong(
        file,
        [section],
        'a project file may not define remotes: it could lead data elsewhere',
        'ferry remote add',
      )
    if (!isTable(inner))
      throw wrong(file, [section], `${quoteName(section)}: ${keyProblem(section, closestName)}`)
    for (const [key, value] of Object.entries(inner)) settings.push(readSetting(section, key, value, file))
  }
  return { settings, remotes }
}

interface Checking {
  readonly path: string
  readonly role: FileRole
  readonly places: TomlPlaces
}

function readSetting(section: string, name: string, value: unknown, file: Checking): FileSetting {
  const path = [section, name]
  const full = path.join('.')
  if (isSecretName(name))
    throw wrong(file, path, `${quoteName(full)} looks like a secret, which ferry does not keep`, secretHint)
  const key = findKey(full)
  if (!key)
    throw wrong(file, path, `${quoteName(full)}: ${keyProblem(full, closestName)}`, 'see: ferry config list')
  if (file.role === 'project' && key.inProject === undefined)
    throw wrong(
      file,
      path,
      `${full} may not be set in a project file`,
      'set it in your own file: ferry config set',
    )
  const read = valueOf(key.kind, value, path, file)
  if (file.role === 'project' && key.inProject === 'true' && read !== true)
    throw wrong(file, path, `${full} may only be true in a project file`)
  return { key, value: read, line: lineOf(file.places, path) }
}

function readRemote(name: string, fields: Record<string, unknown>, file: Checking): FileRemote {
  const path = ['remote', name]
  const nameProblem = remoteNameProblem(name)
  if (nameProblem !== undefined) throw wrong(file, path, `remote ${quoteName(name)}: ${nameProblem}`)
  const type = remoteTypes.find((each) => each === fields['type'])
  if (!type) throw wrong(file, [...path, 'type'], `remote ${name} needs type = "s3" or type = "sftp"`)
  const checked: Record<string, SettingValue> = {}
  for (const [field, value] of Object.entries(fields)) {
    if (field === 'type') continue
    const at = [...path, field]
    if (isSecretName(field))
      throw wrong(
        file,
        at,
        `${quoteName(field)} of remote ${name} looks like a secret, which ferry does not keep`,
      )
    const key = remoteKeys.find((each) => each.name === field && each.type === type)
    if (!key) {
      const near = closestName(
        field,
        remoteKeys.filter((each) => each.type === type).map((each) => each.name),
      )
      throw wrong(
        file,
        at,
        `${quoteName(field)}: no setting of an ${type} remote${near === undefined ? '' : ` (did you mean ${near}?)`}`,
      )
    }
    checked[field] = valueOf(key.kind, value, at, file)
  }
  const line = lineOf(file.places, path)
  try {
    return { name, type, fields: checked, definition: defineRemote(type, checked), line }
  } catch (error) {
    throw error instanceof FerryError
      ? wrong(file, path, `remote ${name}: ${error.message}`, error.hint)
      : error
  }
}

function valueOf(
  kind: ConfigKey['kind'],
  value: unknown,
  path: readonly string[],
  file: Checking,
): SettingValue {
  const name = path.join('.')
  if (Array.isArray(value) && value.length > maxListLength)
    throw wrong(file, path, `${name} has more than ${maxListLength} values`)
  let read: SettingValue | undefined
  try {
    read = kind.fromToml(value)
  } catch (error) {
    throw error instanceof FerryError ? wrong(file, path, `${name}: ${error.message}`, error.hint) : error
  }
  if (read === undefined) throw wrong(file, path, `${name} must be ${kind.name}`)
  return read
}

async function parseToml(text: string, path: string): Promise<Record<string, unknown>> {
  // Loaded when there is a file at all.
  const { parse, TomlError } = await import('smol-toml')
  try {
    return parse(text.replace(/^\ufeff/, ''), { maxDepth: maxTomlDepth, unsafeKeyBehaviour: 'throw' })
  } catch (error) {
    if (!(error instanceof TomlError)) throw toFerryError(error, `Cannot read ${quoteName(path)}`)
    // The rest of its message shows lines of the file.
    const reason = (error.message.split('\n', 1)[0] as string).replace(/^Invalid TOML document: /, '')
    throw new FerryError('E_USAGE', `${quoteName(`${path}:${error.line}`)}: not TOML: ${reason}`, {
      hint: 'texts stand in "quotes"; see docs/config.md',
    })
  }
}

/**
 * The file as it is, or undefined when there is none.
 * @throws E_USAGE when it is too large or not text; E_PERMISSION, E_IO when it cannot be read
 */
export function readRawFile(path: string): RawFile | undefined {
  const what = `Cannot read the settings of ${quoteName(path)}`
  try {
    const file = openSync(path, 'r')
    try {
      const { uid, mode } = fstatSync(file)
      const bytes = Buffer.alloc(maxConfigBytes + 1)
      let length = 0
      // A pipe, as in --config <(…), comes in pieces.
      for (let read = -1; read !== 0 && length < bytes.length; length += read)
        read = readSync(file, bytes, length, bytes.length - length, null)
      if (length > maxConfigBytes)
        throw new FerryError('E_USAGE', `${what}: it is larger than ${maxConfigBytes} bytes`)
      const content = bytes.subarray(0, length)
      if (!isUtf8(content)) throw new FerryError('E_USAGE', `${what}: it is not UTF-8 text`)
      return { path, text: content.toString('utf8'), uid, mode: mode & 0o7777 }
    } finally {
      closeSync(file)
    }
  } catch (error) {
    if (isSystemError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined
    throw toFerryError(error, what)
  }
}

function tableOf(value: unknown, path: readonly string[], file: Checking): Record<string, unknown> {
  if (isTable(value)) return value
  throw wrong(file, path, `${quoteName(path.join('.'))} must be a table: [${path[0]}.NAME]`)
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}

function wrong(
  { path, places }: Checking,
  at: readonly string[],
  problem: string,
  hint?: string,
): FerryError {
  return new FerryError('E_USAGE', `${quoteName(`${path}:${lineOf(places, at)}`)}: ${problem}`, { hint })
}
