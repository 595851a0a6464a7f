/**
 * What a user can log in with: keys of the agent, key files, passwords. Each secret is asked for once and kept in
 * memory for the connections that follow; none is written down or put into a message. `FERRY_SSH_PASSPHRASE` and
 * `FERRY_SSH_PASSWORD` stand in for the questions where nobody can be asked.
 */
import { readFileSync } from 'node:fs'
import type { BaseAgent, ParsedKey } from 'ssh2'
import { escapeText } from '../../../shared/terminal-text.ts'
import type { RemoteContext } from '../../context.ts'
import { maxPasswordTries } from './limits.ts'
import type { SshSettings } from './ssh-settings.ts'
import { ssh2 } from './ssh-library.ts'

export type Ask = NonNullable<RemoteContext['ask']>

export interface Credentials {
  /** Keys of the agent that may be used, those of identity files first; none when there is no agent. */
  agentKeys(): Promise<readonly ParsedKey[]>
  readonly agent: BaseAgent | undefined
  /** The private key of a file; undefined when there is none, or its passphrase is not known. */
  fileKey(file: string, ask: Ask | undefined): Promise<ParsedKey | undefined>
  /** True when reading the file's key would need a question. */
  isLocked(file: string): boolean
  /** Public halves, by file, where they can be had without a question. */
  publicKey(file: string): Buffer | undefined
  /** `tries`: how often one was refused already. */
  password(ask: Ask | undefined, tries: number): Promise<string | undefined>
  /** Remarks for the error when nothing was accepted. */
  readonly remarks: readonly string[]
}

export function createCredentials(
  settings: SshSettings,
  env: Readonly<Record<string, string | undefined>>,
): Credentials {
  const remarks = new Set<string>()
  const unlocked = new Map<string, Promise<ParsedKey | undefined>>()
  const passphrase = env['FERRY_SSH_PASSPHRASE'] || undefined
  let password = env['FERRY_SSH_PASSWORD'] || undefined
  const agent = openAgent(settings.agent, remarks)

  const read = (file: string): Buffer | undefined => {
    try {
      return readFileSync(file)
    } catch {
      return undefined
    }
  }
  const parse = (file: string, secret?: string): ParsedKey | Error => {
    const bytes = read(file)
    if (bytes === undefined) return new Error('it cannot be read')
    const key: unknown = ssh2.utils.parseKey(bytes, secret)
    return (Array.isArray(key) ? key[0] : key) as ParsedKey | Error
  }
  const isLocked = (file: string): boolean => {
    const key = parse(file)
    return key instanceof Error && /no passphrase/i.test(key.message)
  }
  const publicKey = (file: string): Buffer | undefined => {
    const key = parse(`${file}.pub`)
    if (!(key instanceof Error)) return key.getPublicSSH()
    const own = parse(file)
    return own instanceof Error ? undefined : own.getPublicSSH()
  }

  const unlock = async (file: string, ask: Ask | undefined): Promise<ParsedKey | undefined> => {
    const bare = parse(file)
    if (!(bare instanceof Error)) return bare.isPrivateKey() ? bare : undefined
    if (!isLocked(file)) {
      if (read(file) !== undefined) remarks.add(`${file} is no private key that can be read`)
      return undefined
    }
    if (passphrase !== undefined) {
      const key = parse(file, passphrase)
      if (!(key instanceof Error)) return key
    }
    if (ask === undefined) {
      remarks.add(`${file} has a passphrase, and nobody can be asked for it`)
      return undefined
    }
    for (let attempt = 0; attempt < maxPasswordTries; attempt++) {
      const key = parse(file, await ask(`Passphrase for ${escapeText(file)}: `, true))
      if (!(key instanceof Error)) return key
    }
    remarks.add(`the passphrase for ${file} was wrong`)
    return undefined
  }

  return {
    agent,
    isLocked,
    publicKey,
    fileKey(file, ask) {
      let key = unlocked.get(file)
      if (key === undefined) {
        key = unlock(file, ask)
        unlocked.set(file, key)
      }
      return key
    },
    async agentKeys() {
      if (agent === undefined) return []
      const keys = await identitiesOf(agent, remarks)
      const own = settings.identityFiles.flatMap((file) => publicKey(file) ?? [])
      const isOwn = (key: ParsedKey): boolean => own.some((blob) => blob.equals(key.getPublicSSH()))
      return settings.identitiesOnly
        ? keys.filter(isOwn)
        : [...keys.filter(isOwn), ...keys.filter((key) => !isOwn(key))]
    },
    async password(ask, tries) {
      if (tries === 0 && password !== undefined) return password
      if (ask === undefined || tries >= maxPasswordTries) return undefined
      password = await ask(`Password of ${escapeText(`${settings.user}@${settings.alias}`)}: `, true)
      return password
    },
    get remarks() {
      return [...remarks]
    },
  }
}

function openAgent(socket: string | undefined, remarks: Set<string>): BaseAgent | undefined {
  if (socket === undefined) return undefined
  try {
    return ssh2.createAgent(socket)
  } catch {
    remarks.add(`the agent at ${socket} cannot be used`)
    return undefined
  }
}

function identitiesOf(agent: BaseAgent, remarks: Set<string>): Promise<readonly ParsedKey[]> {
  return new Promise((resolve) => {
    agent.getIdentities((error, keys) => {
      if (error || keys === undefined) {
        remarks.add('the agent does not answer')
        return resolve([])
      }
      resolve(
        keys.flatMap((key) => {
          const parsed: unknown = ssh2.utils.parseKey(key as ParsedKey)
          return parsed instanceof Error ? [] : [parsed as ParsedKey]
        }),
      )
    })
  })
}
