/**
 * Sets and removes single keys in the text of a TOML file: every other byte stays, comments too. The result is read again
 * and compared with what was wanted before anybody gets it.
 */
import { isDeepStrictEqual } from 'node:util'
import { parse } from 'smol-toml'
import { FerryError } from '../../shared/errors.ts'
import type { TomlEntry } from './toml-places.ts'
import { findPlaces, lineEnd } from './toml-places.ts'

type Table = Record<string, unknown>

/**
 * `path` is a table and a key in it. `value` is TOML.
 * @throws E_USAGE when the file is written in a way that cannot be edited like this
 */
export function setInToml(text: string, path: readonly [string, string], value: string): string {
  return checked(text, path, value, write(text, path, value))
}

/** @throws E_USAGE as `setInToml`. A key that is not there is no failure. */
export function removeFromToml(text: string, path: readonly [string, string]): string {
  const entry = findPlaces(text).entries.find((each) => isSame(each.path, path))
  if (!entry) return checked(text, path, undefined, text)
  const lineStart = text.lastIndexOf('\n', entry.start - 1) + 1
  return checked(text, path, undefined, text.slice(0, lineStart) + text.slice(lineEnd(text, entry.end) + 1))
}

function write(text: string, path: readonly [string, string], value: string): string {
  const { entries, headers } = findPlaces(text)
  const [table, key] = path
  const old = entries.find((entry) => isSame(entry.path, path))
  if (old) return text.slice(0, old.valueStart) + value + text.slice(old.end)
  const header = headers.find((each) => isSame(each.path, [table]))
  if (header) {
    const last = lastOf(entries.filter((entry) => isSame(entry.table, [table])))
    return insertLine(text, last?.end ?? header.end, `${key} = ${value}`)
  }
  const dotted = lastOf(entries.filter((entry) => entry.table.length === 0 && entry.path[0] === table))
  if (dotted) return insertLine(text, dotted.end, `${table}.${key} = ${value}`)
  const gap = text === '' ? '' : text.endsWith('\n') ? '\n' : '\n\n'
  return `${text}${gap}[${table}]\n${key} = ${value}\n`
}

function insertLine(text: string, after: number, line: string): string {
  const end = lineEnd(text, after)
  const lineBreak = text[end - 1] === '\r' ? '\r\n' : '\n'
  return end === text.length
    ? `${text}\n${line}\n`
    : `${text.slice(0, end + 1)}${line}${lineBreak}${text.slice(end + 1)}`
}

function checked(
  before: string,
  [table, key]: readonly [string, string],
  value: string | undefined,
  after: string,
): string {
  const wanted = parse(before) as Table
  const inner = wanted[table]
  const isTable = typeof inner === 'object' && inner !== null && !Array.isArray(inner)
  if (inner === undefined || isTable) {
    // As the parser makes them: without a prototype.
    const rest = Object.assign(Object.create(null) as Table, inner)
    if (value === undefined) delete rest[key]
    else rest[key] = (parse(`value = ${value}`) as Table)['value']
    if (inner !== undefined || value !== undefined) wanted[table] = rest
    if (isDeepStrictEqual(parsed(after), wanted) || isEmptied(parsed(after), wanted, table)) return after
  }
  throw new FerryError(
    'E_USAGE',
    `Cannot change ${table}.${key}: the file writes it in a way that only a person can edit`,
    {
      hint: 'run: ferry config edit',
    },
  )
}

function parsed(text: string): unknown {
  try {
    return parse(text)
  } catch {
    return undefined
  }
}

/** The last dotted key of a table takes the table with it. */
function isEmptied(after: unknown, wanted: Table, table: string): boolean {
  if (Object.keys((wanted[table] as Table | undefined) ?? {}).length > 0) return false
  const rest = Object.assign(Object.create(null) as Table, wanted)
  delete rest[table]
  return isDeepStrictEqual(after, rest)
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((part, index) => part === b[index])
}

function lastOf(entries: readonly TomlEntry[]): TomlEntry | undefined {
  return entries.at(-1)
}
