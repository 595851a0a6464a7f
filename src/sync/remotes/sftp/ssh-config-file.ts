/**
 * What ssh_config files say of one host. `Include` is resolved here, line by line and for that host alone, because the
 * parser does not know it: an included file inside of a `Host` block counts only where the block applies.
 * `Match exec` never runs a command and never matches. Source: ssh_config(5)
 */
import { globSync, readFileSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { parse } from 'ssh-config'
import { FerryError, isSystemError } from '../../../shared/errors.ts'
import { maxIncludeDepth, maxSettingsFileBytes } from './limits.ts'

/** Keys are lower-case; a value is a list for what may stand there several times, or takes several words. */
export type SshConfigValues = Readonly<Record<string, string | readonly string[]>>

export interface ConfigQuery {
  readonly host: string
  /** The user, when it is known without the files. */
  readonly user: string | undefined
  readonly home: string
}

/** @throws E_USAGE when a file cannot be read or parsed; one that is not there is empty */
export function readSshConfig(files: readonly string[], query: ConfigQuery): SshConfigValues {
  const text = files.map((file) => expandIncludes(file, query, 0)).join('\nHost *\n')
  return compute(text, query, files.join(', '))
}

function compute(text: string, query: ConfigQuery, file: string): SshConfigValues {
  try {
    const asked = query.user === undefined ? { Host: query.host } : { Host: query.host, User: query.user }
    return parse(text).compute(asked, { ignoreCase: true, matchExec: false })
  } catch (error) {
    throw new FerryError('E_USAGE', `Cannot use the SSH configuration ${file}: it is not well-formed`, {
      cause: error,
    })
  }
}

/** Text of a settings file; undefined when it is not there. @throws E_USAGE when it cannot be read or is too large */
export function readSettingsFile(file: string): string | undefined {
  try {
    if (statSync(file).size > maxSettingsFileBytes)
      throw new FerryError('E_USAGE', `Cannot read ${file}: it is larger than ${maxSettingsFileBytes} bytes`)
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (isSystemError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined
    if (error instanceof FerryError) throw error
    throw new FerryError(
      'E_USAGE',
      `Cannot read ${file}: ${isSystemError(error) ? error.code : 'it failed'}`,
      {
        cause: error,
      },
    )
  }
}

function expandIncludes(file: string, query: ConfigQuery, depth: number): string {
  const text = readSettingsFile(file)
  if (text === undefined) return ''
  if (depth > maxIncludeDepth)
    throw new FerryError('E_USAGE', `Cannot use the SSH configuration ${file}: Include goes too deep`)
  let block: string | undefined
  const lines: string[] = []
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(?:host|match)[\s=]/i.test(line)) block = line
    const include = /^\s*include(?:\s+|\s*=\s*)(.+)$/i.exec(line)
    if (!include) {
      lines.push(line)
      continue
    }
    if (block !== undefined && !applies(block, query)) continue
    for (const found of includedFiles(include[1] as string, file, query.home))
      lines.push(expandIncludes(found, query, depth + 1))
    // What follows belongs to the block that the included file may have ended.
    lines.push(block ?? 'Host *')
  }
  return lines.join('\n')
}

function applies(block: string, query: ConfigQuery): boolean {
  return compute(`${block}\n  FerryApplies yes\n`, query, block.trim())['ferryapplies'] === 'yes'
}

function includedFiles(words: string, file: string, home: string): string[] {
  const patterns = [...words.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? (match[2] as string))
  return patterns.flatMap((pattern) => {
    const path = pattern.startsWith('~/') ? join(home, pattern.slice(2)) : pattern
    // Relative names are looked for where the user's (or the system's) own file lies.
    const base = file.startsWith('/etc/ssh/') ? '/etc/ssh' : join(home, '.ssh')
    const absolute = isAbsolute(path) ? path : join(base === dirname(file) ? dirname(file) : base, path)
    return globSync(absolute).toSorted()
  })
}
