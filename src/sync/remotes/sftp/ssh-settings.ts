/**
 * How a host is reached and logged in to: the location's own fields first, then ~/.ssh/config, then
 * /etc/ssh/ssh_config, then OpenSSH's defaults. What those files ask for and ferry cannot do is refused where leaving
 * it out would reach another place or trust more; the rest is tuning and is passed over.
 */
import { homedir, userInfo } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { FerryError } from '../../../shared/errors.ts'
import type { SftpLocation } from '../../location.ts'
import { connectTimeoutMs, keepAliveCount, keepAliveMs } from './limits.ts'
import { readSshConfig, type SshConfigValues } from './ssh-config-file.ts'

export interface SshSettings {
  /** As the user named it. */
  readonly alias: string
  readonly host: string
  readonly port: number
  readonly user: string
  /** In the order in which they are tried; they need not exist. */
  readonly identityFiles: readonly string[]
  readonly identitiesOnly: boolean
  /** The agent's socket. */
  readonly agent: string | undefined
  /** The first is where new keys are added. */
  readonly knownHostsFiles: readonly string[]
  readonly hostKeyAlias: string | undefined
  /** Hosts to go through, in order. */
  readonly jumps: readonly JumpHost[]
  readonly keepAliveMs: number
  readonly keepAliveCount: number
  readonly connectTimeoutMs: number
}

export type JumpHost = Pick<SftpLocation, 'host' | 'port' | 'user'>

type Environment = Readonly<Record<string, string | undefined>>
export type SshTarget = Pick<SftpLocation, 'host' | 'port' | 'user' | 'identityFile'>

const defaultIdentities = ['id_rsa', 'id_ecdsa', 'id_ed25519']

/** @throws E_USAGE when the files cannot be read, or ask for what ferry cannot do */
export function resolveSshSettings(
  target: SshTarget,
  env: Environment,
  systemConfig = '/etc/ssh/ssh_config',
): SshSettings {
  const home = env['HOME'] ?? homedir()
  const files = [join(home, '.ssh', 'config'), systemConfig]
  const values = readSshConfig(files, { host: target.host, user: target.user, home })
  refuseUnsupported(values, target.host)

  const localUser = userInfo().username
  const user = target.user ?? first(values, 'user') ?? localUser
  const named = (first(values, 'hostname') ?? target.host).replaceAll('%h', target.host).replaceAll('%%', '%')
  const port = target.port ?? portOf(first(values, 'port'), target.host) ?? 22
  const expand = (text: string): string =>
    expandPath(text, {
      home,
      env,
      tokens: { h: named, n: target.host, p: String(port), r: user, u: localUser, d: home },
    })

  const given = target.identityFile === undefined ? [] : [resolve(expand(target.identityFile))]
  const configured = list(values, 'identityfile')
    .filter((file) => file.toLowerCase() !== 'none')
    .map(expand)
  const knownHosts = [
    ...(list(values, 'userknownhostsfile').length > 0
      ? list(values, 'userknownhostsfile')
      : ['~/.ssh/known_hosts', '~/.ssh/known_hosts2']),
    ...(list(values, 'globalknownhostsfile').length > 0
      ? list(values, 'globalknownhostsfile')
      : ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2']),
  ]
  const seconds = Number(first(values, 'serveraliveinterval') ?? Number.NaN)
  const count = Number(first(values, 'serveralivecountmax') ?? Number.NaN)
  const timeout = Number(first(values, 'connecttimeout') ?? Number.NaN)
  return {
    alias: target.host,
    host: named,
    port,
    user,
    identityFiles:
      given.length + configured.length > 0
        ? [...given, ...configured]
        : defaultIdentities.map((name) => join(home, '.ssh', name)),
    // A file named for this very location is meant, whatever else an agent holds.
    identitiesOnly: given.length > 0 || first(values, 'identitiesonly')?.toLowerCase() === 'yes',
    agent: agentOf(first(values, 'identityagent'), env, expand),
    knownHostsFiles: knownHosts.filter((file) => file.toLowerCase() !== 'none').map(expand),
    hostKeyAlias: first(values, 'hostkeyalias'),
    jumps: parseJumps(first(values, 'proxyjump'), target.host),
    keepAliveMs: seconds > 0 ? seconds * 1000 : keepAliveMs,
    keepAliveCount: count > 0 ? count : keepAliveCount,
    connectTimeoutMs: timeout > 0 ? timeout * 1000 : connectTimeoutMs,
  }
}

function refuseUnsupported(values: SshConfigValues, host: string): void {
  const command = first(values, 'proxycommand')
  if (command !== undefined && command.toLowerCase() !== 'none' && first(values, 'proxyjump') === undefined)
    throw new FerryError('E_USAGE', `Cannot connect to "${host}": ProxyCommand is not supported yet`, {
      hint: 'ProxyJump is; or name the host directly',
    })
  const revoked = first(values, 'revokedhostkeys')
  if (revoked !== undefined && revoked.toLowerCase() !== 'none')
    throw new FerryError('E_USAGE', `Cannot connect to "${host}": RevokedHostKeys is not supported yet`, {
      hint: 'put @revoked lines into known_hosts, which are obeyed',
    })
}

function list(values: SshConfigValues, key: string): readonly string[] {
  const value = values[key]
  return value === undefined ? [] : typeof value === 'string' ? [value] : value
}

function first(values: SshConfigValues, key: string): string | undefined {
  return list(values, key)[0]
}

function portOf(text: string | undefined, host: string): number | undefined {
  if (text === undefined) return undefined
  const port = Number(text)
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port
  throw new FerryError(
    'E_USAGE',
    `Cannot connect to "${host}": Port ${text} in the SSH configuration is no port`,
  )
}

interface Expansion {
  readonly home: string
  readonly env: Environment
  readonly tokens: Readonly<Record<string, string>>
}

/** `~`, `${NAME}` and `%h`-like tokens. Source: ssh_config(5), TOKENS */
function expandPath(text: string, { home, env, tokens }: Expansion): string {
  const path = text
    .replaceAll(/\$\{(\w+)\}/g, (_, name: string) => env[name] ?? '')
    .replaceAll(/%(.)/g, (whole, token: string) => (token === '%' ? '%' : (tokens[token] ?? whole)))
  if (path === '~') return home
  if (path.startsWith('~/')) return join(home, path.slice(2))
  return path
}

function agentOf(
  configured: string | undefined,
  env: Environment,
  expand: (text: string) => string,
): string | undefined {
  const fromEnvironment = env['SSH_AUTH_SOCK'] || undefined
  if (configured === undefined || configured === 'SSH_AUTH_SOCK') return fromEnvironment
  if (configured.toLowerCase() === 'none') return undefined
  if (/^\$\w+$/.test(configured)) return env[configured.slice(1)] || undefined
  const path = expand(configured)
  return isAbsolute(path) ? path : undefined
}

function parseJumps(text: string | undefined, host: string): JumpHost[] {
  if (text === undefined || text.toLowerCase() === 'none') return []
  return text.split(',').map((item) => {
    const match = /^(?:ssh:\/\/)?(?:([^@]+)@)?(?:\[([^\]]+)\]|([^:\s]+))(?::(\d+))?\/?$/.exec(item.trim())
    const name = match?.[2] ?? match?.[3]
    if (!match || name === undefined)
      throw new FerryError('E_USAGE', `Cannot connect to "${host}": ProxyJump ${item.trim()} is not a host`)
    return { host: name, user: match[1], port: portOf(match[4], host) }
  })
}
