/**
 * Decides whether a server is the one that was meant. Nothing is ever sent to a server whose key is not known: an
 * unknown key is asked about, or refused where nobody can be asked; a changed or revoked key is always refused.
 */
import { randomBytes } from 'node:crypto'
import { appendFileSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { FerryError } from '../../../shared/errors.ts'
import {
  fingerprint,
  formatKnownHost,
  judgeHostKey,
  keyTypeOf,
  knownHostName,
  linesFor,
  orderAlgorithms,
  parseKnownHosts,
  type HostKeyVerdict,
  type KnownHostLine,
} from './known-hosts.ts'
import { readSettingsFile } from './ssh-config-file.ts'
import type { SshSettings } from './ssh-settings.ts'

export interface HostKeyCheck {
  /** What to offer the server, the types of known keys first. */
  readonly algorithms: readonly string[]
  /** Resolves when the key may be trusted. @throws E_REFUSED */
  verify(key: Buffer): Promise<void>
}

export interface HostKeyCheckContext {
  readonly warn: (message: string) => void
  readonly ask?: ((question: string, hidden: boolean) => Promise<string>) | undefined
}

/** Without SHA-1 signatures. */
const supportedAlgorithms = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
]

/** @throws E_USAGE when a known_hosts file cannot be read */
export function createHostKeyCheck(settings: SshSettings, context: HostKeyCheckContext): HostKeyCheck {
  const { hostKeyAlias, host, port } = settings
  const name = hostKeyAlias?.toLowerCase() ?? knownHostName(host, port)
  const lines = settings.knownHostsFiles.flatMap((file) =>
    parseKnownHosts(readSettingsFile(file) ?? '', file),
  )
  // As OpenSSH: a key that is known for the host without its port counts, but never against the one shown.
  const fallback = hostKeyAlias === undefined && port !== 22 ? host.toLowerCase() : undefined
  const accepted = new Map<string, Promise<void>>()

  const judge = (key: Buffer): HostKeyVerdict => {
    const verdict = judgeHostKey(lines, name, key)
    if (verdict.kind !== 'unknown' || fallback === undefined) return verdict
    const other = judgeHostKey(lines, fallback, key)
    return other.kind === 'known' || other.kind === 'revoked' ? other : verdict
  }

  const check = async (key: Buffer): Promise<void> => {
    const verdict = judge(key)
    if (verdict.kind === 'known') return
    const shown = `${keyTypeOf(key)} ${fingerprint(key)}`
    const at = (line: KnownHostLine): string => `${line.file}:${line.line}`
    const cannot = `Cannot connect to "${settings.alias}"`
    if (verdict.kind === 'revoked')
      throw new FerryError('E_REFUSED', `${cannot}: its key ${shown} is revoked by ${at(verdict.by)}`)
    if (verdict.kind === 'changed')
      throw new FerryError(
        'E_REFUSED',
        `${cannot}: its key has changed. It shows ${shown}, but ${at(verdict.by)} says ${fingerprint(verdict.by.key)}`,
        {
          hint: `someone may be listening in. If you know why it changed: ssh-keygen -R '${name}' -f ${verdict.by.file}`,
        },
      )
    const [other] = verdict.others
    const known =
      other === undefined ? '' : `. Only a key of another type is known, ${other.keyType} at ${at(other)}`
    const authority =
      verdict.authority === undefined
        ? ''
        : `. ${at(verdict.authority)} trusts a certificate authority, but host certificates are not supported yet`
    if (context.ask === undefined)
      throw new FerryError('E_REFUSED', `${cannot}: its key ${shown} is not known${known}${authority}`, {
        hint: `compare the fingerprint with the server's, then: ssh-keyscan -p ${port} ${host} >> ~/.ssh/known_hosts`,
      })
    const answer = await context.ask(
      `The host "${settings.alias}" (${host}, port ${port}) is not known${known}${authority}.\n` +
        `It shows the key ${shown}. Is that right? (yes/no) `,
      false,
    )
    if (!/^(?:y|yes)$/i.test(answer.trim()) && answer.trim() !== fingerprint(key))
      throw new FerryError('E_REFUSED', `${cannot}: its key ${shown} was not accepted`)
    remember(key)
  }

  const remember = (key: Buffer): void => {
    const [file] = settings.knownHostsFiles
    if (file === undefined) return
    try {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
      const text = readSettingsFile(file) ?? ''
      const hashed = parseKnownHosts(text, file).some((line) => line.names.startsWith('|'))
      const line = formatKnownHost(name, key, hashed ? randomBytes(20) : undefined)
      appendFileSync(file, text === '' || text.endsWith('\n') ? line : `\n${line}`, { mode: 0o600 })
    } catch {
      context.warn(`The key of "${settings.alias}" could not be added to ${file}`)
    }
  }

  return {
    algorithms: orderAlgorithms(
      [...linesFor(lines, name), ...(fallback === undefined ? [] : linesFor(lines, fallback))],
      supportedAlgorithms,
    ),
    verify(key) {
      // Asked once, however many connections show this key.
      const id = key.toString('base64')
      let answer = accepted.get(id)
      if (answer === undefined) {
        answer = check(key)
        accepted.set(id, answer)
      }
      return answer
    },
  }
}
