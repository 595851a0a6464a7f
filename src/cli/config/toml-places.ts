/**
 * Where the keys of a TOML file stand, for messages with a line number and for edits that keep comments: the parser of
 * TOML tells values only. Reads text that the parser has accepted, and relies on that.
 */

/** A key with its value; offsets are in UTF-16 units, lines begin at 1. */
export interface TomlEntry {
  /** The whole path, with that of the table it stands in. */
  readonly path: readonly string[]
  /** Path of the table, as its header says it. */
  readonly table: readonly string[]
  readonly line: number
  readonly start: number
  readonly valueStart: number
  /** Behind the value; a comment may follow. */
  readonly end: number
}

export interface TomlHeader {
  readonly path: readonly string[]
  readonly line: number
  readonly start: number
  readonly end: number
}

export interface TomlPlaces {
  readonly entries: readonly TomlEntry[]
  readonly headers: readonly TomlHeader[]
}

export function findPlaces(text: string): TomlPlaces {
  const entries: TomlEntry[] = []
  const headers: TomlHeader[] = []
  let table: readonly string[] = []
  let line = 1
  let counted = 0
  const lineAt = (offset: number): number => {
    for (; counted < offset; counted++) if (text[counted] === '\n') line++
    return line
  }
  for (let at = skipBlank(text, 0); at < text.length; at = skipBlank(text, at)) {
    const start = at
    if (text[at] === '[') {
      const isList = text[at + 1] === '['
      const key = readKey(text, at + (isList ? 2 : 1))
      table = key.path
      at = text.indexOf(']', key.end) + (isList ? 2 : 1)
      headers.push({ path: table, line: lineAt(start), start, end: at })
    } else {
      const key = readKey(text, at)
      const valueStart = skipSpace(text, text.indexOf('=', key.end) + 1)
      at = valueEnd(text, valueStart)
      entries.push({ path: [...table, ...key.path], table, line: lineAt(start), start, valueStart, end: at })
    }
  }
  return { entries, headers }
}

/** The line of a key or table; where it is not written itself, of what it stands in or begins with. */
export function lineOf(places: TomlPlaces, path: readonly string[]): number {
  const begins = (long: readonly string[], short: readonly string[]): boolean =>
    short.every((part, index) => long[index] === part)
  const { entries, headers } = places
  const all = [...entries, ...headers]
  const found =
    all.find((each) => each.path.length === path.length && begins(each.path, path)) ??
    entries.find((each) => begins(path, each.path)) ??
    headers.findLast((each) => begins(path, each.path)) ??
    all.find((each) => begins(each.path, path))
  return found?.line ?? 1
}

function readKey(text: string, from: number): { readonly path: string[]; readonly end: number } {
  const path: string[] = []
  for (let at = skipSpace(text, from); ; at = skipSpace(text, at + 1)) {
    const quote = text[at]
    if (quote === '"' || quote === "'") {
      const end = stringEnd(text, at)
      path.push(quote === '"' ? unescapeKey(text.slice(at, end)) : text.slice(at + 1, end - 1))
      at = skipSpace(text, end)
    } else {
      const bare = /[A-Za-z0-9_-]*/y
      bare.lastIndex = at
      const name = bare.exec(text)?.[0] ?? ''
      path.push(name)
      at = skipSpace(text, at + name.length)
    }
    if (text[at] !== '.') return { path, end: at }
  }
}

/** TOML's escapes in keys are those of JSON and a few more, which no key of ours has. */
function unescapeKey(quoted: string): string {
  try {
    return JSON.parse(quoted) as string
  } catch {
    return quoted
  }
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (text[at] === ' ' || text[at] === '\t') at++
  return at
}

function skipBlank(text: string, from: number): number {
  let at = from
  for (;;) {
    while (at < text.length && /\s|\ufeff/.test(text[at] as string)) at++
    if (text[at] !== '#') return at
    at = lineEnd(text, at)
  }
}

/** The offset of the line break at or behind `from`, or the end of the text. */
export function lineEnd(text: string, from: number): number {
  const found = text.indexOf('\n', from)
  return found < 0 ? text.length : found
}

function valueEnd(text: string, from: number): number {
  const first = text[from]
  if (first === '"' || first === "'") return stringEnd(text, from)
  if (first === '[' || first === '{') return bracketEnd(text, from)
  const end = /[,\]}#\n]/g
  end.lastIndex = from
  const stop = end.exec(text)?.index ?? text.length
  return from + text.slice(from, stop).trimEnd().length
}

function stringEnd(text: string, from: number): number {
  const quote = text[from] as string
  const isLong = text.startsWith(quote.repeat(3), from)
  const close = isLong ? quote.repeat(3) : quote
  for (let at = from + close.length; at < text.length; at++) {
    if (quote === '"' && text[at] === '\\') at++
    else if (text.startsWith(close, at)) {
      let end = at + close.length
      // A long string may end in up to two quotes of its own.
      if (isLong) while (text[end] === quote && end < at + 5) end++
      return end
    }
  }
  return text.length
}

function bracketEnd(text: string, from: number): number {
  let depth = 0
  for (let at = from; at < text.length; at++) {
    const char = text[at] as string
    if (char === '"' || char === "'") at = stringEnd(text, at) - 1
    else if (char === '#') at = lineEnd(text, at)
    else if (char === '[' || char === '{') depth++
    else if ((char === ']' || char === '}') && --depth === 0) return at + 1
  }
  return text.length
}
