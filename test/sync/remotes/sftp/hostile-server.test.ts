/** A server that lies: names that lead elsewhere, folders without an end, passwords asked for in odd ways. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import test from 'node:test'
import ssh2, { type AuthContext, type Connection, type Server } from 'ssh2'
import { openSftpRemote } from '../../../../src/sync/remotes/sftp/open.ts'
import type { Remote } from '../../../../src/sync/remote.ts'
import type { RemoteContext } from '../../../../src/sync/context.ts'
import { makeKey, sshdSkipReason } from '../../../support/sshd.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'
import { listAll, withCode } from '../../remote-suite/place.ts'

// The keys are made by ssh-keygen, which comes with the server.
const skip = sshdSkipReason

interface Liar extends AsyncDisposable {
  open(overrides?: Partial<RemoteContext>): Promise<Remote>
}

/** Every folder of it holds `names`; a name that ends in `//` is that of a folder. `logIn` judges each attempt. */
async function startLiar(
  names: readonly (string | Buffer)[],
  logIn: (attempt: AuthContext) => void = (attempt) => attempt.accept(),
): Promise<Liar> {
  const folder = temporaryFolder()
  makeKey(folder.at('host'))
  const [type, key] = readFileSync(folder.at('host.pub'), 'utf8').split(' ')
  const clients = new Set<Connection>()
  const server: Server = new ssh2.Server({ hostKeys: [readFileSync(folder.at('host'))] }, (client) => {
    clients.add(client)
    client.on('error', () => undefined)
    client.on('authentication', logIn)
    client.on('session', (accept) => {
      accept().on('sftp', (acceptSftp) => {
        const sftp = acceptSftp()
        let told = false
        sftp.on('OPENDIR', (id) => {
          told = false
          sftp.handle(id, Buffer.from('h'))
        })
        sftp.on('READDIR', (id) => {
          if (told) return sftp.status(id, 1)
          told = true
          const entries = names.map((name) => {
            const isFolder = String(name).endsWith('//')
            const filename = (isFolder ? String(name).slice(0, -2) : name) as string
            const mode = isFolder ? 0o040755 : 0o100644
            return { filename, longname: '', attrs: { mode, uid: 0, gid: 0, size: 1, atime: 0, mtime: 0 } }
          })
          sftp.name(id, entries)
        })
        sftp.on('REALPATH', (id) => {
          const attrs = { mode: 0o040755, uid: 0, gid: 0, size: 0, atime: 0, mtime: 0 }
          sftp.name(id, [{ filename: '/home', longname: '', attrs }])
        })
        sftp.on('CLOSE', (id) => sftp.status(id, 0))
      })
    })
  })
  // Answers are sent at once: a deep tree is hundreds of them.
  const listener = createServer({ noDelay: true }, (socket) => server.injectSocket(socket))
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  writeFileSync(folder.at('known'), `[127.0.0.1]:${port} ${type} ${key}\n`)
  mkdirSync(folder.at('.ssh'))
  writeFileSync(
    folder.at('.ssh', 'config'),
    `Host liar\n HostName 127.0.0.1\n Port ${port}\n UserKnownHostsFile ${folder.at('known')}\n`,
  )
  return {
    open: (overrides) =>
      openSftpRemote(
        { kind: 'sftp', host: 'liar', user: 'me', path: '/' },
        {
          signal: new AbortController().signal,
          warn: () => undefined,
          pool: () => Promise.reject(new Error('no workers here')),
          store: () => Promise.reject(new Error('no store here')),
          stateDirectory: folder.at('state'),
          env: { HOME: folder.path },
          ...overrides,
        },
      ),
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.end()
      listener.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}

const bad = ['../up', 'a/b', '/etc/passwd', '', 'nul\0inside', 'x'.repeat(300), 'dir\\..\\up', 'C:drive']

test('list: names that could lead elsewhere are problems, and the others are told', { skip }, async () => {
  await using liar = await startLiar([
    ...bad,
    'good',
    'es\u001b[2Jcape',
    'twice',
    'twice',
    '.',
    '..',
    '.ferry//',
  ])
  await using remote = await liar.open()
  const { entries, problems } = await listAll(remote)
  assert.deepEqual(
    entries.map(({ path }) => path),
    ['es\u001b[2Jcape', 'good', 'twice'],
  )
  assert.equal(problems.length, bad.length + 1)
})

test('list: a tree without an end is cut off where paths end', { skip }, async () => {
  await using liar = await startLiar(['d//'])
  await using remote = await liar.open()
  const { entries, problems } = await listAll(remote)
  assert.equal(entries.length, 256)
  assert.match(String(problems[0]?.error), /deeper than 256/)
})

test('openSftpRemote: a password is asked for only when someone can be asked', { skip }, async () => {
  await using liar = await startLiar(['file'], (attempt) => {
    if (attempt.method === 'password' && attempt.password === 'right') attempt.accept()
    else attempt.reject(['password'])
  })
  await assert.rejects(liar.open(), withCode('E_REFUSED'))
  const answers = ['wrong', 'right']
  const ask = async (question: string, hidden: boolean): Promise<string> => {
    assert.ok(hidden && question.includes('me@liar'))
    return answers.shift() as string
  }
  await using remote = await liar.open({ ask })
  assert.equal((await listAll(remote)).entries.length, 1)
  await assert.rejects(liar.open({ ask: async () => 'secret guess' }), (error) => {
    assert.ok(!String(error).includes('secret guess'))
    return withCode('E_REFUSED')(error)
  })
})

test('openSftpRemote: keyboard-interactive questions reach the user, escaped', { skip }, async () => {
  await using liar = await startLiar(['file'], (attempt) => {
    if (attempt.method !== 'keyboard-interactive') return attempt.reject(['keyboard-interactive'])
    attempt.prompt([{ prompt: 'Code\u001b[2J: ', echo: true }], (answers) => {
      if (answers[0] === '123456') attempt.accept()
      else attempt.reject(['keyboard-interactive'])
    })
  })
  await using remote = await liar.open({
    ask: async (question, hidden) => {
      assert.ok(!hidden && !question.includes('\u001b') && question.includes('Code'))
      return '123456'
    },
  })
  assert.ok(remote)
})
