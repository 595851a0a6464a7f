/**
 * What people write for SRC and DST, as a `Location`. rsync's rule decides between here and elsewhere: a colon before the
 * first slash means elsewhere, so `./a:b` is a file of this folder. Pure: nothing is looked up, opened or asked.
 *
 * Invariant: what is thrown never repeats a text that could hold a secret (a ticket, or what stands before an `@`).
 */
import { resolve } from 'node:path'
import { FerryError } from '../shared/errors.ts'
import { quoteName } from '../shared/terminal-text.ts'
import { maxLocationChars } from './limits.ts'
import type { ParsedLocation, RemoteLocation, S3Location, SftpLocation } from './location.ts'
import { bucketProblem, hostProblem, isTicketText, prefixProblem, userProblem } from './location-rules.ts'

/** Remotes with a name (`ferry remote add`). An S3 one without a bucket takes it from the path, as in `NAME:bucket/path`. */
export type NamedRemotes = ReadonlyMap<string, S3Location | SftpLocation>

export interface LocationContext {
  readonly remotes: NamedRemotes
  /** Absolute: what relative paths are relative to. */
  readonly cwd: string
  /** Absolute: what `~` means where the shell has left it standing. */
  readonly home: string
  /** A ticket can only be read from. */
  readonly direction: 'source' | 'destination'
}

/**
 * What `text` means. `contents` is also true for what has no name of its own: a whole bucket, a home folder, `/`, `.`.
 * @throws E_USAGE when it is none of the forms, breaks the rules of its form, or holds a password
 */
export function parseLocation(
  text: string,
  context: LocationContext & { readonly direction: 'destination' },
): ParsedLocation<RemoteLocation>
export function parseLocation(text: string, context: LocationContext): ParsedLocation
export function parseLocation(text: string, context: LocationContext): ParsedLocation {
  if (text.length > maxLocationChars)
    throw refuse(`Cannot use a location of ${text.length} characters: at most ${maxLocationChars} are read`)
  if (text.trim() === '')
    throw refuse('Cannot use an empty location', 'name a folder; the current one is "."')
  if (text.includes('\0') || !text.isWellFormed())
    throw refuse('Cannot use the location: it has a NUL character or broken Unicode in it')
  if (isTicketText(text)) return parseTicketText(text, context)
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase()
  if (scheme !== undefined) return parseUrl(scheme, text.slice(scheme.length + 3), context)
  if (/^file:/i.test(text)) return parseFileUrl(text.slice(5), context)
  const colon = findColon(text)
  const slash = text.indexOf('/')
  if (colon >= 0 && (slash < 0 || colon < slash)) return parseElsewhere(text, colon, context)
  return parseFolder(text, context)
}

function parseTicketText(ticket: string, { direction }: LocationContext): ParsedLocation {
  if (direction === 'destination')
    throw refuse(
      'Cannot write to a ticket: it can only be read from',
      'name a folder, s3://bucket/prefix or host:path',
    )
  return { location: { kind: 'ticket', ticket }, contents: false }
}

const laterSchemes = new Set(['gs', 'gcs', 'az', 'azure', 'azblob'])

function parseUrl(scheme: string, rest: string, context: LocationContext): ParsedLocation {
  if (scheme === 'file') return parseFileUrl(`//${rest}`, context)
  if (/^[^/]*:[^/]*@/.test(rest)) throw passwordSeen()
  if (scheme === 's3') return parseS3Url(rest)
  if (scheme === 'sftp') return parseSftpUrl(rest)
  if (laterSchemes.has(scheme))
    throw refuse(
      `Cannot use ${scheme}://: not supported yet`,
      'there are folders, s3://, sftp:// and tickets',
    )
  throw refuse(
    `Cannot use ${quoteName(scheme)}:// as a location: ferry does not know it`,
    scheme === 'ssh' || scheme === 'scp'
      ? 'write sftp://host/path or host:path'
      : 'write a folder, s3://bucket/prefix, sftp://host/path or host:path',
  )
}

