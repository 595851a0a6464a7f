/**
 * rsync's wildcards. rsync compares bytes, so a name is matched as the string of its UTF-8 bytes (`byteString`): `?` is one
 * byte, which matters for `caf?`. Not done with regular expressions: many stars would take them forever.
 * Source: rsync(1), PATTERN MATCHING RULES; what it leaves open was measured with rsync 3.5.
 */

/** One character a byte. ASCII is its own. */
export function byteString(text: string): string {
  for (let index = 0; index < text.length; index++)
    if (text.charCodeAt(index) > 0x7f) return Buffer.from(text, 'utf8').toString('latin1')
  return text
}

const slash = 0x2f

function between(low: string, high: string): (byte: number) => boolean {
  return (byte) => byte >= low.charCodeAt(0) && byte <= high.charCodeAt(0)
}

const isDigit = between('0', '9')
const isLower = between('a', 'z')
const isUpper = between('A', 'Z')
const isGraph = between('!', '~')
const isAlpha = (byte: number): boolean => isLower(byte) || isUpper(byte)
const isAlnum = (byte: number): boolean => isAlpha(byte) || isDigit(byte)
const isBlank = (byte: number): boolean => byte === 0x20 || byte === 0x09

/** `[[:name:]]`, in ASCII. */
const namedClasses: Readonly<Record<string, (byte: number) => boolean>> = {
  alnum: isAlnum,
  alpha: isAlpha,
  blank: isBlank,
  cntrl: (byte) => byte < 0x20 || byte === 0x7f,
  digit: isDigit,
  graph: isGraph,
  lower: isLower,
  print: between(' ', '~'),
  punct: (byte) => isGraph(byte) && !isAlnum(byte),
  space: (byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d),
  upper: isUpper,
  xdigit: (byte) => isDigit(byte) || between('a', 'f')(byte) || between('A', 'F')(byte),
}

/** Which bytes fit: one element a byte. */
type ByteSet = Uint8Array

interface ParsedClass {
  readonly set: ByteSet
  /** Index behind the closing bracket. */
  readonly end: number
}

/** The class that begins at `pattern[start]`, a bracket; undefined when it has no end, or an unknown name in it. */
function parseClass(pattern: string, start: number): ParsedClass | undefined {
  let at = start + 1
  const negated = pattern[at] === '!' || pattern[at] === '^'
  if (negated) at++
  const members = new Set<number>()
  /** The byte that a `-` would begin a range with. */
  let previous: number | undefined
  // A bracket in the first place is a member.
  for (let first = true; first || pattern[at] !== ']'; first = false) {
    const char = pattern[at]
    if (char === undefined) return undefined
    const following = pattern[at + 1]
    if (char === '-' && previous !== undefined && following !== undefined && following !== ']') {
      at++
      if (pattern[at] === '\\') at++
      if (at >= pattern.length) return undefined
      const high = pattern.charCodeAt(at)
      for (let byte = previous; byte <= high; byte++) members.add(byte)
      previous = undefined
      at++
    } else if (char === '[' && following === ':' && closesName(pattern, at + 2)) {
      const end = pattern.indexOf(']', at + 2)
      const has = namedClasses[pattern.slice(at + 2, end - 1)]
      if (has === undefined) return undefined
      for (let byte = 0; byte < 256; byte++) if (has(byte)) members.add(byte)
      previous = undefined
      at = end + 1
    } else {
      if (char === '\\') at++
      if (at >= pattern.length) return undefined
      previous = pattern.charCodeAt(at)
      members.add(previous)
      at++
    }
  }
  const set = Uint8Array.from({ length: 256 }, (_, byte) =>
    byte !== slash && members.has(byte) !== negated ? 1 : 0,
  )
  return { set, end: at + 1 }
}

function closesName(pattern: string, start: number): boolean {
  const end = pattern.indexOf(']', start)
  return end > start && pattern[end - 1] === ':'
}

const star = 'star'
const deepStar = 'deep star'

/** A byte, one of some bytes, any number of bytes without a slash, any number of bytes. */
type Token = number | ByteSet | typeof star | typeof deepStar

const noSlash: ByteSet = Uint8Array.from({ length: 256 }, (_, byte) => (byte === slash ? 0 : 1))

/** Undefined: nothing is ever found, as for a class without an end. */
function parseTokens(pattern: string): Token[] | undefined {
  const tokens: Token[] = []
  for (let at = 0; at < pattern.length; ) {
    const char = pattern[at] as string
    if (char === '*') {
      let end = at
      while (pattern[end] === '*') end++
      tokens.push(end - at > 1 ? deepStar : star)
      at = end
    } else if (char === '?') {
      tokens.push(noSlash)
      at++
    } else if (char === '[') {
      const parsed = parseClass(pattern, at)
      if (parsed === undefined) return undefined
      tokens.push(parsed.set)
      at = parsed.end
    } else {
      if (char === '\\') at++
      if (at >= pattern.length) return undefined
      tokens.push(pattern.charCodeAt(at))
      at++
    }
  }
  return tokens
}

/**
 * Only the last star of either sort is ever tried again: what an earlier one could do, it can do too. A plain star gives
 * up at a slash, and then the last deep one before it takes more.
 */
function matches(tokens: readonly Token[], text: string, start: number): boolean {
  let token = 0
  let at = start
  let afterStar = -1
  let starEnd = 0
  let afterDeep = -1
  let deepEnd = 0
  for (;;) {
    const wanted = tokens[token]
    if (wanted === star) {
      afterStar = ++token
      starEnd = at
      continue
    }
    if (wanted === deepStar) {
      afterDeep = ++token
      deepEnd = at
      afterStar = -1
      continue
    }
    if (at === text.length) {
      if (wanted === undefined) return true
    } else if (wanted !== undefined) {
      const byte = text.charCodeAt(at)
      if (typeof wanted === 'number' ? wanted === byte : wanted[byte] === 1) {
        token++
        at++
        continue
      }
    }
    if (afterStar >= 0 && starEnd < text.length && text.charCodeAt(starEnd) !== slash) {
      at = ++starEnd
      token = afterStar
    } else if (afterDeep >= 0 && deepEnd < text.length) {
      at = ++deepEnd
      token = afterDeep
      afterStar = -1
    } else return false
  }
}

/**
 * Whether `pattern` (a byte string) matches all of a byte string; with `anywhere`, from its start or from behind any
 * slash on.
 */
export function compileWildcards(pattern: string, anywhere: boolean): (text: string) => boolean {
  const tokens = parseTokens(pattern)
  if (tokens === undefined) return () => false
  return (text) => {
    if (matches(tokens, text, 0)) return true
    if (!anywhere) return false
    for (let at = text.indexOf('/'); at >= 0; at = text.indexOf('/', at + 1))
      if (matches(tokens, text, at + 1)) return true
    return false
  }
}
