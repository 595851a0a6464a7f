/**
 * The kinds of values that settings have: what a TOML file may say, what text (environment, `ferry config set`) may say,
 * and how they are written and shown. Sizes and rates are read as everywhere in ferry: `20M` is SI, `20Mi` binary.
 */
import { isAbsolute } from 'node:path'
import { FerryError } from '../../shared/errors.ts'
import { quoteName } from '../../shared/terminal-text.ts'
import { parseBandwidth, parseSize } from '../../shared/units.ts'

export type SettingValue = boolean | number | string | readonly string[]

export interface ValueKind {
  /** For messages: `a whole number from 1 to 64`. */
  readonly name: string
  readonly isList: boolean
  /** Undefined when it is of another type; @throws E_USAGE when it is of the type and no such value. */
  fromToml(value: unknown): SettingValue | undefined
  /** @throws E_USAGE when it is no such value */
  fromText(text: string): SettingValue
}

const trueWords = new Set(['true', 'yes', 'on', '1'])
const falseWords = new Set(['false', 'no', 'off', '0'])

export const boolean: ValueKind = {
  name: 'true or false',
  isList: false,
  fromToml: (value) => (typeof value === 'boolean' ? value : undefined),
  fromText(text) {
    const word = text.trim().toLowerCase()
    if (trueWords.has(word)) return true
    if (falseWords.has(word)) return false
    throw notA(text, boolean)
  },
}

export function count(least: number, most: number): ValueKind {
  const kind: ValueKind = {
    name: `a whole number from ${least} to ${most}`,
    isList: false,
    fromToml: (value) => (typeof value === 'number' ? checked(value, String(value)) : undefined),
    fromText: (text) => checked(/^\d{1,15}$/.test(text.trim()) ? Number(text) : Number.NaN, text),
  }
  function checked(value: number, text: string): number {
    if (!Number.isSafeInteger(value) || value < least || value > most) throw notA(text, kind)
    return value
  }
  return kind
}

/** Bytes, as a number or as text such as `1MiB`. */
export function size(least: number, most: number = Number.MAX_SAFE_INTEGER): ValueKind {
  return bytes('a size such as 500k, 20M or 1GiB', parseSize, least, most)
}

/** Bytes a second, read as `--bwlimit` is; 0: no limit. */
export const bandwidth: ValueKind = {
  name: 'a rate as for --bwlimit, such as 500 (KiB a second), 2M or 20MB/s',
  isList: false,
  fromToml: (value) =>
    typeof value === 'number' || typeof value === 'string' ? bandwidth.fromText(String(value)) : undefined,
  fromText: (text) => parseBandwidth(text) ?? 0,
}

function bytes(name: string, read: (text: string) => number, least: number, most: number): ValueKind {
  const kind: ValueKind = {
    name,
    isList: false,
    fromToml: (value) =>
      typeof value === 'number' || typeof value === 'string' ? kind.fromText(String(value)) : undefined,
    fromText(text) {
      const value = read(text)
      if (value < least || value > most) throw notA(text, kind)
      return value
    },
  }
  return kind
}

/** Where a daemon listens: on this computer only. */
export const daemonAddress: ValueKind = {
  name: 'a port of this computer, such as 7877 or 127.0.0.1:7877, or the whole path of a socket',
  isList: false,
  fromToml: (value) =>
    typeof value === 'number' || typeof value === 'string'
      ? daemonAddress.fromText(String(value))
      : undefined,
  fromText(text) {
    if (isAbsolute(text) && !text.includes('\0')) return text
    const port = /^(?:127\.0\.0\.1:|localhost:)?(\d{1,5})$/.exec(text.trim())?.[1]
    if (port === undefined || Number(port) > 65_535) throw notA(text, daemonAddress)
    return Number(port)
  },
}

/** Average chunks that the chunker can cut. */
export const blockSize: ValueKind = {
  name: 'a power of two from 64KiB to 4MiB',
  isList: false,
  fromToml: (value) =>
    typeof value === 'number' || typeof value === 'string' ? blockSize.fromText(String(value)) : undefined,
  fromText(text) {
    const value = parseSize(text)
    if (value < 65_536 || value > 4_194_304 || !Number.isInteger(Math.log2(value)))
      throw notA(text, blockSize)
    return value
  },
}

export function choice(...words: readonly string[]): ValueKind {
  const kind: ValueKind = {
    name: `one of ${words.join(', ')}`,
    isList: false,
    fromToml: (value) => (typeof value === 'string' ? kind.fromText(value) : undefined),
    fromText(text) {
      if (!words.includes(text)) throw notA(text, kind)
      return text
    },
  }
  return kind
}

/** One line of text that `pattern` matches. */
export function phrase(name: string, pattern: RegExp): ValueKind {
  const kind: ValueKind = {
    name,
    isList: false,
    fromToml: (value) => (typeof value === 'string' ? kind.fromText(value) : undefined),
    fromText(given) {
      // Not repeated: it may hold a secret in a wrong place, such as a password in a URL.
      if (!pattern.test(given)) throw new FerryError('E_USAGE', `what is given is not ${kind.name}`)
      return given
    },
  }
  return kind
}

/** In text, separated by commas. */
export const texts: ValueKind = {
  name: 'a list of texts',
  isList: true,
  fromToml: (value) =>
    Array.isArray(value) && value.every((each) => typeof each === 'string' && each !== '')
      ? (value as string[])
      : undefined,
  fromText: (text) =>
    text
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
}

/** As TOML. Strings of JSON are strings of TOML. */
export function writeValue(value: SettingValue): string {
  // JSON leaves DEL and the line separators as they are, which TOML does not have in a string of one line.
  const quote = (text: string): string =>
    JSON.stringify(text).replace(
      /[\u007f\u2028\u2029]/g,
      (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
    )
  if (typeof value === 'string') return quote(value)
  return Array.isArray(value) ? `[${value.map((each: string) => quote(each)).join(', ')}]` : String(value)
}

function notA(text: string, kind: ValueKind): FerryError {
  return new FerryError('E_USAGE', `${quoteName(text, 40)} is not ${kind.name}`)
}
