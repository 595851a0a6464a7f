/**
 * What known_hosts files say of a host's key. Pure: reading and writing files is `host-key-check.ts`. A line that
 * cannot be read counts as not there, as for OpenSSH; a revoked key is refused whatever other lines say.
 * Source: sshd(8), SSH_KNOWN_HOSTS FILE FORMAT
 */
import { createHash, createHmac } from 'node:crypto'
import { matchesPatternList } from './wildcard.ts'

export interface KnownHostLine {
  readonly marker: 'none' | 'revoked' | 'cert-authority'
  /** Comma-separated patterns, or one hashed name. */
  readonly names: string
  readonly keyType: string
  /** The public key as the server sends it. */
  readonly key: Buffer
  readonly file: string
  /** From 1. */
  readonly line: number
}

export type HostKeyVerdict =
  | { readonly kind: 'known'; readonly by: KnownHostLine }
  | { readonly kind: 'revoked'; readonly by: KnownHostLine }
  /** Another key of the same type is known. */
  | { readonly kind: 'changed'; readonly by: KnownHostLine }
  | {
      readonly kind: 'unknown'
      /** Keys of other types that are known for this host. */
      readonly others: readonly KnownHostLine[]
      /** A certificate authority is trusted for this host. */
      readonly authority: KnownHostLine | undefined
    }

/** The type that stands at the beginning of a public key; '' when it cannot be read. */
export function keyTypeOf(key: Uint8Array): string {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength)
  if (bytes.length < 4) return ''
  const length = bytes.readUInt32BE(0)
  return length <= 64 && bytes.length >= 4 + length ? bytes.toString('latin1', 4, 4 + length) : ''
}

/** As ssh-keygen -l prints it: `SHA256:` and 43 characters. */
export function fingerprint(key: Uint8Array): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

/** The name under which a host is looked up: the port stands there when it is not 22. */
export function knownHostName(host: string, port: number): string {
  return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`
}

export function parseKnownHosts(text: string, file: string): KnownHostLine[] {
  const lines: KnownHostLine[] = []
  for (const [index, content] of text.split('\n').entries()) {
    const words = content.trim().split(/[ \t]+/)
    if (words[0] === '' || words[0]?.startsWith('#')) continue
    let marker: KnownHostLine['marker'] = 'none'
    if (words[0]?.startsWith('@')) {
      const name = words.shift()
      if (name !== '@revoked' && name !== '@cert-authority') continue
      marker = name === '@revoked' ? 'revoked' : 'cert-authority'
    }
    const [names, keyType, encoded] = words
    if (names === undefined || keyType === undefined || encoded === undefined) continue
    const key = Buffer.from(encoded, 'base64')
    if (keyTypeOf(key) !== keyType) continue
    lines.push({ marker, names, keyType, key, file, line: index + 1 })
  }
  return lines
}

function namesHost(line: KnownHostLine, name: string): boolean {
  if (!line.names.startsWith('|')) return matchesPatternList(line.names.split(','), name)
  const [, version, salt, hash] = line.names.split('|')
  if (version !== '1' || salt === undefined || hash === undefined) return false
  return hashName(name, Buffer.from(salt, 'base64')) === hash
}

function hashName(name: string, salt: Uint8Array): string {
  return createHmac('sha1', salt).update(name).digest('base64')
}

/** The lines that speak of a host, in their order. */
export function linesFor(lines: readonly KnownHostLine[], name: string): KnownHostLine[] {
  return lines.filter((line) => namesHost(line, name))
}

/** Judges the key that a host has shown. `name` comes from `knownHostName`, or is the alias of the configuration. */
export function judgeHostKey(lines: readonly KnownHostLine[], name: string, key: Uint8Array): HostKeyVerdict {
  const here = linesFor(lines, name)
  const keyType = keyTypeOf(key)
  const same = here.filter((line) => line.key.equals(key))
  const revoked = same.find((line) => line.marker === 'revoked')
  if (revoked) return { kind: 'revoked', by: revoked }
  const plain = here.filter((line) => line.marker === 'none')
  const known = same.find((line) => line.marker === 'none')
  if (known) return { kind: 'known', by: known }
  const changed = plain.find((line) => line.keyType === keyType)
  if (changed) return { kind: 'changed', by: changed }
  return {
    kind: 'unknown',
    others: plain,
    authority: here.find((line) => line.marker === 'cert-authority'),
  }
}

/** Signature algorithms by which a key of a type can be shown, best first. */
const algorithmsOf: Readonly<Record<string, readonly string[]>> = {
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
}

/**
 * Host key algorithms with those of known keys first, so that a server with several keys shows one that can be
 * compared.
 */
export function orderAlgorithms(
  known: readonly KnownHostLine[],
  supported: readonly string[],
): readonly string[] {
  const first = known
    .filter((line) => line.marker === 'none')
    .flatMap((line) => algorithmsOf[line.keyType] ?? [line.keyType])
    .filter((algorithm) => supported.includes(algorithm))
  return [...new Set([...first, ...supported])]
}

/** The line to add for a key; hashed when a salt is given. */
export function formatKnownHost(name: string, key: Uint8Array, salt?: Uint8Array): string {
  const names =
    salt === undefined ? name : `|1|${Buffer.from(salt).toString('base64')}|${hashName(name, salt)}`
  return `${names} ${keyTypeOf(key)} ${Buffer.from(key).toString('base64')}\n`
}
