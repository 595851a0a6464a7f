/** What hosts, buckets, prefixes and tickets may look like. Pure; each tells the problem in words, or nothing. */
import { isIP } from 'node:net'

/**
 * True for what was meant as a ticket, whole or cut off; whether it is one is for the parser of tickets to say. A folder
 * of such a name is `./ferry1…`.
 */
export function isTicketText(text: string): boolean {
  const bare = text
    .replace(/[\u00AD\u200B-\u200F\u202A-\u202E\u2060-\u2064\uFEFF]/g, '')
    .replace(/^[$>#\s"'`\u201c\u201d\u2018\u2019\u201e\u00ab<([]+/, '')
    .replace(/^ferry\s+(?:receive|get|ls|verify)\s+["'`]?/i, '')
  // No name has so many letters of the tickets' alphabet behind ferry1 by chance.
  return /^ferry(?::|%3a)/i.test(bare) || /^ferry1[02-9ac-hj-np-z\s\\]{14}/i.test(bare)
}

/**
 * Source: Amazon S3 user guide, general purpose bucket naming rules. Other servers (`isOwnEndpoint`) also have capital
 * letters, underscores and longer names.
 */
export function bucketProblem(name: string, isOwnEndpoint: boolean): string | undefined {
  const longest = isOwnEndpoint ? 255 : 63
  if (name.length < 3 || name.length > longest) return `it must have 3 to ${longest} characters`
  if (isOwnEndpoint)
    return /^[a-z0-9][a-z0-9._-]*$/i.test(name) && !name.includes('..')
      ? undefined
      : 'it may hold letters, digits, dots, hyphens and underscores only'
  if (/[A-Z]/.test(name)) return 'it may not hold capital letters'
  if (!/^[a-z0-9.-]+$/.test(name)) return 'it may hold small letters, digits, dots and hyphens only'
  if (!/^[a-z0-9].*[a-z0-9]$/.test(name)) return 'it must begin and end with a letter or digit'
  if (name.includes('..')) return 'it may not have two dots in a row'
  return isIP(name) === 0 ? undefined : 'it may not look like an address'
}

/** Keys are text, but a sync makes them from paths: what is no path would be another key than the one that was meant. */
export function prefixProblem(prefix: string): string | undefined {
  const names = prefix.split('/')
  if (names.includes('')) return 'it has an empty name in it (two slashes in a row)'
  if (names.includes('..') || names.includes('.')) return 'it has a "." or ".." in it'
  return Buffer.byteLength(prefix) > 1024 ? 'it is longer than 1024 bytes' : undefined
}

/** `host` is a name of ~/.ssh/config, a host name, or an address; one of IPv6 in brackets only. */
export function hostProblem(host: string, isBracketed: boolean): string | undefined {
  if (isBracketed)
    return isIP(host.replace(/%[a-z0-9._-]+$/i, '')) === 6
      ? undefined
      : 'in brackets must stand an IPv6 address'
  if (host === '') return 'it names no host'
  // One that begins with a hyphen would be an option to whatever program it were handed to.
  return /^[a-z0-9_][a-z0-9._-]{0,252}$/i.test(host) ? undefined : 'its host is not a name or an address'
}

export function userProblem(user: string): string | undefined {
  if (user === '') return 'there is no user in front of the @'
  return /^[^-\s:/\p{Cc}][^\s:/\p{Cc}]{0,255}$/u.test(user) ? undefined : 'its user is not a name'
}
