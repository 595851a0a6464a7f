/** An sshd on 127.0.0.1 with throw-away keys, ready when the promise resolves. */
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { startInetd } from './inetd.ts'
import { requireServer } from './servers.ts'
import { temporaryFolder } from './temporary-folder.ts'

export interface Sshd extends AsyncDisposable {
  readonly host: '127.0.0.1'
  readonly port: number
  readonly user: string
  /** Private key that the server accepts. */
  readonly keyFile: string
  /** What the server accepts; lines may be added. */
  readonly authorizedKeysFile: string
  readonly knownHostsFile: string
  /** Public host keys, by type as in the options. */
  readonly hostKeys: Readonly<Record<string, string>>
  /** Options for ssh, scp and sftp, without the port, which scp spells differently. */
  readonly options: readonly string[]
  readonly errors: string
}

/** Why there can be no sshd here, or false; for the `skip` option of a test. */
export const sshdSkipReason: string | false = requireServer('sshd')

export type HostKeyType = 'ed25519' | 'ecdsa' | 'rsa'

export interface SshdOptions {
  /** Default: ed25519 alone. The first one stands in the known_hosts file. */
  readonly hostKeys?: readonly HostKeyType[]
  /** Options of sftp-server, such as `-P copy-data` or `-R`. */
  readonly sftpOptions?: string
  /** Further lines of the configuration. */
  readonly config?: readonly string[]
}

/** Makes a key pair at `file` and `file.pub`. */
export function makeKey(file: string, type: HostKeyType = 'ed25519', passphrase = ''): void {
  const bits = type === 'rsa' ? ['-b', '2048'] : []
  execFileSync('ssh-keygen', ['-q', '-t', type, ...bits, '-N', passphrase, '-C', 'ferry test', '-f', file])
}

/** Starts the server for the user who runs the test. */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const folder = temporaryFolder()
  const keyFile = folder.at('user-key')
  const types = options.hostKeys ?? ['ed25519']
  const hostKeyOf = (type: HostKeyType): string => folder.at(`host-key-${type}`)
  for (const type of types) makeKey(hostKeyOf(type), type)
  makeKey(keyFile)
  copyFileSync(`${keyFile}.pub`, folder.at('authorized-keys'))
  // sshd insists on this folder when root starts it; Debian makes it in a service file.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  const sftpServer = ['/usr/lib/openssh/sftp-server', '/usr/libexec/openssh/sftp-server'].find((path) =>
    existsSync(path),
  )
  writeFileSync(
    folder.at('config'),
    [
      ...types.map((type) => `HostKey ${hostKeyOf(type)}`),
      `AuthorizedKeysFile ${folder.at('authorized-keys')}`,
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin prohibit-password',
      'UsePAM no',
      // The keys lie in a temporary folder, which sshd would find too open.
      'StrictModes no',
      'PrintMotd no',
      'MaxStartups 100',
      `Subsystem sftp ${[sftpServer ?? 'internal-sftp', options.sftpOptions ?? ''].join(' ').trim()}`,
      ...(options.config ?? []),
      '',
    ].join('\n'),
  )
  const sshd = spawnSync('sh', ['-c', 'command -v sshd || echo /usr/sbin/sshd'], { encoding: 'utf8' })
  const inetd = await startInetd(sshd.stdout.trim(), ['-i', '-e', '-f', folder.at('config')])
  const publicKey = (type: HostKeyType): string =>
    readFileSync(`${hostKeyOf(type)}.pub`, 'utf8')
      .split(' ')
      .slice(0, 2)
      .join(' ')
  const knownHostsFile = folder.at('known-hosts')
  writeFileSync(knownHostsFile, `[127.0.0.1]:${inetd.port} ${publicKey(types[0] as HostKeyType)}\n`)
  return {
    host: '127.0.0.1',
    port: inetd.port,
    user: userInfo().username,
    keyFile,
    authorizedKeysFile: folder.at('authorized-keys'),
    knownHostsFile,
    hostKeys: Object.fromEntries(types.map((type) => [type, publicKey(type)])),
    options: [
      '-F',
      '/dev/null',
      '-i',
      keyFile,
      '-o',
      'IdentitiesOnly=yes',
      '-o',
      'BatchMode=yes',
      '-o',
      'StrictHostKeyChecking=yes',
      '-o',
      `UserKnownHostsFile=${knownHostsFile}`,
      '-o',
      'LogLevel=ERROR',
    ],
    get errors() {
      return inetd.errors
    },
    async [Symbol.asyncDispose]() {
      await inetd[Symbol.asyncDispose]()
      await folder[Symbol.asyncDispose]()
    },
  }
}
