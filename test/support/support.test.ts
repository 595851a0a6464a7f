/** The helpers of the tests themselves: a proof is worth what its tools are. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { appendFileSync, chmodSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import test from 'node:test'
import { differences, listTree, without } from './listing.ts'
import { runProcess, startProcess } from './process.ts'
import { createRandomBytes, writeRandomFile, writeRandomTree } from './random-files.ts'
import { sshdSkipReason, startSshd } from './sshd.ts'
import { startTcpProxy } from './tcp-proxy.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { addStrays, makeZoo, sparseSizeBytes } from './zoo.ts'

test('random bytes depend on the seed and not on how they are asked for', () => {
  const whole = createRandomBytes('a')(3_000_000)
  const pieces = createRandomBytes('a')
  const joined = Buffer.concat([pieces(1), pieces(1_048_577), pieces(3_000_000 - 1_048_578)])
  assert.ok(whole.equals(joined))
  assert.ok(!whole.equals(createRandomBytes('b')(3_000_000)))
})

test('a random file and tree have the sizes asked for', async () => {
  await using folder = temporaryFolder()
  writeRandomFile(folder.at('file'), 1_500_001, 1)
  assert.equal(statSync(folder.at('file')).size, 1_500_001)
  writeRandomTree(folder.at('tree'), { files: 25, bytesEach: 10, perFolder: 10, seed: 1 })
  const files = [...listTree(folder.at('tree')).values()].filter((listed) => listed.kind === 'file')
  assert.equal(files.length, 25)
  assert.equal(new Set(files.map((file) => file.hash)).size, 25)
})

test('two zoos are equal, times included, and a copy that differs is told apart', async () => {
  await using folder = temporaryFolder()
  makeZoo(folder.at('one'))
  makeZoo(folder.at('two'))
  const one = listTree(folder.at('one'))
  assert.ok(one.size > 80)
  assert.equal(one.get('sizes/sparse')?.size, sparseSizeBytes)
  assert.equal(one.get('times/before-the-epoch')?.mtimeNs, -1n)
  // Only the entries with a set time have equal ones.
  const aspects = ['kind', 'mode', 'size', 'target', 'hash'] as const
  assert.deepEqual(differences(one, listTree(folder.at('two')), aspects), [])
  appendFileSync(folder.at('two', 'names', 'plain.txt'), '!')
  chmodSync(folder.at('two', 'modes', '600'), 0o640)
  addStrays(folder.at('two'))
  const two = listTree(folder.at('two'))
  assert.equal(differences(one, without(two, 'strays'), aspects).length, 3)
  assert.equal(two.get('strays/fifo')?.kind, 'other')
})

test('a process is followed to its end, and killed on disposal', async () => {
  const exit = await runProcess('sh', ['-c', 'cat; echo err >&2; exit 3'], { input: 'in' })
  assert.deepEqual([exit.code, exit.stdout, exit.stderr], [3, 'in', 'err\n'])
  const cat = startProcess('cat', [], { input: null })
  cat.stdin.write('one\n')
  assert.equal((await cat.waitFor(/^(\w+)\n/))[1], 'one')
  await cat[Symbol.asyncDispose]()
  assert.equal((await cat.exit).signal, 'SIGKILL')
  await assert.rejects(startProcess('true', []).waitFor(/never/), /exit code 0/)
  assert.equal((await runProcess('/no/such/command', [])).code, 127)
})

test('the proxy counts, spoils and cuts', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.write(Buffer.alloc(100))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  await using proxy = await startTcpProxy((server.address() as AddressInfo).port)
  proxy.flipDown(7)
  const socket = connect(proxy.port, '127.0.0.1')
  let received = Buffer.alloc(0)
  socket.on('data', (bytes: Buffer) => (received = Buffer.concat([received, bytes])))
  await proxy.afterBytesDown(100)
  proxy.cut()
  await once(socket, 'close')
  assert.equal(
    received.findIndex((byte) => byte !== 0),
    7,
  )
  assert.deepEqual([proxy.bytesDown, proxy.connections], [100, 1])
  server.close()
})

test('sshd answers with its throw-away keys', { skip: sshdSkipReason }, async () => {
  await using sshd = await startSshd()
  const ssh = await runProcess(
    'ssh',
    [...sshd.options, '-p', String(sshd.port), `${sshd.user}@${sshd.host}`, 'cat; echo end'],
    { input: 'through ssh, ' },
  )
  assert.equal(ssh.stdout, 'through ssh, end\n', `${ssh.stderr}${sshd.errors}`)
  await using folder = temporaryFolder()
  writeFileSync(folder.at('file'), 'x')
  const scp = await runProcess('scp', [
    ...sshd.options,
    '-P',
    String(sshd.port),
    `${sshd.user}@${sshd.host}:${folder.at('file')}`,
    folder.at('copy'),
  ])
  assert.equal(scp.code, 0, scp.stderr)
})
