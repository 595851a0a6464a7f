/**
 * rsync's patterns as regular expressions. rsync compares bytes, so a name is matched as the string of its UTF-8 bytes
 * (`byteString`): `?` is one byte, which matters for `caf?`.
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

function escapeByte(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`
}

interface ParsedClass {
  readonly source: string
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
  let source = ''
  for (let byte = 0; byte < 256; byte++)
    if (byte !== slash && members.has(byte) !== negated) source += escapeByte(byte)
  // An empty class matches nothing.
  return { source: `[${source}]`, end: at + 1 }
}

function closesName(pattern: string, start: number): boolean {
  const end = pattern.indexOf(']', start)
  return end > start && pattern[end - 1] === ':'
}

const nothing = '(?!)'

/**
 * What `pattern` (a byte string, with a wildcard in it) matches as a whole, as the source of a regular expression. A
 * pattern that rsync never finds (a class without an end) matches nothing.
 */
export function wildcardSource(pattern: string): string {
  let source = ''
  for (let at = 0; at < pattern.length; ) {
    const char = pattern[at] as string
    if (char === '*') {
      let stars = at
      while (pattern[stars] === '*') stars++
      source += stars - at > 1 ? '[^]*' : '[^/]*'
      at = stars
    } else if (char === '?') {
      source += '[^/]'
      at++
    } else if (char === '[') {
      const parsed = parseClass(pattern, at)
      if (parsed === undefined) return nothing
      source += parsed.source
      at = parsed.end
    } else {
      if (char === '\\') at++
      if (at >= pattern.length) return nothing
      source += escapeByte(pattern.charCodeAt(at))
      at++
    }
  }
  return source
}
