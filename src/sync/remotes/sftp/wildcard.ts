/** Patterns of OpenSSH's files: `*` for any text, `?` for one character; nothing else is special. Linear in memory. */

/** True when the whole of `text` is what `pattern` says. Source: ssh_config(5), PATTERNS */
export function matchesWildcard(pattern: string, text: string): boolean {
  let at = 0
  let position = 0
  let star = -1
  let retryAt = 0
  while (position < text.length) {
    if (at < pattern.length && pattern[at] === '*') {
      star = at++
      retryAt = position
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[position])) {
      at++
      position++
    } else if (star >= 0) {
      at = star + 1
      position = ++retryAt
    } else return false
  }
  while (pattern[at] === '*') at++
  return at === pattern.length
}

/**
 * True when one of the patterns applies and none that begins with `!` does; case does not count.
 * Source: ssh_config(5), PATTERNS
 */
export function matchesPatternList(patterns: readonly string[], text: string): boolean {
  const lower = text.toLowerCase()
  let found = false
  for (const item of patterns) {
    const negated = item.startsWith('!')
    const pattern = (negated ? item.slice(1) : item).toLowerCase()
    if (!matchesWildcard(pattern, lower)) continue
    if (negated) return false
    found = true
  }
  return found
}