function parseFolder(text: string, { cwd, home }: LocationContext): ParsedLocation {
  if (text === '-') throw refuse('Cannot sync standard input', 'a folder of that name is ./-')
  const path = text === '~' || text.startsWith('~/') ? `${home}/${text.slice(2)}` : text
  // As rsync has it: a folder by a name that is no name stands for what is in it.
  const contents = text === '~' || /(?:^|\/)\.{0,2}$/.test(path)
  return { location: { kind: 'local', path: resolve(cwd, path) }, contents }
}

function parseFileUrl(rest: string, context: LocationContext): ParsedLocation {
  const path = /^\/\/(?:localhost)?(\/.*)$/is.exec(rest)?.[1] ?? rest
  if (!path.startsWith('/') || path.startsWith('//'))
    throw refuse(
      'Cannot use the file: location: it must hold an absolute path of this computer',
      'write file:///path',
    )
  return parseFolder(decodePercent(path), context)
}

function parseS3Url(rest: string): ParsedLocation {
  const [bucket, path] = splitFirst(rest)
  return s3At({ kind: 's3', bucket, prefix: '' }, path)
}

/** `path` below what a remote names: its trailing slash says "contents", and its names must be those of a key. */
function s3At(base: S3Location, path: string): ParsedLocation {
  const problem = bucketProblem(base.bucket, base.endpoint !== undefined)
  if (problem !== undefined) {
    // What has a colon in it may be a pair of keys.
    const name = base.bucket.includes(':') ? 'the name' : quoteName(base.bucket)
    throw refuse(`Cannot use ${name} as a bucket: ${problem}`, 'write s3://bucket/prefix')
  }
  const below = path.replace(/\/$/, '')
  const prefix = base.prefix !== '' && below !== '' ? `${base.prefix}/${below}` : base.prefix || below
  const wrong = prefix === '' ? undefined : prefixProblem(prefix)
  if (wrong !== undefined) throw refuse(`Cannot use ${quoteName(prefix)} as a prefix of keys: ${wrong}`)
  // A whole bucket, or all that a remote names, has no name of its own that could be made in the destination.
  return { location: { ...base, prefix }, contents: below === '' || path.endsWith('/') }
}

function parseSftpUrl(rest: string): ParsedLocation {
  const slash = rest.indexOf('/')
  const authority = slash < 0 ? rest : rest.slice(0, slash)
  const path = slash < 0 ? '' : rest.slice(slash)
  const at = authority.lastIndexOf('@')
  const user = at < 0 ? undefined : decodePercent(authority.slice(0, at))
  const [, bracketed, plain, port] =
    /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(.*))?$/s.exec(authority.slice(at + 1)) ?? []
  const host = bracketed === undefined ? plain : decodePercent(bracketed)
  if (host === undefined)
    throw refuse(
      'Cannot use the sftp:// location: its host is not right',
      'an IPv6 address goes into [brackets]',
    )
  const place = hostAt(host, bracketed !== undefined, user)
  const decoded = decodePercent(path)
  return sftpAt(
    { ...place, ...(port !== undefined && { port: parsePort(port) }) },
    path === '/~' || path.startsWith('/~/') ? decoded.slice(3) : decoded,
  )
}

