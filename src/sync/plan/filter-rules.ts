/**
 * rsync's include and exclude rules. The first rule that matches a path decides; without one it is included.
 * Source: rsync(1), FILTER RULES, the old-style ones of `--include` and `--exclude`.
 */
import { FerryError } from '../../shared/errors.ts'
import type { FilterRule } from '../options.ts'
import { maxPatternBytes } from '../limits.ts'
import { byteString, compileWildcards } from './wildcard.ts'

export type Verdict = 'include' | 'exclude' | undefined

/** What the rules say of a path relative to the top of the transfer. */
export type Judge = (path: string, isFolder: boolean) => Verdict

type Matches = (bytes: string, isFolder: boolean) => boolean

function compilePattern(text: string): Matches {
  const foldersOnly = text.length > 1 && text.endsWith('/')
  const whole = foldersOnly ? text.slice(0, -1) : text
  const isAnchored = whole.startsWith('/')
  const pattern = byteString(isAnchored ? whole.slice(1) : whole)
  const matches = /[*?[]/.test(pattern)
    ? compileWildcard(pattern, isAnchored)
    : compileLiteral(pattern, isAnchored)
  return foldersOnly ? (bytes, isFolder) => isFolder && matches(bytes, isFolder) : matches
}

/** Without wildcards a backslash is itself. */
function compileLiteral(pattern: string, isAnchored: boolean): Matches {
  if (isAnchored) return (bytes) => bytes === pattern
  const below = `/${pattern}`
  return (bytes) => bytes === pattern || bytes.endsWith(below)
}

function compileWildcard(pattern: string, isAnchored: boolean): Matches {
  // `**/x` finds x at the top too: the name is looked at with a slash in front.
  const slashInFront = !isAnchored && pattern.startsWith('**')
  const matches = compileWildcards(pattern, !isAnchored && !slashInFront)
  // `x/***` is the folder x and all in it.
  const slashBehind = pattern.endsWith('***')
  return (bytes, isFolder) =>
    matches(`${slashInFront ? '/' : ''}${bytes}${slashBehind && isFolder ? '/' : ''}`)
}

function refuse(rule: FilterRule, why: string): never {
  const where = rule.from === undefined ? `--${rule.kind} "${rule.pattern}"` : rule.from
  throw new FerryError('E_USAGE', `Cannot use the filter rule of ${where}: ${why}`, {
    hint: 'a rule is a pattern, with "+ " or "- " in front of it if need be',
  })
}

/** @throws E_USAGE when a rule has no pattern, or one that is too long. */
export function compileRules(rules: readonly FilterRule[]): Judge {
  let compiled: { readonly verdict: Verdict; readonly matches: Matches }[] = []
  for (const rule of rules) {
    let { pattern } = rule
    let verdict: Verdict = rule.kind
    if (pattern === '!') {
      compiled = []
      continue
    }
    if (pattern.startsWith('- ') || pattern.startsWith('+ ')) {
      verdict = pattern.startsWith('+') ? 'include' : 'exclude'
      pattern = pattern.slice(2)
    }
    if (pattern === '') refuse(rule, 'there is no pattern in it')
    if (Buffer.byteLength(pattern) > maxPatternBytes)
      refuse(rule, `it is longer than ${maxPatternBytes} bytes`)
    compiled.push({ verdict, matches: compilePattern(pattern) })
  }
  if (compiled.length === 0) return () => undefined
  return (path, isFolder) => {
    const bytes = byteString(path)
    for (const { verdict, matches } of compiled) if (matches(bytes, isFolder)) return verdict
    return undefined
  }
}

/** The rules of an `--exclude-from` or `--include-from` file: one a line, without comments (`#`, `;`) and empty lines. */
export function rulesOfFile(kind: FilterRule['kind'], text: string, file: string): FilterRule[] {
  return text
    .split(/\r\n|[\r\n]/)
    .map((pattern, index) => ({ kind, pattern, from: `${file}, line ${index + 1}` }))
    .filter(({ pattern }) => pattern !== '' && !pattern.startsWith('#') && !pattern.startsWith(';'))
}
