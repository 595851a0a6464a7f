/** A home folder of its own for tests of SFTP: nothing of the real user's ~/.ssh, agent or state is seen. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { openSftpRemote } from '../../src/sync/remotes/sftp/open.ts'
import type { RemoteContext } from '../../src/sync/context.ts'
import type { SftpLocation } from '../../src/sync/location.ts'
import type { Remote } from '../../src/sync/remote.ts'
import type { Sshd } from './sshd.ts'
import { temporaryFolder, type TemporaryFolder } from './temporary-folder.ts'

export interface SftpHome extends AsyncDisposable {
  readonly folder: TemporaryFolder
  readonly warnings: string[]
  /** Of `~/.ssh/known_hosts`. */
  readonly knownHosts: string
  context(overrides?: Partial<RemoteContext>): RemoteContext
  writeConfig(text: string): void
  /** Opens a folder of the server with the server's own key. */
  open(location: Partial<SftpLocation>, overrides?: Partial<RemoteContext>): Promise<Remote>
}

/** Knows the server's first host key. `port`: where the server is reached, when that is not its own. */
export function sftpHome(sshd: Sshd, port: number = sshd.port): SftpHome {
  const folder = temporaryFolder()
  const warnings: string[] = []
  const knownHosts = folder.at('.ssh', 'known_hosts')
  mkdirSync(folder.at('.ssh'), { mode: 0o700 })
  if (port === sshd.port) copyFileSync(sshd.knownHostsFile, knownHosts)
  else writeFileSync(knownHosts, `[127.0.0.1]:${port} ${Object.values(sshd.hostKeys)[0]}\n`)
  const context = (overrides: Partial<RemoteContext> = {}): RemoteContext => ({
    signal: new AbortController().signal,
    warn: (message) => warnings.push(message),
    pool: () => Promise.reject(new Error('no workers here')),
    store: () => Promise.reject(new Error('no store here')),
    stateDirectory: folder.at('state'),
    env: { HOME: folder.path },
    ...overrides,
  })
  return {
    folder,
    warnings,
    knownHosts,
    context,
    writeConfig: (text) => writeFileSync(folder.at('.ssh', 'config'), text),
    open: (location, overrides) =>
      openSftpRemote(
        {
          kind: 'sftp',
          host: '127.0.0.1',
          port,
          user: sshd.user,
          path: '',
          identityFile: sshd.keyFile,
          ...location,
        },
        context(overrides),
      ),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}
