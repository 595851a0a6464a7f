/**
 * What a file may say of a remote (`[remote.NAME]`), and what comes of it. No key holds a secret: those come from the
 * environment, AWS profiles, the SSH agent and key files, and a file that has one here is refused.
 */
import type { RemoteDefinition } from '../../jobs/types.ts'
import { FerryError } from '../../shared/errors.ts'
import { endpointOf, providers, storageClasses } from '../providers.ts'
import type { SettingValue, ValueKind } from './value-kinds.ts'
import { boolean, choice, count, phrase } from './value-kinds.ts'

export type RemoteType = 's3' | 'sftp'
export type RemoteFields = Readonly<Record<string, SettingValue>>

export interface RemoteKey {
  readonly name: string
  readonly kind: ValueKind
  readonly type: RemoteType
  readonly summary: string
}

const word = phrase('a name', /^[^-\s\p{C}][^\s\p{C}]{0,255}$/u)

export const remoteKeys: readonly RemoteKey[] = [
  { name: 'bucket', kind: word, type: 's3', summary: 'bucket; without it NAME:bucket/prefix' },
  {
    name: 'prefix',
    kind: phrase('a prefix of keys', /^[^/\p{C}][^\p{C}]{0,1023}$/u),
    type: 's3',
    summary: 'what all keys begin with',
  },
  {
    name: 'provider',
    kind: choice(...providers.map(({ name }) => name)),
    type: 's3',
    summary: 'see: ferry providers',
  },
  { name: 'account', kind: word, type: 's3', summary: 'account that is a part of the endpoint (cloudflare)' },
  {
    name: 'endpoint',
    kind: phrase('an http or https address without a user', /^https?:\/\/[^\s@?#\p{C}]+$/u),
    type: 's3',
    summary: 'address of the server',
  },
  { name: 'region', kind: word, type: 's3', summary: 'region' },
  {
    name: 'profile',
    kind: phrase('the name of a profile', /^[^\p{C}]{1,256}$/u),
    type: 's3',
    summary: 'profile of ~/.aws with the credentials',
  },
  { name: 'path_style', kind: boolean, type: 's3', summary: 'bucket in the path, not in the host name' },
  {
    name: 'storage_class',
    kind: choice(...storageClasses.map(({ name }) => name)),
    type: 's3',
    summary: 'storage class of what is written',
  },
  {
    name: 'host',
    kind: phrase(
      'a host name or an address (one of IPv6 without brackets)',
      /^[a-z0-9_:][a-z0-9._:%-]{0,254}$/i,
    ),
    type: 'sftp',
    summary: 'host name, address, or a name of ~/.ssh/config',
  },
  { name: 'port', kind: count(1, 65_535), type: 'sftp', summary: 'port' },
  { name: 'user', kind: word, type: 'sftp', summary: 'user there' },
  { name: 'path', kind: phrase('a path', /^[^\p{C}]{1,4096}$/u), type: 'sftp', summary: 'folder there' },
  {
    name: 'identity_file',
    kind: phrase('a path', /^[^\p{C}]{1,4096}$/u),
    type: 'sftp',
    summary: 'private key file',
  },
]

export const remoteTypes: readonly RemoteType[] = ['s3', 'sftp']

const taken = new Set([
  's3',
  'sftp',
  'ssh',
  'scp',
  'file',
  'ferry',
  'gs',
  'gcs',
  'az',
  'azure',
  'azblob',
  'http',
  'https',
  'rsync',
])

/** Why a remote cannot be called this, as the end of a sentence. */
export function remoteNameProblem(name: string): string | undefined {
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(name))
    return 'a name has 1 to 64 letters, digits, hyphens and underscores, and begins with a letter or digit'
  return taken.has(name.toLowerCase()) ? `${name}: already means something else` : undefined
}

/**
 * Fields of a remote, each right in itself, as a location.
 * @throws E_USAGE when something is missing or does not go together
 */
export function defineRemote(type: RemoteType, fields: RemoteFields): RemoteDefinition {
  const textOf = (name: string): string | undefined => fields[name] as string | undefined
  if (type === 'sftp') {
    const host = textOf('host')
    if (host === undefined)
      throw new FerryError('E_USAGE', 'an SFTP remote needs a host', {
        hint: 'add --host NAME',
      })
    return {
      kind: 'sftp',
      host,
      path: textOf('path') ?? '',
      port: fields['port'] as number | undefined,
      user: textOf('user'),
      identityFile: textOf('identity_file'),
    }
  }
  const region = textOf('region')
  const endpoint = endpointOf({
    provider: textOf('provider'),
    endpoint: textOf('endpoint'),
    region,
    account: textOf('account'),
  })
  return {
    kind: 's3',
    bucket: textOf('bucket') ?? '',
    prefix: (textOf('prefix') ?? '').replace(/\/$/, ''),
    endpoint: endpoint.endpoint,
    region: region ?? endpoint.region,
    profile: textOf('profile'),
    pathStyle: fields['path_style'] as boolean | undefined,
    storageClass: textOf('storage_class'),
  }
}
