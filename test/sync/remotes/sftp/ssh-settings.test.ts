/** How ~/.ssh/config is read: real files, compared with what `ssh -G` makes of them where it can say. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import test from 'node:test'
import { FerryError } from '../../../../src/shared/errors.ts'
import { resolveSshSettings, type SshTarget } from '../../../../src/sync/remotes/sftp/ssh-settings.ts'
import { sshdSkipReason } from '../../../support/sshd.ts'
import { temporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts'

function homeWith(files: Readonly<Record<string, string>>): TemporaryFolder {
  const folder = temporaryFolder()
  mkdirSync(folder.at('.ssh', 'config.d'), { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(folder.at('.ssh', name), text)
  return folder
}
const resolveIn = (
  home: TemporaryFolder,
  target: SshTarget,
  env: Record<string, string> = {},
): ReturnType<typeof resolveSshSettings> =>
  resolveSshSettings(target, { HOME: home.path, ...env }, home.at('none'))

const config = `
Host work
  HostName %h.example.net
  Port 2200
  User ann
  IdentityFile ~/.ssh/work-%r-%h
  IdentityFile /keys/second
  IdentitiesOnly yes
  HostKeyAlias work-key
  UserKnownHostsFile ~/.ssh/known_work /etc/known_more
  ServerAliveInterval 7
Host inner
  ProxyJump bob@outer:2022,[::1]:24
Include config.d/*.conf
Host *.lan !printer.lan
  User lan
Host *
  User everyone
  Port 2222
`

test('resolveSshSettings: every field of a host, with tokens', async () => {
  await using home = homeWith({ config })
  const settings = resolveIn(home, { host: 'work' })
  assert.deepEqual(
    [settings.host, settings.port, settings.user, settings.hostKeyAlias, settings.identitiesOnly],
    ['work.example.net', 2200, 'ann', 'work-key', true],
  )
  assert.deepEqual(settings.identityFiles, [home.at('.ssh', 'work-ann-work.example.net'), '/keys/second'])
  assert.deepEqual(settings.knownHostsFiles.slice(0, 2), [home.at('.ssh', 'known_work'), '/etc/known_more'])
  assert.equal(settings.keepAliveMs, 7000)
})

test('resolveSshSettings: the location goes before the files', async () => {
  await using home = homeWith({ config })
  const settings = resolveIn(home, { host: 'work', port: 22, user: 'me', identityFile: '~/mine' })
  assert.deepEqual([settings.port, settings.user], [22, 'me'])
  assert.equal(settings.identityFiles[0], home.at('mine'))
  assert.equal(settings.identitiesOnly, true)
})

test('resolveSshSettings: patterns, negation, the first value wins', async () => {
  await using home = homeWith({ config })
  assert.equal(resolveIn(home, { host: 'nas.lan' }).user, 'lan')
  assert.equal(resolveIn(home, { host: 'printer.lan' }).user, 'everyone')
  assert.equal(resolveIn(home, { host: 'elsewhere' }).port, 2222)
})

test('resolveSshSettings: jump hosts', async () => {
  await using home = homeWith({ config })
  assert.deepEqual(resolveIn(home, { host: 'inner' }).jumps, [
    { host: 'outer', user: 'bob', port: 2022 },
    { host: '::1', user: undefined, port: 24 },
  ])
})

test('resolveSshSettings: Include counts where it stands, and only in a block that applies', async () => {
  await using home = homeWith({
    config:
      'Host a\n  Include config.d/in-a.conf\n  Port 1001\nInclude config.d/loop\nHost b\n  Include config.d/in-a.conf\n  Port 1002\nHost *\n  User last\n',
    'config.d/in-a.conf': 'User included\nHost b\n  Port 9999\n',
  })
  const a = resolveIn(home, { host: 'a' })
  assert.deepEqual([a.user, a.port], ['included', 1001])
  const c = resolveIn(home, { host: 'c' })
  assert.deepEqual([c.user, c.port], ['last', 22])
})

test('resolveSshSettings: an Include that includes itself ends with an error', async () => {
  await using home = homeWith({ config: 'Include config\n' })
  assert.throws(
    () => resolveIn(home, { host: 'a' }),
    (error) => error instanceof FerryError && error.code === 'E_USAGE',
  )
})

test('resolveSshSettings: the agent is that of the environment, or the one named, or none', async () => {
  await using home = homeWith({
    config:
      'Host none\n  IdentityAgent none\nHost own\n  IdentityAgent ~/agent\nHost by\n  IdentityAgent $OTHER\n',
  })
  const env = { SSH_AUTH_SOCK: '/run/agent', OTHER: '/run/other' }
  assert.equal(resolveIn(home, { host: 'x' }, env).agent, '/run/agent')
  assert.equal(resolveIn(home, { host: 'none' }, env).agent, undefined)
  assert.equal(resolveIn(home, { host: 'own' }, env).agent, home.at('agent'))
  assert.equal(resolveIn(home, { host: 'by' }, env).agent, '/run/other')
})

for (const [title, text] of [
  ['a ProxyCommand', 'Host x\n  ProxyCommand nc %h %p\n'],
  ['RevokedHostKeys', 'RevokedHostKeys /etc/revoked\n'],
  ['a port that is none', 'Port many\n'],
  ['a jump host that is none', 'ProxyJump a b c\n'],
] as const)
  test(`resolveSshSettings: ${title} is refused, not passed over`, async () => {
    await using home = homeWith({ config: text })
    assert.throws(
      () => resolveIn(home, { host: 'x' }),
      (error) => error instanceof FerryError && error.code === 'E_USAGE',
    )
  })

test('resolveSshSettings: without files the defaults are those of OpenSSH', async () => {
  await using home = homeWith({})
  const settings = resolveIn(home, { host: 'x' })
  assert.deepEqual([settings.host, settings.port, settings.identitiesOnly], ['x', 22, false])
  assert.ok(settings.identityFiles.includes(home.at('.ssh', 'id_ed25519')))
  assert.equal(settings.knownHostsFiles[0], home.at('.ssh', 'known_hosts'))
})

test('resolveSshSettings: agrees with ssh -G', { skip: sshdSkipReason }, async () => {
  await using home = homeWith({ config })
  for (const host of ['work', 'nas.lan', 'printer.lan', 'elsewhere']) {
    const printed = execFileSync('ssh', ['-G', '-F', home.at('.ssh', 'config'), host], { encoding: 'utf8' })
    const said = new Map(printed.split('\n').map((line) => line.split(' ') as [string, string]))
    const settings = resolveIn(home, { host })
    assert.deepEqual(
      [settings.host, String(settings.port), settings.user],
      [said.get('hostname'), said.get('port'), said.get('user')],
      host,
    )
  }
})
