/** Logging in to a real sshd: host keys, keys, the agent, jump hosts, and what is said when it does not work. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import test from 'node:test'
import { FerryError } from '../../src/shared/errors.ts'
import { sftpHome } from '../support/sftp-home.ts'
import { makeKey, sshdSkipReason, startSshd } from '../support/sshd.ts'

const skip = sshdSkipReason

const refused =
  (code: string, ...texts: readonly (RegExp | string)[]) =>
  (error: unknown): true => {
    assert.ok(error instanceof FerryError, String(error))
    assert.equal(error.code, code, error.message)
    for (const text of texts)
      if (typeof text === 'string') assert.ok(error.message.includes(text), error.message)
      else assert.match(error.message, text)
    return true
  }

test('openSftpRemote: a host that is not known is refused when nobody can be asked', { skip }, async () => {
  await using sshd = await startSshd()
  await using home = sftpHome(sshd)
  writeFileSync(home.knownHosts, '')
  await assert.rejects(home.open({}), refused('E_REFUSED', /ssh-ed25519 SHA256:\S{43} is not known/))
})

test('openSftpRemote: a host that is not known is asked about once, and remembered as the file is', {
  skip,
}, async () => {
  await using sshd = await startSshd()
  await using home = sftpHome(sshd)
  for (const before of ['', '|1|AAAAAAAAAAAAAAAAAAAAAAAAAAA=|AAAAAAAAAAAAAAAAAAAAAAAAAAA= ']) {
    // A hashed line of another host, without a line end.
    writeFileSync(home.knownHosts, before === '' ? '' : `${before}${sshd.hostKeys['ed25519']}`)
    const questions: string[] = []
    const ask = async (question: string): Promise<string> => {
      questions.push(question)
      return 'yes'
    }
    await using first = await home.open({}, { ask })
    assert.ok(first)
    assert.equal(questions.length, 1)
    assert.match(questions[0] as string, /SHA256:\S{43}/)
    const added = readFileSync(home.knownHosts, 'utf8').trimEnd().split('\n').at(-1) as string
    assert.equal(added.startsWith('|1|'), before !== '')
    await using second = await home.open({})
    assert.ok(second)
  }
  writeFileSync(home.knownHosts, '')
  await assert.rejects(home.open({}, { ask: async () => 'no' }), refused('E_REFUSED', 'was not accepted'))
  assert.equal(readFileSync(home.knownHosts, 'utf8'), '')
})

test('openSftpRemote: a changed or revoked key is refused, asked or not', { skip }, async () => {
  await using sshd = await startSshd()
  await using home = sftpHome(sshd)
  makeKey(home.folder.at('other'))
  const other = readFileSync(home.folder.at('other.pub'), 'utf8')
  const name = `[127.0.0.1]:${sshd.port}`
  const ask = async (): Promise<string> => assert.fail('nobody is to be asked')
  writeFileSync(home.knownHosts, `# comment\n${name} ${other}`)
  await assert.rejects(
    home.open({}, { ask }),
    refused('E_REFUSED', 'has changed', /SHA256:\S+.*SHA256:/, `${home.knownHosts}:2`),
  )
  writeFileSync(
    home.knownHosts,
    `${name} ${sshd.hostKeys['ed25519']}\n@revoked * ${sshd.hostKeys['ed25519']}\n`,
  )
  await assert.rejects(home.open({}, { ask }), refused('E_REFUSED', 'revoked', `${home.knownHosts}:2`))
  writeFileSync(home.knownHosts, `@cert-authority ${name} ${other}`)
  await assert.rejects(home.open({}), refused('E_REFUSED', 'certificate'))
})

test('openSftpRemote: of several host keys the one that is known is asked for', { skip }, async () => {
  await using sshd = await startSshd({ hostKeys: ['ed25519', 'ecdsa', 'rsa'] })
  await using home = sftpHome(sshd)
  for (const type of ['ed25519', 'ecdsa', 'rsa']) {
    writeFileSync(home.knownHosts, `[127.0.0.1]:${sshd.port} ${sshd.hostKeys[type]}\n`)
    await using remote = await home.open({})
    assert.equal((await remote.stat(''))?.kind, 'directory')
  }
})

test('openSftpRemote: a name, a port, a key and an alias come from ~/.ssh/config', { skip }, async () => {
  await using sshd = await startSshd()
  await using home = sftpHome(sshd)
  writeFileSync(home.knownHosts, `my-alias ${sshd.hostKeys['ed25519']}\n`)
  home.writeConfig(
    `Host nick\n HostName 127.0.0.1\n Port ${sshd.port}\n IdentityFile ${sshd.keyFile}\n HostKeyAlias my-alias\n`,
  )
  await using remote = await home.open({ host: 'nick', port: undefined, identityFile: undefined })
  assert.match(remote.place, new RegExp(`^sftp://.+@127\\.0\\.0\\.1:${sshd.port}$`))
})

test('openSftpRemote: a key with a passphrase is asked for, three times at most', { skip }, async () => {
  await using sshd = await startSshd()
  await using home = sftpHome(sshd)
  const key = home.folder.at('locked')
  makeKey(key, 'ed25519', 'open sesame')
  appendFileSync(sshd.authorizedKeysFile, readFileSync(`${key}.pub`))
  const answers = ['wrong', 'open sesame']
  let asked = 0
  const ask = async (question: string, hidden: boolean): Promise<string> => {
    assert.ok(hidden && question.includes(key))
    return answers[asked++] ?? 'wrong'
  }
  await using remote = await home.open({ identityFile: key }, { ask })
  assert.ok(remote)
  assert.equal(asked, 2)
  await using byEnvironment = await home.open(
    { identityFile: key },
    { env: { HOME: home.folder.path, FERRY_SSH_PASSPHRASE: 'open sesame' } },
  )
  assert.ok(byEnvironment)
  answers.length = 0
  asked = 0
  await assert.rejects(home.open({ identityFile: key }, { ask }), refused('E_REFUSED', 'was wrong'))
  assert.equal(asked, 3)
  await assert.rejects(home.open({ identityFile: key }), refused('E_REFUSED', 'has a passphrase'))
})

test('openSftpRemote: a key of the agent logs in, and a file named goes before its other keys', {
  skip,
}, async () => {
  await using sshd = await startSshd({ config: ['MaxAuthTries 2'] })
  await using home = sftpHome(sshd)
  const socket = home.folder.at('agent')
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] })
  try {
    await once(agent.stdout, 'data')
    const env = { HOME: home.folder.path, SSH_AUTH_SOCK: socket }
    const add = (file: string): void => {
      execFileSync('ssh-add', ['-q', file], {
        env: { ...process.env, SSH_AUTH_SOCK: socket },
        stdio: 'ignore',
      })
    }
    add(sshd.keyFile)
    await using plain = await home.open({ identityFile: undefined }, { env })
    assert.ok(plain)
    for (const name of ['a', 'b', 'c']) {
      makeKey(home.folder.at(name))
      add(home.folder.at(name))
    }
    // The agent's order would use up all tries.
    execFileSync('ssh-add', ['-q', '-d', sshd.keyFile], {
      env: { ...process.env, SSH_AUTH_SOCK: socket },
      stdio: 'ignore',
    })
    await assert.rejects(home.open({ identityFile: undefined }, { env }), refused('E_REFUSED'))
    await using named = await home.open({}, { env })
    assert.ok(named)
  } finally {
    agent.kill()
  }
})

test('openSftpRemote: what was tried is told when nothing is accepted, and no secret', { skip }, async () => {
  await using sshd = await startSshd()
  await using home = sftpHome(sshd)
  const key = home.folder.at('stranger')
  makeKey(key)
  await assert.rejects(
    home.open({ identityFile: key }),
    refused('E_REFUSED', 'Cannot log in', key, 'The server takes: publickey'),
  )
  const env = { HOME: home.folder.path, SSH_AUTH_SOCK: home.folder.at('no-agent') }
  await assert.rejects(home.open({ identityFile: undefined }, { env }), refused('E_REFUSED', 'agent'))
})

test('openSftpRemote: through two jump hosts, each with its own key checked', { skip }, async () => {
  await using outer = await startSshd()
  await using middle = await startSshd()
  await using inner = await startSshd()
  await using home = sftpHome(inner)
  for (const sshd of [outer, middle]) appendFileSync(home.knownHosts, readFileSync(sshd.knownHostsFile))
  const blocks = Object.entries({ outer, middle, inner }).map(
    ([name, sshd]) =>
      `Host ${name}\n HostName 127.0.0.1\n Port ${sshd.port}\n IdentityFile ${sshd.keyFile}\n`,
  )
  const [first, second, third] = blocks as [string, string, string]
  home.writeConfig(`${first}${second} ProxyJump outer\n${third} ProxyJump middle\n`)
  const location = { host: 'inner', port: undefined, identityFile: undefined }
  await using remote = await home.open(location)
  assert.equal((await remote.stat(''))?.kind, 'directory')
  copyFileSync(inner.knownHostsFile, home.knownHosts)
  await assert.rejects(home.open(location), refused('E_REFUSED', 'not known', 'outer'))
  home.writeConfig(`${first} ProxyJump inner\n${third} ProxyJump outer\n`)
  await assert.rejects(home.open(location), refused('E_USAGE', 'circle'))
})

for (const [title, greet] of [
  ['says nothing', undefined],
  ['sends a megabyte of banner', 'x'.repeat(1024 * 1024)],
  ['speaks HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
  ['hangs up', ''],
] as const)
  test(`openSftpRemote: a server that ${title} is given up`, { skip }, async () => {
    await using sshd = await startSshd()
    await using home = sftpHome(sshd)
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      if (greet === '') socket.destroy()
      else if (greet !== undefined) socket.write(greet)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    try {
      home.writeConfig('ConnectTimeout 1\n')
      const { port } = server.address() as AddressInfo
      await assert.rejects(home.open({ port }), refused('E_UNREACHABLE'))
    } finally {
      server.close()
    }
  })

test('openSftpRemote: a port where nobody listens is told at once', { skip }, async () => {
  await using sshd = await startSshd()
  await using home = sftpHome(sshd)
  await assert.rejects(home.open({ port: 1 }), refused('E_UNREACHABLE', 'refused'))
})