/** `[user@]host:path`, or `NAME:path` of a remote with a name. */
function parseElsewhere(text: string, colon: number, { remotes }: LocationContext): ParsedLocation {
  const [place, path] = [text.slice(0, colon), text.slice(colon + 1)]
  // `user:password@host:path`; a path may hold an @, but then no colon behind it as well.
  if (/^[^/@]*@[^/@]+:/.test(path)) throw passwordSeen()
  const named = remotes.get(place)
  if (named?.kind === 's3') return namedS3(place, named, path.replace(/^\//, ''))
  if (named) {
    const base = named.path === '' || /^[/~]/.test(path) ? '' : `${named.path.replace(/\/$/, '')}/`
    return sftpAt(named, `${base}${fromHome(path)}`)
  }
  if (path.startsWith(':'))
    throw refuse('Cannot use host::module, the rsync daemon: not supported yet', 'write host:path, over SFTP')
  if (laterSchemes.has(place.toLowerCase()) || /^(?:s3|sftp|https?)$/i.test(place))
    throw refuse(
      `Cannot use ${place}: without //`,
      `write ${place.toLowerCase()}://…; a file of that name is ./${place}:…`,
    )
  const at = place.lastIndexOf('@')
  const user = at < 0 ? undefined : place.slice(0, at)
  const host = place.slice(at + 1)
  const bracketed = /^\[(.*)\]$/s.exec(host)?.[1]
  return sftpAt(hostAt(bracketed ?? host, bracketed !== undefined, user), fromHome(path))
}

function namedS3(name: string, remote: S3Location, path: string): ParsedLocation {
  if (remote.bucket !== '') return s3At(remote, path)
  const [bucket, below] = splitFirst(path)
  if (bucket === '')
    throw refuse(
      `Cannot use ${name}: without a bucket`,
      `write ${name}:bucket/prefix, or: ferry remote edit ${name}`,
    )
  return s3At({ ...remote, bucket }, below)
}

function hostAt(host: string, isBracketed: boolean, user: string | undefined): SftpLocation {
  const problem = hostProblem(host, isBracketed) ?? (user === undefined ? undefined : userProblem(user))
  if (problem !== undefined)
    throw refuse(
      `Cannot use the location: ${problem}`,
      'write [user@]host:path; a file with a colon is ./a:b',
    )
  return { kind: 'sftp', host, ...(user !== undefined && { user }), path: '' }
}

function sftpAt(place: SftpLocation, path: string): ParsedLocation {
  const trimmed = path.replace(/(?<!^)\/+$/, '')
  return {
    location: { ...place, path: /^\/+$/.test(path) ? '/' : trimmed },
    contents: /(?:^|\/)\.{0,2}$/.test(path),
  }
}

/** SFTP has no shell that knows `~`: its paths are relative to the home folder anyway. */
function fromHome(path: string): string {
  if (path === '~') return ''
  if (path.startsWith('~/')) return path.slice(2).replace(/^\/+/, '')
  if (path.startsWith('~'))
    throw refuse("Cannot use another user's home folder: SFTP does not know it", 'write its absolute path')
  return path
}

/** The first colon that is not inside of an address in brackets. */
function findColon(text: string): number {
  const bracket = /^(?:[^/:@]*@)?\[[^\]/]*\]/.exec(text)
  return text.indexOf(':', bracket?.[0].length ?? 0)
}

function splitFirst(text: string): readonly [string, string] {
  const slash = text.indexOf('/')
  return slash < 0 ? [text, ''] : [text.slice(0, slash), text.slice(slash + 1)]
}

/** Whatever stands on a command line is seen by all users of the computer, and kept by the shell. */
function passwordSeen(): FerryError {
  return refuse(
    'Cannot use a location with a password in it: others could read it from the list of processes',
    'leave it out: SFTP takes keys, the agent, or asks; S3 takes AWS_PROFILE or the AWS_… variables',
  )
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  // The text is not repeated: it may be the end of a password.
  if (port < 1 || port > 65_535)
    throw refuse('Cannot use the sftp:// location: its port is not a number from 1 to 65535')
  return port
}

function decodePercent(text: string): string {
  let decoded: string
  try {
    decoded = decodeURIComponent(text)
  } catch {
    throw refuse('Cannot use the location: its percent-encoding is broken', 'a percent sign itself is %25')
  }
  if (decoded.includes('\0')) throw refuse('Cannot use the location: it has a NUL character in it')
  return decoded
}

function refuse(message: string, hint?: string): FerryError {
  return new FerryError('E_USAGE', message, { hint })
}
