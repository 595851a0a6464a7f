/** An sshd on 127.0.0.1 with throw-away keys, ready when the promise resolves. */
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
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
  readonly knownHostsFile: string
  /** Options for ssh, scp and sftp, without the port, which scp spells differently. */
  readonly options: readonly string[]
  readonly errors: string
}

/** Why there can be no sshd here, or false; for the `skip` option of a test. */
export const sshdSkipReason: string | false = requireServer('sshd')

/** Starts the server for the user who runs the test. */
export async function startSshd(): Promise<Sshd> {
  const folder = temporaryFolder()
  const hostKey = folder.at('host-key')
  const keyFile = folder.at('user-key')
  for (const file of [hostKey, keyFile])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'ferry test', '-f', file])
  copyFileSync(`${keyFile}.pub`, folder.at('authorized-keys'))
  // sshd insists on this folder when root starts it; Debian makes it in a service file.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  const sftpServer = ['/usr/lib/openssh/sftp-server', '/usr/libexec/openssh/sftp-server'].find((path) =>
    existsSync(path),
  )
  writeFileSync(
    folder.at('config'),
    [
      `HostKey ${hostKey}`,
      `AuthorizedKeysFile ${folder.at('authorized-keys')}`,
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin prohibit-password',
      'UsePAM no',
      // The keys lie in a temporary folder, which sshd would find too open.
      'StrictModes no',
      'PrintMotd no',
      'MaxStartups 100',
      `Subsystem sftp ${sftpServer ?? 'internal-sftp'}`,
      '',
    ].join('\n'),
  )
  const sshd = spawnSync('sh', ['-c', 'command -v sshd || echo /usr/sbin/sshd'], { encoding: 'utf8' })
  const inetd = await startInetd(sshd.stdout.trim(), ['-i', '-e', '-f', folder.at('config')])
  const [type, key] = execFileSync('cat', [`${hostKey}.pub`], { encoding: 'utf8' }).split(' ')
  const knownHostsFile = folder.at('known-hosts')
  writeFileSync(knownHostsFile, `[127.0.0.1]:${inetd.port} ${type} ${key}\n`)
  return {
    host: '127.0.0.1',
    port: inetd.port,
    user: userInfo().username,
    keyFile,
    knownHostsFile,
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
